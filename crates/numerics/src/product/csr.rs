//! The non-zeros of a left operand in compressed sparse rows (CSR), for the sparse kernel.
//!
//! Values and column indices are stored row after row, as in the usual format. Each row is divided at
//! the blocks of k into which B is packed, and column indices count from the beginning of the block,
//! because the kernel multiplies one block at a time.

use std::ops::Range;

use ndarray::{ArrayView2, s};
use pulp::Arch;

use super::transpose::transpose;
use crate::Real;
use crate::elementary::vectorised;
use crate::reduce::count_non_zeros;

/// With more than one non-zero in this many elements, the dense kernel is as fast.
const SPARSE: usize = 2;

/// Number of rows that are transposed at a time, if the columns of A are contiguous.
const ROWS_AT_ONCE: usize = 64;

/// Number of values whose zeros are counted at a time.
const COUNTED_AT_ONCE: usize = 4096;

/// Number of entries that [`compress_512`](super::kernels::Kernels::compress_512) may write beyond the
/// last one.
pub(crate) const SLACK: usize = 64;

/// Memory for a CSR matrix, kept for the next one.
#[derive(Debug, Default)]
pub(crate) struct CsrBuffer<F> {
    values: Vec<F>,
    columns: Vec<u32>,
    extents: Vec<Extent>,
    /// Some rows of A, made contiguous.
    transposed: Vec<F>,
    /// Number of blocks in each row; `None` if the operand was not sparse.
    n_blocks: Option<usize>,
}

/// The position of the entries of one row in one block of A's columns.
#[derive(Debug, Clone, Copy)]
struct Extent {
    first: u32,
    len: u32,
}

/// The non-zeros of some rows of A in CSR format. Column indices ascend within a row and count from
/// the first column of their block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Csr<'a, F> {
    values: &'a [F],
    columns: &'a [u32],
    extents: &'a [Extent],
    n_blocks: usize,
}

impl<'a, F> Csr<'a, F> {
    /// The part for these rows.
    #[inline(always)]
    pub(super) fn rows(self, rows: Range<usize>) -> Self {
        let extents = &self.extents[rows.start * self.n_blocks..rows.end * self.n_blocks];
        Csr { extents, ..self }
    }

    /// The values and column indices of row `row` in block `block`.
    #[inline(always)]
    pub(super) fn row(&self, row: usize, block: usize) -> (&'a [F], &'a [u32]) {
        let Extent { first, len } = self.extents[row * self.n_blocks + block];
        let entries = first as usize..(first + len) as usize;
        (&self.values[entries.clone()], &self.columns[entries])
    }
}

impl<F: Real> CsrBuffer<F> {
    /// Compresses `a` in blocks of `block` columns, if it is sparse and its rows or its columns are
    /// contiguous; [`CsrBuffer::csr`] returns the result.
    pub(super) fn compress(&mut self, arch: Arch, a: ArrayView2<F>, block: usize) {
        F::compress(self, arch, a, block);
    }

    pub(super) fn compress_generic(&mut self, arch: Arch, a: ArrayView2<F>, block: usize) {
        self.n_blocks = None;
        let contiguous = a.strides()[0] == 1 || a.strides()[1] == 1;
        if !contiguous || u32::try_from(a.len() + SLACK).is_err() || !is_sparse(a) {
            return;
        }
        let most = a.len() / SPARSE + SLACK;
        if self.values.len() < most {
            self.values.resize(most, F::zero());
            self.columns.resize(most, 0);
        }
        self.extents.clear();
        self.n_blocks = Some(a.ncols().div_ceil(block));
        self.compress_all(arch, a, block);
    }

    /// The compressed operand; `None` if it was not sparse.
    pub(super) fn csr(&self) -> Option<Csr<'_, F>> {
        let Self { values, columns, extents, .. } = self;
        self.n_blocks.map(|n_blocks| Csr { values, columns, extents, n_blocks })
    }

    fn compress_all(&mut self, arch: Arch, a: ArrayView2<F>, block: usize) {
        let k = a.ncols();
        let mut filled = 0;
        if a.strides()[1] == 1 || k == 1 {
            for row in a.rows() {
                let row = row.to_slice().expect("stride 1");
                filled = self.compress_rows(arch, row, k, block, filled);
            }
            return;
        }
        let mut transposed = std::mem::take(&mut self.transposed);
        transposed.resize(ROWS_AT_ONCE * k, F::zero());
        for first in (0..a.nrows()).step_by(ROWS_AT_ONCE) {
            let rows = a.slice(s![first..a.nrows().min(first + ROWS_AT_ONCE), ..]);
            transpose(arch, F::one(), rows, &mut transposed, k);
            filled = self.compress_rows(arch, &transposed[..rows.nrows() * k], k, block, filled);
        }
        self.transposed = transposed;
    }

    /// Appends rows of `k` values to the `filled` entries, and returns the new number of entries.
    fn compress_rows(
        &mut self,
        arch: Arch,
        rows: &[F],
        k: usize,
        block: usize,
        mut filled: usize,
    ) -> usize {
        match arch {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) => pulp::Simd::vectorize(
                simd,
                #[inline(always)]
                || {
                    for row in rows.chunks_exact(k) {
                        filled = self.compress_row(
                            row,
                            block,
                            filled,
                            #[inline(always)]
                            |row, values, columns| F::compress_512(simd, row, values, columns),
                        );
                    }
                    filled
                },
            ),
            _ => {
                for row in rows.chunks_exact(k) {
                    filled = self.compress_row(row, block, filled, compress);
                }
                filled
            }
        }
    }

    /// Appends one row to the `filled` entries, and returns the new number of entries.
    #[inline(always)]
    fn compress_row(
        &mut self,
        row: &[F],
        block: usize,
        mut filled: usize,
        compress: impl Fn(&[F], &mut [F], &mut [u32]) -> usize,
    ) -> usize {
        for part in row.chunks(block) {
            let len = compress(part, &mut self.values[filled..], &mut self.columns[filled..]);
            self.extents.push(Extent { first: filled as u32, len: len as u32 });
            filled += len;
        }
        filled
    }
}

/// Whether at most one element in [`SPARSE`] is not zero.
pub(super) fn is_sparse<F: Real>(a: ArrayView2<F>) -> bool {
    let most = a.len() / SPARSE;
    let mut found = 0;
    let lines = if a.strides()[1] == 1 { a } else { a.reversed_axes() };
    if let Some(values) = lines.to_slice() {
        return values.chunks(COUNTED_AT_ONCE).all(|values| {
            found += count_non_zeros(values);
            found <= most
        });
    }
    lines.rows().into_iter().all(|line| {
        found += count_non_zeros(line.to_slice().expect("stride 1"));
        found <= most
    })
}

/// Writes the value and the index of each non-zero in `row`, in order, and returns their number.
///
/// 64 comparisons become the bits of one word, so that zeros cost almost nothing.
#[inline(always)]
pub(super) fn compress<F: Real>(row: &[F], values: &mut [F], columns: &mut [u32]) -> usize {
    let mut filled = 0;
    for (start, chunk) in (0..).step_by(64).zip(row.chunks(64)) {
        let mut bits = non_zero_bits(chunk);
        while bits != 0 {
            let place = bits.trailing_zeros();
            values[filled] = chunk[place as usize];
            columns[filled] = start + place;
            filled += 1;
            bits &= bits - 1;
        }
    }
    filled
}

/// A word whose bit i is set if value i, of at most 64, is not zero.
#[inline(always)]
fn non_zero_bits<F: Real>(values: &[F]) -> u64 {
    /// A multiplication by this number gathers the low bits of eight bytes in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0_u8; 64];
    vectorised(
        #[inline(always)]
        || {
            for (flag, &value) in flags.iter_mut().zip(values) {
                *flag = u8::from(value != F::zero());
            }
        },
    );
    let (words, _) = flags.as_chunks::<8>();
    words
        .iter()
        .rev()
        .fold(0, |bits, word| bits << 8 | u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56)
}
