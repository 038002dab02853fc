//! Checks of a whole table for values that contradict declared types, and for too few labels.

use indexmap::IndexMap;

use super::{Store, Stored};
use crate::format_error::FormatError;
use crate::frame::dates;
use crate::frame::schema::{Declared, Schema};
use crate::place::Place;
use crate::table_error::TableError;

/// Refuses columns whose words do not match the declared type: a third value of a boolean, or dates in an
/// unknown format.
pub(super) fn check_declared(
    table: &Stored,
    schema: &Schema,
    label: Option<usize>,
) -> Result<(), TableError> {
    for (index, (store, name)) in table.columns.iter().zip(&table.names).enumerate() {
        let (Store::Words { words, .. }, Some(declared), true) =
            (store, schema.of(name), label != Some(index))
        else {
            continue;
        };
        let contradiction = match declared {
            Declared::Boolean => third_value(words),
            Declared::Date { .. } => no_date(words),
            _ => None,
        };
        if let Some((found, place, expected)) = contradiction {
            let (file, column, found) = (table.file.clone(), name.clone(), found.to_owned());
            return Err(TableError::Cell { file, place, column, found, expected });
        }
    }
    Ok(())
}

/// A word, its position, and the content expected there.
type Contradiction<'a> = Option<(&'a str, Place, String)>;

fn third_value(words: &IndexMap<String, Place>) -> Contradiction<'_> {
    let word = |i| words.get_index(i).map(|(word, place)| (word.as_str(), *place));
    let ((no, _), (yes, _), (found, place)) = (word(0)?, word(1)?, word(2)?);
    let expected = format!(
        "{no} or {yes}, since the column is declared as a boolean; correct the cell, or declare another type"
    );
    Some((found, place, expected))
}

fn no_date(words: &IndexMap<String, Place>) -> Contradiction<'_> {
    let is_no_date = |(word, _): &(&String, &Place)| dates::format_of(word, 0).is_none();
    let (found, place) = words.iter().find(is_no_date).or_else(|| words.first())?;
    let expected = "dates in one of the known formats, since the column is declared as dates; correct the cell, \
                    or declare the `format`";
    Some((found, *place, expected.to_owned()))
}

/// Minimum number of labelled rows for training, validation and testing.
const LEAST_LABELLED: usize = 3;

/// Refuses too few labels if other rows have none.
pub(super) fn check_labels(table: &Stored, label: usize) -> Result<(), FormatError> {
    let n_rows = table.n_rows;
    let found = (0..n_rows).filter(|&row| !table.columns[label].is_missing(row)).count();
    if found == n_rows || found >= LEAST_LABELLED {
        return Ok(());
    }
    let place = format!("{}, column {}", table.file.display(), table.names[label]);
    Err(FormatError::TooFewLabels { place, found, n_rows, expected: LEAST_LABELLED })
}
