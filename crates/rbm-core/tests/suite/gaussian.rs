//! Gaussian visible units: filters and likelihood of patches like those of natural images.

use ndarray::{Array1, Array2, Axis};
use nn_core::{Schedule, normal};
use numerics::{Purpose, Stream};
use rand::RngExt as _;
use rbm_core::{Algorithm, Rbm, RbmConfig, Training, TrainingConfig, Unit, Variance, log_z};

const SIDE: usize = 4;

/// Patches of 4 × 4 values around 10: each has some of eight bars, four vertical, four horizontal, and noise.
/// Returned with the bars of each patch: patches × 16, patches × 8.
fn patches(n: usize) -> (Array2<f32>, Array2<f32>) {
    let mut rng = Stream::new(3, Purpose::new("patches")).rng();
    let noise: Array2<f32> = normal((n, SIDE * SIDE), 0.3, &mut rng);
    let bars = Array2::from_shape_simple_fn((n, 2 * SIDE), || {
        f32::from(u8::from(rng.random::<f32>() < 0.2))
    });
    let pixels = Array2::from_shape_fn((n, SIDE * SIDE), |(sample, pixel)| {
        let (row, column) = (pixel / SIDE, pixel % SIDE);
        10.0 + 2.0 * bars[[sample, row]] + 2.0 * bars[[sample, SIDE + column]]
    });
    (pixels + noise, bars)
}

/// A new model of the patches, with the σ of the data.
fn model(data: &Array2<f32>) -> Rbm<f32> {
    let architecture = RbmConfig {
        n_hidden: 12,
        visible: Unit::Gaussian,
        variance: Variance::Data,
        visible_bias_from_data: true,
        weight_std: 0.05,
        ..Default::default()
    };
    Rbm::new(&architecture, data.view(), 1, 0).expect("valid")
}

fn train(rbm: &mut Rbm<f32>, data: &Array2<f32>, learning_rate: f64, variance_rate: f64) {
    let config = TrainingConfig {
        epochs: 60,
        batch_size: 50,
        algorithm: Algorithm::Pcd { chains: 100 },
        offset_rate: 0.01,
        variance_rate,
        learning_rate,
        schedule: Schedule::Linear,
        weight_decay: 0.0,
        momentum: 0.5,
        ..Default::default()
    };
    let mut training = Training::new(rbm, &config, data.view(), 1, 0).expect("valid");
    while training.epochs_done() < config.epochs {
        training.epoch(rbm, data.view()).expect("converges");
    }
}

fn mean_log_likelihood(rbm: &Rbm<f32>, data: &Array2<f32>) -> f64 {
    let free = rbm.free_energies(data.view());
    -free.iter().sum::<f64>() / free.len() as f64 - log_z(rbm).expect("twelve hidden units")
}

/// The mean log-density of independent normal distributions with the data's means and deviations.
fn independent(data: &Array2<f32>) -> f64 {
    let of_column = |column: ndarray::ArrayView1<f32>| {
        let n = column.len() as f64;
        let mean = column.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = column.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
        -0.5 * (std::f64::consts::TAU * variance).ln() - 0.5
    };
    data.columns().into_iter().map(of_column).sum()
}

#[test]
fn bars_are_found_and_the_likelihood_rises() {
    let (data, bars) = patches(3_000);
    let floor = independent(&data);
    let mut rbm = model(&data);
    train(&mut rbm, &data, 0.1, 0.0);
    let of_fixed = mean_log_likelihood(&rbm, &data);
    assert!(of_fixed > floor + 1.0, "{of_fixed}, independent pixels {floor}");

    // Every bar has a unit that represents it.
    let features = rbm.encode(data.view());
    let correlation = |a: ndarray::ArrayView1<f32>, b: ndarray::ArrayView1<f32>| {
        let centred = |x: ndarray::ArrayView1<f32>| x.to_owned() - x.mean().expect("patches");
        let (a, b): (Array1<f32>, Array1<f32>) = (centred(a), centred(b));
        a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt()
    };
    for bar in bars.axis_iter(Axis(1)) {
        let best = features.axis_iter(Axis(1)).map(|unit| correlation(unit, bar).abs());
        let best = best.fold(0.0, f32::max);
        assert!(best > 0.8, "the best unit's correlation with a bar is {best}");
    }
    // With the bars explained, the remaining noise is smaller than the data's deviation, 1.2.
    train(&mut rbm, &data, 0.02, 0.5);
    let of_learned = mean_log_likelihood(&rbm, &data);
    assert!(of_learned > of_fixed + 0.4, "{of_learned} with σ learned, {of_fixed} without");
    let std = rbm.visible.std.mean().expect("sixteen pixels");
    assert!((0.25..1.15).contains(&std), "{std}");
}
