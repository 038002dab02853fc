//! Seconds an epoch of training, against the dense limit: the time that the epoch's matrix products
//! alone would take at the machine's peak rate, measured in the same run.
//!
//! The rounds alternate between measuring the peak and training, because the speed of a shared
//! machine drifts; medians are compared.

use std::time::Instant;

use ae_core::{Autoencoder, AutoencoderConfig, DataKind};
use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Initialiser, Loss, Rule, Schedule};
use rbm_core::{Rbm, RbmConfig};

const ROUNDS: usize = 7;

fn main() {
    let threads = rayon::current_num_threads();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/mnist");
    let mnist = mnist_io::load(folder).expect("data/mnist is in the repository");
    let images = mnist.train.images.view();
    numerics::with_team(threads, || {
        print_line(&format!("{threads} threads, medians of {ROUNDS} alternated rounds\n"));
        print_line(
            "work                                    peak GFLOP/s  limit s  epoch s  ratio\n",
        );
        let tutorial = images.slice(ndarray::s![..55_000, ..]);
        report("tutorial autoencoder 784-256, 55,000", 256, tutorial, autoencoder(tutorial));
        report("CD-1 784-500, 60,000 images", 500, images.view(), cd_1(images.view()));
    });
}

fn autoencoder(images: ArrayView2<'_, f32>) -> impl FnMut() + '_ {
    let architecture = AutoencoderConfig {
        n_hidden: 256,
        data: DataKind::Binary,
        output: Some(Activation::Logistic),
        loss: Some(Loss::MeanSquaredError),
        initialiser: Some(Initialiser::StandardNormal {}),
        ..Default::default()
    };
    let config = ae_core::TrainingConfig {
        learning_rate: 0.01,
        schedule: Schedule::Constant,
        optimizer: Rule::RmsPropTf1 { decay: 0.9, epsilon: 1e-10 },
        ..Default::default()
    };
    let mut model = Autoencoder::new(&architecture, images.ncols(), 1, 0).expect("valid");
    let mut training = ae_core::Training::new(&model, &architecture, &config, images, 1, 0)
        .expect("images are in [0, 1]");
    move || {
        training.epoch(&mut model, images).expect("the recipe converges");
    }
}

fn cd_1(images: ArrayView2<'_, f32>) -> impl FnMut() + '_ {
    let config = rbm_core::TrainingConfig::default();
    let mut rbm = Rbm::new(&RbmConfig::default(), images, 1, 0).expect("valid");
    let mut training =
        rbm_core::Training::new(&rbm, &config, images, 1, 0).expect("images are in [0, 1]");
    move || {
        training.epoch(&mut rbm, images).expect("the defaults converge");
    }
}

fn report(work: &str, n_hidden: usize, images: ArrayView2<f32>, mut epoch: impl FnMut()) {
    let products = 5.0 * 2.0 * (images.len() * n_hidden) as f64;
    epoch();
    let (mut peaks, mut epochs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        peaks.push(peak_rate());
        epochs.push(seconds(&mut epoch));
    }
    let (peak, epoch) = (median(&mut peaks), median(&mut epochs));
    let limit = products / peak;
    print_line(&format!(
        "{work:<40}{:>12.1}{limit:>9.3}{epoch:>9.3}{:>7.2}\n",
        peak / 1e9,
        epoch / limit
    ));
}

/// The rate of a large square product in flop/s: the best of some, so the machine's peak just now.
fn peak_rate() -> f64 {
    const N: usize = 1024;
    let a = Array2::<f32>::from_elem((N, N), 0.5);
    let mut out = Array2::zeros((N, N));
    let best = (0..12)
        .map(|_| seconds(|| numerics::matmul(a.view(), a.view(), out.view_mut())))
        .fold(f64::INFINITY, f64::min);
    2.0 * (N * N * N) as f64 / best
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[allow(clippy::print_stdout, reason = "a benchmark prints")]
fn print_line(line: &str) {
    print!("{line}");
}
