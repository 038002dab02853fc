//! Annealed importance sampling against log Z by enumeration.

use std::ops::ControlFlow;

use ndarray::{Array1, Array2};
use numerics::{Purpose, Stream, with_team};
use rbm_core::convolutional::{ConvRbm, backward, estimate_log_z, forward, log_z, sample_exactly};
use rbm_core::{Layer, LogZConfig, Temperatures, Unit};

use super::{model, models};

fn even(count: usize) -> Vec<f64> {
    Temperatures::Even { count }.betas()
}

#[test]
fn without_weights_it_is_exact() {
    for mut rbm in models() {
        rbm.weights.fill(0.0);
        // With the model's own biases as base and no hidden bias, the base is the model.
        rbm.hidden_bias.fill(0.0);
        let exact = log_z(&rbm).expect("small");
        let channels = rbm.visible.bias.len();
        let base = Array1::from_shape_fn(rbm.n_visible(), |i| rbm.visible.bias[i % channels]);
        for (n_chains, count) in [(2, 2), (10, 50)] {
            let lower = forward(&rbm, base.view(), &even(count), n_chains, 1);
            let starts = sample_exactly(&rbm, n_chains, Stream::new(1, Purpose::new("start")));
            let upper = backward(&rbm, base.view(), &even(count), starts.expect("small").view(), 1);
            for estimate in [lower, upper] {
                assert!((estimate.log_z - exact).abs() < 1e-10, "{estimate:?}, exactly {exact}");
                assert!(estimate.standard_error < 1e-6);
            }
        }
    }
}

/// The root mean square error over runs.
fn errors(rbm: &ConvRbm<f64>, count: usize, runs: u64) -> f64 {
    let exact = log_z(rbm).expect("small");
    let base = Array1::zeros(rbm.n_visible());
    let squares = (0..runs).map(|seed| {
        let estimate = forward(rbm, base.view(), &even(count), 20, seed);
        (estimate.log_z - exact).powi(2)
    });
    (squares.sum::<f64>() / runs as f64).sqrt()
}

#[test]
fn the_error_falls_with_the_number_of_temperatures() {
    let rbm = model((3, 5, 1), (2, 2, 2), 1.5);
    let [few, more, many] =
        [(100, 40), (1_000, 20), (10_000, 6)].map(|(n, runs)| errors(&rbm, n, runs));
    assert!(few > 2.0 * more && more > 2.0 * many && few > 8.0 * many, "{few}, {more}, {many}");
    assert!(many < 0.02, "{many}");
}

#[test]
fn log_z_is_between_the_mean_estimates() {
    let mut gaussian = model((3, 3, 1), (3, 2, 2), 1.0);
    gaussian.visible = Layer::visible(Unit::Gaussian, 1);
    gaussian.visible.std.fill(2.0);
    gaussian.visible.bias.fill(0.3);
    // With more temperatures the estimates' spread is larger than their bias.
    for (rbm, counts) in [(model((3, 5, 1), (2, 2, 2), 2.5), [3, 10, 40]), (gaussian, [2, 3, 5])] {
        let exact = log_z(&rbm).expect("small");
        let base = Array1::zeros(rbm.n_visible());
        let runs = 60;
        for count in counts {
            let (mut lower, mut upper) = (0.0, 0.0);
            for seed in 0..runs {
                let starts = sample_exactly(&rbm, 10, Stream::new(seed, Purpose::new("start")));
                let starts = starts.expect("small");
                let (low, high) = (
                    forward(&rbm, base.view(), &even(count), 10, seed),
                    backward(&rbm, base.view(), &even(count), starts.view(), seed),
                );
                lower += low.log_z / runs as f64;
                upper += high.log_z / runs as f64;
            }
            assert!(lower <= exact && exact <= upper, "{count}: {lower} ≤ {exact} ≤ {upper}");
        }
    }
}

#[test]
fn single_precision_on_any_team_gives_the_same_bits_near_the_truth() {
    let rbm = model((3, 5, 1), (2, 2, 2), 1.0);
    let exact = log_z(&rbm).expect("small");
    let single = ConvRbm::<f32> {
        geometry: rbm.geometry,
        weights: rbm.weights.mapv(|w| w as f32),
        visible: Layer::new(Unit::Binary, rbm.visible.bias.mapv(|a| a as f32)),
        hidden_bias: rbm.hidden_bias.mapv(|b| b as f32),
    };
    let data = Array2::from_shape_fn((60, 15), |(i, j)| f32::from(u8::from((i * j + i) % 3 == 0)));
    let config = LogZConfig { max_sweeps: 400, ..LogZConfig::default() };
    let betas = even(1_000);
    let estimates = || {
        let base = single.independent_biases(&data.view()).expect("in memory");
        let interval = estimate_log_z(&single, base.view(), data.view(), &config, 7, &mut |_| {
            ControlFlow::Continue(())
        });
        let upper = backward(&single, base.view(), &betas, data.view(), 7);
        (forward(&single, base.view(), &betas, 60, 7), upper, interval.expect("valid"))
    };
    let alone = estimates();
    for threads in [2, 3] {
        assert_eq!(with_team(threads, estimates), alone);
    }
    let (lower, _, interval) = alone;
    assert!((lower.log_z - exact).abs() < 0.05, "{lower:?}, exactly {exact}");
    assert!((interval.log_z - exact).abs() < 0.05, "{interval:?}, exactly {exact}");
    assert_eq!(interval.doubt, None);
}
