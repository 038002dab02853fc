//! Intervals of log Z against log Z by enumeration.

#[path = "../support/small_models.rs"]
mod small_models;

use std::ops::ControlFlow;

use ndarray::{Array1, Array2};
use nn_core::{Progress, TrainingError};
use numerics::with_team;
use rbm_core::{Doubt, LogZConfig, LogZInterval, Rbm, Unit, estimate_log_z, log_z};

fn estimate(rbm: &Rbm<f32>, data: &Array2<f32>, config: &LogZConfig, seed: u64) -> LogZInterval {
    let base = rbm.independent_biases(&data.view()).expect("in memory");
    estimate_log_z(rbm, base.view(), data.view(), config, seed, &mut |_| ControlFlow::Continue(()))
        .expect("valid")
}

/// The share of 400 runs whose 95 % interval covers the exact value must be at least 93 %: if the true
/// coverage is 95 %, a lower share occurs once in 28 times. The example `coverage` has more models, more
/// sweeps and all ladders.
#[test]
fn intervals_cover_the_exact_value() {
    let config = LogZConfig { max_sweeps: 300, ladders: 8, ..LogZConfig::default() };
    for (rbm, data) in
        [small_models::made_up((12, 16), 2.0, 1), small_models::bars_and_stripes(3, 300)]
    {
        let exact = log_z(&rbm).expect("small");
        let covering = small_models::count(400, |seed| {
            let found = estimate(&rbm, &data, &config, seed);
            (found.lower..=found.upper).contains(&exact)
        });
        assert!(covering >= 372, "{covering} of 400 intervals cover {exact}");
    }
}

/// Two distant modes of very different weight, all units on or all off, with nothing between them.
#[test]
fn a_mode_that_only_half_of_the_ladders_find_is_told() {
    let mut rbm = Rbm::<f32>::zeros(20, 10);
    rbm.weights.fill(2.0);
    rbm.visible.bias.fill(-11.0);
    rbm.hidden.bias.fill(-11.0);
    let base = Array1::from_elem(20, -3.0);
    let config = LogZConfig::default();
    let from = |data: f32| {
        let data = Array2::from_elem((10, 20), data);
        estimate_log_z(&rbm, base.view(), data.view(), &config, 1, &mut |_| {
            ControlFlow::Continue(())
        })
        .expect("valid")
    };
    let told = from(1.0);
    assert!(matches!(told.doubt, Some(Doubt::StartsDiffer | Doubt::Wide)), "{told:?}");
    // The limit of the method: if neither the data nor the base are near the heavy mode, it is missed.
    let (missed, exact) = (from(0.0), log_z(&rbm).expect("small"));
    assert!(missed.doubt.is_none() && exact - missed.log_z > 60.0, "{missed:?}, exactly {exact}");
}

#[test]
fn sweeps_are_added_until_the_interval_is_as_narrow_as_asked() {
    let (rbm, data) = small_models::made_up((12, 16), 3.0, 2);
    let with = |precision: f64, max_sweeps: usize| {
        let config = LogZConfig { precision, max_sweeps, ..LogZConfig::default() };
        estimate(&rbm, &data, &config, 1)
    };
    let coarse = with(1.0, 30_000);
    let fine = with(0.012, 30_000);
    assert!(coarse.sweeps == 1_000 && fine.sweeps > 1_000, "{coarse:?}, {fine:?}");
    assert!(fine.upper - fine.lower <= 0.024 && fine.doubt.is_none(), "{fine:?}");
    let ended = with(1e-4, 2_000);
    assert_eq!((ended.sweeps, ended.doubt), (2_000, Some(Doubt::Wide)));
}

#[test]
fn any_team_gives_the_same_bits_and_progress_is_told() {
    let (rbm, data) = small_models::made_up((12, 16), 2.0, 3);
    let base = rbm.independent_biases(&data.view()).expect("in memory");
    let config = LogZConfig { precision: 1e-4, max_sweeps: 1_100, ladders: 5 };
    let run = || {
        let mut told = Vec::new();
        let mut observer = |at: &Progress| {
            told.push((at.epoch, at.of));
            ControlFlow::Continue(())
        };
        let found = estimate_log_z(&rbm, base.view(), data.view(), &config, 7, &mut observer);
        (found.expect("valid"), told)
    };
    let (alone, told) = run();
    assert_eq!(with_team(3, run).0, alone);
    assert_eq!(told, [(500, 1_000), (1_000, 1_100), (1_100, 1_100)]);
    let mut stop = |_: &Progress| ControlFlow::Break(());
    let stopped = estimate_log_z(&rbm, base.view(), data.view(), &config, 7, &mut stop);
    assert!(matches!(stopped, Err(TrainingError::Interrupted)));
}

#[test]
fn without_weights_it_is_exact() {
    let mut rbm = small_models::made_up((12, 16), 2.0, 1).0;
    rbm.weights.fill(0.0);
    rbm.hidden.bias.fill(0.0);
    let exact = log_z(&rbm).expect("small");
    let config = LogZConfig { max_sweeps: 100, ..LogZConfig::default() };
    let base = rbm.visible.bias.clone();
    let data = Array2::zeros((2, 12));
    let found = estimate_log_z(&rbm, base.view(), data.view(), &config, 1, &mut |_| {
        ControlFlow::Continue(())
    })
    .expect("valid");
    assert!((found.log_z - exact).abs() < 1e-5, "{found:?}, exactly {exact}");
    assert!(found.standard_error < 1e-6, "{found:?}");
}

#[test]
fn hidden_units_without_a_linear_energy_are_refused() {
    let mut rbm = small_models::made_up((12, 16), 1.0, 1).0;
    rbm.hidden.unit = Unit::Gaussian.into();
    let base = Array1::zeros(12);
    let data = Array2::zeros((2, 12));
    let config = LogZConfig::default();
    let refused = estimate_log_z(&rbm, base.view(), data.view(), &config, 1, &mut |_| {
        ControlFlow::Continue(())
    });
    let message = refused.expect_err("Gaussian hidden units").to_string();
    assert!(message.contains("model.hidden") && message.contains("linear"), "{message}");
}
