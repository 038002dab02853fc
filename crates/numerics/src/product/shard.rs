//! One shard of a product: some rows of A times a packed B, on one thread.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};
use pulp::{Arch, Simd, WithSimd};

use super::csr::Csr;
use super::lanes::Lanes;
use super::pack::{Packed, Rows, width};
use super::tile::Tile;
use super::{dense, sparse};

/// `out` = `a` · `b` + `beta` · `out` with the instructions of `arch`. A sparse `a` comes with its CSR
/// form. The rows of `out` must be contiguous.
pub(super) fn multiply<F: Lanes>(
    arch: Arch,
    (a, csr): (ArrayView2<F>, Option<Csr<F>>),
    b: Packed<F>,
    beta: F,
    mut out: ArrayViewMut2<F>,
) {
    // This many rows of A stay in the second-level cache while all of B is read.
    let height = (CACHED / (b.k * size_of::<F>()).max(1)).max(ROWS_AT_ONCE);
    for first in (0..out.nrows()).step_by(height) {
        let rows = first..out.nrows().min(first + height);
        arch.dispatch(Part {
            a: a.slice(s![rows.clone(), ..]),
            b,
            terms: 0..0,
            index: 0,
            beta,
            out: out.slice_mut(s![rows.clone(), ..]),
            csr: csr.map(|csr| csr.rows(rows)),
            edge: [F::zero(); EDGE],
        });
    }
}

/// Bytes of A that leave room for the other operands in the second-level cache of one core.
const CACHED: usize = 1 << 18;

/// Smallest number of rows that B is read for, so that reading it takes little time compared with the
/// product.
const ROWS_AT_ONCE: usize = 96;

/// Width of a dense tile in registers: six rows of them, and one row of B, fill the register file.
const fn dense_width<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

/// Width of a sparse tile in registers: enough independent sums to hide the latency of an addition.
const fn sparse_width<F: Lanes, S: Simd>() -> usize {
    if width::<F>() / (size_of::<F::Vector<S>>() / size_of::<F>()) >= 8 { 8 } else { 4 }
}

/// Number of rows in a dense tile of `vectors` registers: enough independent sums to hide the latency of
/// an addition, and not more than the register file holds.
const fn dense_rows(vectors: usize) -> usize {
    if vectors == 1 { 8 } else { dense::ROWS }
}

/// Number of elements in the largest tile of either scalar.
const EDGE: usize = dense::ROWS * 64;

/// Some rows of a shard.
struct Part<'a, 'b, F> {
    a: ArrayView2<'a, F>,
    b: Packed<'b, F>,
    /// The block of k that is multiplied now: its terms, and its index.
    terms: Range<usize>,
    index: usize,
    /// The factor of C: the caller's in the first block of k, and 1 in those after it.
    beta: F,
    out: ArrayViewMut2<'a, F>,
    csr: Option<Csr<'a, F>>,
    /// The copy of a tile that C does not fill.
    edge: [F; EDGE],
}

impl<F: Lanes> WithSimd for Part<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (n, beta) = (self.out.ncols(), self.beta);
        let lanes = size_of::<F::Vector<S>>() / size_of::<F>();
        let most = match self.csr {
            None => dense_width::<S>(),
            Some(_) => sparse_width::<F, S>(),
        };
        let mut column = 0;
        while column < n {
            let left = self.b.width_at(column).min(n - column).div_ceil(lanes);
            let vectors = if left >= most { most } else { left.min(4).min(most) };
            // The tiles of these columns stay in cache from one block to the next.
            for (index, start) in (0..self.b.k).step_by(self.b.block).enumerate() {
                self.terms = start..(start + self.b.block).min(self.b.k);
                self.index = index;
                self.beta = if index == 0 { beta } else { F::one() };
                let columns = Columns {
                    b: self.b.part(self.terms.clone(), column),
                    column,
                    n: (n - column).min(vectors * lanes),
                    whole: column + vectors * lanes <= n,
                };
                self.columns::<S>(simd, vectors, columns);
            }
            column += vectors * lanes;
        }
    }
}

impl<F: Lanes> Part<'_, '_, F> {
    /// Multiplies by one block of this many registers of columns.
    #[inline(always)]
    fn columns<S: Simd>(&mut self, simd: S, vectors: usize, columns: Columns<F>) {
        // Widths that these registers never take are not compiled.
        match (self.csr, vectors) {
            (None, 1) => self.dense::<S, 1>(simd, columns),
            (None, 3) if const { dense_width::<S>() >= 3 } => self.dense::<S, 3>(simd, columns),
            (None, 4) if const { dense_width::<S>() >= 4 } => self.dense::<S, 4>(simd, columns),
            (None, _) => self.dense::<S, 2>(simd, columns),
            (Some(csr), 1) => self.sparse::<S, 1>(simd, columns, csr),
            (Some(csr), 2) => self.sparse::<S, 2>(simd, columns, csr),
            (Some(csr), 3) => self.sparse::<S, 3>(simd, columns, csr),
            (Some(csr), 8) if const { sparse_width::<F, S>() >= 8 } => {
                self.sparse::<S, 8>(simd, columns, csr);
            }
            (Some(csr), _) => self.sparse::<S, 4>(simd, columns, csr),
        }
    }
}

/// The columns of a tile: some registers within a panel.
#[derive(Clone, Copy)]
struct Columns<F> {
    /// The rows of B, from the first of these columns on.
    b: Rows<F>,
    /// Index of the first of these columns in C.
    column: usize,
    /// Number of these columns in C, and whether they fill the registers.
    n: usize,
    whole: bool,
}

impl<F: Lanes> Part<'_, '_, F> {
    #[inline(always)]
    fn dense<S: Simd, const V: usize>(&mut self, simd: S, columns: Columns<F>) {
        // Tiles of almost equal height: a tile of one or two rows would have too few independent sums.
        let m = self.out.nrows();
        let tiles = m.div_ceil(const { dense_rows(V) });
        let mut row = 0;
        for t in 0..tiles {
            let end = (t + 1) * m / tiles;
            self.at::<S, V>(
                row,
                end - row,
                columns,
                #[inline(always)]
                |tile| {
                    // SAFETY: `at` passes a tile of this many rows and of V registers of columns.
                    #[allow(unsafe_code, reason = "the kernel takes pointers")]
                    unsafe {
                        match end - row {
                            1 => dense::multiply::<F, S, 1, V>(simd, tile),
                            2 => dense::multiply::<F, S, 2, V>(simd, tile),
                            3 => dense::multiply::<F, S, 3, V>(simd, tile),
                            4 => dense::multiply::<F, S, 4, V>(simd, tile),
                            5 => dense::multiply::<F, S, 5, V>(simd, tile),
                            7 if const { V == 1 } => dense::multiply::<F, S, 7, V>(simd, tile),
                            8 if const { V == 1 } => dense::multiply::<F, S, 8, V>(simd, tile),
                            _ => dense::multiply::<F, S, 6, V>(simd, tile),
                        }
                    }
                },
            );
            row = end;
        }
    }

    #[inline(always)]
    fn sparse<S: Simd, const V: usize>(&mut self, simd: S, columns: Columns<F>, csr: Csr<F>) {
        let m = self.out.nrows();
        // One wide row has enough independent sums; narrow rows go in pairs.
        let paired = if V <= 4 { m - m % 2 } else { 0 };
        self.sparse_rows::<S, 2, V>(simd, 0..paired, columns, csr);
        self.sparse_rows::<S, 1, V>(simd, paired..m, columns, csr);
    }

    /// Multiplies a range of rows, `R` at a time.
    #[inline(always)]
    fn sparse_rows<S: Simd, const R: usize, const V: usize>(
        &mut self,
        simd: S,
        rows: Range<usize>,
        columns: Columns<F>,
        csr: Csr<F>,
    ) {
        let index = self.index;
        for row in rows.step_by(R) {
            self.at::<S, V>(
                row,
                R,
                columns,
                #[inline(always)]
                |tile| {
                    // SAFETY: `at` passes a tile of R rows and V registers of columns, and the entries
                    // belong to this block, so their column indices are below k.
                    #[allow(unsafe_code, reason = "the kernel takes pointers")]
                    unsafe {
                        let rows = std::array::from_fn(|r| csr.row(row + r, index));
                        sparse::multiply::<F, S, R, V>(simd, tile, rows);
                    }
                },
            );
        }
    }

    /// Calls `kernel` with the tile that begins at `row` and has `rows` rows. At the right edge, if C
    /// ends within a register, the kernel works on a copy.
    #[inline(always)]
    fn at<S: Simd, const V: usize>(
        &mut self,
        row: usize,
        rows: usize,
        columns: Columns<F>,
        kernel: impl FnOnce(Tile<F>),
    ) {
        let k = self.terms.len();
        let lanes = size_of::<F::Vector<S>>() / size_of::<F>();
        assert!(row + rows <= self.out.nrows() && row + rows <= self.a.nrows());
        assert!(self.terms.end <= self.a.ncols() && V * lanes <= columns.b.width);
        let mut tile = Tile {
            a: self
                .a
                .as_ptr()
                .wrapping_offset(row.cast_signed() * self.a.strides()[0])
                .wrapping_offset(self.terms.start.cast_signed() * self.a.strides()[1]),
            a_row: self.a.strides()[0],
            a_column: self.a.strides()[1],
            b: columns.b.first,
            b_row: columns.b.stride,
            c: self
                .out
                .as_mut_ptr()
                .wrapping_offset(row.cast_signed() * self.out.strides()[0])
                .wrapping_add(columns.column),
            c_row: self.out.strides()[0],
            k,
            beta: self.beta,
        };
        let width = V * lanes;
        let range = columns.column..columns.column + columns.n;
        if !columns.whole {
            for r in 0..rows {
                let out = self.out.row(row + r);
                let out = &out.to_slice().expect("rows are contiguous")[range.clone()];
                self.edge[r * width..][..columns.n].copy_from_slice(out);
            }
            tile.c = self.edge.as_mut_ptr();
            tile.c_row = width.cast_signed();
        }
        // One call for both cases, so that the kernel is inlined here only once.
        kernel(tile);
        if !columns.whole {
            for r in 0..rows {
                let mut out = self.out.row_mut(row + r);
                let out = &mut out.as_slice_mut().expect("rows are contiguous")[range.clone()];
                out.copy_from_slice(&self.edge[r * width..][..columns.n]);
            }
        }
    }
}
