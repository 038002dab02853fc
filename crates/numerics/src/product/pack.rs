//! The right operand of a product, laid out in the order in which the kernels read it.
//!
//! B (k × n) is cut into blocks of at most [`BLOCK`] rows and panels of [`width`] columns. A unit,
//! one panel of one block, lies in one piece, row after row, so that it stays in the first cache
//! while all rows of A pass by. Columns past n are zero. The units of the first block come first.

use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::Real;
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
    /// Calls `body` with `alpha` · `b`, packed by the team into reused memory.
    pub(super) fn with<R>(alpha: F, b: ArrayView2<F>, body: impl FnOnce(Packed<'_, F>) -> R) -> R {
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
        by_shards(team_size(), n_units, units, |range, mut units| {
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

fn pack_unit<F: Real>(alpha: F, part: ArrayView2<F>, unit: &mut [F]) {
    let n = part.ncols();
    if part.strides()[0] == 1 && part.strides()[1] != 1 {
        // By columns, in runs that leave the unit in cache.
        for (j, column) in part.columns().into_iter().enumerate() {
            let column = column.to_slice().expect("stride 1");
            for (i, &value) in column.iter().enumerate() {
                unit[i * width::<F>() + j] = alpha * value;
            }
        }
        if n < width::<F>() {
            for row in unit.chunks_exact_mut(width::<F>()) {
                row[n..].fill(F::zero());
            }
        }
    } else {
        for (row, out) in part.rows().into_iter().zip(unit.chunks_exact_mut(width::<F>())) {
            for (out, &value) in out.iter_mut().zip(row) {
                *out = alpha * value;
            }
            out[n..].fill(F::zero());
        }
    }
}
