//! The sparse kernel: rows of the result held in registers while the non-zeros of A's rows pass by.
//!
//! C[r, j] ← C[r, j] + Σ_{k: A[r, k] ≠ 0} A[r, k] · B[k, j], k ascending.
//!
//! A term left out is a zero times a finite number, so the sum is that of the dense kernel to the
//! bit. Where B holds an infinity or a NaN that only zeros would have met, the dense sum is NaN and
//! this one is not: such a weight has no part in the result.

use pulp::Simd;

use super::tile::{Tile, load, store};
use crate::Real;

/// Adds the products of `R` rows, whose non-zeros are in `lists`, and `V` registers of columns to C;
/// see [`Tile`]. Several rows at a time, because the sums of one would wait for each other.
///
/// # Safety
/// As [`Tile`] says, for `R` rows and `V` registers; every column must be below k, and each list must
/// have as many values as columns.
#[inline(always)]
#[allow(unsafe_code, reason = "bounds checks would cost more than the multiplications")]
pub(super) unsafe fn multiply<F: Real, S: Simd, const R: usize, const V: usize>(
    simd: S,
    tile: Tile<F>,
    lists: [(&[F], &[u32]); R],
) {
    // SAFETY: every place read or written is one that the caller vouches for.
    unsafe {
        let c = |r: usize| tile.c.offset(r.cast_signed() * tile.c_row);
        let mut sums = [[F::splat(simd, F::zero()); V]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            *sums = load(simd, c(r), tile.beta);
        }
        let shared = lists.iter().map(|(values, _)| values.len()).min().unwrap_or(0);
        for i in 0..shared {
            for r in 0..R {
                let entry = (*lists[r].0.get_unchecked(i), *lists[r].1.get_unchecked(i));
                add::<F, S, V>(simd, tile, entry, &mut sums[r]);
            }
        }
        for r in 0..R {
            for (&value, &column) in lists[r].0[shared..].iter().zip(&lists[r].1[shared..]) {
                add::<F, S, V>(simd, tile, (value, column), &mut sums[r]);
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            store(c(r), *sums);
        }
    }
}

/// Adds one non-zero's products to the sums of its row.
///
/// # Safety
/// The column must be below k.
#[inline(always)]
#[allow(unsafe_code, reason = "a part of the kernel")]
unsafe fn add<F: Real, S: Simd, const V: usize>(
    simd: S,
    tile: Tile<F>,
    (value, column): (F, u32),
    sums: &mut [F::Vector<S>; V],
) {
    let value = F::splat(simd, value);
    // SAFETY: the caller vouches for the column, and so for V registers of B's row.
    unsafe {
        let b = tile.b.add(column as usize * tile.b_row).cast::<F::Vector<S>>();
        for (v, sum) in sums.iter_mut().enumerate() {
            *sum = F::multiply_add(simd, value, b.add(v).read_unaligned(), *sum);
        }
    }
}
