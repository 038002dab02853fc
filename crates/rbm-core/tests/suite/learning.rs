//! Training as a whole: the exact likelihood rises, a resumed run equals an uninterrupted one, and
//! results are the same for any number of threads.

use ndarray::{Array2, array};
use nn_core::{Schedule, TensorMap, TrainingError, restore, store};
use numerics::with_team;
use rbm_core::{
    Algorithm, Binarisation, MomentumRule, NegativeVisible, Rbm, RbmConfig, Training,
    TrainingConfig, Unit, Variance, log_z,
};

/// Bars of three pixels on a ring of six.
fn bars() -> Array2<f32> {
    Array2::from_shape_fn((120, 6), |(i, j)| f32::from(u8::from((j + i) % 6 < 3)))
}

fn mean_log_likelihood(rbm: &Rbm<f32>, data: &Array2<f32>) -> f64 {
    let free = rbm.free_energies(data.view());
    -free.iter().sum::<f64>() / free.len() as f64 - log_z(rbm).expect("small")
}

fn config() -> TrainingConfig {
    TrainingConfig { epochs: 6, batch_size: 50, ..Default::default() }
}

fn trained(config: &TrainingConfig, epochs: usize) -> (Rbm<f32>, Training<f32>) {
    let data = bars();
    let architecture = RbmConfig { n_hidden: 70, ..Default::default() };
    let mut rbm = Rbm::new(&architecture, data.view(), 5, 0).expect("valid");
    let mut training = Training::new(&rbm, config, data.view(), 5, 0).expect("valid");
    for _ in 0..epochs {
        training.epoch(&mut rbm, data.view()).expect("converges");
    }
    (rbm, training)
}

#[test]
fn the_exact_likelihood_rises() {
    let data = bars();
    let architecture = RbmConfig { n_hidden: 8, ..Default::default() };
    let config = TrainingConfig { epochs: 400, batch_size: 20, ..Default::default() };
    let mut rbm = Rbm::new(&architecture, data.view(), 2, 0).expect("valid");
    let before = mean_log_likelihood(&rbm, &data);
    assert!((before + 6.0 * 2_f64.ln()).abs() < 0.05, "nothing known: 6 bits, {before}");
    let mut training = Training::new(&rbm, &config, data.view(), 2, 0).expect("valid");
    for _ in 0..config.epochs {
        training.epoch(&mut rbm, data.view()).expect("converges");
    }
    // Six bars, equally likely: no model can do better than −ln 6 = −1.79.
    let after = mean_log_likelihood(&rbm, &data);
    assert!(after > -2.3 && after < -(6_f64.ln()), "{after}");
}

/// Every algorithm, with every kind of state that training can keep outside a model.
fn every_algorithm() -> Vec<TrainingConfig> {
    let algorithms = [
        Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        Algorithm::Pcd { chains: 70 },
        Algorithm::FastPcd { chains: 30, fast_rate: 0.1, fast_decay: 0.95 },
        Algorithm::Tempering { chains: 20, temperatures: 3 },
    ];
    algorithms
        .map(|algorithm| TrainingConfig {
            algorithm,
            gibbs_steps: 2,
            binarisation: Binarisation::Sample,
            offset_rate: 0.01,
            sparsity_cost: 0.1,
            l1: 1e-4,
            momentum_rule: MomentumRule::Nesterov,
            ..config()
        })
        .to_vec()
}

/// Pauses an epoch before its third batch.
fn after_two_batches() -> impl FnMut() -> bool {
    let mut batches = 1;
    move || {
        batches += 1;
        batches == 3
    }
}

#[test]
fn stopped_and_resumed_is_never_stopped() {
    let both = |config: TrainingConfig| [(config.clone(), false), (config, true)];
    for (config, within_epoch) in every_algorithm().into_iter().flat_map(both) {
        let (mut rbm, mut training) = trained(&config, 3);
        if within_epoch {
            let pause = &mut after_two_batches();
            let left = training.epoch_until(&mut rbm, bars().view(), pause).expect("converges");
            assert_eq!(left, None);
        }
        let mut map = TensorMap::new();
        store(&rbm, "model.", &mut map);
        training.store(&mut map);

        let data = bars();
        let mut resumed = Rbm::zeros(6, 70);
        restore(&mut resumed, "model.", &map).expect("the same shapes");
        let mut training = Training::new(&resumed, &config, data.view(), 5, 0).expect("valid");
        training.restore(&map, 3).expect("the same shapes");
        while training.epochs_done() < 6 {
            training.epoch(&mut resumed, data.view()).expect("converges");
        }
        assert_eq!(resumed, trained(&config, 6).0, "{:?}", config.algorithm);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for config in every_algorithm() {
        let one = trained(&config, 3).0;
        for threads in [2, 3] {
            assert_eq!(with_team(threads, || trained(&config, 3)).0, one, "{:?}", config.algorithm);
        }
    }
}

/// Bars are six states of 64: every algorithm finds most of them.
#[test]
fn every_algorithm_raises_the_exact_likelihood() {
    for config in every_algorithm() {
        // Slowly enough for chains to keep up with the model.
        let config = TrainingConfig {
            epochs: 300,
            batch_size: 20,
            sparsity_cost: 0.0,
            learning_rate: 0.05,
            schedule: Schedule::Linear,
            momentum: 0.5,
            ..config
        };
        let data = bars();
        let after = mean_log_likelihood(&trained(&config, 300).0, &data);
        // Independent pixels have −6 ln 2 = −4.16, all that can be learned −ln 6 = −1.79.
        assert!(after > -2.5 && after < -(6_f64.ln()), "{:?}: {after}", config.algorithm);
    }
}

#[test]
fn sparsity_draws_hidden_units_to_their_target() {
    let data = bars();
    let activity = |sparsity_cost| {
        let config = TrainingConfig { sparsity_cost, sparsity_target: 0.1, ..config() };
        let (rbm, _) = trained(&TrainingConfig { epochs: 100, ..config }, 100);
        rbm.encode(data.view()).mean().expect("there are units")
    };
    // Near the target, not at it: the likelihood pulls the other way.
    let (without, with) = (activity(0.0), activity(3.0));
    assert!((0.05..0.2).contains(&with) && without > 0.4, "{with} with, {without} without");
}

#[test]
fn a_last_step_that_breaks_the_model_is_undone() {
    for algorithm in [
        Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        Algorithm::Pcd { chains: 70 },
    ] {
        let settings =
            TrainingConfig { algorithm, learning_rate: 1e300, batch_size: 120, ..config() };
        let (data, (before, mut training)) = (bars(), trained(&settings, 0));
        let mut rbm = before.clone();
        let error = training.epoch(&mut rbm, data.view()).expect_err("infinite weights");
        assert!(matches!(error, TrainingError::Diverged { .. }), "{error}");
        assert_eq!(rbm, before);
    }
}

#[test]
fn errors_that_few_samples_have_by_chance_are_no_divergence() {
    for data in [Array2::ones((1, 6)), array![[0.1, 0.9], [0.4, 0.2]], Array2::zeros((3, 4))] {
        let config = TrainingConfig { epochs: 200, learning_rate: 0.05, ..config() };
        let mut rbm: Rbm<f32> = Rbm::new(&RbmConfig::default(), data.view(), 1, 0).expect("valid");
        let mut training = Training::new(&rbm, &config, data.view(), 1, 0).expect("valid");
        for _ in 0..config.epochs {
            training.epoch(&mut rbm, data.view()).expect("it learns");
        }
    }
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let rbm = Rbm::<f32>::zeros(6, 2);
    let refusal = |data: Array2<f32>, config: &TrainingConfig| {
        Training::new(&rbm, config, data.view(), 1, 0).expect_err("not trainable")
    };
    assert_eq!(refusal(Array2::zeros((0, 6)), &config()), TrainingError::NoData);
    let outside = refusal(bars().mapv(|x| x - 0.5), &config()).to_string();
    assert!(outside.contains("is -0.5: binary units take values in [0, 1]"), "{outside}");
    let none = TrainingConfig { gibbs_steps: 0, ..config() };
    let message = refusal(bars(), &none).to_string();
    assert_eq!(message, "training.gibbs_steps = 0: expected at least 1");
    let wild = TrainingConfig { learning_rate: f64::NAN, ..config() };
    assert!(refusal(bars(), &wild).to_string().starts_with("training.learning_rate = NaN"));
}

/// Real values around 100, of different spreads.
fn weights_and_heights() -> Array2<f32> {
    Array2::from_shape_fn((200, 4), |(i, j)| {
        let taller = f32::from(u8::from((i * 7) % 5 < 2));
        100.0 + 10.0 * (j as f32 + 1.0) * taller + ((i * 31 + j * 17) % 23) as f32 / 5.0
    })
}

#[test]
fn real_values_that_units_cannot_stand_for_are_refused_with_the_remedy() {
    let data = weights_and_heights();
    let gaussian = RbmConfig { visible: Unit::Gaussian, n_hidden: 3, ..Default::default() };
    let rbm = Rbm::new(&gaussian, data.view(), 1, 0).expect("valid");
    let error = Training::new(&rbm, &config(), data.view(), 1, 0).expect_err("not standardised");
    let message = error.to_string();
    assert!(message.starts_with("model.variance = unit, for data with mean 11"), "{message}");
    assert!(message.ends_with("or standardise the data to mean 0 and variance 1"), "{message}");

    let by_data = RbmConfig { variance: Variance::Data, ..gaussian };
    let rbm = Rbm::new(&by_data, data.view(), 1, 0).expect("valid");
    assert!(Training::new(&rbm, &config(), data.view(), 1, 0).is_ok());
    let sampled = TrainingConfig { binarisation: Binarisation::Sample, ..config() };
    let message = Training::new(&rbm, &sampled, data.view(), 1, 0).expect_err("no pixels");
    assert!(message.to_string().contains("units that are not binary take the data as they are"));

    let learned = TrainingConfig { variance_rate: 0.1, ..config() };
    let error = Training::new(&Rbm::zeros(6, 2), &learned, bars().view(), 1, 0);
    let message = error.expect_err("no σ").to_string();
    assert!(message.contains("have no standard deviation to learn"), "{message}");
    let tempering = TrainingConfig {
        algorithm: Algorithm::Tempering { chains: 10, temperatures: 3 },
        ..config()
    };
    let linear = Rbm::<f32>::with_units(6, 2, Unit::Binary, Unit::Gaussian);
    assert!(Training::new(&linear, &tempering, bars().view(), 1, 0).is_err());
}
