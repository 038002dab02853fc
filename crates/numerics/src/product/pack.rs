//! The right operand of a product, as the kernels read it.
//!
//! B (k × n) is cut into panels of [`width`] columns. A packed panel is contiguous, row after row. Its part
//! in a block of at most [`BLOCK`] rows, a micro-panel, stays in the first-level cache while the kernels
//! pass over all rows of A. Columns beyond n are zero.
//!
//! If A has few rows, packing would take longer than the product. Then the kernels read B in place; only
//! the columns beyond the last whole cache line are packed.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

use super::transpose::transpose;
use crate::Real;
use crate::elementary::vectorised;
use crate::rows::by_shards_in;

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

/// Bytes of packed panels that leave room for the other operands in the second-level cache of one core.
const CACHED: usize = 1 << 18;

/// Number of columns in as many panels with `k` rows as a second-level cache keeps.
pub(super) fn panels_in_cache<F>(k: usize) -> usize {
    let panels = CACHED / (k * PANEL_BYTES).max(1);
    panels.max(1) * width::<F>()
}

/// Number of columns in a cache line of 64 bytes, which no register exceeds.
pub(super) const fn line<F>() -> usize {
    64 / size_of::<F>()
}

/// A right operand.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a, F> {
    /// Columns that are read in place: none, or all that fill whole cache lines.
    in_place: Option<ArrayView2<'a, F>>,
    /// The panels that hold the other columns, one after the other.
    panels: &'a [F],
    /// Number of columns in a packed panel.
    width: usize,
    /// Number of rows in B, and in a block.
    pub(super) k: usize,
    pub(super) block: usize,
}

/// The rows of one block of B, from some column on.
#[derive(Clone, Copy)]
pub(super) struct Rows<F> {
    /// Address of the first row's first element, and the stride of the rows.
    pub(super) first: *const F,
    pub(super) stride: usize,
    /// Number of elements that can be read in each row.
    pub(super) width: usize,
}

impl<'a, F: Real> Packed<'a, F> {
    /// Calls `body` with `alpha` · `b`, which this many threads pack into the calling thread's scratch
    /// memory.
    pub(super) fn packed<R>(
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

    /// Calls `body` with `b`, which is read in place. The rows of `b` must be contiguous.
    pub(super) fn in_place<R>(b: ArrayView2<F>, body: impl FnOnce(Packed<'_, F>) -> R) -> R {
        let (k, n) = b.dim();
        let whole = n - n % line::<F>();
        let in_place = Some(b.slice_move(s![.., ..whole]));
        let packed = |panels| Packed { in_place, panels, width: line::<F>(), k, block: block(k) };
        if whole == n {
            return body(packed(&[]));
        }
        let mut scratch = F::take_scratch();
        let needed = (k + 1) * line::<F>();
        if scratch.len() < needed {
            scratch.resize(needed, F::zero());
        }
        let first = first_of_line(&scratch);
        let panel = &mut scratch[first..first + k * line::<F>()];
        pack_rows(F::one(), b.slice_move(s![.., whole..]), panel, line::<F>());
        let result = body(packed(panel));
        F::put_scratch(scratch);
        result
    }

    /// Number of elements that a packed B of this shape needs, with room for alignment.
    pub(super) fn room((k, n): (usize, usize)) -> usize {
        k * n.next_multiple_of(width::<F>()) + width::<F>()
    }

    /// Packs `alpha` · `b` into `memory` with this many threads; [`Packed::at`] reads it from there.
    pub(super) fn pack(threads: usize, alpha: F, b: ArrayView2<F>, memory: &mut [F]) {
        F::pack(threads, alpha, b, memory);
    }

    pub(super) fn pack_generic(threads: usize, alpha: F, b: ArrayView2<F>, memory: &mut [F]) {
        let (k, n) = b.dim();
        let (n_panels, len) = (n.div_ceil(width::<F>()), k * width::<F>());
        if k == 0 {
            return;
        }
        let first = first_of_line(memory);
        let memory = &mut memory[first..first + n_panels * len];
        let panels = ArrayViewMut2::from_shape((n_panels, len), memory)
            .expect("the slice was cut to this shape");
        by_shards_in("packing", threads, n_panels, panels, |range, panels| {
            let columns = range.start * width::<F>()..n.min(range.end * width::<F>());
            let panels = panels.into_slice().expect("panels are contiguous");
            pack_panels(alpha, b.slice(s![.., columns]), panels);
        });
    }

    /// The B of this shape that was packed into `memory`, which must not have moved since then.
    pub(super) fn at(memory: &'a [F], (k, n): (usize, usize)) -> Self {
        let panels = &memory[first_of_line(memory)..][..k * n.next_multiple_of(width::<F>())];
        Packed { in_place: None, panels, width: width::<F>(), k, block: block(k) }
    }
}

impl<'a, F> Packed<'a, F> {
    /// A matrix with contiguous rows of whole cache lines, read in place.
    pub(super) fn of_whole_lines(b: ArrayView2<'a, F>) -> Self {
        let (k, n) = b.dim();
        debug_assert!(n.is_multiple_of(line::<F>()));
        Packed { in_place: Some(b), panels: &[], width: line::<F>(), k, block: block(k) }
    }

    /// Number of elements that can be read in each row from `column` on.
    #[inline(always)]
    pub(super) fn width_at(&self, column: usize) -> usize {
        match self.in_place {
            Some(b) if column < b.ncols() => b.ncols() - column,
            Some(b) => self.width - (column - b.ncols()) % self.width,
            None => self.width - column % self.width,
        }
    }

    /// The rows `rows` of B, from `column` on.
    #[inline(always)]
    pub(super) fn part(&self, rows: Range<usize>, column: usize) -> Rows<F> {
        assert!(rows.end <= self.k, "rows of B");
        let beyond = match self.in_place {
            Some(b) if column < b.ncols() => {
                let stride = b.strides()[0].unsigned_abs();
                let first = b.as_ptr().wrapping_add(rows.start * stride + column);
                return Rows { first, stride, width: b.ncols() - column };
            }
            Some(b) => column - b.ncols(),
            None => column,
        };
        let (panel, in_panel) = (beyond / self.width, beyond % self.width);
        let panel = &self.panels[panel * self.k * self.width..][..self.k * self.width];
        let first = panel[rows.start * self.width + in_panel..].as_ptr();
        Rows { first, stride: self.width, width: self.width - in_panel }
    }
}

/// Index of the first element in `memory` that begins a cache line.
pub(super) fn first_of_line<F>(memory: &[F]) -> usize {
    memory.as_ptr().align_offset(64).min(line::<F>())
}

/// Packs panels of [`width`] columns; columns that B does not have become zero.
fn pack_panels<F: Real>(alpha: F, b: ArrayView2<F>, panels: &mut [F]) {
    let (k, n) = b.dim();
    let len = k * width::<F>();
    if b.strides()[1] == 1 || n == 1 {
        pack_rows(alpha, b, panels, width::<F>());
        return;
    }
    let columns = (0..n).step_by(width::<F>()).map(|first| first..n.min(first + width::<F>()));
    for (columns, panel) in columns.zip(panels.chunks_exact_mut(len)) {
        let part = b.slice(s![.., columns]);
        for out in panel.chunks_exact_mut(width::<F>()) {
            out[part.ncols()..].fill(F::zero());
        }
        if part.strides()[0] == 1 || k == 1 {
            transpose(Arch::new(), alpha, part, panel, width::<F>());
        } else {
            for (row, out) in part.rows().into_iter().zip(panel.chunks_exact_mut(width::<F>())) {
                for (out, &value) in out.iter_mut().zip(row) {
                    *out = alpha * value;
                }
            }
        }
    }
}

/// Packs a B with contiguous rows into panels of `width` columns. It reads whole rows, because the
/// processor prefetches memory that is read in order.
fn pack_rows<F: Real>(alpha: F, b: ArrayView2<F>, panels: &mut [F], width: usize) {
    let (k, n) = b.dim();
    vectorised(
        #[inline(always)]
        || {
            for (r, row) in b.rows().into_iter().enumerate() {
                let row = row.to_slice().expect("stride 1");
                for (panel, values) in row.chunks(width).enumerate() {
                    let out = &mut panels[(panel * k + r) * width..][..width];
                    let (out, beyond) = out.split_at_mut(values.len());
                    for (out, &value) in out.iter_mut().zip(values) {
                        *out = alpha * value;
                    }
                    beyond.fill(F::zero());
                }
            }
        },
    );
    debug_assert!(panels.len() >= k * n.next_multiple_of(width));
}
