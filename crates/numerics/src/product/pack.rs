//! The right operand of a product, laid out in the order in which the kernels read it.
//!
//! B (k × n) is cut into blocks of at most [`BLOCK`] rows and panels of [`width`] columns. A unit,
//! one panel of one block, lies in one piece, row after row, so that it stays in the first cache
//! while all rows of A pass by. Columns past n are zero. The units of the first block come first.

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

use super::transpose::transpose;
use crate::Real;
use crate::elementary::vectorised;
use crate::rows::by_shards;
use crate::team::team_size;

/// Rows of B that a unit has at most: with its columns, most of a first-level cache.
const BLOCK: usize = 128;

/// Bytes of a unit's row; registers of every instruction set divide it.
const PANEL_BYTES: usize = 256;

/// Columns of a panel.
pub(super) const fn width<F>() -> usize {
    PANEL_BYTES / size_of::<F>()
}

/// Rows of a block where B has `k`: all have as many, but the last may have fewer.
pub(super) fn block(k: usize) -> usize {
    k.div_ceil(k.div_ceil(BLOCK).max(1)).max(1)
}

/// A packed right operand.
#[derive(Clone, Copy)]
pub(super) struct Packed<'a, F> {
    units: &'a [F],
    /// Rows of B, and of a block.
    pub(super) k: usize,
    pub(super) block: usize,
    n_panels: usize,
}

impl<'a, F: Real> Packed<'a, F> {
    /// Calls `body` with `alpha` · `b`, packed by this thread into memory of its own.
    pub(super) fn alone<R>(alpha: F, b: ArrayView2<F>, body: impl FnOnce(Packed<'_, F>) -> R) -> R {
        Self::with(1, alpha, b, body)
    }

    /// As [`Packed::alone`], packed by the team.
    pub(super) fn together<R>(
        alpha: F,
        b: ArrayView2<F>,
        body: impl FnOnce(Packed<'_, F>) -> R,
    ) -> R {
        Self::with(team_size(), alpha, b, body)
    }

    fn with<R>(
        threads: usize,
        alpha: F,
        b: ArrayView2<F>,
        body: impl FnOnce(Packed<'_, F>) -> R,
    ) -> R {
        let mut scratch = F::take_scratch();
        let needed = Self::room(b.dim());
        if scratch.len() < needed {
            scratch.resize(needed, F::zero());
        }
        Packed::pack(threads, alpha, b, &mut scratch);
        let result = body(Packed::at(&scratch, b.dim()));
        F::put_scratch(scratch);
        result
    }

    /// The memory that a B of this shape takes.
    pub(super) fn room((k, n): (usize, usize)) -> usize {
        k.div_ceil(block(k)) * n.div_ceil(width::<F>()) * block(k) * width::<F>() + width::<F>()
    }

    /// Packs `alpha` · `b` into `memory` by this many threads, for [`Packed::at`] to find.
    pub(super) fn pack(threads: usize, alpha: F, b: ArrayView2<F>, memory: &mut [F]) {
        let (k, n) = b.dim();
        let (block, n_panels) = (block(k), n.div_ceil(width::<F>()));
        let (n_units, unit_len) = (k.div_ceil(block) * n_panels, block * width::<F>());
        let first = first_of_line(memory);
        let memory = &mut memory[first..first + n_units * unit_len];
        let units = ArrayViewMut2::from_shape((n_units, unit_len), memory)
            .expect("the slice was cut to this shape");
        by_shards(threads, n_units, units, |range, mut units| {
            for (index, mut unit) in range.zip(units.rows_mut()) {
                let rows = (index / n_panels) * block;
                let columns = (index % n_panels) * width::<F>();
                let part = b.slice(s![
                    rows..(rows + block).min(k),
                    columns..(columns + width::<F>()).min(n)
                ]);
                pack_unit(alpha, part, unit.as_slice_mut().expect("units are contiguous"));
            }
        });
    }

    /// A B of this shape that was packed into `memory`, which has not been moved since.
    pub(super) fn at(memory: &'a [F], (k, n): (usize, usize)) -> Self {
        let units = &memory[first_of_line(memory)..];
        Packed { units, k, block: block(k), n_panels: n.div_ceil(width::<F>()) }
    }

    /// The unit of this block and panel.
    #[inline(always)]
    pub(super) fn unit(&self, block: usize, panel: usize) -> &'a [F] {
        let len = self.block * width::<F>();
        &self.units[(block * self.n_panels + panel) * len..][..len]
    }
}

/// Where units begin: their rows begin where cache lines do.
fn first_of_line<F>(memory: &[F]) -> usize {
    memory.as_ptr().align_offset(PANEL_BYTES).min(width::<F>())
}

/// Lays out one unit; columns that B does not have are zero.
fn pack_unit<F: Real>(alpha: F, part: ArrayView2<F>, unit: &mut [F]) {
    let (k, n) = part.dim();
    let rows = unit[..k * width::<F>()].chunks_exact_mut(width::<F>());
    if part.strides()[1] == 1 || n == 1 {
        for (row, out) in part.rows().into_iter().zip(rows) {
            let row = row.to_slice().expect("stride 1");
            vectorised(
                #[inline(always)]
                || {
                    for (out, &value) in out.iter_mut().zip(row) {
                        *out = alpha * value;
                    }
                },
            );
            out[n..].fill(F::zero());
        }
    } else if part.strides()[0] == 1 || k == 1 {
        rows.for_each(|out| out[n..].fill(F::zero()));
        transpose(Arch::new(), alpha, part, unit, width::<F>());
    } else {
        for (row, out) in part.rows().into_iter().zip(rows) {
            for (out, &value) in out.iter_mut().zip(row) {
                *out = alpha * value;
            }
            out[n..].fill(F::zero());
        }
    }
}
