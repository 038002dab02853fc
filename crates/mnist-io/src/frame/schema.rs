//! Types of columns that a file declares, in TOML.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::error::Error;
use crate::table_error::TableError;

/// The declared columns, by name. The others are found from the data.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schema {
    #[serde(default)]
    columns: IndexMap<String, Declared>,
}

/// A declared type.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Declared {
    /// Numbers, with a scaling of their own if one is given.
    Number { scaling: Option<DeclaredScaling> },
    /// Words, with all levels if they are given.
    Category { levels: Option<Vec<String>> },
    /// Two values.
    Boolean,
    /// Dates, in this format if one is given.
    Date { format: Option<String> },
    /// No feature.
    Ignore,
}

/// The scaling of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DeclaredScaling {
    None,
    Unit,
    Standard,
    Robust,
}

/// The longest declaration that is read, in bytes: that of twenty thousand columns.
const LONGEST: u64 = 1 << 20;

impl Schema {
    /// Reads a schema; the empty one if there is no file.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Error> {
        let Some(file) = file else { return Ok(Schema::default()) };
        let io = |source| Error::Io { file: file.into(), source };
        let mut text = String::new();
        File::open(file).map_err(io)?.take(LONGEST + 1).read_to_string(&mut text).map_err(io)?;
        if text.len() as u64 > LONGEST {
            let found = format!("a text of more than {} MiB", LONGEST >> 20);
            return Err(TableError::Schema { file: file.into(), line: 1, found }.into());
        }
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            let found = error.message().lines().collect::<Vec<_>>().join(" ");
            TableError::Schema { file: file.into(), line, found }.into()
        })
    }

    /// The declared type of a column.
    pub(crate) fn of(&self, column: &str) -> Option<&Declared> {
        self.columns.get(column)
    }

    /// The names of the declared columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }
}
