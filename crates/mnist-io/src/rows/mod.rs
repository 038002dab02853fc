//! Reading of new data by the contract of a model's training data.

mod array;
mod kept;
mod matching;
mod report;
#[cfg(feature = "columnar")]
mod typed;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use ndarray::Array2;

pub use report::{FeatureReport, RowsReport};

use self::array::{ArrayEncoder, ArrayRows, Arrays};
use self::kept::{Keeper, Kept};
use self::matching::Matched;
use crate::contract::{Contract, Encoder, Input, UnknownLevels};
use crate::error::Error;
use crate::frame::cell::Cell;
use crate::frame::{CellFormat, Cells, Frame};
use crate::place::Place;
use crate::read::classes::KnownClasses;
use crate::read::format::{ArrayOptions, FrameOptions, Reader};
use crate::read::formats::format_of;
use crate::read::note::Note;
use crate::table_error::TableError;

/// Options for reading new data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewData {
    /// The treatment of levels not seen in training.
    pub unknown_levels: UnknownLevels,
    /// Whether a label that is not a class of the contract is an error; otherwise the row has no class, and
    /// the report counts it.
    pub refuse_unknown_classes: bool,
    /// The column of a table that holds the labels; by default the contract's, if present. `none` ignores it.
    pub label_column: Option<String>,
    /// Whether the first line of a text table names the columns; detected by default.
    pub header: Option<bool>,
    /// The memory that a line, an archive's entry or the images of a folder may take, in bytes.
    pub memory_limit: u64,
}

impl Default for NewData {
    fn default() -> Self {
        NewData {
            unknown_levels: UnknownLevels::Other,
            refuse_unknown_classes: false,
            label_column: None,
            header: None,
            memory_limit: 1 << 30,
        }
    }
}

/// Consecutive rows of new data.
#[derive(Debug, Clone, PartialEq)]
pub struct RowBlock {
    /// The index of the first row in the file, from 0.
    pub first_row: usize,
    /// The features: n_rows × n_features.
    pub x: Array2<f32>,
    /// The class of each row, as numbered by the contract, if the data have labels. A row may have no label,
    /// or one unknown to the contract.
    pub labels: Option<Vec<Option<u8>>>,
    kept: Option<Kept>,
}

/// All rows of a file or folder, in its order, in blocks of at most 8,000 rows. The encoding of a row does
/// not depend on other rows. A table without rows is one block without rows, so that its columns are known.
/// After an error there are no more blocks.
///
/// ```
/// use mnist_io::{NewData, ReadOptions, open};
///
/// let dir = tempfile::tempdir()?;
/// let file = dir.path().join("flats.csv");
/// std::fs::write(&file, "size,rooms,y\n50,2,a\n70,3,b\n90,4,a\n110,6,b\n")?;
/// let contract = open(&file, &ReadOptions::default())?.contract;
///
/// std::fs::write(&file, "rooms,size\n3,70\n")?;
/// let mut rows = contract.rows(&file, &NewData::default())?;
/// let block = rows.next().expect("one block")?;
/// assert_eq!((block.x.dim(), block.labels), ((1, 2), None));
/// assert_eq!(rows.report().n_rows, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Rows<'a> {
    contract: &'a Contract,
    file: PathBuf,
    source: Source,
    encoder: AnyEncoder<'a>,
    sources: Vec<usize>,
    label: Option<usize>,
    keeper: Option<Keeper>,
    classes: KnownClasses,
    refuse_unknown_classes: bool,
    notes: Vec<Note>,
    has_begun: bool,
    n_seen: usize,
    n_labelled: usize,
    unknown_classes: IndexMap<String, u64>,
    failed: bool,
}

/// The rows, by kind of format.
enum Source {
    Arrays(Arrays),
    Frame(Frame),
}

enum AnyEncoder<'a> {
    Table(Encoder<'a>),
    Array(ArrayEncoder<'a>),
}

impl Contract {
    /// Reads new data in any format. Columns are matched by name, in any order, or by position if one side
    /// has no names; further columns are ignored with a note. Nothing is fitted to the new data.
    ///
    /// # Errors
    /// An [`Error`] that names the file and a missing column, a wrong width, or a wrong image size. Each
    /// block may return one that names the line and column of a cell.
    pub fn rows(&self, path: impl AsRef<Path>, new: &NewData) -> Result<Rows<'_>, Error> {
        let path = path.as_ref();
        let mut conversions = Vec::new();
        let mut source = match &format_of(path)?.reader {
            Reader::Arrays { read, .. } => {
                let channels = Some(self.shape().channels);
                let raw = read(path, &ArrayOptions { memory_limit: new.memory_limit, channels })?;
                conversions =
                    raw.notes.iter().filter(|note| note.is_conversion()).cloned().collect();
                Source::Arrays(Arrays::new(raw))
            }
            Reader::Table(read) => {
                let known = matching::known_names(self);
                let (header, memory_limit) = (new.header, new.memory_limit);
                Source::Frame(read(path, &FrameOptions { header, known: &known, memory_limit })?)
            }
        };
        let matched = match &mut source {
            Source::Frame(frame) => matching::frame(self, frame, new)?,
            Source::Arrays(arrays) => matching::arrays(self, arrays)?,
        };
        let Matched { sources, label, notes } = matched;
        conversions.extend(notes);
        let encoder = match &self.input {
            Input::Table(table) => {
                let used = table.columns.iter().filter(|column| column.n_features() > 0);
                let columns = used.zip(sources.iter().copied());
                AnyEncoder::Table(Encoder::new(columns, new.unknown_levels, self.missing))
            }
            Input::Array(array) => {
                AnyEncoder::Array(ArrayEncoder::new(array, sources.clone(), self.missing))
            }
        };
        Ok(Rows {
            contract: self,
            file: path.into(),
            source,
            encoder,
            sources,
            label,
            keeper: None,
            classes: KnownClasses::new(self.class_names()),
            refuse_unknown_classes: new.refuse_unknown_classes,
            notes: conversions,
            has_begun: false,
            n_seen: 0,
            n_labelled: 0,
            unknown_classes: IndexMap::new(),
            failed: false,
        })
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<RowBlock, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let block = self.block().transpose();
        self.failed = matches!(block, Some(Err(_)));
        block
    }
}

impl Rows<'_> {
    /// Notes on the conversion of images and the matching of columns.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Makes all further blocks keep the original values of all columns of the file, for
    /// [`RowBlock::filled`].
    ///
    /// # Errors
    /// [`Error`] if the file cannot be opened again.
    pub fn keep_values(&mut self) -> Result<(), Error> {
        let (names, format) = match &self.source {
            Source::Frame(frame) if frame.has_header => (Some(frame.names.clone()), frame.cells),
            Source::Frame(frame) => (None, frame.cells),
            Source::Arrays(_) => (None, CellFormat::default()),
        };
        let n_columns = match &self.source {
            Source::Frame(frame) => frame.names.len(),
            Source::Arrays(arrays) => arrays.shape().n_values(),
        };
        let names = names.unwrap_or_else(|| {
            kept::contract_names(self.contract, n_columns, &self.sources, self.label)
        });
        let columns = (names, self.sources.clone());
        self.keeper = Some(Keeper::new(self.contract, columns, format, &self.file)?);
        Ok(())
    }

    /// The separator of a text table in which commas may be decimal separators; otherwise a comma.
    #[must_use]
    pub fn separator(&self) -> u8 {
        match &self.source {
            Source::Frame(frame) if frame.cells.decimal_comma => b';',
            _ => b',',
        }
    }

    fn block(&mut self) -> Result<Option<RowBlock>, Error> {
        let (x, kept, words) = match (&mut self.source, &mut self.encoder) {
            (Source::Frame(frame), encoder) => {
                let cells = match frame.blocks.next_block()? {
                    Some(cells) => cells,
                    None if self.has_begun => return Ok(None),
                    None => Box::new(NoRows),
                };
                let cells = cells.as_ref();
                let x = match encoder {
                    AnyEncoder::Table(encoder) => encoder.encode(&self.file, cells, frame.cells)?,
                    AnyEncoder::Array(encoder) => {
                        encoder.encode_cells(&self.file, cells, frame.cells)?
                    }
                };
                let kept = self.keeper.as_mut().map(|keeper| keeper.of_cells(cells, &x));
                (x, kept.transpose()?, self.label.map(|label| words_of(cells, label)))
            }
            (Source::Arrays(arrays), encoder) => {
                let keeper = self.keeper.as_ref();
                let rows = arrays.next_rows(|table, rows, first_row| {
                    let x = match encoder {
                        AnyEncoder::Array(encoder) => {
                            encoder.encode(&self.file, table, rows.clone(), first_row)?
                        }
                        AnyEncoder::Table(encoder) => {
                            let cells = ArrayRows::read(table, rows.clone(), first_row)?;
                            encoder.encode(&self.file, &cells, CellFormat::default())?
                        }
                    };
                    let kept = keeper.map(|keeper| keeper.of_array(table, rows)).transpose()?;
                    Ok((x, kept))
                })?;
                let Some((x, kept)) = rows else { return Ok(None) };
                (x, kept, arrays.labels())
            }
        };
        self.has_begun = true;
        let first_row = self.n_seen;
        self.n_seen += x.nrows();
        let labels = words.map(|words| self.classes_of(words)).transpose()?;
        Ok(Some(RowBlock { first_row, x, labels, kept }))
    }

    /// The classes of labels.
    fn classes_of(
        &mut self,
        words: Vec<(Option<String>, Place)>,
    ) -> Result<Vec<Option<u8>>, TableError> {
        let mut classes = Vec::with_capacity(words.len());
        for (word, place) in words {
            let class = match &word {
                None => None,
                Some(word) => match self.classes.class(word) {
                    None if self.refuse_unknown_classes => {
                        let expected = self.contract.class_names().to_vec();
                        let (file, found) = (self.file.clone(), word.clone());
                        return Err(TableError::UnknownClass { file, place, found, expected });
                    }
                    None => {
                        *self.unknown_classes.entry(word.clone()).or_default() += 1;
                        None
                    }
                    class => class,
                },
            };
            self.n_labelled += usize::from(class.is_some());
            classes.push(class);
        }
        Ok(classes)
    }
}

/// The cells of a table without rows.
struct NoRows;

impl Cells for NoRows {
    fn n_rows(&self) -> usize {
        0
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        unreachable!("row {row}, column {column} of a table without rows")
    }

    fn place(&self, row: usize) -> Place {
        unreachable!("row {row} of a table without rows")
    }
}

/// The labels of a block, with their positions.
fn words_of(cells: &dyn Cells, label: usize) -> Vec<(Option<String>, Place)> {
    let word = |row| {
        let cell = cells.cell(row, label);
        let word = (!cell.is_missing_label()).then(|| cell.text().into_owned());
        (word, cells.place(row))
    };
    (0..cells.n_rows()).map(word).collect()
}
