//! The label column of a table.

use std::path::Path;

use crate::some_of::some_of;
use crate::table_error::TableError;

/// Column names taken as labels by default; of several, the first in this order. `class` comes last, since it
/// also names features, such as the class of a passenger.
const LABEL_NAMES: [&str; 5] = ["label", "labels", "target", "y", "class"];

/// Whether a column of this name is taken as labels by default.
pub(crate) fn is_label(name: &str) -> bool {
    LABEL_NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The index of the label column, if any.
pub(crate) fn label_index(
    file: &Path,
    names: &[String],
    has_header: bool,
    asked: Option<&str>,
) -> Result<Option<usize>, TableError> {
    let Some(asked) = asked else {
        let position = |label: &str| {
            names.iter().position(|name| has_header && name.eq_ignore_ascii_case(label))
        };
        return Ok(LABEL_NAMES.iter().find_map(|label| position(label)));
    };
    if asked == "none" {
        return Ok(None);
    }
    column_index(names, has_header, asked).map(Some).ok_or_else(|| TableError::LabelColumn {
        file: file.into(),
        column: asked.to_owned(),
        expected: if has_header {
            columns(names, asked)
        } else {
            format!("one of 0 to {}", names.len() - 1)
        },
    })
}

/// The index of a column given by its name, or by its index from 0 or from the end (-1).
pub(crate) fn column_index(names: &[String], has_header: bool, asked: &str) -> Option<usize> {
    let by_name = names.iter().position(|name| has_header && name == asked);
    by_name.or_else(|| {
        let index = match asked.strip_prefix('-') {
            Some(from_end) => names.len().checked_sub(from_end.parse().ok()?)?,
            None => asked.parse().ok()?,
        };
        (index < names.len()).then_some(index)
    })
}

/// The index of a column named by an option; the error suggests the most similar name.
pub(crate) fn named_column(
    file: &Path,
    names: &[String],
    has_header: bool,
    option: &'static str,
    asked: &str,
) -> Result<usize, TableError> {
    column_index(names, has_header, asked).ok_or_else(|| unknown_column(file, names, option, asked))
}

/// The error for a column that does not exist.
pub(crate) fn unknown_column(
    file: &Path,
    names: &[String],
    option: &'static str,
    asked: &str,
) -> TableError {
    let expected = columns(names, asked);
    TableError::UnknownColumn { file: file.into(), option, column: asked.to_owned(), expected }
}

/// The existing columns, and the one that was probably meant, in words.
fn columns(names: &[String], asked: &str) -> String {
    let likeness = |name: &String| {
        strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &asked.to_lowercase())
    };
    let scored = names.iter().map(|name| (likeness(name), name));
    let nearest = scored.filter(|(score, _)| *score > 0.6).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = nearest.map(|(_, name)| format!("; did you mean \"{name}\"?"));
    format!("one of {}{}", some_of(names), hint.unwrap_or_default())
}
