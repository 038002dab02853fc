//! Products that are used up piece by piece and never stored.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};
use pulp::Arch;

use super::lists::Lists;
use super::pack::{Packed, width};
use super::share::multiply;
use crate::Real;

/// Rows of a piece: with a panel's columns it fits in the first cache beside a unit of B.
const ROWS: usize = 48;

/// Room for a piece of either scalar.
const PIECE: usize = ROWS * 64;

/// Calls `consume` with the parts of each row of `a` · `b` and of the same places in each of
/// `outputs`; `a` has the lists of its non-zeros with it, if they are few.
pub(super) fn multiply_pieces<F: Real, const N: usize>(
    arch: Arch,
    (a, lists): (ArrayView2<F>, Option<Lists<F>>),
    b: Packed<F>,
    mut outputs: [ArrayViewMut2<F>; N],
    consume: &(impl Fn(&[F], [&mut [F]; N]) + Sync),
) {
    let (m, n) = (a.nrows(), outputs[0].ncols());
    let mut memory = [F::zero(); PIECE];
    for (panel, first) in (0..n).step_by(width::<F>()).enumerate() {
        let columns = first..n.min(first + width::<F>());
        for first in (0..m).step_by(ROWS) {
            let rows = first..m.min(first + ROWS);
            outputs.iter().for_each(|output| prefetch(output, rows.clone(), columns.clone()));
            let piece = &mut memory[..rows.len() * columns.len()];
            let shape = (rows.len(), columns.len());
            let mut piece = ArrayViewMut2::from_shape(shape, piece).expect("cut to this shape");
            let a = a.slice(s![rows.clone(), ..]);
            let lists = lists.map(|lists| lists.rows(rows.clone()));
            multiply(arch, (a, lists), b.panel(panel), F::zero(), piece.view_mut());
            for (piece, row) in piece.rows().into_iter().zip(rows) {
                let parts = outputs.each_mut().map(|output| {
                    let row = output.index_axis_mut(Axis(0), row);
                    let row = row.into_slice().expect("rows are contiguous");
                    &mut row[columns.clone()]
                });
                consume(piece.to_slice().expect("rows are contiguous"), parts);
            }
        }
    }
}

/// Has these places brought to the caches while the product is computed.
fn prefetch<F: Real>(output: &ArrayViewMut2<F>, rows: Range<usize>, columns: Range<usize>) {
    const LINE: usize = 64;
    #[cfg(target_arch = "x86_64")]
    for row in output.slice(s![rows, columns]).rows() {
        for line in row.to_slice().expect("rows are contiguous").chunks(LINE / size_of::<F>()) {
            // SAFETY: a hint about a place that may be read; it has no other effect.
            #[allow(unsafe_code, reason = "the instruction takes a pointer")]
            unsafe {
                std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(
                    line.as_ptr().cast(),
                );
            }
        }
    }
}
