//! Matrix products, spread over the team by rows of the result.
//!
//! Our own kernels add the terms of each element in order of k, whatever rows a thread has, and skip
//! zeros of A where they are many: the result depends neither on the team nor on the choice. They
//! take the shapes of a training step; products of few rows, of very many terms or into a
//! transposed result go to the `gemm` crate, in shards that depend on the shape alone.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

use self::pack::Packed;
use crate::Real;
use crate::rows::{COLUMNS, Split, by_columns, by_rows, by_shards};
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

/// Below this many rows a product is shared out by columns.
const FEW_ROWS: usize = 48;

/// With more terms than this, B is too large for the second-level caches.
const PACK_TERMS: usize = 1000;

/// Whether our own kernels take the product: it depends on shapes and strides alone.
fn packs<F>(a: ArrayView2<F>, out: &ArrayViewMut2<F>) -> bool {
    let ((m, n), k) = (out.dim(), a.ncols());
    m >= PACK_ROWS && n > 1 && k > 0 && k <= PACK_TERMS && out.strides()[1] == 1
}

/// With fewer rows than this, packing B costs more than it saves.
const PACK_ROWS: usize = 24;

/// The product by our own kernels.
///
/// A batch is small beside the weights that it passes through, which are more than a processor's own
/// caches hold. So the team shares out the columns of B: each thread packs and reads its own part,
/// and what the threads exchange are activations. Otherwise it shares out the rows of A.
fn packed<F: Real, S: Split>(
    alpha: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    beta: F,
    mut out: ArrayViewMut2<F>,
    outputs: S,
    epilogue: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
) {
    let ((m, n), k) = (out.dim(), a.ncols());
    if n >= 2 * COLUMNS && m <= n && m <= k {
        by_columns(n, out.view_mut().reversed_axes(), |columns, out| {
            Packed::alone(alpha, b.slice(s![.., columns]), |b| {
                share::multiply(Arch::new(), a, b, beta, out.reversed_axes());
            });
        });
        by_shards(team_size(), m, (out, outputs), |rows, (out, outputs)| {
            epilogue(rows, out, outputs);
        });
    } else {
        Packed::together(alpha, b, |b| {
            by_shards(team_size(), m, (out, outputs), |rows, (mut out, outputs)| {
                let a = a.slice(s![rows.clone(), ..]);
                share::multiply(Arch::new(), a, b, beta, out.view_mut());
                epilogue(rows, out, outputs);
            });
        });
    }
}

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
mod tests;
