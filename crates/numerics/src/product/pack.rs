//! The right operand of a product, laid out in the order in which the kernels read it.
//!
//! B (k × n) is cut into blocks of at most [`BLOCK`] rows and panels of [`width`] columns. A unit,
//! one panel of one block, lies in one piece, row after row, so that it stays in the first cache
//! while all rows of A pass by. Columns past n are zero. The units of the first block come first.

use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

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

/// A packed right operand.
#[derive(Clone, Copy)]
pub(super) struct Packed<'a, F> {
    units: &'a [F],
    /// Rows of B, and of a block (the last block may be smaller).
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
        let (k, n) = b.dim();
        let n_blocks = k.div_ceil(BLOCK);
        let block = k.div_ceil(n_blocks);
        let n_panels = n.div_ceil(width::<F>());
        let (n_units, unit_len) = (n_blocks * n_panels, block * width::<F>());
        let mut scratch = F::take_scratch();
        let needed = n_units * unit_len + PANEL_BYTES / size_of::<F>();
        if scratch.len() < needed {
            scratch.resize(needed, F::zero());
        }
        // Rows of a unit begin where cache lines do.
        let first = scratch.as_ptr().align_offset(PANEL_BYTES).min(width::<F>());
        let memory = &mut scratch[first..first + n_units * unit_len];
        let units = ArrayViewMut2::from_shape((n_units, unit_len), &mut *memory)
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
        let result = body(Packed { units: memory, k, block, n_panels });
        F::put_scratch(scratch);
        result
    }

    /// The unit of this block and panel.
    #[inline(always)]
    pub(super) fn unit(&self, block: usize, panel: usize) -> &'a [F] {
        let len = self.block * width::<F>();
        &self.units[(block * self.n_panels + panel) * len..][..len]
    }
}

/// Side of the squares in which columns become rows.
const SQUARE: usize = 8;

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
        vectorised(
            #[inline(always)]
            || transpose(alpha, part, unit),
        );
    } else {
        for (row, out) in part.rows().into_iter().zip(rows) {
            for (out, &value) in out.iter_mut().zip(row) {
                *out = alpha * value;
            }
            out[n..].fill(F::zero());
        }
    }
}

#[inline(always)]
fn transpose<F: Real>(alpha: F, part: ArrayView2<F>, unit: &mut [F]) {
    let (k, n) = part.dim();
    let column = |j| part.index_axis_move(Axis(1), j).to_slice().expect("stride 1");
    for first in (0..n).step_by(SQUARE) {
        let (mut done, width) = (0, width::<F>());
        if first + SQUARE <= n {
            let columns: [&[F]; SQUARE] = std::array::from_fn(|j| column(first + j));
            for i in (0..k / SQUARE).map(|i| i * SQUARE) {
                let square: [[F; SQUARE]; SQUARE] = std::array::from_fn(|j| {
                    columns[j][i..i + SQUARE].try_into().expect("as long as a side")
                });
                for l in 0..SQUARE {
                    let row: &mut [F; SQUARE] = (&mut unit[(i + l) * width + first..][..SQUARE])
                        .try_into()
                        .expect("as long as a side");
                    *row = std::array::from_fn(|j| alpha * square[j][l]);
                }
            }
            done = k - k % SQUARE;
        }
        for j in first..n.min(first + SQUARE) {
            for (i, &value) in column(j).iter().enumerate().skip(done) {
                unit[i * width + j] = alpha * value;
            }
        }
    }
}
