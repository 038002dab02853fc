//! New data in arrays, and contracts of arrays.

use std::collections::VecDeque;
use std::path::Path;

use ndarray::Array2;
use rayon::prelude::*;

use crate::contract::{ArrayInput, MissingValues};
use crate::error::Error;
use crate::frame::{BLOCK_ROWS, Cell, CellFormat, Cells, FrameReader, Place};
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

    /// The table that comes next.
    pub(super) fn table(&self) -> Option<&Table> {
        self.parts.front().map(|part| &part.table)
    }

    /// The size of a row.
    pub(super) fn shape(&self) -> ImageShape {
        self.table().map_or(ImageShape { height: 0, width: 0 }, |table| table.shape)
    }

    /// The labels of the rows that were read last, if there are any.
    pub(super) fn labels(&mut self) -> Option<Vec<(Option<String>, Place)>> {
        self.labels.take()
    }

    /// The next rows, unscaled.
    pub(super) fn next_rows(&mut self) -> Result<Option<ArrayRows>, Error> {
        let Some(RawPart { table, labels, .. }) = self.parts.front() else { return Ok(None) };
        // Wide samples come in fewer rows, so that a block stays small.
        let most = (BLOCK_ROWS * 1024 / table.n_columns().max(1)).clamp(64, BLOCK_ROWS);
        let rows = self.row..table.n_rows.min(self.row + most);
        let mut values = Array2::zeros((rows.len(), table.n_columns()));
        table.read(rows.clone(), values.view_mut())?;
        let first_row = self.before + rows.start;
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
        Ok(Some(ArrayRows { first_row, values }))
    }
}

impl FrameReader for Arrays {
    fn next_block(&mut self) -> Result<Option<Box<dyn Cells>>, Error> {
        Ok(self.next_rows()?.map(|rows| Box::new(rows) as Box<dyn Cells>))
    }
}

/// Some rows of an array.
pub(super) struct ArrayRows {
    first_row: usize,
    values: Array2<f64>,
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

/// Scales the values of new data, and counts those that are missing or outside the range learned.
pub(super) struct ArrayEncoder<'a> {
    input: &'a ArrayInput,
    /// The index of each feature in the new data.
    sources: Vec<usize>,
    missing: MissingValues,
    ranges: Vec<[f64; 2]>,
    pub(super) n_outside: Vec<u64>,
    pub(super) n_missing: Vec<u64>,
}

impl<'a> ArrayEncoder<'a> {
    pub(super) fn new(input: &'a ArrayInput, sources: Vec<usize>, missing: MissingValues) -> Self {
        let n = input.n_features();
        let ranges = (0..n).map(|feature| input.range(feature)).collect();
        let (n_outside, n_missing) = (vec![0; n], vec![0; n]);
        ArrayEncoder { input, sources, missing, ranges, n_outside, n_missing }
    }

    /// The features of rows of an array.
    pub(super) fn encode(
        &mut self,
        file: &Path,
        rows: &ArrayRows,
    ) -> Result<Array2<f32>, TableError> {
        let n_features = self.sources.len();
        let mut x = Array2::<f32>::zeros((rows.n_rows(), n_features));
        let features = x.as_slice_mut().expect("a new array is contiguous");
        let values = rows.values.as_slice().expect("a new array is contiguous");
        let scaling = &self.input.scaling;
        let chunk = 64 * n_features;
        features.par_chunks_mut(chunk).zip(values.par_chunks(chunk)).for_each(|(out, values)| {
            for (out, values) in out.chunks_mut(n_features).zip(values.chunks(n_features)) {
                for (feature, (out, value)) in out.iter_mut().zip(values).enumerate() {
                    *out = scaling.encode(feature, *value);
                }
            }
        });
        for (row, (values, out)) in
            values.chunks(n_features).zip(features.chunks(n_features)).enumerate()
        {
            for (feature, (&value, out)) in values.iter().zip(out).enumerate() {
                let [low, high] = self.ranges[feature];
                // Values within the range are finite, and are nearly all.
                if !(low..=high).contains(&value) || !out.is_finite() {
                    self.count(feature, value, *out, file, || rows.place(row))?;
                }
            }
        }
        Ok(x)
    }

    /// The features of rows of a table, whose columns are taken by position.
    pub(super) fn encode_cells(
        &mut self,
        file: &Path,
        cells: &dyn Cells,
        format: CellFormat,
    ) -> Result<Array2<f32>, TableError> {
        let mut x = Array2::zeros((cells.n_rows(), self.sources.len()));
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
                self.count(feature, value, *out, file, || cells.place(row))?;
            }
        }
        Ok(x)
    }

    /// Counts a value that is outside the range or missing; refuses one that is no number.
    fn count(
        &mut self,
        feature: usize,
        value: f64,
        encoded: f32,
        file: &Path,
        place: impl Fn() -> Place,
    ) -> Result<(), TableError> {
        if value.is_nan() && self.missing == MissingValues::Mark {
            self.n_missing[feature] += 1;
            return Ok(());
        }
        if !encoded.is_finite() {
            return Err(TableError::Cell {
                file: file.into(),
                place: place(),
                column: feature.to_string(),
                found: value.to_string(),
                expected: "a finite number within f32".into(),
            });
        }
        self.n_outside[feature] += 1;
        Ok(())
    }
}
