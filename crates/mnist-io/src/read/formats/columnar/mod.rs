//! Parquet and Arrow IPC (Feather) files: tables with typed columns.
//!
//! The decoders allocate what a file declares before reading it. A damaged file may declare any number, and a
//! failed allocation aborts the process, so the numbers are checked before the decoders see them.

pub(super) mod ipc;
mod pages;
pub(super) mod parquet;

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{ArrowError, DataType, SchemaRef, TimeUnit};

use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::{BLOCK_ROWS, Cell, CellFormat, Cells, Frame, FrameReader};
use crate::guard::guarded;
use crate::place::Place;
use crate::table_error::TableError;

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

fn opened(file: &Path) -> Result<File, Error> {
    File::open(file).map_err(|source| Error::Io { file: file.into(), source })
}

fn malformed(file: &Path, cause: Box<dyn std::error::Error + Send + Sync>) -> FormatError {
    let place = file.display().to_string();
    FormatError::Malformed { place, cause, expected: "a Parquet, Arrow IPC or Feather V2 table" }
}

fn frame(file: &Path, schema: SchemaRef, batches: Batches) -> Result<Frame, Error> {
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    for (second, column) in names.iter().enumerate() {
        if let Some(first) = names[..second].iter().position(|name| name == column) {
            let (file, column) = (file.into(), column.clone());
            return Err(TableError::DuplicateColumn { file, column, first, second }.into());
        }
    }
    let blocks = Box::new(Blocks { file: file.into(), batches, rest: None, n_rows: 0 });
    Ok(Frame { file: file.into(), names, has_header: true, cells: CellFormat::default(), blocks })
}

/// The batches of a file, in pieces of at most [`BLOCK_ROWS`], because those of an Arrow file may have any
/// number of rows.
struct Blocks {
    file: PathBuf,
    batches: Batches,
    /// The remaining rows of the last batch.
    rest: Option<RecordBatch>,
    n_rows: u64,
}

impl Blocks {
    /// The next rows, as an Arrow batch.
    fn next_piece(&mut self) -> Result<Option<RecordBatch>, FormatError> {
        let (file, batches) = (&self.file, &mut self.batches);
        let batch = match self.rest.take() {
            Some(rest) => rest,
            None => match guarded(|| batches.next()).map_err(|it| malformed(file, it.into()))? {
                Some(batch) => batch.map_err(|error| malformed(file, error.into()))?,
                None => return Ok(None),
            },
        };
        let n_rows = batch.num_rows().min(BLOCK_ROWS);
        let n_left = batch.num_rows() - n_rows;
        self.rest = (n_left > 0).then(|| batch.slice(n_rows, n_left));
        Ok(Some(batch.slice(0, n_rows)))
    }
}

impl FrameReader for Blocks {
    fn next_block(&mut self) -> Result<Option<Box<dyn Cells>>, Error> {
        let Some(batch) = self.next_piece()? else { return Ok(None) };
        let file = &self.file;
        let schema = batch.schema();
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns
            .map(|(column, field)| {
                let values = guarded(|| values(column.as_ref()));
                let values = values.map_err(|panic| malformed(file, panic.into()))?;
                let wrong_type = || TableError::ColumnType {
                    file: file.clone(),
                    column: field.name().clone(),
                    found: field.data_type().to_string(),
                };
                Ok(values.ok_or_else(wrong_type)?)
            })
            .collect::<Result<_, Error>>()?;
        let block = Batch { first_row: self.n_rows, n_rows: batch.num_rows(), columns };
        self.n_rows += batch.num_rows() as u64;
        Ok(Some(Box::new(block)))
    }
}

/// Some rows.
struct Batch {
    first_row: u64,
    n_rows: usize,
    columns: Vec<Values>,
}

/// The cells of a column.
enum Values {
    Numbers(Vec<Option<f64>>),
    Moments(Vec<Option<f64>>),
    Booleans(Vec<Option<bool>>),
    Words(Vec<Option<String>>),
    /// Indices of words.
    Dictionary {
        keys: Vec<Option<usize>>,
        words: Vec<Option<String>>,
    },
    Missing,
}

/// The cells of an Arrow array; `None` for a type that is not a number, date, boolean or text.
fn values(array: &dyn Array) -> Option<Values> {
    Some(match array.data_type() {
        DataType::Int8 => numbers::<Int8Type>(array, f64::from),
        DataType::Int16 => numbers::<Int16Type>(array, f64::from),
        DataType::Int32 => numbers::<Int32Type>(array, f64::from),
        DataType::Int64 => numbers::<Int64Type>(array, |x| x as f64),
        DataType::UInt8 => numbers::<UInt8Type>(array, f64::from),
        DataType::UInt16 => numbers::<UInt16Type>(array, f64::from),
        DataType::UInt32 => numbers::<UInt32Type>(array, f64::from),
        DataType::UInt64 => numbers::<UInt64Type>(array, |x| x as f64),
        DataType::Float32 => numbers::<Float32Type>(array, f64::from),
        DataType::Float64 => numbers::<Float64Type>(array, |x| x),
        DataType::Decimal128(_, scale) => {
            let unit = 10_f64.powi(i32::from(*scale));
            numbers::<Decimal128Type>(array, move |x| x as f64 / unit)
        }
        DataType::Date32 => moments::<Date32Type>(array, |x| f64::from(x) * 86_400.0),
        DataType::Date64 => moments::<Date64Type>(array, |x| x as f64 / 1e3),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => moments::<TimestampSecondType>(array, |x| x as f64),
            TimeUnit::Millisecond => moments::<TimestampMillisecondType>(array, |x| x as f64 / 1e3),
            TimeUnit::Microsecond => moments::<TimestampMicrosecondType>(array, |x| x as f64 / 1e6),
            TimeUnit::Nanosecond => moments::<TimestampNanosecondType>(array, |x| x as f64 / 1e9),
        },
        DataType::Boolean => Values::Booleans(array.as_boolean().iter().collect()),
        DataType::Utf8 => words(array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => words(array.as_string::<i64>().iter()),
        DataType::Utf8View => words(array.as_string_view().iter()),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let Values::Words(words) = values(dictionary.values().as_ref())? else { return None };
            let keys = dictionary.normalized_keys().into_iter().enumerate();
            let keys = keys.map(|(row, key)| array.is_valid(row).then_some(key)).collect();
            Values::Dictionary { keys, words }
        }
        DataType::Null => Values::Missing,
        _ => return None,
    })
}

fn numbers<T: ArrowPrimitiveType>(array: &dyn Array, read: impl Fn(T::Native) -> f64) -> Values {
    Values::Numbers(array.as_primitive::<T>().iter().map(|x| x.map(&read)).collect())
}

fn moments<T: ArrowPrimitiveType>(array: &dyn Array, read: impl Fn(T::Native) -> f64) -> Values {
    Values::Moments(array.as_primitive::<T>().iter().map(|x| x.map(&read)).collect())
}

fn words<'a>(words: impl Iterator<Item = Option<&'a str>>) -> Values {
    Values::Words(words.map(|word| word.map(str::to_owned)).collect())
}

impl Cells for Batch {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let cell = match &self.columns[column] {
            Values::Numbers(numbers) => numbers[row].map(Cell::Number),
            Values::Moments(moments) => moments[row].map(Cell::Moment),
            Values::Booleans(truths) => truths[row].map(Cell::Boolean),
            Values::Words(words) => words[row].as_deref().map(Cell::Text),
            Values::Dictionary { keys, words } => {
                keys[row].and_then(|key| words[key].as_deref()).map(Cell::Text)
            }
            Values::Missing => None,
        };
        cell.unwrap_or(Cell::Missing)
    }

    fn place(&self, row: usize) -> Place {
        Place::Row(self.first_row + row as u64)
    }
}
