//! New data in arrays, and contracts of arrays.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;

use ndarray::{Array2, ArrayViewMut2};
use rayon::prelude::*;

use crate::contract::{ArrayInput, MissingValues};
use crate::error::Error;
use crate::frame::{BLOCK_ROWS, Cell, CellFormat, Cells};
use crate::place::Place;
use crate::read::classes::RawLabels;
use crate::read::raw::{RawPart, RawSet};
use crate::read::table::Table;
use crate::shape::ImageShape;
use crate::table_error::TableError;

/// The arrays of a file or folder, one after another.
pub(super) struct Arrays {
    parts: VecDeque<RawPart>,
    /// The next row of the first part.
    row: usize,
    /// The rows of all parts before it.
    before: usize,
    labels: Option<Vec<(Option<String>, Place)>>,
}

impl Arrays {
    /// The training rows of a data set, then its test rows.
    pub(super) fn new(set: RawSet) -> Self {
        let parts = std::iter::once(set.train).chain(set.test).collect();
        Arrays { parts, row: 0, before: 0, labels: None }
    }

    /// The next table.
    pub(super) fn table(&self) -> Option<&Table> {
        self.parts.front().map(|part| &part.table)
    }

    /// The shape of a row.
    pub(super) fn shape(&self) -> ImageShape {
        self.table().map_or(ImageShape::grey(0, 0), |table| table.shape)
    }

    /// The labels of the rows read last, if any.
    pub(super) fn labels(&mut self) -> Option<Vec<(Option<String>, Place)>> {
        self.labels.take()
    }

    /// Calls `read` with the table, its next rows, and the index of the first of them in the whole set.
    pub(super) fn next_rows<T>(
        &mut self,
        read: impl FnOnce(&Table, Range<usize>, usize) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(RawPart { table, labels, .. }) = self.parts.front() else { return Ok(None) };
        // Wide samples are read in fewer rows, so that a block stays small.
        let most = (BLOCK_ROWS * 1024 / table.n_columns().max(1)).clamp(64, BLOCK_ROWS);
        let rows = self.row..table.n_rows.min(self.row + most);
        let found = read(table, rows.clone(), self.before + rows.start)?;
        let label = |labels: &RawLabels, row: usize| {
            let place = Place::Row((self.before + row) as u64);
            (labels.text(row), place)
        };
        self.labels =
            labels.as_ref().map(|labels| rows.clone().map(|row| label(labels, row)).collect());
        self.row = rows.end;
        if rows.end == table.n_rows {
            self.before += table.n_rows;
            self.row = 0;
            self.parts.pop_front();
        }
        Ok(Some(found))
    }
}

/// Some rows of an array as cells.
pub(super) struct ArrayRows {
    first_row: usize,
    values: Array2<f64>,
}

impl ArrayRows {
    /// Reads rows of a table, the first of which is row `first_row` of the new data.
    pub(super) fn read(table: &Table, rows: Range<usize>, first_row: usize) -> Result<Self, Error> {
        let mut values = Array2::zeros((rows.len(), table.n_columns()));
        table.read(rows, values.view_mut())?;
        Ok(ArrayRows { first_row, values })
    }
}

impl Cells for ArrayRows {
    fn n_rows(&self) -> usize {
        self.values.nrows()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        Cell::Number(self.values[(row, column)])
    }

    fn place(&self, row: usize) -> Place {
        Place::Row((self.first_row + row) as u64)
    }
}

/// Scales the values of new data, and counts those that are missing or outside the training range.
pub(super) struct ArrayEncoder<'a> {
    input: &'a ArrayInput,
    /// The index of each feature in the new data.
    sources: Vec<usize>,
    missing: MissingValues,
    ranges: Vec<[f64; 2]>,
    pub(super) counts: Counts,
}

/// Counts of unusual values, for each feature.
pub(super) struct Counts {
    pub(super) n_outside: Vec<u64>,
    pub(super) n_missing: Vec<u64>,
}

impl Counts {
    fn zeros(n_features: usize) -> Self {
        Counts { n_outside: vec![0; n_features], n_missing: vec![0; n_features] }
    }

    fn add(&mut self, other: &Counts) {
        let all = self.n_outside.iter_mut().chain(&mut self.n_missing);
        all.zip(other.n_outside.iter().chain(&other.n_missing))
            .for_each(|(all, more)| *all += more);
    }
}

/// Number of rows that one thread reads and scales while they are in its cache.
const ROWS_PER_THREAD: usize = 64;

impl<'a> ArrayEncoder<'a> {
    pub(super) fn new(input: &'a ArrayInput, sources: Vec<usize>, missing: MissingValues) -> Self {
        let n = input.n_features();
        let ranges = (0..n).map(|feature| input.range(feature)).collect();
        ArrayEncoder { input, sources, missing, ranges, counts: Counts::zeros(n) }
    }

    /// Encodes rows of an array, the first of which is row `first_row` of the new data.
    pub(super) fn encode(
        &mut self,
        file: &Path,
        table: &Table,
        rows: Range<usize>,
        first_row: usize,
    ) -> Result<Array2<f32>, Error> {
        let n_features = self.sources.len();
        let mut x = Array2::<f32>::zeros((rows.len(), n_features));
        let features = x.as_slice_mut().expect("a new array is contiguous");
        let chunk = ROWS_PER_THREAD * n_features;
        let encoder = &*self;
        let counted: Vec<Result<Option<Counts>, Error>> = features
            .par_chunks_mut(chunk)
            .enumerate()
            .map_init(
                || vec![0.0; chunk],
                |values, (i, out)| {
                    let values = &mut values[..out.len()];
                    let (n, before) = (out.len() / n_features, i * ROWS_PER_THREAD);
                    let start = rows.start + before;
                    let view = ArrayViewMut2::from_shape((n, n_features), &mut *values)
                        .expect("whole rows");
                    table.read(start..start + n, view)?;
                    Ok(encoder.encode_rows(file, first_row + before, values, out)?)
                },
            )
            .collect();
        // In row order, so that the first unreadable row is the one reported.
        for counts in counted {
            counts?.iter().for_each(|counts| self.counts.add(counts));
        }
        Ok(x)
    }

    /// Scales whole rows of values; returns the counts, if there is anything to count.
    fn encode_rows(
        &self,
        file: &Path,
        first_row: usize,
        values: &[f64],
        out: &mut [f32],
    ) -> Result<Option<Counts>, TableError> {
        let n_features = self.sources.len();
        let mut counts = None;
        let rows = values.chunks(n_features).zip(out.chunks_mut(n_features));
        for (row, (values, out)) in rows.enumerate() {
            self.input.scaling.encode_row(values, out);
            if self.is_usual(values, out) {
                continue;
            }
            for (feature, (&value, out)) in values.iter().zip(out).enumerate() {
                let [low, high] = self.ranges[feature];
                if !(low..=high).contains(&value) || !out.is_finite() {
                    let counts = counts.get_or_insert_with(|| Counts::zeros(n_features));
                    let place = || Place::Row((first_row + row) as u64);
                    self.count(counts, feature, (value, *out), file, place)?;
                }
            }
        }
        Ok(counts)
    }

    /// Whether all values of a row are within the training range and all features finite, as in nearly all
    /// rows. Counting does not exit the loop early, so that it is vectorised.
    fn is_usual(&self, values: &[f64], out: &[f32]) -> bool {
        let ranges = values.iter().zip(&self.ranges);
        ranges.filter(|(value, [low, high])| !(low..=high).contains(value)).count() == 0
            && out.iter().filter(|out| !out.is_finite()).count() == 0
    }

    /// Encodes the rows of a table whose columns are matched by position.
    pub(super) fn encode_cells(
        &mut self,
        file: &Path,
        cells: &dyn Cells,
        format: CellFormat,
    ) -> Result<Array2<f32>, TableError> {
        let mut x = Array2::zeros((cells.n_rows(), self.sources.len()));
        let mut counts = Counts::zeros(self.sources.len());
        for ((row, feature), out) in x.indexed_iter_mut() {
            let source = self.sources[feature];
            let cell = cells.cell(row, source);
            let value = if cell.is_missing() { Some(f64::NAN) } else { cell.number(format) };
            let value = value.ok_or_else(|| TableError::Cell {
                file: file.into(),
                place: cells.place(row),
                column: source.to_string(),
                found: cell.text().into_owned(),
                expected: "a number, as in training".into(),
            })?;
            *out = self.input.scaling.encode(feature, value);
            let [low, high] = self.ranges[feature];
            if !(low..=high).contains(&value) || !out.is_finite() {
                self.count(&mut counts, feature, (value, *out), file, || cells.place(row))?;
            }
        }
        self.counts.add(&counts);
        Ok(x)
    }

    /// Counts a value that is outside the range or missing; refuses one that is not a number.
    fn count(
        &self,
        counts: &mut Counts,
        feature: usize,
        (value, encoded): (f64, f32),
        file: &Path,
        place: impl Fn() -> Place,
    ) -> Result<(), TableError> {
        if value.is_nan() && self.missing == MissingValues::Mark {
            counts.n_missing[feature] += 1;
            return Ok(());
        }
        if !encoded.is_finite() {
            return Err(TableError::Cell {
                file: file.into(),
                place: place(),
                column: feature.to_string(),
                found: value.to_string(),
                expected: "a finite number of at most 3.4e38 in size".into(),
            });
        }
        counts.n_outside[feature] += 1;
        Ok(())
    }
}
