//! Every way that reading rows, drawing a figure or writing a page can fail.

use std::io;
use std::path::{Path, PathBuf};

/// What went wrong; the message names the file, the place in it, and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read.
    #[error("cannot read {}: {source}; expected a readable file", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The operating system's word.
        source: io::Error,
    },

    /// The operating system refused to write.
    #[error("cannot write {}: {source}; expected a folder that can be written to", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The operating system's word.
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

    /// A line of a CSV file does not hold what its header promises.
    #[error("{}, line {line}: {found}; expected {expected}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1, the header included.
        line: u64,
        /// What the line holds.
        found: String,
        /// What it should hold.
        expected: String,
    },

    /// A JSON file does not hold what is expected of it.
    #[error("{}, line {}: {source}; expected {expected}", file.display(), source.line())]
    Json {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// The parser's word.
        source: serde_json::Error,
    },

    /// A figure cannot be drawn from its rows.
    #[error("{}: {found}; expected {expected}", file.display())]
    Figure {
        /// The figure's CSV file.
        file: PathBuf,
        /// What the rows hold.
        found: String,
        /// What they should hold.
        expected: &'static str,
    },

    /// The drawing library or the PNG encoder failed.
    #[error("cannot draw: {0}; expected a surface of at most 30,000 pixels a side")]
    Draw(String),
}

impl Error {
    /// A reading error's wrapper, for `map_err`.
    pub(crate) fn read(file: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let file = file.to_owned();
        |source| Self::Read { file, source }
    }

    /// A writing error's wrapper, for `map_err`.
    pub(crate) fn write(file: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let file = file.to_owned();
        |source| Self::Write { file, source }
    }
}
