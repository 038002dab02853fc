//! The sparse kernel: rows of the result held in registers while the non-zeros of A's rows pass by.
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

/// One non-zero of A: its column in the block, and its value.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry<F> {
    value: F,
    column: u32,
}

/// The non-zeros of a block of A's columns, row by row, each row's columns ascending.
#[derive(Debug, Default)]
pub(crate) struct NonZeros<F> {
    entries: Vec<Entry<F>>,
    /// Where in `entries` each row's are.
    lists: Vec<List>,
}

/// A run of entries.
#[derive(Debug, Clone, Copy, Default)]
struct List {
    first: u32,
    len: u32,
}

impl<F: Real> NonZeros<F> {
    /// Lists the non-zeros of `a`, if they are few and `a` is contiguous in one direction.
    pub(super) fn find(&mut self, a: ArrayView2<F>) -> bool {
        let contiguous = a.strides()[0] == 1 || a.strides()[1] == 1;
        if !contiguous || u32::try_from(a.len()).is_err() || !few(a) {
            return false;
        }
        if self.entries.len() < a.len() {
            self.entries.resize(a.len(), Entry::default());
        }
        self.lists.clear();
        self.lists.resize(a.nrows(), List::default());
        let (by_columns, lines) = lines(a);
        if by_columns {
            self.list_by_columns(lines);
        } else {
            self.list_by_rows(lines);
        }
        true
    }

    fn list_by_rows(&mut self, rows: ArrayView2<F>) {
        let mut filled = 0;
        for (row, list) in rows.rows().into_iter().zip(&mut self.lists) {
            list.first = filled as u32;
            for_each_non_zero(row.to_slice().expect("stride 1"), |column, value| {
                self.entries[filled] = Entry { value, column: column as u32 };
                filled += 1;
            });
            list.len = filled as u32 - list.first;
        }
    }

    /// Each column adds an entry to the lists of some rows, which all have room for as many.
    fn list_by_columns(&mut self, columns: ArrayView2<F>) {
        let room = columns.nrows() as u32;
        for (row, list) in (0..).zip(&mut self.lists) {
            list.first = row * room;
        }
        for (column, values) in (0..).zip(columns.rows()) {
            for_each_non_zero(values.to_slice().expect("stride 1"), |row, value| {
                let list = &mut self.lists[row];
                self.entries[(list.first + list.len) as usize] = Entry { value, column };
                list.len += 1;
            });
        }
    }

    /// The non-zeros of row `row`.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[Entry<F>] {
        let List { first, len } = self.lists[row];
        &self.entries[first as usize..][..len as usize]
    }
}

/// The runs of A that are contiguous: its rows, or its columns.
fn lines<F>(a: ArrayView2<F>) -> (bool, ArrayView2<F>) {
    let by_columns = a.strides()[1] != 1;
    (by_columns, if by_columns { a.reversed_axes() } else { a })
}

/// Whether at most one in [`SPARSE`] is not zero.
fn few<F: Real>(a: ArrayView2<F>) -> bool {
    let most = a.len() / SPARSE;
    let mut found = 0;
    lines(a).1.rows().into_iter().all(|line| {
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

/// Calls `f` with the place and value of each non-zero, ascending: 64 values become the bits of a
/// word, so that zeros cost next to nothing.
#[inline(always)]
fn for_each_non_zero<F: Real>(values: &[F], mut f: impl FnMut(usize, F)) {
    for (start, chunk) in (0..).step_by(64).zip(values.chunks(64)) {
        let mut bits = non_zero_bits(chunk);
        while bits != 0 {
            let place = bits.trailing_zeros() as usize;
            f(start + place, chunk[place]);
            bits &= bits - 1;
        }
    }
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

/// Adds the products of `R` rows, whose non-zeros are in `lists`, and `V` registers of columns to C;
/// see [`Tile`]. Several rows at a time, because the sums of one would wait for each other.
///
/// # Safety
/// As [`Tile`] says, for `R` rows and `V` registers, and every entry's column must be below k.
#[inline(always)]
#[allow(unsafe_code, reason = "bounds checks would cost more than the multiplications")]
pub(super) unsafe fn multiply<F: Real, S: Simd, const R: usize, const V: usize>(
    simd: S,
    tile: Tile<F>,
    lists: [&[Entry<F>]; R],
) {
    // SAFETY: every place read or written is one that the caller vouches for.
    unsafe {
        let c = |r: usize| tile.c.offset(r.cast_signed() * tile.c_row);
        let mut sums = [[F::splat(simd, F::zero()); V]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            *sums = load(simd, c(r), tile.beta);
        }
        let shared = lists.iter().map(|list| list.len()).min().unwrap_or(0);
        for i in 0..shared {
            for r in 0..R {
                add::<F, S, V>(simd, tile, *lists[r].get_unchecked(i), &mut sums[r]);
            }
        }
        for r in 0..R {
            for &entry in &lists[r][shared..] {
                add::<F, S, V>(simd, tile, entry, &mut sums[r]);
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
/// The entry's column must be below k.
#[inline(always)]
#[allow(unsafe_code, reason = "a part of the kernel")]
unsafe fn add<F: Real, S: Simd, const V: usize>(
    simd: S,
    tile: Tile<F>,
    entry: Entry<F>,
    sums: &mut [F::Vector<S>; V],
) {
    let value = F::splat(simd, entry.value);
    // SAFETY: the caller vouches for the column, and so for V registers of B's row.
    unsafe {
        let b = tile.b.add(entry.column as usize * tile.b_row).cast::<F::Vector<S>>();
        for (v, sum) in sums.iter_mut().enumerate() {
            *sum = F::multiply_add(simd, value, b.add(v).read_unaligned(), *sum);
        }
    }
}
