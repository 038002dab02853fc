//! Dense and sparse products at the shapes of a training step, on one thread. The throughput counts
//! the multiplications and additions of the dense product (read Gelem/s as Gflop/s), so a sparse
//! product that skips zeros may exceed the machine's peak.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::{Array2, ArrayView2};
use numerics::{Purpose, Stream, matmul};

const BATCH: usize = 100;
const SHAPES: [(usize, usize); 2] = [(784, 256), (784, 500)];
/// All; what a reconstruction may have; hidden states; grey MNIST; binarised MNIST.
const DENSITIES: [f32; 5] = [1.0, 0.5, 0.3, 0.19, 0.13];

fn matrix(rows: usize, columns: usize, density: f32) -> Array2<f32> {
    let mut values = vec![0.0; rows * columns];
    Stream::new(1, Purpose::new("bench")).fill_uniform(0, &mut values);
    let values = values.into_iter().map(|u| if u < density { 1.0 - u } else { 0.0 }).collect();
    Array2::from_shape_vec((rows, columns), values).expect("as many values as places")
}

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("products");
    let mut report = |name: String, a: ArrayView2<f32>, b: ArrayView2<f32>| {
        let mut out = Array2::zeros((a.nrows(), b.ncols()));
        group.throughput(Throughput::Elements((2 * a.len() * b.ncols()) as u64));
        let shape = format!("{}x{}x{}", a.nrows(), a.ncols(), b.ncols());
        group.bench_function(BenchmarkId::new(name, shape), |bencher| {
            bencher.iter(|| matmul(black_box(a), black_box(b), out.view_mut()));
        });
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
}

criterion_group!(benches, products);
criterion_main!(benches);
