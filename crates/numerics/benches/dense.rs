//! Our dense kernel against the `gemm` crate, at the shapes of a training step.
//!
//! The two alternate in one run, so that a busy machine slows both. The `gemm` crate is measured for
//! several ways to cut the result into shards, each of which depends on the shape alone, so that the
//! bits would be the same for any number of threads. Throughputs are those of the median time.

use std::hint::black_box;
use std::time::Instant;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use numerics::{Purpose, Split, Stream, by_rows, matmul, with_team};

/// Alternations per shape and number of threads.
const ROUNDS: usize = 100;

/// Batch, input and output width of a layer.
const SHAPES: [[usize; 3]; 7] = [
    [100, 784, 256],
    [100, 784, 500],
    [128, 784, 1000],
    [1000, 784, 500],
    [10, 784, 256],
    [100, 500, 2000],
    [1000, 500, 2000],
];

/// Ways to cut the result for `gemm`: the axis, and the number of shards.
const CUTS: [(Axis, usize); 6] =
    [(Axis(0), 1), (Axis(0), 2), (Axis(0), 4), (Axis(1), 2), (Axis(1), 4), (Axis(1), 8)];

fn main() {
    print_line("GFLOP/s of ours, then of gemm by the number of shards and their direction");
    print_line(
        "product shape          threads    ours  1 rows  2 rows  4 rows  2 cols  4 cols  8 cols",
    );
    for [batch, input, output] in SHAPES {
        let (x, w) = (matrix(batch, input), matrix(input, output));
        let (h, d) = (matrix(batch, output), matrix(batch, output));
        for threads in [1, 2] {
            with_team(threads, || {
                compare("X·W", threads, x.view(), w.view());
                compare("Xᵀ·D", threads, x.t(), d.view());
                compare("H·Wᵀ", threads, h.view(), w.t());
            });
        }
    }
}

fn matrix(rows: usize, columns: usize) -> Array2<f32> {
    let mut values = vec![0.0; rows * columns];
    Stream::new(1, Purpose::new("bench")).fill_uniform(0, &mut values);
    for value in &mut values {
        *value = 1.0 - *value;
    }
    Array2::from_shape_vec((rows, columns), values).expect("as many values as elements")
}

fn compare(name: &str, threads: usize, a: ArrayView2<f32>, b: ArrayView2<f32>) {
    let mut out = Array2::zeros((a.nrows(), b.ncols()));
    let mut times = vec![Vec::new(); CUTS.len() + 1];
    for round in 0..ROUNDS + 5 {
        for (way, times) in times.iter_mut().enumerate() {
            let start = Instant::now();
            match way.checked_sub(1) {
                None => matmul(black_box(a), black_box(b), out.view_mut()),
                Some(cut) => sharded(black_box(a), black_box(b), out.view_mut(), CUTS[cut]),
            }
            if round >= 5 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let rates = times.into_iter().map(|mut times| {
        times.sort_by(f64::total_cmp);
        format!("{:>8.0}", 2e-9 * (a.len() * b.ncols()) as f64 / times[times.len() / 2])
    });
    let shape = format!("{}×{}×{}", a.nrows(), a.ncols(), b.ncols());
    print_line(&format!("{name:<8}{shape:<15}{threads:>7}{}", rates.collect::<String>()));
}

/// `out` = `a` · `b` by the `gemm` crate, one task per shard of `out`.
fn sharded(
    a: ArrayView2<f32>,
    b: ArrayView2<f32>,
    out: ArrayViewMut2<f32>,
    (axis, shards): (Axis, usize),
) {
    if axis == Axis(1) {
        sharded(b.reversed_axes(), a.reversed_axes(), out.reversed_axes(), (Axis(0), shards));
        return;
    }
    let whole = Cut { rows: out.nrows(), shards };
    by_rows(UNIT * shards, Shards { out, first: 0, cut: whole }, |units, shard| {
        let (start, end) = (whole.start(units.start), whole.start(units.end));
        multiply(a.slice(ndarray::s![start..end, ..]), b, shard.out);
    });
}

/// Number of rows for which `by_rows` makes one shard.
const UNIT: usize = 24;

#[derive(Clone, Copy)]
struct Cut {
    rows: usize,
    shards: usize,
}

impl Cut {
    fn start(self, unit: usize) -> usize {
        unit / UNIT * self.rows / self.shards
    }
}

/// Rows of the result, counted in units of which `by_rows` gives [`UNIT`] to each shard.
struct Shards<'a> {
    out: ArrayViewMut2<'a, f32>,
    first: usize,
    cut: Cut,
}

impl Split for Shards<'_> {
    fn n_rows(&self) -> Option<usize> {
        Some(UNIT * self.cut.shards - self.first)
    }

    fn split_rows(self, index: usize) -> (Self, Self) {
        let Shards { out, first, cut } = self;
        let middle = first + index;
        let (before, after) = out.split_at(Axis(0), cut.start(middle) - cut.start(first));
        (Shards { out: before, first, cut }, Shards { out: after, first: middle, cut })
    }
}

/// One product by the `gemm` crate on this thread.
fn multiply(a: ArrayView2<f32>, b: ArrayView2<f32>, mut out: ArrayViewMut2<f32>) {
    let ((m, n), k) = (out.dim(), a.ncols());
    assert!(a.nrows() == m && b.dim() == (k, n), "the shapes of a product");
    let [out_row, out_column] = [out.strides()[0], out.strides()[1]];
    // SAFETY: pointers and strides are those of views that are borrowed for the call, with the
    // shapes checked above; `out` is borrowed mutably, so it overlaps neither operand.
    #[allow(unsafe_code, reason = "gemm takes pointers")]
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            out_column,
            out_row,
            false,
            a.as_ptr(),
            a.strides()[1],
            a.strides()[0],
            b.as_ptr(),
            b.strides()[1],
            b.strides()[0],
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[allow(clippy::print_stdout, reason = "a benchmark prints")]
fn print_line(line: &str) {
    println!("{line}");
}
