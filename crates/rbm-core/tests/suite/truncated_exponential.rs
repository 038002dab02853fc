//! Truncated exponential visible units, for grey values that are quantities rather than probabilities.

use ndarray::{Array2, Axis};
use nn_core::Schedule;
use numerics::{Purpose, Stream};
use rand::RngExt as _;
use rbm_core::{
    Algorithm, Binarisation, NegativeVisible, Rbm, RbmConfig, Training, TrainingConfig, Unit, log_z,
};

/// Half of the pixels follow one coin, bright or dark with grey in between; the others are noise.
fn stripes(n: usize) -> Array2<f32> {
    let mut rng = Stream::new(5, Purpose::new("stripes")).rng();
    let mut data = Array2::from_shape_simple_fn((n, 8), || rng.random::<f32>());
    for mut row in data.axis_iter_mut(Axis(0)) {
        let bright = row[0] < 0.5;
        for v in row.iter_mut().take(4) {
            *v = if bright { 1.0 - 0.4 * *v } else { 0.4 * *v };
        }
    }
    data
}

#[test]
fn structure_is_learned_and_noise_is_left() {
    let data = stripes(2_000);
    let architecture = RbmConfig {
        n_hidden: 4,
        visible: Unit::TruncatedExponential,
        visible_bias_from_data: true,
        ..Default::default()
    };
    for algorithm in [
        Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        Algorithm::Pcd { chains: 100 },
    ] {
        let config = TrainingConfig {
            epochs: 60,
            batch_size: 20,
            algorithm,
            learning_rate: 0.05,
            schedule: Schedule::Linear,
            weight_decay: 0.0,
            ..Default::default()
        };
        let mut rbm = Rbm::<f32>::new(&architecture, data.view(), 1, 0).expect("valid");
        let mut training = Training::new(&rbm, &config, data.view(), 1, 0).expect("valid");
        while training.epochs_done() < config.epochs {
            training.epoch(&mut rbm, data.view()).expect("converges");
        }
        let free = rbm.free_energies(data.view());
        let found = -free.iter().sum::<f64>() / free.len() as f64 - log_z(&rbm).expect("small");
        // Uniform pixels have density 1. Two bands of width 0.4 have 1 / 0.8 in each of four pixels, and
        // their agreement is worth three coins: at most 4 ln 1.25 + 3 ln 2 = 2.97 nats.
        assert!((1.5..2.98).contains(&found), "{algorithm:?}: {found} nats");
        let noise =
            rbm.weights.slice(ndarray::s![4.., ..]).iter().fold(0.0_f32, |m, w| m.max(w.abs()));
        let signal =
            rbm.weights.slice(ndarray::s![..4, ..]).iter().fold(0.0_f32, |m, w| m.max(w.abs()));
        assert!(signal > 3.0 * noise, "weights of {signal} to the stripes, {noise} to noise");
    }
}

#[test]
fn what_does_not_go_with_them_is_refused() {
    let data = stripes(20);
    let rbm = Rbm::<f32>::with_units(8, 2, Unit::TruncatedExponential, Unit::Binary);
    let error = |config: &TrainingConfig, data: &Array2<f32>| {
        Training::new(&rbm, config, data.view(), 1, 0).expect_err("refused").to_string()
    };
    let drawn = TrainingConfig { binarisation: Binarisation::Sample, ..Default::default() };
    assert!(error(&drawn, &data).contains("training.binarisation"), "{}", error(&drawn, &data));
    let outside = error(&TrainingConfig::default(), &(&data * 3.0));
    assert!(outside.contains("truncated exponential"), "{outside}");
    let hidden = RbmConfig { hidden: Unit::TruncatedExponential, ..Default::default() };
    let refused = hidden.validate().expect_err("grey values are data's").to_string();
    assert!(refused.starts_with("model.hidden"), "{refused}");
    assert!(rbm.pseudo_log_likelihoods(data.view()).is_err());
}
