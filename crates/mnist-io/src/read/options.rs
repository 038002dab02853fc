//! Options for reading.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::scaling::Scale;
use crate::contract::MissingValues;

/// Options of [`open`](crate::open).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column of a table that holds the labels: its name, its index from 0 or from the end (-1), or
    /// `none`. By default, a column named `label`, `labels`, `target`, `y` or `class`. For arrays and images,
    /// whose labels are stored separately, only `none` has a meaning: labels are omitted.
    pub label_column: Option<String>,
    /// The scaling of the values.
    pub scale: Scale,
    /// The memory that training samples may take, in bytes. Plain IDX and `.npy` files beyond this
    /// limit stay on disk; files in other formats are refused.
    pub memory_limit: u64,
    /// Columns of a table to omit, by name or index.
    pub drop_columns: Vec<String>,
    /// Whether the first line of a text table names the columns; detected by default.
    pub header: Option<bool>,
    /// A TOML file that declares column types; the others are inferred from the data.
    pub columns: Option<PathBuf>,
    /// A second file as the test part. It is read by the contract of the first.
    pub test: Option<PathBuf>,
    /// A column of a table that says `train`, `validation` or `test` for each row.
    pub split_column: Option<String>,
    /// The choice of held-out rows.
    pub split: SplitBy,
    /// A column of a table that groups rows, such as by document or patient; each group stays in one part.
    pub group_column: Option<String>,
    /// The treatment of missing values.
    pub missing: MissingValues,
}

/// The choice of the rows held out for validation and testing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitBy {
    /// At random with a fixed seed, stratified by class.
    #[default]
    Random,
    /// The last rows are for testing and those before them for validation: by the first date column or,
    /// without one, in file order.
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
    /// Whether labels are omitted.
    pub(super) fn ignores_labels(&self) -> bool {
        self.label_column.as_deref() == Some("none")
    }

    /// Two of the options that divide the rows in different ways, in words, if they are given together.
    pub(super) fn divisions(&self) -> Option<(&'static str, &'static str)> {
        let by_column = self.split_column.is_some();
        let others = [
            (self.group_column.is_some(), "a column of groups"),
            (self.split == SplitBy::Time, "a split by time"),
        ];
        let first = by_column.then_some("a column of parts");
        let second = (by_column && self.test.is_some()).then_some("a file of test rows");
        let given = others.into_iter().filter(|(given, _)| *given).map(|(_, words)| words);
        let mut all = first.into_iter().chain(given).chain(second);
        all.next().zip(all.next())
    }

    /// The option given that needs columns, if any.
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
