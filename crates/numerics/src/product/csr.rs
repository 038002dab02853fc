//! Csr of the non-zeros of a left operand, for the sparse kernel.

use std::ops::Range;

use ndarray::{ArrayView2, s};
use pulp::Arch;

use super::transpose::transpose;
use crate::Real;
use crate::elementary::vectorised;

/// With more than one non-zero in this many, the dense kernel is as fast.
const SPARSE: usize = 2;

/// Rows that are made contiguous at a time, where A's columns are.
const ROWS_AT_ONCE: usize = 64;

/// Entries that a step of [`compress`](super::lanes::Lanes::compress_512) may write beyond the last.
pub(crate) const SLACK: usize = 64;

/// The memory of lists.
#[derive(Debug, Default)]
pub(crate) struct CsrBuffer<F> {
    values: Vec<F>,
    columns: Vec<u32>,
    lists: Vec<List>,
    /// Some rows of A, contiguous.
    transposed: Vec<F>,
    /// Whether there are lists, and of how many blocks for each row.
    n_blocks: Option<usize>,
}

/// The entries of one row in one block of A's columns.
#[derive(Debug, Clone, Copy)]
struct List {
    first: u32,
    len: u32,
}

/// The non-zeros of some rows of A, each row's columns ascending; they count from the first of the
/// block that they are in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Csr<'a, F> {
    values: &'a [F],
    columns: &'a [u32],
    of_rows: &'a [List],
    n_blocks: usize,
}

impl<'a, F> Csr<'a, F> {
    /// The lists of these rows.
    #[inline(always)]
    pub(super) fn rows(self, rows: Range<usize>) -> Self {
        let of_rows = &self.of_rows[rows.start * self.n_blocks..rows.end * self.n_blocks];
        Csr { of_rows, ..self }
    }

    /// The values and columns of row `row` in block `block`.
    #[inline(always)]
    pub(super) fn row(&self, row: usize, block: usize) -> (&'a [F], &'a [u32]) {
        let List { first, len } = self.of_rows[row * self.n_blocks + block];
        let entries = first as usize..(first + len) as usize;
        (&self.values[entries.clone()], &self.columns[entries])
    }
}

impl<F: Real> CsrBuffer<F> {
    /// Csr the non-zeros of `a` in blocks of `block` columns, if they are few and `a` is
    /// contiguous in one direction.
    pub(super) fn find(&mut self, arch: Arch, a: ArrayView2<F>, block: usize) {
        self.n_blocks = None;
        let contiguous = a.strides()[0] == 1 || a.strides()[1] == 1;
        if !contiguous || u32::try_from(a.len() + SLACK).is_err() || !few(a) {
            return;
        }
        let most = a.len() / SPARSE + SLACK;
        if self.values.len() < most {
            self.values.resize(most, F::zero());
            self.columns.resize(most, 0);
        }
        self.lists.clear();
        self.n_blocks = Some(a.ncols().div_ceil(block));
        self.list_all(arch, a, block);
    }

    /// The lists, if there are any.
    pub(super) fn lists(&self) -> Option<Csr<'_, F>> {
        let Self { values, columns, lists, .. } = self;
        self.n_blocks.map(|n_blocks| Csr { values, columns, of_rows: lists, n_blocks })
    }

    fn list_all(&mut self, arch: Arch, a: ArrayView2<F>, block: usize) {
        let k = a.ncols();
        let mut filled = 0;
        if a.strides()[1] == 1 || k == 1 {
            for row in a.rows() {
                let row = row.to_slice().expect("stride 1");
                filled = self.list_rows(arch, row, k, block, filled);
            }
            return;
        }
        let mut transposed = std::mem::take(&mut self.transposed);
        transposed.resize(ROWS_AT_ONCE * k, F::zero());
        for first in (0..a.nrows()).step_by(ROWS_AT_ONCE) {
            let rows = a.slice(s![first..a.nrows().min(first + ROWS_AT_ONCE), ..]);
            transpose(arch, F::one(), rows, &mut transposed, k);
            filled = self.list_rows(arch, &transposed[..rows.nrows() * k], k, block, filled);
        }
        self.transposed = transposed;
    }

    /// Csr rows of `k` values after the `filled` entries that there are, and returns how many
    /// there are then.
    fn list_rows(
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
                        filled = self.list_row(
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
                    filled = self.list_row(row, block, filled, compress);
                }
                filled
            }
        }
    }

    /// Csr one row after the `filled` entries that there are, and returns how many there are then.
    #[inline(always)]
    fn list_row(
        &mut self,
        row: &[F],
        block: usize,
        mut filled: usize,
        compress: impl Fn(&[F], &mut [F], &mut [u32]) -> usize,
    ) -> usize {
        for part in row.chunks(block) {
            let len = compress(part, &mut self.values[filled..], &mut self.columns[filled..]);
            self.lists.push(List { first: filled as u32, len: len as u32 });
            filled += len;
        }
        filled
    }
}

/// Whether at most one in [`SPARSE`] is not zero.
fn few<F: Real>(a: ArrayView2<F>) -> bool {
    let most = a.len() / SPARSE;
    let mut found = 0;
    let lines = if a.strides()[1] == 1 { a } else { a.reversed_axes() };
    lines.rows().into_iter().all(|line| {
        found += count(line.to_slice().expect("stride 1"));
        found <= most
    })
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

/// Writes the value and the place of each non-zero in `row`, ascending, and returns how many there
/// are: 64 values become the bits of a word, so that zeros cost next to nothing.
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

/// Bit i tells whether value i, of at most 64, is not zero.
#[inline(always)]
fn non_zero_bits<F: Real>(values: &[F]) -> u64 {
    /// Multiplied by this, the low bits of eight bytes meet in the highest byte, in order.
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
