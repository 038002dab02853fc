//! Dense and sparse products at the shapes of a training step, on one thread.
//!
//! The throughput counts the multiplications and additions of the dense product (read Gelem/s as
//! Gflop/s), so a sparse product, which skips zeros, may exceed the peak of the machine. The table at
//! the end compares each product with the peak: the throughput of a large dense product, measured
//! next to it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2};
use numerics::{Purpose, Stream, matmul};

const BATCH: usize = 100;
const SHAPES: [(usize, usize); 2] = [(784, 256), (784, 500)];
/// Fractions of non-zeros: dense, reconstructions, hidden states, grey MNIST, binarised MNIST.
const DENSITIES: [f32; 5] = [1.0, 0.5, 0.3, 0.19, 0.13];

fn matrix(rows: usize, columns: usize, density: f32) -> Array2<f32> {
    let mut values = vec![0.0; rows * columns];
    Stream::new(1, Purpose::new("bench")).fill_uniform(0, &mut values);
    let values = values.into_iter().map(|u| if u < density { 1.0 - u } else { 0.0 }).collect();
    Array2::from_shape_vec((rows, columns), values).expect("as many values as elements")
}

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("products");
    let mut table = Vec::new();
    let mut report = |name: String, a: ArrayView2<f32>, b: ArrayView2<f32>| {
        let mut out = Array2::zeros((a.nrows(), b.ncols()));
        let flop = 2 * a.len() * b.ncols();
        group.throughput(Throughput::Elements(flop as u64));
        let shape = format!("{}x{}x{}", a.nrows(), a.ncols(), b.ncols());
        let (mut times, peak) = (Vec::new(), peak());
        group.bench_function(BenchmarkId::new(&name, &shape), |bencher| {
            bencher.iter_custom(|n| {
                let time = time(n, || matmul(black_box(a), black_box(b), out.view_mut()));
                times.push(time.as_secs_f64() / n as f64);
                time
            });
        });
        times.sort_by(f64::total_cmp);
        if !times.is_empty() {
            table.push((name, shape, flop as f64 / times[times.len() / 2], peak));
        }
    };
    for (visible, hidden) in SHAPES {
        let (weights, delta) = (matrix(visible, hidden, 1.0), matrix(BATCH, hidden, 1.0));
        for density in DENSITIES {
            let (x, h) = (matrix(BATCH, visible, density), matrix(BATCH, hidden, density));
            report(format!("x·W, {density} not zero"), x.view(), weights.view());
            report(format!("xT·D, {density} not zero"), x.t(), delta.view());
            report(format!("h·WT, {density} not zero"), h.view(), weights.t());
        }
    }
    print_line("product               shape          GFLOP/s  peak GFLOP/s  share of peak");
    for (name, shape, rate, peak) in table {
        let (rate, peak, share) = (rate / 1e9, peak / 1e9, 100.0 * rate / peak);
        print_line(&format!("{name:<22}{shape:<14}{rate:>8.0}{peak:>14.0}{share:>13.0} %"));
    }
}

fn time(n: u64, mut work: impl FnMut()) -> Duration {
    let start = Instant::now();
    (0..n).for_each(|_| work());
    start.elapsed()
}

/// Throughput of a large dense product in flop/s, the best of several runs.
fn peak() -> f64 {
    const SIDE: usize = 768;
    let (a, b) = (matrix(SIDE, SIDE, 1.0), matrix(SIDE, SIDE, 1.0));
    let mut out = Array2::zeros((SIDE, SIDE));
    let times = (0..10).map(|_| time(1, || matmul(a.view(), b.view(), out.view_mut())));
    2.0 * (SIDE as f64).powi(3) / times.min().expect("ten").as_secs_f64()
}

#[allow(clippy::print_stdout, reason = "a benchmark prints")]
fn print_line(line: &str) {
    println!("{line}");
}

criterion_group!(benches, products);
criterion_main!(benches);
