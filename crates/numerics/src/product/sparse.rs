//! The sparse micro-kernel: it holds rows of a tile in registers while it runs over the non-zeros of
//! the same rows of A, and gathers the matching rows of B from the micro-panel.
//!
//! C[r, j] ← C[r, j] + Σ_{k: A[r, k] ≠ 0} A[r, k] · B[k, j], in ascending order of k.
//!
//! Each term that is left out is zero times a finite number, so the sum equals that of the dense
//! kernel bit for bit. If B has an infinity or a NaN that is multiplied by zeros only, the dense sum
//! is NaN and this one is not: such a weight does not affect the result.

use pulp::Simd;

use super::lanes::Lanes;
use super::tile::{Tile, load, store};

/// Adds the products of `R` rows, given as (values, column indices), and `V` registers of columns to C;
/// see [`Tile`]. Several rows at a time have more independent sums than one.
///
/// # Safety
/// The conditions of [`Tile`] must hold for `R` rows and `V` registers. Every column index must be below
/// k, and each row must have as many values as column indices.
#[inline(always)]
#[allow(unsafe_code, reason = "bounds checks would cost more than the multiplications")]
pub(super) unsafe fn multiply<F: Lanes, S: Simd, const R: usize, const V: usize>(
    simd: S,
    tile: Tile<F>,
    rows: [(&[F], &[u32]); R],
) {
    // SAFETY: the caller guarantees every address that is read or written (see `Tile`).
    unsafe {
        let c = |r: usize| tile.c.offset(r.cast_signed() * tile.c_row);
        let mut sums = [[F::splat(simd, F::zero()); V]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            *sums = load(simd, c(r), tile.beta);
        }
        let shared = rows.iter().map(|(values, _)| values.len()).min().unwrap_or(0);
        for i in 0..shared {
            for r in 0..R {
                let entry = (*rows[r].0.get_unchecked(i), *rows[r].1.get_unchecked(i));
                add::<F, S, V>(simd, tile, entry, &mut sums[r]);
            }
        }
        for r in 0..R {
            for (&value, &column) in rows[r].0[shared..].iter().zip(&rows[r].1[shared..]) {
                add::<F, S, V>(simd, tile, (value, column), &mut sums[r]);
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            store(c(r), *sums);
        }
    }
}

/// Adds the products of one non-zero to the sums of its row.
///
/// # Safety
/// The column index must be below k.
#[inline(always)]
#[allow(unsafe_code, reason = "a part of the kernel")]
unsafe fn add<F: Lanes, S: Simd, const V: usize>(
    simd: S,
    tile: Tile<F>,
    (value, column): (F, u32),
    sums: &mut [F::Vector<S>; V],
) {
    let value = F::splat(simd, value);
    // SAFETY: the column index is below k, so V registers of that row of B are valid.
    unsafe {
        let b = tile.b.add(column as usize * tile.b_row).cast::<F::Vector<S>>();
        for (v, sum) in sums.iter_mut().enumerate() {
            *sum = F::multiply_add(simd, value, b.add(v).read_unaligned(), *sum);
        }
    }
}
