//! Products that are used up piece by piece and never stored.

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

use super::csr::Csr;
use super::pack::Packed;
use super::shard::multiply;
use crate::Real;
use crate::rows::Split;

/// Rows of a piece, some tiles high: with its columns it is a part of a second-level cache.
const ROWS: usize = 24;

/// Calls `consume` with some rows of `a` · `b`, which has `n` columns, and of `outputs` at a time.
pub(super) fn multiply_strips<F: Real, S: Split>(
    arch: Arch,
    (a, lists): (ArrayView2<F>, Option<Csr<F>>),
    b: Packed<F>,
    n: usize,
    outputs: S,
    consume: &(impl Fn(ArrayView2<F>, S) + Sync),
) {
    let m = a.nrows();
    let mut memory = F::take_strip();
    memory.resize(memory.len().max(ROWS * n), F::zero());
    let mut rest = outputs;
    for first in (0..m).step_by(ROWS) {
        let rows = first..m.min(first + ROWS);
        let piece = &mut memory[..rows.len() * n];
        let mut piece = ArrayViewMut2::from_shape((rows.len(), n), piece).expect("cut to it");
        let (outputs, after) = rest.split_rows(rows.len());
        rest = after;
        let a = a.slice(s![rows.clone(), ..]);
        multiply(arch, (a, lists.map(|lists| lists.rows(rows))), b, F::zero(), piece.view_mut());
        consume(piece.view(), outputs);
    }
    F::put_strip(memory);
}
