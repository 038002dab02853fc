//! Options of reading.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::scaling::Scale;
use crate::contract::MissingValues;

/// Options of [`open`](crate::open).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column of a table that holds the labels: its name, its index from 0 or from the end (-1),
    /// or `none`. By default, a column named `label`, `labels`, `class`, `target` or `y`. For arrays and
    /// images, whose labels have their own place, only `none` has a meaning: labels are left out.
    pub label_column: Option<String>,
    /// The scaling of the values.
    pub scale: Scale,
    /// The memory that training samples may take, in bytes. Plain IDX and `.npy` files beyond this
    /// limit stay on disk; files in other formats are refused.
    pub memory_limit: u64,
    /// Columns of a table that are left out, by name or index.
    pub drop_columns: Vec<String>,
    /// Whether the first line of a text table names the columns; by default that is found out.
    pub header: Option<bool>,
    /// A TOML file that declares types of columns; the others are found from the data.
    pub columns: Option<PathBuf>,
    /// A second file, which is the test part. It is read by the contract of the first.
    pub test: Option<PathBuf>,
    /// A column of a table that says `train`, `validation` or `test` for each row.
    pub split_column: Option<String>,
    /// The choice of the rows that are held out.
    pub split: SplitBy,
    /// A column of a table whose equal values stay in one part, such as a document or a patient.
    pub group_column: Option<String>,
    /// The treatment of missing values.
    pub missing: MissingValues,
}

/// The choice of the rows that are held out for validation and testing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitBy {
    /// At random with a fixed seed, stratified by class.
    #[default]
    Random,
    /// The last rows are tested and those before them validate: by the first column of dates, or in
    /// the order of the file if there is none.
    Time,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            label_column: None,
            scale: Scale::Auto,
            memory_limit: 1 << 30,
            drop_columns: vec![],
            header: None,
            columns: None,
            test: None,
            split_column: None,
            split: SplitBy::Random,
            group_column: None,
            missing: MissingValues::Mark,
        }
    }
}

impl ReadOptions {
    /// Whether labels are left out.
    pub(super) fn ignores_labels(&self) -> bool {
        self.label_column.as_deref() == Some("none")
    }

    /// An option that needs columns, if one is given.
    pub(super) fn needs_columns(&self) -> Option<&'static str> {
        [
            (!self.drop_columns.is_empty(), "drop_columns"),
            (self.header.is_some(), "header"),
            (self.columns.is_some(), "columns"),
            (self.split_column.is_some(), "split_column"),
            (self.group_column.is_some(), "group_column"),
        ]
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
    }
}
