//! Encoding of a table in memory as features.

use std::path::Path;

use ndarray::Array2;

use super::store::{NO_WORD, Stored};
use super::{BLOCK_ROWS, Cell, Cells};
use crate::contract::{ColumnKind, Encoder, MissingValues, TableInput, UnknownLevels};
use crate::frame::store::Store;
use crate::place::Place;
use crate::table_error::TableError;

/// Encodes these rows as features, by the same code as new data.
pub(crate) fn encode(
    table: &Stored,
    rows: &[usize],
    input: &TableInput,
    missing: MissingValues,
) -> Result<Array2<f32>, TableError> {
    let columns = || {
        let kept = input.columns.iter();
        kept.filter(|column| !matches!(column.kind, ColumnKind::Ignored { .. }))
            .map(|column| (column, column.index))
    };
    let mut encoder = Encoder::new(columns(), UnknownLevels::Other, missing);
    let mut x = Array2::zeros((rows.len(), encoder.n_features));
    for first in (0..rows.len()).step_by(BLOCK_ROWS) {
        let rows = &rows[first..rows.len().min(first + BLOCK_ROWS)];
        let block = encoder.encode(&table.file, &Rows { table, rows }, table.cells)?;
        x.slice_mut(ndarray::s![first..first + rows.len(), ..]).assign(&block);
    }
    Ok(x)
}

/// Rows of a table in memory.
struct Rows<'a> {
    table: &'a Stored,
    rows: &'a [usize],
}

impl Cells for Rows<'_> {
    fn n_rows(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let row = self.rows[row];
        match &self.table.columns[column] {
            Store::Numbers(numbers) if !numbers[row].is_nan() => Cell::Number(numbers[row]),
            Store::Moments { seconds, .. } if !seconds[row].is_nan() => Cell::Moment(seconds[row]),
            Store::Words { words, codes } if codes[row] != NO_WORD => words
                .get_index(codes[row] as usize)
                .map_or(Cell::Missing, |(word, _)| Cell::Text(word)),
            _ => Cell::Missing,
        }
    }

    fn place(&self, row: usize) -> Place {
        Place::Row(self.rows[row] as u64)
    }
}

/// Refuses missing values in the encoded columns.
pub(crate) fn check_missing(
    table: &Stored,
    input: &TableInput,
    file: &Path,
) -> Result<(), TableError> {
    for column in &input.columns {
        if let (Some(place), false) =
            (table.first_missing[column.index], matches!(column.kind, ColumnKind::Ignored { .. }))
        {
            let (file, column) = (file.into(), column.name.clone());
            return Err(TableError::Missing { file, place, column });
        }
    }
    Ok(())
}
