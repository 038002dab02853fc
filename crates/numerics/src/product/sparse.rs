//! The sparse kernel: a row of the result held in registers while the non-zeros of A's row pass by.
//!
//! C[r, j] ← C[r, j] + Σ_{k: A[r, k] ≠ 0} A[r, k] · B[k, j], k ascending.
//!
//! A term left out is a zero times a finite number, so the sum is that of the dense kernel to the
//! bit. Where B holds an infinity or a NaN that only zeros would have met, the dense sum is NaN and
//! this one is not: such a weight has no part in the result.

use ndarray::ArrayView2;
use pulp::Simd;

use super::tile::{Tile, load, store};
use crate::Real;
use crate::elementary::vectorised;

/// With more than one non-zero in this many, the dense kernel is as fast.
const SPARSE: usize = 2;

/// Where the non-zeros of a block of A's columns are: for each row, their columns in the block.
#[derive(Default)]
pub(super) struct NonZeros {
    columns: Vec<u16>,
    counts: Vec<u16>,
    block: usize,
}

impl NonZeros {
    /// Finds the non-zeros of `a`, if they are few and `a` is contiguous in one direction.
    pub(super) fn find<F: Real>(&mut self, a: ArrayView2<F>) -> bool {
        let by_columns = a.strides()[1] != 1;
        let lines = if by_columns { a.reversed_axes() } else { a };
        if lines.strides()[1] != 1 && lines.ncols() > 1 || a.ncols() > usize::from(u16::MAX) {
            return false;
        }
        let most = a.len() / SPARSE;
        let mut found = 0;
        for line in lines.rows() {
            found += count(line.to_slice().expect("stride 1"));
            if found > most {
                return false;
            }
        }
        let (m, k) = a.dim();
        self.block = k;
        if self.columns.len() < m * k + 1 {
            self.columns.resize(m * k + 1, 0);
        }
        self.counts.clear();
        self.counts.resize(m, 0);
        for (i, line) in lines.rows().into_iter().enumerate() {
            let line = line.to_slice().expect("stride 1");
            if by_columns {
                // Line i is column i of A: it adds its number to the lists of some rows.
                for ((&value, count), row) in
                    line.iter().zip(&mut self.counts).zip(self.columns.chunks_exact_mut(k))
                {
                    row[usize::from(*count)] = i as u16;
                    *count += u16::from(value != F::zero());
                }
            } else {
                let row = &mut self.columns[i * k..];
                let mut n = 0;
                for (column, &value) in line.iter().enumerate() {
                    row[n] = column as u16;
                    n += usize::from(value != F::zero());
                }
                self.counts[i] = n as u16;
            }
        }
        true
    }

    /// The columns of the non-zeros of row `row`, ascending.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[u16] {
        &self.columns[row * self.block..][..usize::from(self.counts[row])]
    }
}

fn count<F: Real>(values: &[F]) -> usize {
    let mut n = 0_u32;
    vectorised(
        #[inline(always)]
        || {
            for &value in values {
                n += u32::from(value != F::zero());
            }
        },
    );
    n as usize
}

/// Adds the products of one row and `V` registers of columns to C; see [`Tile`].
///
/// # Safety
/// As [`Tile`] says, for one row and `V` registers, and `columns` must be below k.
#[inline(always)]
#[allow(unsafe_code, reason = "bounds checks would cost more than the multiplications")]
pub(super) unsafe fn multiply<F: Real, S: Simd, const V: usize>(
    simd: S,
    tile: Tile<F>,
    columns: &[u16],
) {
    // SAFETY: every place read or written is one that the caller vouches for.
    unsafe {
        let mut sums: [F::Vector<S>; V] = load(simd, tile.c, tile.beta);
        for &column in columns {
            let value =
                F::splat(simd, *tile.a.offset(usize::from(column).cast_signed() * tile.a_column));
            let b = tile.b.add(usize::from(column) * tile.b_row).cast::<F::Vector<S>>();
            for (v, sum) in sums.iter_mut().enumerate() {
                *sum = F::multiply_add(simd, value, b.add(v).read_unaligned(), *sum);
            }
        }
        store(tile.c, sums);
    }
}
