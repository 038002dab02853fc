//! Columns of Parquet and Arrow files in their original types. The file is read a second time, because the
//! cells are numbers in `f64`, which is too coarse for some types.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::contract::Original;
use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::BLOCK_ROWS;
use crate::guard::guarded;
use crate::read::format::has_extension;

type Batches = Box<dyn RecordBatchReader + Send>;

/// The remaining rows of a file.
pub(super) struct Typed {
    file: PathBuf,
    batches: Batches,
    rest: Option<RecordBatch>,
}

impl Typed {
    /// Opens a file; `None` if its columns have no types.
    pub(super) fn open(file: &Path) -> Result<Option<Self>, Error> {
        let is_parquet = has_extension(file, &["parquet", "pq"]);
        if !is_parquet && !has_extension(file, &["arrow", "feather", "ipc", "arrows"]) {
            return Ok(None);
        }
        let opened = || File::open(file).map_err(|source| Error::Io { file: file.into(), source });
        let (first, second) = (opened()?, opened()?);
        let batches = guarded(move || -> Result<Batches, ArrowError> {
            if is_parquet {
                let builder = ParquetRecordBatchReaderBuilder::try_new(first)?;
                return Ok(Box::new(builder.with_batch_size(BLOCK_ROWS).build()?));
            }
            Ok(match FileReader::try_new(first, None) {
                Ok(reader) => Box::new(reader),
                Err(_) => Box::new(StreamReader::try_new(second, None)?),
            })
        });
        let batches = batches.map_err(|panic| malformed(file, panic.into()))?;
        let batches = batches.map_err(|error| malformed(file, error.into()))?;
        Ok(Some(Typed { file: file.into(), batches, rest: None }))
    }

    /// The columns of the next `n_rows` rows, which must match one block of cells.
    pub(super) fn next(&mut self, n_rows: usize) -> Result<Vec<Original>, Error> {
        let (file, batches) = (&self.file, &mut self.batches);
        let batch = match self.rest.take() {
            Some(rest) => Some(rest),
            None => guarded(|| batches.next())
                .map_err(|panic| malformed(file, panic.into()))?
                .transpose()
                .map_err(|error| malformed(file, error.into()))?,
        };
        // A file without rows may have no batch.
        let batch =
            batch.or_else(|| (n_rows == 0).then(|| RecordBatch::new_empty(batches.schema())));
        let batch = batch.filter(|batch| batch.num_rows() >= n_rows);
        let batch = batch.ok_or_else(|| malformed(file, "its rows have changed".into()))?;
        let n_left = batch.num_rows() - n_rows;
        self.rest = (n_left > 0).then(|| batch.slice(n_rows, n_left));
        let piece = batch.slice(0, n_rows);
        let columns = guarded(|| piece.columns().iter().map(|it| values(it.as_ref())).collect());
        Ok(columns.map_err(|panic| malformed(file, panic.into()))?)
    }
}

fn malformed(file: &Path, cause: Box<dyn std::error::Error + Send + Sync>) -> FormatError {
    let place = file.display().to_string();
    FormatError::Malformed { place, cause, expected: "a Parquet, Arrow IPC or Feather V2 table" }
}

/// The values of an Arrow array. Types that cells cannot be read from were refused earlier.
fn values(array: &dyn Array) -> Original {
    match array.data_type() {
        DataType::Int8 => integers::<Int8Type>(array, 8, true),
        DataType::Int16 => integers::<Int16Type>(array, 16, true),
        DataType::Int32 => integers::<Int32Type>(array, 32, true),
        DataType::Int64 => integers::<Int64Type>(array, 64, true),
        DataType::UInt8 => integers::<UInt8Type>(array, 8, false),
        DataType::UInt16 => integers::<UInt16Type>(array, 16, false),
        DataType::UInt32 => integers::<UInt32Type>(array, 32, false),
        DataType::UInt64 => integers::<UInt64Type>(array, 64, false),
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>().iter();
            Original::Floats(values.map(|x| x.filter(|x| !x.is_nan())).collect())
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().iter();
            Original::Numbers(values.map(|x| x.filter(|x| !x.is_nan())).collect())
        }
        DataType::Decimal128(precision, scale) => Original::Decimals {
            precision: *precision,
            scale: *scale,
            values: array.as_primitive::<Decimal128Type>().iter().collect(),
        },
        DataType::Date32 => Original::Days(array.as_primitive::<Date32Type>().iter().collect()),
        DataType::Date64 => moments::<Date64Type>(array, 1_000, false),
        DataType::Timestamp(unit, zone) => {
            let utc = zone.is_some();
            match unit {
                TimeUnit::Second => moments::<TimestampSecondType>(array, 1, utc),
                TimeUnit::Millisecond => moments::<TimestampMillisecondType>(array, 1_000, utc),
                TimeUnit::Microsecond => moments::<TimestampMicrosecondType>(array, 1_000_000, utc),
                TimeUnit::Nanosecond => {
                    moments::<TimestampNanosecondType>(array, 1_000_000_000, utc)
                }
            }
        }
        DataType::Boolean => Original::Booleans(array.as_boolean().iter().collect()),
        DataType::Utf8 => words(array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => words(array.as_string::<i64>().iter()),
        DataType::Utf8View => words(array.as_string_view().iter()),
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let values = values(dictionary.values().as_ref());
            let keys = dictionary.normalized_keys().into_iter().enumerate();
            let word = |(row, key): (usize, usize)| {
                (array.is_valid(row) && !values.is_missing(key)).then(|| values.text(key))
            };
            Original::Words(keys.map(word).collect())
        }
        _ => Original::Words(vec![None; array.len()]),
    }
}

fn integers<T: ArrowPrimitiveType>(array: &dyn Array, bits: u8, signed: bool) -> Original
where
    i128: From<T::Native>,
{
    let values = array.as_primitive::<T>().iter().map(|x| x.map(i128::from)).collect();
    Original::Integers { bits, signed, values }
}

fn moments<T: ArrowPrimitiveType<Native = i64>>(
    array: &dyn Array,
    per_second: i64,
    utc: bool,
) -> Original {
    Original::Moments { per_second, utc, values: array.as_primitive::<T>().iter().collect() }
}

fn words<'a>(words: impl Iterator<Item = Option<&'a str>>) -> Original {
    Original::Words(words.map(|word| word.map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, BooleanArray, Decimal128Array, Float32Array, Int64Array, StringArray,
        TimestampNanosecondArray, UInt8Array,
    };
    use ndarray::Array2;
    use parquet::arrow::ArrowWriter;

    use super::*;
    use crate::contract::Contract;
    use crate::{NewData, ReadOptions};

    /// A table of forty rows, the seventh of which has no count.
    fn batch() -> RecordBatch {
        let rows = 0..40_i64;
        let decimals: Decimal128Array = rows.clone().map(|i| Some(i128::from(i * i))).collect();
        let decimals = decimals.with_precision_and_scale(12, 2).expect("it fits");
        let big = Int64Array::from_iter_values(rows.clone().map(|i| i64::MAX - i * i));
        let count = |i: i64| u8::try_from(i % 9).ok().filter(|_| i != 7);
        let counts: UInt8Array = rows.clone().map(count).collect();
        let tenths = Float32Array::from_iter_values(rows.clone().map(|i| i as f32 / 10.0));
        let nanos = rows.clone().map(|i| i * 86_400_000_000_123);
        let truths: BooleanArray = rows.clone().map(|i| Some(i % 3 == 0)).collect();
        let kinds = rows.map(|i| if i % 2 == 0 { "a" } else { "b" });
        let columns: [(&str, ArrayRef); 7] = [
            ("big", Arc::new(big)),
            ("n", Arc::new(counts)),
            ("x", Arc::new(tenths)),
            ("when", Arc::new(TimestampNanosecondArray::from_iter_values(nanos))),
            ("ok", Arc::new(truths)),
            ("price", Arc::new(decimals)),
            ("kind", Arc::new(StringArray::from_iter_values(kinds))),
        ];
        RecordBatch::try_from_iter(columns).expect("columns of one length")
    }

    #[test]
    fn values_keep_their_types_and_digits() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t.parquet");
        let batch = batch();
        let file = File::create(&path).expect("created");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a file");
        writer.write(&batch).expect("written");
        writer.close().expect("written");
        let options =
            ReadOptions { label_column: Some("kind".to_owned()), ..ReadOptions::default() };
        let contract: Contract = crate::open(&path, &options).expect("a table").contract;
        let mut rows = contract.rows(&path, &NewData::default()).expect("its rows");
        rows.keep_values().expect("opened again");
        let block = rows.next().expect("a block").expect("its rows");
        let model = Array2::from_elem(block.x.dim(), 0.25);
        let filled = block.filled(&contract, model.view()).expect("values are kept");
        for ((name, found), array) in filled.iter().zip(batch.columns()) {
            let expected = values(array.as_ref());
            if name != "n" {
                assert_eq!(*found, expected, "{name}");
                continue;
            }
            let Original::Integers { bits: 8, signed: false, values } = found else {
                panic!("{found:?}")
            };
            assert!(values[7].is_some(), "the hole is filled");
            assert!(
                (0..40).filter(|row| *row != 7).all(|row| found.text(row) == expected.text(row))
            );
        }
    }
}
