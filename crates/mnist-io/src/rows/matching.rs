//! Matching of a contract's columns to the columns of new data.

use std::collections::HashMap;

use super::NewData;
use super::array::Arrays;
use crate::contract::{ArrayInput, Contract, Input, TableInput};
use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::Frame;
use crate::frame::label::label_index;
use crate::read::note::Note;
use crate::table_error::TableError;

/// The index of each column that becomes features, and that of the labels.
pub(super) struct Matched {
    pub(super) sources: Vec<usize>,
    pub(super) label: Option<usize>,
    pub(super) notes: Vec<Note>,
}

/// Names by which a header of new data is recognised.
pub(super) fn known_names(contract: &Contract) -> Vec<&str> {
    let Input::Table(table) = &contract.input else { return vec![] };
    if !table.header {
        return vec![];
    }
    let label = contract.classes.as_ref().and_then(|classes| classes.column.as_deref());
    table.columns.iter().map(|column| column.name.as_str()).chain(label).collect()
}

/// Matches a table to the contract.
pub(super) fn frame(contract: &Contract, frame: &Frame, new: &NewData) -> Result<Matched, Error> {
    let asked = new.label_column.as_deref();
    let explicit = match asked {
        Some(_) => label_index(&frame.file, &frame.names, frame.has_header, asked)?,
        None => None,
    };
    let ignores_labels = asked == Some("none");
    match &contract.input {
        Input::Array(array) => {
            let label = match explicit {
                None if !ignores_labels => {
                    label_index(&frame.file, &frame.names, frame.has_header, None)?
                }
                explicit => explicit,
            };
            by_width(array, frame, label)
        }
        Input::Table(table) if table.header && frame.has_header => {
            let of_contract = contract.classes.as_ref().and_then(|classes| classes.column.as_ref());
            let place: HashMap<&str, usize> =
                frame.names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
            let label = match explicit {
                None if !ignores_labels => {
                    of_contract.and_then(|name| place.get(name.as_str()).copied())
                }
                explicit => explicit,
            };
            let sources = by_name(table, frame, &place)?;
            let is_known = |(index, name): &(usize, &String)| {
                Some(*index) == label
                    || Some(*name) == of_contract
                    || table.columns.iter().any(|column| column.name == **name)
            };
            let extra: Vec<String> = frame
                .names
                .iter()
                .enumerate()
                .filter(|column| !is_known(column))
                .map(|(_, name)| name.clone())
                .collect();
            let notes =
                if extra.is_empty() { vec![] } else { vec![Note::ExtraColumns { columns: extra }] };
            Ok(Matched { sources, label, notes })
        }
        Input::Table(table) => {
            let width = frame.names.len();
            let place = frame.file.display().to_string();
            let (sources, label) = by_position(contract, table, width, &place)?;
            let label = if ignores_labels { None } else { explicit.or(label) };
            let notes =
                if table.header == frame.has_header { vec![] } else { vec![Note::ByPosition] };
            Ok(Matched { sources, label, notes })
        }
    }
}

/// Matches arrays to the contract.
pub(super) fn arrays(contract: &Contract, arrays: &Arrays) -> Result<Matched, Error> {
    let found = arrays.shape();
    let place = || arrays.table().map(|table| table.file.display().to_string()).unwrap_or_default();
    let expected = contract.shape();
    if found != expected && found.channels > 1 {
        return Err(FormatError::NewSize { place: place(), found, expected }.into());
    }
    match &contract.input {
        Input::Table(table) => {
            let (sources, label) = by_position(contract, table, found.n_values(), &place())?;
            let notes = if table.header { vec![Note::ByPosition] } else { vec![] };
            Ok(Matched { sources, label, notes })
        }
        Input::Array(array) => {
            if found != expected && found.is_image() && expected.is_image() {
                return Err(FormatError::NewSize { place: place(), found, expected }.into());
            }
            let (found, expected) = (found.n_values(), array.n_features());
            if found != expected {
                return Err(FormatError::Width { place: place(), found, expected }.into());
            }
            Ok(Matched { sources: (0..expected).collect(), label: None, notes: vec![] })
        }
    }
}

/// The columns of a table in the order of an array's features.
fn by_width(array: &ArrayInput, frame: &Frame, label: Option<usize>) -> Result<Matched, Error> {
    let sources: Vec<usize> = (0..frame.names.len()).filter(|i| Some(*i) != label).collect();
    let (found, expected) = (sources.len(), array.n_features());
    if found != expected {
        let place = frame.file.display().to_string();
        return Err(FormatError::Width { place, found, expected }.into());
    }
    let notes = if frame.has_header { vec![Note::ByPosition] } else { vec![] };
    Ok(Matched { sources, label, notes })
}

/// The columns with the contract's names.
fn by_name(
    table: &TableInput,
    frame: &Frame,
    place: &HashMap<&str, usize>,
) -> Result<Vec<usize>, TableError> {
    let used = table.columns.iter().filter(|column| column.n_features() > 0);
    used.map(|column| {
        place.get(column.name.as_str()).copied().ok_or_else(|| TableError::AbsentColumn {
            file: frame.file.clone(),
            column: column.name.clone(),
            found: frame.names.clone(),
        })
    })
    .collect()
}

/// The columns by position: with the label column, without it, or only those that become features.
fn by_position(
    contract: &Contract,
    table: &TableInput,
    found: usize,
    place: &str,
) -> Result<(Vec<usize>, Option<usize>), FormatError> {
    let label = contract.classes.as_ref().and_then(|classes| classes.index);
    let used = || table.columns.iter().filter(|column| column.n_features() > 0);
    let (n_columns, n_used) = (table.columns.len(), used().count());
    if found == n_columns + usize::from(label.is_some()) {
        return Ok((used().map(|column| column.index).collect(), label));
    }
    if found == n_columns {
        let without = |index: usize| index - usize::from(label.is_some_and(|label| label < index));
        return Ok((used().map(|column| without(column.index)).collect(), None));
    }
    if found == n_used {
        return Ok(((0..n_used).collect(), None));
    }
    Err(FormatError::Width { place: place.to_owned(), found, expected: n_columns })
}
