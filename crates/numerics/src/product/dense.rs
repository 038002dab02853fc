//! The dense kernel: a tile of the result held in registers while k passes by.
//!
//! C[r, j] ← C[r, j] + Σ_k A[r, k] · B[k, j], k ascending, one multiply-add a term.

use pulp::Simd;

use super::tile::{Tile, load, store};
use crate::Real;

/// Rows of a tile at most: with four registers of columns each, and four for B, all of 32.
pub(super) const ROWS: usize = 6;

/// Adds the products of `R` rows and `V` registers of columns to C; see [`Tile`].
///
/// # Safety
/// As [`Tile`] says, for `R` rows and `V` registers.
#[inline(always)]
#[allow(unsafe_code, reason = "bounds checks would cost more than the multiplications")]
pub(super) unsafe fn multiply<F: Real, S: Simd, const R: usize, const V: usize>(
    simd: S,
    tile: Tile<F>,
) {
    // SAFETY: every place read or written is one that the caller vouches for.
    unsafe {
        let mut sums = [[F::splat(simd, F::zero()); V]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            *sums = load(simd, tile.c.offset(r.cast_signed() * tile.c_row), tile.beta);
        }
        let (mut a, mut b) = (tile.a, tile.b);
        for _ in 0..tile.k {
            let mut row = [F::splat(simd, F::zero()); V];
            for (v, part) in row.iter_mut().enumerate() {
                *part = b.cast::<F::Vector<S>>().add(v).read_unaligned();
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let value = F::splat(simd, *a.offset(r.cast_signed() * tile.a_row));
                for v in 0..V {
                    sums[v] = F::multiply_add(simd, value, row[v], sums[v]);
                }
            }
            a = a.wrapping_offset(tile.a_column);
            b = b.wrapping_add(tile.b_row);
        }
        for (r, sums) in sums.iter().enumerate() {
            store(tile.c.offset(r.cast_signed() * tile.c_row), *sums);
        }
    }
}
