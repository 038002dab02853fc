//! Errors in tables: their columns, cells and parts.

use std::path::PathBuf;

use crate::place::Place;
use crate::some_of::some_of;

/// A table that cannot be read as samples.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A row with a different number of fields than the first row.
    #[error(
        "{}, line {line}: {found} fields; expected {expected}, as in the first row",
        file.display()
    )]
    Fields {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Number of fields in this row.
        found: usize,
        /// Number of fields in the first row.
        expected: usize,
    },

    /// A cell that does not match its column's type.
    #[error("{}, {place}, column {column}: \"{found}\"; expected {expected}", file.display())]
    Cell {
        /// The file.
        file: PathBuf,
        /// The line or row.
        place: Place,
        /// The name of the column, or its index from 0.
        column: String,
        /// The content of the cell.
        found: String,
        /// The content that was expected, and possibly a remedy.
        expected: String,
    },

    /// A missing value where missing values are refused.
    #[error(
        "{}, {place}, column {column}: no value; fill in missing values, leave the row out, or set \
         `missing` of `ReadOptions` to mark them",
        file.display()
    )]
    Missing {
        /// The file.
        file: PathBuf,
        /// The line or row.
        place: Place,
        /// The name of the column, or its index from 0.
        column: String,
    },

    /// A column of a type that cannot be read.
    #[error(
        "{}, column {column} has type {found}; expected numbers, dates, booleans or text; convert it \
         or leave the column out of the file",
        file.display()
    )]
    ColumnType {
        /// The file.
        file: PathBuf,
        /// The name of the column.
        column: String,
        /// The type, as Arrow calls it.
        found: String,
    },

    /// Two columns with the same name.
    #[error(
        "{}: columns {first} and {second} are both called \"{column}\"; expected different names",
        file.display()
    )]
    DuplicateColumn {
        /// The file.
        file: PathBuf,
        /// The name.
        column: String,
        /// The index of the first column, from 0.
        first: usize,
        /// The index of the second column, from 0.
        second: usize,
    },

    /// An option names a column that does not exist.
    #[error(
        "{}: no column \"{column}\"{}; expected {expected}",
        file.display(),
        purpose_in_words(option)
    )]
    UnknownColumn {
        /// The file.
        file: PathBuf,
        /// The [`ReadOptions`](crate::ReadOptions) field, or the place, that names the column.
        option: &'static str,
        /// The column that was given.
        column: String,
        /// The existing columns, and the one that was probably meant, in words.
        expected: String,
    },

    /// A column of the contract that is missing in new data.
    #[error(
        "{}: no column \"{column}\", which the model needs; found {}",
        file.display(),
        some_of(found)
    )]
    AbsentColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
        /// The columns found.
        found: Vec<String>,
    },

    /// An invalid declaration of columns.
    #[error("{}, line {line}: {found}; expected tables such as [columns.city] with a type", file.display())]
    Schema {
        /// The file of declarations.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The mistake.
        found: String,
    },

    /// A declared column with an invalid type.
    #[error("{}, column {column}: {found}; expected {expected}", file.display())]
    Declaration {
        /// The file of declarations.
        file: PathBuf,
        /// The name of the column.
        column: String,
        /// The mistake.
        found: String,
        /// The declaration that was expected.
        expected: &'static str,
    },

    /// A word in the split column that does not name a part.
    #[error(
        "{}, {place}, column {column}: \"{found}\"; expected train, validation or test",
        file.display()
    )]
    SplitWord {
        /// The file.
        file: PathBuf,
        /// The line or row.
        place: Place,
        /// The name of the column.
        column: String,
        /// The content of the cell.
        found: String,
    },

    /// Too few groups for the parts.
    #[error("{place} has {found} groups; expected at least {expected}, one for each part")]
    TooFewGroups {
        /// The file and the column.
        place: String,
        /// Number of groups found.
        found: usize,
        /// Number of parts.
        expected: usize,
    },

    /// A split that leaves a part without rows.
    #[error("{}: no rows for the {part} part; {remedy}", file.display())]
    EmptyPart {
        /// The file.
        file: PathBuf,
        /// The part.
        part: &'static str,
        /// A way to obtain some.
        remedy: &'static str,
    },

    /// A class that was not seen in training.
    #[error(
        "{}, {place}: the label \"{found}\" is not a class of the training part; expected one of {}",
        file.display(),
        some_of(expected)
    )]
    UnknownClass {
        /// The file.
        file: PathBuf,
        /// The line or row.
        place: Place,
        /// The label.
        found: String,
        /// The names of the classes.
        expected: Vec<String>,
    },

    /// A label column that does not exist.
    #[error(
        "{}: no column \"{column}\" for the labels; expected an index from 0 (or from the end: -1) or \
         {expected}",
        file.display()
    )]
    LabelColumn {
        /// The file.
        file: PathBuf,
        /// The column that was given.
        column: String,
        /// The existing columns, and the one that was probably meant, in words.
        expected: String,
    },

    /// Two options that divide the rows in different ways.
    #[error("{}: {first} and {second} both divide the rows; give one of them", file.display())]
    Divisions {
        /// The file.
        file: PathBuf,
        /// One of the options, in words.
        first: &'static str,
        /// The other option, in words.
        second: &'static str,
    },

    /// A table without features: all its columns are labels or ignored.
    #[error(
        "{}: no column that can be learned from; expected at least one beside the labels, separated by commas, \
         semicolons or tabs in a text table",
        file.display()
    )]
    NoFeatures {
        /// The file.
        file: PathBuf,
    },
}

/// The purpose of a column, from the [`ReadOptions`](crate::ReadOptions) field that names it.
fn purpose_in_words(option: &str) -> String {
    match option {
        "drop_columns" => " to leave out".into(),
        "split_column" => " for the parts".into(),
        "group_column" => " for the groups".into(),
        other => format!(", which {other} names"),
    }
}
