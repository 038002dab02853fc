//! Matrix products, spread over the team by rows of the result.
//!
//! Our own kernels add the terms of each element in order of k, whatever rows a thread has, and skip
//! zeros of A where they are many: the result depends neither on the team nor on the choice. They
//! take the shapes of a training step; products of few rows, of very many terms or into a
//! transposed result go to the `gemm` crate, in shards that depend on the shape alone.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

use self::csr::{Csr, CsrBuffer};
use self::pack::Packed;
pub use self::prepared::Prepared;
use crate::Real;
use crate::rows::{COLUMNS, MAX_SHARDS, Split, by_columns, by_rows, by_shards};
use crate::team::team_size;

mod dense;
pub(crate) mod lanes;

mod pack;

mod prepared;

mod sparse;
mod tile;
mod transpose;

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

/// With more terms than this, a packed B would take too much memory.
const PACK_TERMS: usize = 16_384;

/// Whether our own kernels take the product: it depends on shapes and strides alone.
fn packs<F>(a: ArrayView2<F>, out: &ArrayViewMut2<F>) -> bool {
    let ((m, n), k) = (out.dim(), a.ncols());
    m >= PACK_ROWS && n > 1 && k > 0 && k <= PACK_TERMS && out.strides()[1] == 1
}

/// With fewer rows than this, packing B costs more than it saves.
const PACK_ROWS: usize = 24;

/// The product by our own kernels.
fn packed<F: Real, S: Split>(
    alpha: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    beta: F,
    mut out: ArrayViewMut2<F>,
    outputs: S,
    epilogue: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
) {
    let arch = Arch::new();
    let (m, n) = out.dim();
    if shares_columns(m, a.ncols(), n) {
        with_csr_shards(arch, a, |shards| {
            by_columns(n, out.view_mut().reversed_axes(), |columns, out| {
                Packed::alone(alpha, b.slice(s![.., columns]), |b| {
                    let mut out = out.reversed_axes();
                    for shard in shards {
                        let out = out.slice_mut(s![shard.rows.clone(), ..]);
                        shard::multiply(arch, shard.operand(a), b, beta, out);
                    }
                });
            });
        });
        by_shards(team_size(), m, (out, outputs), |rows, (out, outputs)| {
            epilogue(rows, out, outputs);
        });
    } else {
        Packed::together(alpha, b, |b| {
            by_shards(team_size(), m, (out, outputs), |rows, (mut out, outputs)| {
                with_csr(arch, a.slice(s![rows.clone(), ..]), |a| {
                    shard::multiply(arch, a, b, beta, out.view_mut());
                });
                epilogue(rows, out, outputs);
            });
        });
    }
}

/// Computes `alpha` · `a` · `b` without storing it: calls `consume` with some whole rows at a time,
/// while they are in cache, and their part of `outputs`. Shapes: (m, k) · (k, n).
///
/// What it does with a row must not depend on the rows beside it.
///
/// # Panics
/// If the shapes do not fit.
pub fn matmul_consume<F: Real, S: Split>(
    alpha: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    outputs: S,
    consume: impl Fn(ArrayView2<F>, S) + Sync,
) {
    let (arch, m) = (Arch::new(), a.nrows());
    assert!(a.ncols() == b.nrows(), "{:?} · {:?} does not fit", a.dim(), b.dim());
    Packed::together(alpha, b, |packed| {
        by_shards(team_size(), m, outputs, |rows, outputs| {
            with_csr(arch, a.slice(s![rows, ..]), |a| {
                strips::multiply_strips(arch, a, packed, b.ncols(), outputs, &consume);
            });
        });
    });
}

/// Whether the team shares out the columns of weights, `k` × `n`, that a batch passes through.
///
/// A batch is small beside the weights, which are more than a processor's own caches hold. So each
/// thread packs and reads its own columns of them, and what the threads exchange are activations.
fn shares_columns(batch: usize, k: usize, n: usize) -> bool {
    n >= 2 * COLUMNS && batch <= n && batch <= k
}

/// Some rows of a left operand that all threads read, and their non-zeros.
struct Shard<'a, F> {
    rows: Range<usize>,
    lists: Option<Csr<'a, F>>,
}

impl<'a, F: Real> Shard<'a, F> {
    fn operand<'b>(&'b self, a: ArrayView2<'b, F>) -> (ArrayView2<'b, F>, Option<Csr<'a, F>>) {
        (a.slice_move(s![self.rows.clone(), ..]), self.lists)
    }
}

/// Calls `body` with the rows of `a` in shards, whose non-zeros the team has listed.
fn with_csr_shards<F: Real, R>(arch: Arch, a: ArrayView2<F>, body: impl FnOnce(&[Shard<F>]) -> R) -> R {
    let shards = team_size().min(MAX_SHARDS);
    let rows = |shard: usize| shard * a.nrows() / shards..(shard + 1) * a.nrows() / shards;
    let mut memory = F::take_csr();
    memory.resize_with(memory.len().max(shards), CsrBuffer::default);
    by_shards(shards, shards, &mut memory[..shards], |range, lists| {
        for (shard, lists) in range.zip(lists) {
            lists.find(arch, a.slice(s![rows(shard), ..]), pack::block(a.ncols()));
        }
    });
    let found: [Shard<F>; MAX_SHARDS] = std::array::from_fn(|shard| match memory.get(shard) {
        Some(lists) if shard < shards => Shard { rows: rows(shard), lists: lists.lists() },
        _ => Shard { rows: 0..0, lists: None },
    });
    let result = body(&found[..shards]);
    F::put_csr(memory);
    result
}

/// Calls `body` with `a` and the lists of its non-zeros, made by this thread.
fn with_csr<F: Real, R>(
    arch: Arch,
    a: ArrayView2<F>,
    body: impl FnOnce((ArrayView2<F>, Option<Csr<F>>)) -> R,
) -> R {
    let mut memory = F::take_csr();
    memory.resize_with(memory.len().max(1), CsrBuffer::default);
    memory[0].find(arch, a, pack::block(a.ncols()));
    let result = body((a, memory[0].lists()));
    F::put_csr(memory);
    result
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
