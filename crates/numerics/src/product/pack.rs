//! The right operand of a product, packed in the order in which the kernels read it.
//!
//! B (k × n) is cut into blocks of at most [`BLOCK`] rows and panels of [`width`] columns. A
//! micro-panel is the intersection of a block and a panel. Its elements are contiguous, row after
//! row, so that it stays in the first-level cache while the kernels pass over all rows of A. Columns
//! beyond n are zero. The micro-panels of the first block come first, from left to right.

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

use super::transpose::transpose;
use crate::Real;
use crate::elementary::vectorised;
use crate::rows::by_shards;
use crate::team::team_size;

/// Maximum number of rows in a micro-panel: 128 rows of 256 bytes fill most of a first-level cache.
const BLOCK: usize = 128;

/// Bytes in a row of a micro-panel: a multiple of the register width of every instruction set.
const PANEL_BYTES: usize = 256;

/// Number of columns in a panel.
pub(super) const fn width<F>() -> usize {
    PANEL_BYTES / size_of::<F>()
}

/// Number of rows in each block of a B with `k` rows; the last block may have fewer.
pub(super) fn block(k: usize) -> usize {
    k.div_ceil(k.div_ceil(BLOCK).max(1)).max(1)
}

/// A packed right operand.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a, F> {
    micro_panels: &'a [F],
    /// Number of rows in B, and in a block.
    pub(super) k: usize,
    pub(super) block: usize,
    n_panels: usize,
}

impl<'a, F: Real> Packed<'a, F> {
    /// Calls `body` with `alpha` · `b`, which the calling thread packs into its own scratch memory.
    pub(super) fn alone<R>(alpha: F, b: ArrayView2<F>, body: impl FnOnce(Packed<'_, F>) -> R) -> R {
        Self::with(1, alpha, b, body)
    }

    /// Does the same as [`Packed::alone`], but the team packs.
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

    /// Number of elements that a packed B of this shape needs, with room for alignment.
    pub(super) fn room((k, n): (usize, usize)) -> usize {
        k.div_ceil(block(k)) * n.div_ceil(width::<F>()) * block(k) * width::<F>() + width::<F>()
    }

    /// Packs `alpha` · `b` into `memory` with this many threads; [`Packed::at`] reads it from there.
    pub(super) fn pack(threads: usize, alpha: F, b: ArrayView2<F>, memory: &mut [F]) {
        F::pack(threads, alpha, b, memory);
    }

    pub(super) fn pack_generic(threads: usize, alpha: F, b: ArrayView2<F>, memory: &mut [F]) {
        let (k, n) = b.dim();
        let (block, n_panels) = (block(k), n.div_ceil(width::<F>()));
        let (n_micro_panels, len) = (k.div_ceil(block) * n_panels, block * width::<F>());
        let first = first_of_line(memory);
        let memory = &mut memory[first..first + n_micro_panels * len];
        let micro_panels = ArrayViewMut2::from_shape((n_micro_panels, len), memory)
            .expect("the slice was cut to this shape");
        by_shards(threads, n_micro_panels, micro_panels, |range, mut micro_panels| {
            for (index, mut micro_panel) in range.zip(micro_panels.rows_mut()) {
                let rows = (index / n_panels) * block;
                let columns = (index % n_panels) * width::<F>();
                let part = b.slice(s![
                    rows..(rows + block).min(k),
                    columns..(columns + width::<F>()).min(n)
                ]);
                let out = micro_panel.as_slice_mut().expect("micro-panels are contiguous");
                pack_micro_panel(alpha, part, out);
            }
        });
    }

    /// The B of this shape that was packed into `memory`, which must not have moved since then.
    pub(super) fn at(memory: &'a [F], (k, n): (usize, usize)) -> Self {
        let micro_panels = &memory[first_of_line(memory)..];
        Packed { micro_panels, k, block: block(k), n_panels: n.div_ceil(width::<F>()) }
    }
}

impl<'a, F> Packed<'a, F> {
    /// The micro-panel of this block and panel.
    #[inline(always)]
    pub(super) fn micro_panel(&self, block: usize, panel: usize) -> &'a [F] {
        let len = self.block * width::<F>();
        &self.micro_panels[(block * self.n_panels + panel) * len..][..len]
    }
}

/// Index of the first micro-panel in `memory`, chosen so that its rows begin at cache lines.
fn first_of_line<F>(memory: &[F]) -> usize {
    memory.as_ptr().align_offset(PANEL_BYTES).min(width::<F>())
}

/// Packs one micro-panel; columns that B does not have become zero.
fn pack_micro_panel<F: Real>(alpha: F, part: ArrayView2<F>, micro_panel: &mut [F]) {
    let (k, n) = part.dim();
    let rows = micro_panel[..k * width::<F>()].chunks_exact_mut(width::<F>());
    if part.strides()[1] == 1 || n == 1 {
        vectorised(
            #[inline(always)]
            || {
                for (row, out) in part.rows().into_iter().zip(rows) {
                    let (out, beyond) = out.split_at_mut(n);
                    let row = row.to_slice().expect("stride 1");
                    for (out, &value) in out.iter_mut().zip(row) {
                        *out = alpha * value;
                    }
                    beyond.fill(F::zero());
                }
            },
        );
    } else if part.strides()[0] == 1 || k == 1 {
        rows.for_each(|out| out[n..].fill(F::zero()));
        transpose(Arch::new(), alpha, part, micro_panel, width::<F>());
    } else {
        for (row, out) in part.rows().into_iter().zip(rows) {
            for (out, &value) in out.iter_mut().zip(row) {
                *out = alpha * value;
            }
            out[n..].fill(F::zero());
        }
    }
}
