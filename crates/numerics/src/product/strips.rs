//! Products that are consumed strip by strip and never stored as a whole.

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::Arch;

use super::csr::Csr;
use super::pack::Packed;
use crate::Real;
use crate::rows::Split;

/// Smallest number of rows in a strip: the height of a few tiles.
const ROWS: usize = 24;

/// Bytes of a strip that leave room for the other operands in the second-level cache of one core. Every strip
/// passes over all of B, so larger strips read B less often.
const CACHED: usize = 1 << 18;

/// Computes `a` · `b`, which has `n` columns, and calls `consume` with each strip of its rows and the
/// same rows of `outputs`.
pub(super) fn multiply_strips<F: Real, S: Split>(
    arch: Arch,
    (a, csr): (ArrayView2<F>, Option<Csr<F>>),
    b: Packed<F>,
    n: usize,
    outputs: S,
    consume: &(impl Fn(ArrayView2<F>, S) + Sync),
) {
    let m = a.nrows();
    let height = (CACHED / (n * size_of::<F>()).max(1)).max(ROWS).min(m.max(1));
    let mut memory = F::take_strip();
    memory.resize(memory.len().max(height * n), F::zero());
    let mut rest = outputs;
    for first in (0..m).step_by(height) {
        let rows = first..m.min(first + height);
        let strip = &mut memory[..rows.len() * n];
        let mut strip = ArrayViewMut2::from_shape((rows.len(), n), strip).expect("cut to it");
        let (outputs, after) = rest.split_rows(rows.len());
        rest = after;
        let a = a.slice(s![rows.clone(), ..]);
        if b.k == 0 {
            strip.fill(F::zero());
        }
        F::multiply_shard(arch, (a, csr.map(|csr| csr.rows(rows))), b, F::zero(), strip.view_mut());
        consume(strip.view(), outputs);
    }
    F::put_strip(memory);
}
