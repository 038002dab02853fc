//! Column types declared in a TOML file.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use chrono::NaiveDate;
use indexmap::IndexMap;
use serde::Deserialize;

use super::dates;
use crate::error::Error;
use crate::table_error::TableError;

/// The declared columns, by name. The types of the others are inferred from the data.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Schema {
    #[serde(default)]
    columns: IndexMap<String, Declared>,
}

/// A declared type.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "kebab-case",
    deny_unknown_fields,
    expecting = "a table, such as { type = \"number\" }"
)]
pub(crate) enum Declared {
    /// Numbers, optionally with their own scaling.
    Number { scaling: Option<DeclaredScaling> },
    /// Words, optionally with all levels.
    Category { levels: Option<Vec<String>> },
    /// Two values.
    Boolean,
    /// Dates, optionally with a format.
    Date { format: Option<String> },
    /// Not a feature.
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

/// The longest declaration file that is read, in bytes: enough for twenty thousand columns.
const LONGEST: u64 = 1 << 20;

impl Schema {
    /// Reads a schema; empty without a file.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Error> {
        let Some(file) = file else { return Ok(Schema::default()) };
        let io = |source| Error::Io { file: file.into(), source };
        let mut text = String::new();
        File::open(file).map_err(io)?.take(LONGEST + 1).read_to_string(&mut text).map_err(io)?;
        if text.len() as u64 > LONGEST {
            let found = format!("a text of more than {} MiB", LONGEST >> 20);
            return Err(TableError::Schema { file: file.into(), line: 1, found }.into());
        }
        let schema: Schema = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            let found = error.message().lines().collect::<Vec<_>>().join(" ");
            let found =
                [("string or map", "a word"), ("a map", "a table"), ("a sequence", "an array")]
                    .iter()
                    .fold(found, |found, (term, word)| found.replace(term, word));
            TableError::Schema { file: file.into(), line, found }
        })?;
        for (column, declared) in &schema.columns {
            declared.check().map_err(|Mistake { found, expected }| {
                let (file, column) = (file.into(), column.clone());
                TableError::Declaration { file, column, found, expected }
            })?;
        }
        Ok(schema)
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

/// A declaration that is invalid whatever the data are.
struct Mistake {
    found: String,
    expected: &'static str,
}

impl Declared {
    /// Refuses levels and formats that match no cell.
    fn check(&self) -> Result<(), Mistake> {
        match self {
            Declared::Category { levels: Some(levels) } if levels.is_empty() => Err(Mistake {
                found: "levels = []".into(),
                expected: "at least one level, or no `levels`, so that they are found in the data",
            }),
            Declared::Category { levels: Some(levels) } => {
                let twice =
                    levels.iter().enumerate().find(|(i, level)| levels[..*i].contains(level));
                twice.map_or(Ok(()), |(_, level)| {
                    let found = format!("`levels` has \"{level}\" twice");
                    Err(Mistake { found, expected: "each level once" })
                })
            }
            Declared::Date { format: Some(format) } if !reads_dates(format) => Err(Mistake {
                found: format!("format = \"{format}\""),
                expected: "a year, a month and a day in the notation of strftime, a number first, such as \
                           \"%d.%m.%Y\"",
            }),
            _ => Ok(()),
        }
    }
}

/// Whether a date written in this format can be parsed in it.
fn reads_dates(format: &str) -> bool {
    let moment = NaiveDate::from_ymd_opt(2023, 11, 25).and_then(|day| day.and_hms_opt(13, 45, 56));
    let mut text = String::new();
    // `%#z` can only be parsed; an item unknown to chrono makes writing fail.
    let written = moment
        .map(|moment| write!(text, "{}", moment.and_utc().format(&format.replace("%#z", "%:z"))));
    matches!(written, Some(Ok(()))) && dates::seconds(&text, format).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_dates_are_told_from_others() {
        let declared = ["%d.%m.%Y", "%Y%m%d", "%-d/%-m/%Y", "%Y-%m-%dT%H:%M:%S%z"];
        for format in dates::FORMATS.into_iter().chain(declared) {
            assert!(reads_dates(format), "{format}");
        }
        for format in ["", "%Q", "%", "day", "%H:%M", "%Y-%m", "%b %d %Y", "%Y-%m-%d %Q"] {
            assert!(!reads_dates(format), "{format}");
        }
    }
}
