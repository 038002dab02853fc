//! Matrix products on the `gemm` crate, spread over the team by rows of the result.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};

use self::pack::Packed;
use crate::Real;
use crate::rows::{Split, by_rows, by_shards};
use crate::team::team_size;

mod dense;
pub(crate) mod lanes;
mod pack;
mod share;
mod sparse;
mod tile;

/// `out` = `a` · `b`. Shapes: (m, k) · (k, n) = (m, n); any strides, so `x.t()` is as good as `x`.
///
/// # Panics
/// If the shapes do not fit.
pub fn matmul<F: Real>(a: ArrayView2<F>, b: ArrayView2<F>, out: ArrayViewMut2<F>) {
    matmul_scaled(F::one(), a, b, F::zero(), out);
}

/// `out` = `alpha` · `a` · `b` + `beta` · `out`. With `beta` = 0 the old `out` is not read.
///
/// # Panics
/// If the shapes do not fit.
pub fn matmul_scaled<F: Real>(
    alpha: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    beta: F,
    out: ArrayViewMut2<F>,
) {
    check(a, b, &out);
    let (m, n) = out.dim();
    if packs(a, &out) {
        packed(alpha, a, b, beta, out, (), |_, _, ()| ());
    } else if m < n && m < FEW_ROWS {
        // Too few rows to share out: cut the columns instead.
        let out_t = out.reversed_axes();
        by_rows(n, out_t, |columns, out_t| {
            serial(alpha, a, b.slice(s![.., columns]), beta, out_t.reversed_axes());
        });
    } else {
        by_rows(m, out, |rows, out| {
            serial(alpha, a.slice(s![rows, ..]), b, beta, out);
        });
    }
}

/// `out` = `a` · `b`, then `epilogue` on each shard of the rows while they are in cache: it gets the
/// shard's range, its rows of `out` and its part of `outputs`. What it does for a row must not
/// depend on the shard's other rows.
///
/// # Panics
/// If the shapes do not fit.
pub fn matmul_then<F: Real, S: Split>(
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    out: ArrayViewMut2<F>,
    outputs: S,
    epilogue: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
) {
    check(a, b, &out);
    if packs(a, &out) {
        packed(F::one(), a, b, F::zero(), out, outputs, epilogue);
        return;
    }
    by_rows(out.nrows(), (out, outputs), |rows, (mut out, outputs)| {
        let a = a.slice(s![rows.clone(), ..]);
        serial(F::one(), a, b, F::zero(), out.view_mut());
        epilogue(rows, out, outputs);
    });
}

/// Whether our own kernels take the product: it depends on shapes and strides alone.
fn packs<F>(a: ArrayView2<F>, out: &ArrayViewMut2<F>) -> bool {
    let ((m, n), k) = (out.dim(), a.ncols());
    m >= PACK_ROWS && n > 1 && k > 0 && k <= 1000 && out.strides()[1] == 1
}

/// With fewer rows than this, packing B costs more than it saves.
const PACK_ROWS: usize = 24;

fn packed<F: Real, S: Split>(
    alpha: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    beta: F,
    out: ArrayViewMut2<F>,
    outputs: S,
    epilogue: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
) {
    Packed::with(alpha, b, |b| {
        by_shards(team_size(), out.nrows(), (out, outputs), |rows, (mut out, outputs)| {
            share::multiply(a.slice(s![rows.clone(), ..]), b, beta, out.view_mut());
            epilogue(rows, out, outputs);
        });
    });
}

/// Below this many rows a product is shared out by columns.
const FEW_ROWS: usize = 48;

fn check<F>(a: ArrayView2<F>, b: ArrayView2<F>, out: &ArrayViewMut2<F>) {
    assert!(
        a.ncols() == b.nrows() && out.dim() == (a.nrows(), b.ncols()),
        "({} × {}) · ({} × {}) does not fit ({} × {})",
        a.nrows(),
        a.ncols(),
        b.nrows(),
        b.ncols(),
        out.nrows(),
        out.ncols()
    );
}

/// One product on this thread.
fn serial<F: Real>(
    alpha: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    beta: F,
    mut out: ArrayViewMut2<F>,
) {
    check(a, b, &out);
    let ((m, k), n) = (a.dim(), b.ncols());
    let (a_strides, b_strides) = (a.strides(), b.strides());
    let out_strides = [out.strides()[0], out.strides()[1]];
    // SAFETY: pointers and strides are those of views that are borrowed for the call, with the
    // shapes checked above; `out` is borrowed mutably, so it does not overlap the others.
    #[allow(unsafe_code, reason = "gemm takes pointers")]
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            out_strides[1],
            out_strides[0],
            beta != F::zero(),
            a.as_ptr(),
            a_strides[1],
            a_strides[0],
            b.as_ptr(),
            b_strides[1],
            b_strides[0],
            beta,
            alpha,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::with_team;
    use ndarray::Array2;

    fn matrix<F: Real>(rows: usize, columns: usize, salt: usize) -> Array2<F> {
        Array2::from_shape_fn((rows, columns), |(i, j)| {
            F::of(((i * 31 + j * 17 + salt) % 23) as f64 / 23.0 - 0.5)
        })
    }

    fn slow<F: Real>(a: &Array2<F>, b: &Array2<F>) -> Array2<f64> {
        Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| {
            (0..a.ncols()).map(|l| a[[i, l]].as_f64() * b[[l, j]].as_f64()).sum()
        })
    }

    fn agrees<F: Real>(tolerance: f64) {
        for (m, k, n) in [(1, 1, 1), (3, 5, 2), (10, 784, 30), (100, 70, 50), (130, 3, 10)] {
            let (a, b) = (matrix::<F>(m, k, 1), matrix::<F>(k, n, 2));
            let expected = slow(&a, &b);
            let mut out = Array2::from_elem((m, n), F::nan());
            matmul(a.view(), b.view(), out.view_mut());
            let a_transposed = a.t().as_standard_layout().into_owned();
            let mut again = Array2::from_elem((m, n), F::one());
            matmul_scaled(F::of(2.0), a_transposed.t(), b.view(), F::of(3.0), again.view_mut());
            for ((&ours, &twice), exact) in out.iter().zip(&again).zip(&expected) {
                assert!((ours.as_f64() - exact).abs() < tolerance, "{m}×{k}×{n}");
                assert!((twice.as_f64() - 2.0 * exact - 3.0).abs() < 3.0 * tolerance);
            }
        }
    }

    #[test]
    fn product_equals_the_triple_loop() {
        agrees::<f32>(1e-4);
        agrees::<f64>(1e-12);
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for (m, k, n) in
            [(5, 300, 700), (100, 784, 256), (100, 784, 10), (50, 2, 9), (784, 100, 64)]
        {
            let (a, b) = (matrix::<f32>(m, k, 3), matrix::<f32>(k, n, 4));
            let product = |threads| {
                let mut out = Array2::zeros((m, n));
                with_team(threads, || matmul(a.view(), b.view(), out.view_mut()));
                out
            };
            let one = product(1);
            for threads in [2, 3, 8] {
                assert_eq!(product(threads), one, "{m}×{k}×{n} on {threads} threads");
            }
        }
    }

    #[test]
    #[allow(clippy::should_panic_without_expect, reason = "the outcome is caught here")]
    fn shapes_that_do_not_fit_are_refused() {
        let outcome = std::panic::catch_unwind(|| {
            matmul(
                matrix::<f32>(2, 3, 0).view(),
                matrix(2, 3, 0).view(),
                Array2::zeros((2, 3)).view_mut(),
            );
        });
        assert!(outcome.is_err());
    }
}
