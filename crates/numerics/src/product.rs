//! Matrix products, spread over the team.
//!
//! Our own kernels take the shapes of a training step. They add the terms of each element in ascending order
//! of k, and skip the zeros of a sparse A, so the bits of the result depend neither on the number of threads
//! nor on the choice of kernel, and those of a row do not depend on the rows beside it. Products with very
//! many terms or with a transposed result go to `ndarray`, in shards that depend on the shape alone.
//!
//! # Layout of a packed product
//!
//! ```text
//!             k                         n                              n
//!      block 0 block 1         panel 0 panel 1 edge           panel 0 panel 1 edge
//!     ┌───────┬───────┐       ┌───────┬───────┬───┐          ┌───────┬───────┬───┐
//!     │       │       │ block │ micro-│       │ 0 │          │ tile  │       │   │ shard 0
//!   m │   A   │       │   0   │ panel │   B   │ 0 │          ├───────┤   C   │   │
//!     │       │       │       ├───────┼───────┼───┤ k      m │ tile  │       │   │
//!     ├───────┼───────┤ block │       │       │ 0 │          ├───────┼───────┼───┤
//!     │       │       │   1   │       │       │ 0 │          │       │       │   │ shard 1
//!     └───────┴───────┘       └───────┴───────┴───┘          └───────┴───────┴───┘
//!      read in place           packed: each micro-panel        a tile is held in
//!      or through CSR          is contiguous                   registers over a block
//!
//!   block        at most 128 rows of B (columns of A)
//!   panel        256 bytes of columns: 64 f32 or 32 f64
//!   micro-panel  one panel of one block, in the first-level cache while all rows of A pass over it
//!   tile         at most 6 rows × 2 or 4 registers (dense), 1 or 2 rows × up to 8 (sparse)
//!   edge         the last panel is padded with zeros; there the kernels work on a copy of C
//! ```
//!
//! The division of work among threads depends on the shape:
//! * **By rows** (the gradient Xᵀ·D, for example): the team packs B together; each thread owns a
//!   shard of the rows of A and C, and reads all of B.
//! * **By columns** (a batch that passes through larger weights, see [`shares_columns`]): each thread
//!   owns whole cache lines of columns of C, packs the same columns of B for itself, and reads all
//!   of A. An epilogue then runs by rows.
//!
//! Packing pays if many rows of A pass over B. With few rows, B is read in place (see [`few_rows`] if its
//! columns are contiguous). A product that takes less time than it takes to start the team stays on
//! the calling thread.
//!
//! A shard of A with at least half zeros is compressed to CSR once, for all micro-panels. For each
//! non-zero A[r, k] the sparse kernel gathers row k of the micro-panel:
//!
//! ```text
//!   row r of A:   values   0.7   0.2   0.9       C[r, tile] += 0.7 · micro-panel[ 3, tile]
//!                 indices    3    17    90   ─▶             += 0.2 · micro-panel[17, tile]
//!                                                           += 0.9 · micro-panel[90, tile]
//! ```

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

pub use self::convolution::{
    Patches, convolution_gradient, convolve, convolve_transposed, part_sums,
};
use self::csr::{Csr, CsrBuffer};
use self::pack::Packed;
pub use self::prepared::Prepared;
use crate::rows::{
    CACHE_LINE, MAX_SHARDS, Split, by_columns, by_rows, by_shards, by_shards_in, workers_on,
};
use crate::team::team_size;
use crate::{Real, times};

mod convolution;
mod csr;
mod dense;
mod few_rows;
pub(crate) mod kernels;
mod lanes;
mod pack;
mod prepared;
mod shard;
mod sparse;
mod strips;
mod tile;
mod transpose;

/// `out` = `a` · `b`. Shapes: (m, k) · (k, n) = (m, n). Any strides will do, those of `x.t()` as well
/// as those of `x`.
///
/// # Panics
/// If the shapes do not fit.
pub fn matmul<F: Real>(a: ArrayView2<F>, b: ArrayView2<F>, out: ArrayViewMut2<F>) {
    matmul_scaled(F::one(), a, b, F::zero(), out);
}

/// `out` = `alpha` · `a` · `b` + `beta` · `out`. If `beta` is zero, the old `out` is not read.
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
    times::phase("product", || F::matmul_scaled(alpha, a, b, beta, out));
}

fn matmul_scaled_generic<F: Real>(
    alpha: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    beta: F,
    out: ArrayViewMut2<F>,
) {
    check(a, b, &out);
    if packs(a, &out) {
        packed(alpha, a, b, beta, out, (), |_, _, ()| ());
    } else {
        by_rows(out.nrows(), out, |rows, out| {
            serial(alpha, a.slice(s![rows, ..]), b, beta, out);
        });
    }
}

/// `out` = `a` · `b`, then `epilogue` on each shard of the rows while it is in cache.
///
/// The epilogue gets the range of rows in the shard, these rows of `out`, and its part of `outputs`.
/// Its effect on a row must not depend on the other rows of the shard.
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
    times::phase("product and activation", || {
        if packs(a, &out) {
            packed(F::one(), a, b, F::zero(), out, outputs, epilogue);
            return;
        }
        by_rows(out.nrows(), (out, outputs), |rows, (mut out, outputs)| {
            let a = a.slice(s![rows.clone(), ..]);
            serial(F::one(), a, b, F::zero(), out.view_mut());
            epilogue(rows, out, outputs);
        });
    });
}

/// With fewer rows than this, packing B costs more than it saves.
const FEW_ROWS: usize = 32;

/// Products of fewer multiplications than this are computed faster than the team starts.
const SMALL_PRODUCT: usize = 1 << 18;

/// Epilogues on fewer elements than this, whose loops compute exponentials, are done before the team starts.
const SMALL_EPILOGUE: usize = 1 << 12;

/// Number of threads for a product.
fn workers(m: usize, k: usize, n: usize) -> usize {
    if m * k * n < SMALL_PRODUCT { 1 } else { team_size() }
}

/// With more terms than this, the packed B would take too much memory.
const PACK_TERMS: usize = 16_384;

/// Whether our own kernels compute the product, which depends on shapes and strides alone.
fn packs<F>(a: ArrayView2<F>, out: &ArrayViewMut2<F>) -> bool {
    let (n, k) = (out.ncols(), a.ncols());
    n > 1 && k > 0 && k <= PACK_TERMS && out.strides()[1] == 1
}

/// Computes the product with our own kernels.
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
    let ((m, n), k) = (out.dim(), a.ncols());
    let few = m < FEW_ROWS && alpha == F::one();
    let (down, along) = (b.strides()[0], b.strides()[1]);
    let finish = |out, outputs| {
        let workers = if m * n < SMALL_EPILOGUE { 1 } else { team_size() };
        by_shards(workers, m, (out, outputs), |rows, (out, outputs)| {
            epilogue(rows, out, outputs);
        });
    };
    if few && beta == F::zero() && down == 1 && along > 1 {
        F::multiply_by_transpose(a, b, out.view_mut());
        finish(out, outputs);
        return;
    }
    let in_place = few && along == 1 && down > 0;
    if shares_columns(m, k, n) {
        with_csr_shards(arch, a, |shards| {
            // Some panels at a time, which stay in the second-level cache once packed.
            let width = if in_place { n } else { pack::panels_in_cache::<F>(k) };
            let multiply = |columns: Range<usize>, out: ArrayViewMut2<F>| {
                let mut out = out.reversed_axes();
                for first in (0..columns.len()).step_by(width) {
                    let part = first..columns.len().min(first + width);
                    let from = |column| columns.start + column;
                    let b = b.slice(s![.., from(part.start)..from(part.end)]);
                    with_right(in_place, 1, alpha, b, |b| {
                        for shard in shards {
                            let out = out.slice_mut(s![shard.rows.clone(), part.clone()]);
                            F::multiply_shard(arch, shard.operand(a), b, beta, out);
                        }
                    });
                }
            };
            by_columns(workers(m, k, n), n, out.view_mut().reversed_axes(), multiply);
        });
        finish(out, outputs);
    } else {
        with_right(in_place, workers_on(b.len()), alpha, b, |b| {
            by_shards(workers(m, k, n), m, (out, outputs), |rows, (mut out, outputs)| {
                with_csr(arch, a.slice(s![rows.clone(), ..]), |a| {
                    F::multiply_shard(arch, a, b, beta, out.view_mut());
                });
                epilogue(rows, out, outputs);
            });
        });
    }
}

/// Calls `body` with `alpha` · `b`, read in place (then `alpha` is 1) or packed by this many threads.
fn with_right<F: Real, R>(
    in_place: bool,
    threads: usize,
    alpha: F,
    b: ArrayView2<F>,
    body: impl FnOnce(Packed<F>) -> R,
) -> R {
    if in_place { Packed::in_place(b, body) } else { Packed::packed(threads, alpha, b, body) }
}

/// Computes `alpha` · `a` · `b` without storing it as a whole. Shapes: (m, k) · (k, n).
///
/// Calls `consume` with a strip of whole rows, while they are in cache, and the same rows of
/// `outputs`. Its effect on a row must not depend on the rows beside it.
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
    // The consumer passes over all of the result, which may take longer than the product.
    let n = b.ncols();
    let threads = workers(m, a.ncols(), n).max(workers_on(m * n));
    Packed::packed(workers_on(b.len()), alpha, b, |packed| {
        by_shards_in("gradient and optimizer", threads, m, outputs, |rows, outputs| {
            with_csr(arch, a.slice(s![rows, ..]), |a| {
                strips::multiply_strips(arch, a, packed, n, outputs, &consume);
            });
        });
    });
}

/// Whether the columns of B (`k` × `n`) are divided among the threads, rather than the rows of A.
///
/// If A is a batch and B holds weights, A is small, and B exceeds the caches that belong to one core.
/// So each thread packs and reads its own columns of B, and the threads exchange only activations.
fn shares_columns(batch: usize, k: usize, n: usize) -> bool {
    n >= 2 * CACHE_LINE && batch <= n && batch <= k
}

/// Some rows of a left operand that all threads read, and their non-zeros if they are sparse.
struct Shard<'a, F> {
    rows: Range<usize>,
    csr: Option<Csr<'a, F>>,
}

impl<'a, F: Real> Shard<'a, F> {
    fn operand<'b>(&'b self, a: ArrayView2<'b, F>) -> (ArrayView2<'b, F>, Option<Csr<'a, F>>) {
        (a.slice_move(s![self.rows.clone(), ..]), self.csr)
    }
}

/// Calls `body` with the rows of `a` in shards, which the team has compressed where they are sparse.
fn with_csr_shards<F: Real, R>(
    arch: Arch,
    a: ArrayView2<F>,
    body: impl FnOnce(&[Shard<F>]) -> R,
) -> R {
    let shards = workers_on(a.len()).min(MAX_SHARDS);
    let rows = |shard: usize| shard * a.nrows() / shards..(shard + 1) * a.nrows() / shards;
    let mut memory = F::take_csr();
    memory.resize_with(memory.len().max(shards), CsrBuffer::default);
    by_shards_in("finding non-zeros", shards, shards, &mut memory[..shards], |range, buffers| {
        for (shard, buffer) in range.zip(buffers) {
            buffer.compress(arch, a.slice(s![rows(shard), ..]), pack::block(a.ncols()));
        }
    });
    let found: [Shard<F>; MAX_SHARDS] = std::array::from_fn(|shard| match memory.get(shard) {
        Some(buffer) if shard < shards => Shard { rows: rows(shard), csr: buffer.csr() },
        _ => Shard { rows: 0..0, csr: None },
    });
    let result = body(&found[..shards]);
    F::put_csr(memory);
    result
}

/// Calls `body` with `a` and, if it is sparse, its CSR form, made by the calling thread.
fn with_csr<F: Real, R>(
    arch: Arch,
    a: ArrayView2<F>,
    body: impl FnOnce((ArrayView2<F>, Option<Csr<F>>)) -> R,
) -> R {
    let mut memory = F::take_csr();
    memory.resize_with(memory.len().max(1), CsrBuffer::default);
    memory[0].compress(arch, a, pack::block(a.ncols()));
    let result = body((a, memory[0].csr()));
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

/// Computes one product on the calling thread, by `ndarray`.
fn serial<F: Real>(
    alpha: F,
    a: ArrayView2<F>,
    b: ArrayView2<F>,
    beta: F,
    mut out: ArrayViewMut2<F>,
) {
    check(a, b, &out);
    general_mat_mul(alpha, &a, &b, beta, &mut out);
}

#[cfg(test)]
mod tests;
