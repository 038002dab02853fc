//! Values of boolean columns outside the rows in which their two values were found.
//!
//! Such a value is neither of the two. It counts as missing, or is an error if missing values are refused.

use super::store::{NO_WORD, Store, Stored};
use crate::contract::{ColumnKind, TableInput, truth};
use crate::place::Place;
use crate::table_error::TableError;

/// The name of each boolean column with unseen values, and their number.
pub(crate) fn unseen(table: &Stored, input: &TableInput) -> Vec<(String, usize)> {
    let columns = input.columns.iter();
    let counts = columns.filter_map(|column| match &column.kind {
        ColumnKind::Boolean { no, yes } => {
            let n = unseen_rows(&table.columns[column.index], no, yes).len();
            (n > 0).then(|| (column.name.clone(), n))
        }
        _ => None,
    });
    counts.collect()
}

/// Refuses unseen values.
pub(crate) fn check_seen(table: &Stored, input: &TableInput) -> Result<(), TableError> {
    for column in &input.columns {
        let ColumnKind::Boolean { no, yes } = &column.kind else { continue };
        let store = &table.columns[column.index];
        if let Some(&row) = unseen_rows(store, no, yes).first() {
            return Err(TableError::Cell {
                file: table.file.clone(),
                place: Place::Row(row as u64),
                column: column.name.clone(),
                found: store.text(row).unwrap_or_default(),
                expected: format!("{no} or {yes}, as in the training rows"),
            });
        }
    }
    Ok(())
}

/// The rows whose value is neither of the two.
fn unseen_rows(store: &Store, no: &str, yes: &str) -> Vec<usize> {
    match store {
        Store::Words { words, codes } => {
            let is_seen: Vec<bool> =
                words.keys().map(|word| truth(word, no, yes).is_some()).collect();
            let rows = codes.iter().enumerate();
            let unseen = rows.filter(|(_, code)| **code != NO_WORD && !is_seen[**code as usize]);
            unseen.map(|(row, _)| row).collect()
        }
        Store::Numbers(numbers) => {
            let two = [no, yes].map(|word| word.parse::<f64>().unwrap_or(f64::NAN));
            let rows = numbers.iter().enumerate();
            let unseen = rows.filter(|(_, number)| !number.is_nan() && !two.contains(number));
            unseen.map(|(row, _)| row).collect()
        }
        Store::Empty(_) | Store::Moments { .. } | Store::Skipped => vec![],
    }
}
