//! A table in memory, with a type for each column that fits all its cells.

mod checks;

use std::path::PathBuf;

use indexmap::IndexMap;

use self::checks::{check_declared, check_labels};
use super::cell::{Cell, canonical, number_text};
use super::schema::{Declared, Schema};
use super::{CellFormat, Frame, dates};
use crate::error::Error;
use crate::format_error::FormatError;
use crate::place::Place;
use crate::read::formats::declared_rows;
use crate::table_error::TableError;

/// The code of a missing word.
pub(crate) const NO_WORD: u32 = u32::MAX;

/// The cells of a column.
#[derive(Debug)]
pub(crate) enum Store {
    /// Only missing cells so far, with their number.
    Empty(usize),
    /// Numbers; NaN where missing.
    Numbers(Vec<f64>),
    /// Seconds since 1970; NaN where missing. The format is that of the source text, if any.
    Moments { seconds: Vec<f64>, format: Option<String> },
    /// The index of each cell's word, [`NO_WORD`] where missing, and the words in the order of first
    /// appearance, with its position.
    Words { words: IndexMap<String, Place>, codes: Vec<u32> },
    /// A column that is not needed.
    Skipped,
}

/// A table in memory.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) file: PathBuf,
    pub(crate) names: Vec<String>,
    pub(crate) has_header: bool,
    pub(crate) cells: CellFormat,
    pub(crate) n_rows: usize,
    pub(crate) columns: Vec<Store>,
    /// The position of the first missing cell of each column.
    pub(crate) first_missing: Vec<Option<Place>>,
    /// The position of the first infinite number of each column.
    pub(crate) first_infinite: Vec<Option<Place>>,
}

/// The type as which the cells of a column are read.
#[derive(Debug, Clone, PartialEq)]
enum Mode {
    /// Decided by the first cell that is not missing.
    Open,
    Numbers,
    /// Dates in a format of [`dates::FORMATS`].
    Dates(usize),
    /// Dates in a declared format.
    DatesAs(String),
    Words,
    Labels,
    Skip,
}

/// Reads a whole table. `open` is called again if a later cell shows that a column has a different type than
/// its first cells.
pub(crate) fn store(
    open: &dyn Fn() -> Result<Frame, Error>,
    label: Option<usize>,
    schema: &Schema,
    memory_limit: u64,
) -> Result<Stored, Error> {
    let frame = open()?;
    let declared = |index: usize| -> (Mode, bool) {
        match schema.of(&frame.names[index]) {
            _ if Some(index) == label => (Mode::Labels, true),
            None => (Mode::Open, false),
            Some(Declared::Ignore) => (Mode::Skip, true),
            Some(Declared::Number { .. }) => (Mode::Numbers, true),
            Some(Declared::Category { .. } | Declared::Boolean) => (Mode::Words, true),
            Some(Declared::Date { format: Some(format) }) => (Mode::DatesAs(format.clone()), true),
            Some(Declared::Date { format: None }) => (Mode::Dates(0), false),
        }
    };
    let (mut modes, fixed): (Vec<Mode>, Vec<bool>) = (0..frame.names.len()).map(declared).unzip();
    if let Some(n_rows) = declared_rows(&frame.file) {
        let n_kept = modes.iter().filter(|mode| **mode != Mode::Skip).count() as u64;
        check_memory(&frame, n_rows.saturating_mul(n_kept).saturating_mul(4), memory_limit)?;
    }
    let mut frame = Some(frame);
    loop {
        let frame = match frame.take() {
            Some(frame) => frame,
            None => open()?,
        };
        if let Some(stored) = pass(frame, &mut modes, &fixed, memory_limit)? {
            check_declared(&stored, schema, label)?;
            label.map_or(Ok(()), |label| check_labels(&stored, label))?;
            return Ok(stored);
        }
    }
}

/// Refuses more bytes than the memory limit.
fn check_memory(frame: &Frame, bytes: u64, limit: u64) -> Result<(), FormatError> {
    if bytes <= limit {
        return Ok(());
    }
    let place = frame.file.display().to_string();
    let remedy = "save the numbers as a .npy file, which can stay on disk";
    Err(FormatError::Memory { place, bytes, limit, remedy })
}

/// Reads the table with these types; `None` if one of them changed.
fn pass(
    mut frame: Frame,
    modes: &mut [Mode],
    fixed: &[bool],
    memory_limit: u64,
) -> Result<Option<Stored>, Error> {
    let n_columns = modes.len();
    let mut columns: Vec<Store> = modes.iter().map(Store::of).collect();
    let (mut first_missing, mut first_infinite) = (vec![None; n_columns], vec![None; n_columns]);
    let (mut n_rows, mut bytes) = (0, 0);
    while let Some(block) = frame.blocks.next_block()? {
        let mut changed = false;
        for (index, store) in columns.iter_mut().enumerate() {
            for row in 0..block.n_rows() {
                let cell = block.cell(row, index);
                let mode = &mut modes[index];
                match store.add(cell, mode, frame.cells, || block.place(row)) {
                    Added::Value(size) => {
                        bytes += size;
                        if store.ends_infinite() {
                            first_infinite[index].get_or_insert(block.place(row));
                        }
                    }
                    Added::Missing => {
                        first_missing[index].get_or_insert(block.place(row));
                        bytes += 4;
                    }
                    Added::Refused if fixed[index] => {
                        let place = block.place(row);
                        return Err(refused(&frame, index, cell, place, mode).into());
                    }
                    Added::Refused => {
                        *mode = mode.next(cell);
                        changed = true;
                        break;
                    }
                }
            }
        }
        if changed {
            return Ok(None);
        }
        n_rows += block.n_rows();
        check_memory(&frame, bytes, memory_limit)?;
    }
    let Frame { file, names, has_header, cells, .. } = frame;
    Ok(Some(Stored {
        file,
        names,
        has_header,
        cells,
        n_rows,
        columns,
        first_missing,
        first_infinite,
    }))
}

/// The error for a cell that does not match the declared type.
fn refused(frame: &Frame, index: usize, cell: Cell, place: Place, mode: &Mode) -> TableError {
    let declared = match mode {
        Mode::DatesAs(format) => format!("a date in the format {format}"),
        _ => "a number".to_owned(),
    };
    TableError::Cell {
        file: frame.file.clone(),
        place,
        column: frame.names[index].clone(),
        found: cell.text().into_owned(),
        expected: format!("{declared}, as the column is declared"),
    }
}

/// The result of adding a cell.
enum Added {
    /// It was added, taking this number of bytes.
    Value(u64),
    Missing,
    /// It does not match the column's type.
    Refused,
}

impl Mode {
    /// The type of a column whose first cell is this one.
    fn first(cell: Cell, cells: CellFormat) -> Self {
        match cell {
            Cell::Boolean(_) => Mode::Words,
            Cell::Moment(_) => Mode::Dates(0),
            _ if cell.number(cells).is_some() => Mode::Numbers,
            Cell::Text(text) => dates::format_of(text, 0).map_or(Mode::Words, Mode::Dates),
            _ => Mode::Words,
        }
    }

    /// The type to try next, after this cell was refused.
    fn next(&self, cell: Cell) -> Self {
        match (self, cell) {
            (Mode::Dates(format), Cell::Text(text)) => {
                dates::format_of(text, format + 1).map_or(Mode::Words, Mode::Dates)
            }
            _ => Mode::Words,
        }
    }
}

impl Store {
    fn of(mode: &Mode) -> Self {
        match mode {
            Mode::Open => Store::Empty(0),
            Mode::Numbers => Store::Numbers(vec![]),
            Mode::Dates(_) => Store::Moments { seconds: vec![], format: None },
            Mode::DatesAs(format) => {
                Store::Moments { seconds: vec![], format: Some(format.clone()) }
            }
            Mode::Words | Mode::Labels => Store::Words { words: IndexMap::new(), codes: vec![] },
            Mode::Skip => Store::Skipped,
        }
    }

    fn add(
        &mut self,
        cell: Cell,
        mode: &mut Mode,
        cells: CellFormat,
        place: impl Fn() -> Place,
    ) -> Added {
        let missing =
            if *mode == Mode::Labels { cell.is_missing_label() } else { cell.is_missing() };
        if let (Store::Empty(n), false) = (&*self, missing) {
            let n = *n;
            *mode = Mode::first(cell, cells);
            *self = Store::of(mode);
            (0..n).for_each(|_| self.add_missing());
        }
        if missing {
            self.add_missing();
            return Added::Missing;
        }
        match self {
            Store::Empty(_) | Store::Skipped => Added::Value(0),
            Store::Numbers(numbers) => match cell.number(cells) {
                Some(number) => {
                    numbers.push(number);
                    Added::Value(4)
                }
                None => Added::Refused,
            },
            Store::Moments { seconds, format } => {
                let read = match (cell, &*mode) {
                    (Cell::Moment(moment), _) => Some(moment),
                    (Cell::Text(text), Mode::DatesAs(format)) => dates::seconds(text, format),
                    (Cell::Text(text), Mode::Dates(number)) => {
                        let read = dates::seconds(text, dates::FORMATS[*number]);
                        if format.is_none() && read.is_some() {
                            *format = Some(dates::FORMATS[*number].to_owned());
                        }
                        read
                    }
                    _ => None,
                };
                read.map_or(Added::Refused, |moment| {
                    seconds.push(moment);
                    Added::Value(4)
                })
            }
            Store::Words { words, codes } => {
                let text = cell.text();
                let (code, size) = if let Some(code) = words.get_index_of(text.as_ref()) {
                    (code, 4)
                } else {
                    let size = 4 + text.len() as u64;
                    (words.insert_full(text.into_owned(), place()).0, size)
                };
                codes.push(code as u32);
                Added::Value(size)
            }
        }
    }

    /// Whether the last added number is infinite.
    fn ends_infinite(&self) -> bool {
        matches!(self, Store::Numbers(numbers) if numbers.last().is_some_and(|x| x.is_infinite()))
    }

    fn add_missing(&mut self) {
        match self {
            Store::Empty(n) => *n += 1,
            Store::Numbers(numbers) | Store::Moments { seconds: numbers, .. } => {
                numbers.push(f64::NAN);
            }
            Store::Words { codes, .. } => codes.push(NO_WORD),
            Store::Skipped => (),
        }
    }

    /// Whether a row is missing.
    pub(crate) fn is_missing(&self, row: usize) -> bool {
        match self {
            Store::Empty(_) => true,
            Store::Numbers(numbers) | Store::Moments { seconds: numbers, .. } => {
                numbers[row].is_nan()
            }
            Store::Words { codes, .. } => codes[row] == NO_WORD,
            Store::Skipped => false,
        }
    }

    /// The text of a row; `None` if it is missing.
    pub(crate) fn text(&self, row: usize) -> Option<String> {
        if self.is_missing(row) {
            return None;
        }
        match self {
            Store::Empty(_) | Store::Skipped => None,
            Store::Numbers(numbers) => Some(canonical(&number_text(numbers[row])).into_owned()),
            Store::Moments { seconds, format } => Some(match format {
                Some(format) => dates::text(seconds[row], format),
                None => dates::iso(seconds[row]),
            }),
            Store::Words { words, codes } => {
                words.get_index(codes[row] as usize).map(|(word, _)| word.clone())
            }
        }
    }
}
