//! Tables of named columns of any type, delivered block by block by the formats.

pub(crate) mod cell;
pub(crate) mod dates;
pub(crate) mod encode;
pub(crate) mod fit;
pub(crate) mod label;
pub(crate) mod parts;
pub(crate) mod schema;
pub(crate) mod store;
pub(crate) mod unseen;

use std::path::PathBuf;

use crate::error::Error;
use crate::place::Place;
pub(crate) use cell::Cell;

/// Number of rows in a block.
pub(crate) const BLOCK_ROWS: usize = 8000;

/// A table that is read from its start.
pub(crate) struct Frame {
    pub(crate) file: PathBuf,
    /// The names of the columns; their indices if the table has no header.
    pub(crate) names: Vec<String>,
    pub(crate) has_header: bool,
    pub(crate) cells: CellFormat,
    pub(crate) blocks: Box<dyn FrameReader>,
}

/// The notation of numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CellFormat {
    /// Whether a comma may be the decimal separator.
    pub(crate) decimal_comma: bool,
}

/// The blocks of a table, in the order of the rows.
pub(crate) trait FrameReader: Send {
    /// The next rows, at most about [`BLOCK_ROWS`]; `None` at the end.
    fn next_block(&mut self) -> Result<Option<Box<dyn Cells>>, Error>;
}

/// Some rows of a table.
pub(crate) trait Cells {
    /// Number of rows.
    fn n_rows(&self) -> usize;

    /// A cell of these rows.
    fn cell(&self, row: usize, column: usize) -> Cell<'_>;

    /// The place of a row in the file, such as `line 3`.
    fn place(&self, row: usize) -> Place;
}
