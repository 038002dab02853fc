//! An epoch of a convolutional network, and its share of the dense limit.
//!
//! 28 × 28 images, two convolutions of 32 and 64 maps with kernels of 5 × 5 and 2 × 2 max-pooling, and an
//! output layer of 10 classes, in batches of 100, by Adam. The dense limit is the time that the
//! products would take if no zero were skipped, at the rate of our dense kernel in the same run.

use std::time::Instant;

use ndarray::{Array2, s};
use nn_core::{Activation, ConvolutionConfig, Optimizer, Pooling, Rule};
use numerics::{Purpose, Stream, matmul, with_team};
use stack::{
    Classifier, ClassifierMemory, LayerPretraining, RandomInitialisation, classification_step,
    fit_to_images,
};

const BATCH: usize = 100;
const STEPS: usize = 60;
/// Batches in an epoch of 60,000 images.
const EPOCH: f64 = 600.0;

fn main() {
    print_line("padding threads   ms/step  s/epoch  GFLOP/s  share of the dense limit");
    for padding in [0, 2] {
        for threads in [1, 2] {
            with_team(threads, || step(padding, threads));
        }
    }
}

fn step(padding: usize, threads: usize) {
    let (mut model, flop) = network(padding);
    let (x, labels) = images();
    let mut memory = ClassifierMemory::new(&model, BATCH);
    let mut optimizer = Optimizer::new(Rule::adam(), 0.0, &model);
    let mut times = Vec::new();
    let mut limits = Vec::new();
    for i in 0..STEPS {
        let first = i % 10 * BATCH;
        let (batch, labels) =
            (x.slice(s![first..first + BATCH, ..]), &labels[first..first + BATCH]);
        let start = Instant::now();
        classification_step(&mut model, batch, labels, &mut memory, &mut optimizer, 1e-3, None)
            .expect("finite");
        times.push(start.elapsed().as_secs_f64());
        limits.push(dense_rate());
    }
    let (time, rate) = (median(times), median(limits));
    let share = 100.0 * flop / rate / time;
    print_line(&format!(
        "{padding:>7} {threads:>7} {:>9.2} {:>8.2} {:>8.1}  {share:.0} % of {:.0} GFLOP/s",
        1e3 * time,
        EPOCH * time,
        1e-9 * flop / time,
        1e-9 * rate
    ));
}

/// The network, and the operations of the products of a step.
fn network(padding: usize) -> (Classifier<f32>, f64) {
    let convolution = |maps| RandomInitialisation {
        convolution: Some(ConvolutionConfig {
            input: None,
            maps,
            kernel: 5,
            stride: 1,
            padding,
            pool: Pooling::Max(2),
        }),
        ..RandomInitialisation::suited_to(Activation::Relu)
    };
    let mut plan = [32, 64].map(|maps| LayerPretraining::from(convolution(maps)));
    fit_to_images(&mut plan, Some([28, 28, 1])).expect("they fit");
    let (mut n_inputs, mut flop, mut layers) = (784, 0.0, Vec::new());
    for (index, planned) in plan.iter().enumerate() {
        let layer = planned.without_data(n_inputs, 0, 1, index).expect("random");
        let convolution =
            planned.convolution().and_then(|c| c.known().ok()).expect("a convolution");
        let product = convolution.patches().positions() * layer.encoder.weights.len();
        // Forward and weights; the derivatives of the first layer's inputs are not needed.
        flop += (2 * BATCH * product * if index == 0 { 2 } else { 3 }) as f64;
        n_inputs = layer.encoder.n_outputs();
        layers.push(layer);
    }
    flop += (2 * BATCH * n_inputs * 10 * 3) as f64;
    (Classifier::new(&layers, 10, 1), flop)
}

/// Images with a square of grey values, about a fifth of the pixels, and zeros around it.
fn images() -> (Array2<f32>, Vec<u8>) {
    let mut values = Array2::zeros((10 * BATCH, 784));
    Stream::new(1, Purpose::new("bench")).fill_uniform(0, values.as_slice_mut().expect("whole"));
    for ((i, pixel), value) in values.indexed_iter_mut() {
        let (y, x) = (pixel / 28, pixel % 28);
        let (top, left) = (4 + i % 8, 4 + i / 8 % 8);
        if !(top..top + 12).contains(&y) || !(left..left + 12).contains(&x) {
            *value = 0.0;
        }
    }
    (values, (0..10 * BATCH).map(|i| (i % 10) as u8).collect())
}

/// Operations per second of a dense product of the size of the second layer for a few samples.
fn dense_rate() -> f64 {
    thread_local! {
        static OPERANDS: [Array2<f32>; 2] =
            [Array2::from_elem((512, 800), 0.5), Array2::from_elem((800, 64), 0.25)];
    }
    OPERANDS.with(|[a, b]| {
        let mut out = Array2::zeros((512, 64));
        let start = Instant::now();
        matmul(a.view(), b.view(), out.view_mut());
        2.0 * (a.len() * b.ncols()) as f64 / start.elapsed().as_secs_f64()
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[allow(clippy::print_stdout, reason = "a benchmark prints")]
fn print_line(line: &str) {
    println!("{line}");
}
