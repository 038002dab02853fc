//! The location of data and the options of reading.

use std::path::{Path, PathBuf};

use mnist_io::{ReadOptions, Scale, SplitBy};
use serde::{Deserialize, Serialize};

use super::{FOLDER, MEMORY_LIMIT, MNIST};

/// The location of data and the options that they are read with, which [`ReadOptions`] explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// A name that [`list`](super::list) shows, or the path of a file or folder. Paths are absolute, so that
    /// a run can be used from another folder.
    pub data: String,
    /// Column of the labels in a table.
    pub label_column: Option<String>,
    /// Scaling of the values.
    pub scale: Scale,
    /// Columns of a table that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// Whether the first line of a text table names the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// A TOML file that declares types of columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<PathBuf>,
    /// A second file, which is the test part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// A column that holds `train`, `validation` or `test` for each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_column: Option<String>,
    /// The choice of the rows that are held out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub split: SplitBy,
    /// A column whose equal values stay in one part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_column: Option<String>,
    /// Training samples that would take more memory, in MiB, stay on disk if their format allows it.
    #[serde(skip, default = "memory_limit")]
    pub memory_limit: u64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn memory_limit() -> u64 {
    MEMORY_LIMIT
}

impl Default for Source {
    fn default() -> Self {
        Source {
            data: MNIST.to_owned(),
            label_column: None,
            scale: Scale::default(),
            drop_columns: vec![],
            header: None,
            columns: None,
            test: None,
            split_column: None,
            split: SplitBy::default(),
            group_column: None,
            memory_limit: MEMORY_LIMIT,
        }
    }
}

impl Source {
    /// Returns the source with absolute paths.
    #[must_use]
    pub fn absolute(self) -> Self {
        let full = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_path =
            !Path::new(FOLDER).join(&self.data).is_dir() && Path::new(&self.data).exists();
        let data = match full(Path::new(&self.data)).to_str() {
            Some(path) if is_path => path.to_owned(),
            _ => self.data.clone(),
        };
        let (columns, test) = (self.columns.as_deref().map(full), self.test.as_deref().map(full));
        Source { data, columns, test, ..self }
    }

    /// Whether both sources name the same data, read in the same way.
    pub(super) fn is_same_place(&self, other: &Source) -> bool {
        let place = |source: &Source| Source { memory_limit: 0, ..source.clone().absolute() };
        place(self) == place(other)
    }

    /// The options of reading.
    pub(super) fn options(&self) -> ReadOptions {
        ReadOptions {
            label_column: self.label_column.clone(),
            scale: self.scale,
            memory_limit: self.memory_limit << 20,
            drop_columns: self.drop_columns.clone(),
            header: self.header,
            columns: self.columns.clone(),
            test: self.test.clone(),
            split_column: self.split_column.clone(),
            split: self.split,
            group_column: self.group_column.clone(),
            ..ReadOptions::default()
        }
    }

    /// The options that the numbers and parts depend on, if they differ from the defaults, for keys of
    /// results. Files that are named enter the key by their contents, not their paths.
    pub(super) fn variant(&self) -> Option<serde_json::Value> {
        let place = Source { data: String::new(), columns: None, test: None, ..self.clone() };
        let default =
            Source { data: String::new(), memory_limit: self.memory_limit, ..Source::default() };
        if place == default {
            return None;
        }
        if place
            == (Source { scale: self.scale, label_column: self.label_column.clone(), ..default })
        {
            // The form of earlier versions, whose results stay valid.
            return Some(serde_json::json!((self.scale, self.label_column.clone())));
        }
        Some(serde_json::to_value(place).expect("options are plain data"))
    }
}
