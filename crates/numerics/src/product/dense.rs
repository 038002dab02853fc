//! The dense micro-kernel: it holds a tile of the result in registers while it runs over k.
//!
//! C[r, j] ← C[r, j] + Σ_k A[r, k] · B[k, j], in ascending order of k, with one multiply-add for each term.

use pulp::Simd;

use super::lanes::Lanes;
use super::tile::{Tile, load, store};

/// Maximum number of rows in a tile: 6 × 4 registers of sums, and 4 for B, of the 32 of AVX-512.
pub(super) const ROWS: usize = 6;

/// Adds the products of `R` rows and `V` registers of columns to C; see [`Tile`].
///
/// # Safety
/// The conditions of [`Tile`] must hold for `R` rows and `V` registers.
#[inline(always)]
#[allow(unsafe_code, reason = "bounds checks would cost more than the multiplications")]
pub(super) unsafe fn multiply<F: Lanes, S: Simd, const R: usize, const V: usize>(
    simd: S,
    tile: Tile<F>,
) {
    // SAFETY: the caller guarantees every address that is read or written (see `Tile`).
    unsafe {
        let mut sums = [[F::splat(simd, F::zero()); V]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            *sums = load(simd, tile.c.offset(r.cast_signed() * tile.c_row), tile.beta);
        }
        // A pointer to each row, and one offset for all: the addresses cost no extra instructions.
        let rows: [*const F; R] =
            std::array::from_fn(|r| tile.a.wrapping_offset(r.cast_signed() * tile.a_row));
        let (mut offset, mut b) = (0, tile.b);
        for _ in 0..tile.k {
            let mut row = [F::splat(simd, F::zero()); V];
            for (v, part) in row.iter_mut().enumerate() {
                *part = b.cast::<F::Vector<S>>().add(v).read_unaligned();
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let value = F::splat(simd, *rows[r].offset(offset));
                for v in 0..V {
                    sums[v] = F::multiply_add(simd, value, row[v], sums[v]);
                }
            }
            offset += tile.a_column;
            b = b.wrapping_add(tile.b_row);
        }
        for (r, sums) in sums.iter().enumerate() {
            store(tile.c.offset(r.cast_signed() * tile.c_row), *sums);
        }
    }
}
