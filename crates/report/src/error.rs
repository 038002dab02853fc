//! Errors from reading rows, drawing figures and writing pages.

use std::io;
use std::path::{Path, PathBuf};

/// An error of this crate. Its message names the file, the position in it and what was expected; any
/// underlying cause is left to `source()`, so that a printed chain states it once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read a file.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },

    /// The operating system refused to write a file.
    #[error("cannot write {}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },

    /// The first line of a CSV file is not the header of its rows.
    #[error("{}, line 1: the columns are `{found}`; expected `{expected}`", file.display())]
    Header {
        /// The file.
        file: PathBuf,
        /// The columns found, joined by commas.
        found: String,
        /// The columns of these rows, joined by commas.
        expected: String,
    },

    /// A line of a CSV file does not match its header.
    #[error("{}, line {line}: {found}; expected {expected}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1, including the header.
        line: u64,
        /// The content of the line.
        found: String,
        /// The content expected.
        expected: String,
    },

    /// A JSON file does not have the expected content.
    #[error("{} is not {expected}", file.display())]
    Json {
        /// The file.
        file: PathBuf,
        /// The content expected.
        expected: &'static str,
        /// The error of the parser, with line and column.
        source: serde_json::Error,
    },

    /// A figure cannot be drawn from its rows.
    #[error("{}: {found}; expected {expected}", file.display())]
    Figure {
        /// The figure's CSV file.
        file: PathBuf,
        /// The content of the rows.
        found: String,
        /// The content expected.
        expected: &'static str,
    },

    /// The drawing library or the PNG encoder failed.
    #[error("cannot draw the figure: {0}")]
    Draw(String),
}

impl Error {
    /// Wraps a read error, for `map_err`.
    pub(crate) fn read(file: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let file = file.to_owned();
        |source| Self::Read { file, source }
    }

    /// Wraps a write error, for `map_err`.
    pub(crate) fn write(file: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let file = file.to_owned();
        |source| Self::Write { file, source }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    /// The error and its causes on one line, as printed by a command.
    fn chain(error: &Error) -> String {
        let mut line = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            line = format!("{line}: {error}");
            cause = error.source();
        }
        line
    }

    #[test]
    fn the_cause_is_said_once() {
        let file = Path::new("run/metrics.csv");
        let full_disk = || io::Error::from(io::ErrorKind::StorageFull);
        let not_json = serde_json::from_str::<u32>("{").unwrap_err();
        let errors = [
            Error::read(file)(full_disk()),
            Error::write(file)(full_disk()),
            Error::write(file)(io::Error::other("rows of unequal lengths")),
            Error::Json { file: file.to_owned(), expected: "a description", source: not_json },
        ];
        for error in errors {
            let cause = error.source().unwrap().to_string();
            let line = chain(&error);
            assert_eq!(line.matches(&cause).count(), 1, "{line}");
            assert!(line.contains("metrics.csv"), "{line}");
        }
        let line = chain(&Error::write(file)(full_disk()));
        assert_eq!(line, format!("cannot write run/metrics.csv: {}", full_disk()));
    }
}
