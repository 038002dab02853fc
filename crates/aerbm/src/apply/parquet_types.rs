//! Types of Parquet columns, and their values.

use std::fs::File;

use ::parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::Type;
use mnist_io::Original;

use super::table::{Column, Values};

/// Number of bytes of a decimal number.
const DECIMAL: i32 = 16;

/// The description of a column. Values that may be missing are optional.
pub(super) fn field(name: &str, values: &Values) -> Result<Type, ParquetError> {
    let (physical, logical, repetition) = match values {
        Values::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
        Values::Whole(_) => (Physical::INT64, None, Repetition::REQUIRED),
        Values::Reals(_) => (Physical::FLOAT, None, Repetition::OPTIONAL),
        Values::Doubles(_) => (Physical::DOUBLE, None, Repetition::OPTIONAL),
        Values::Original(original) => {
            let (physical, logical) = original_type(original);
            (physical, logical, Repetition::OPTIONAL)
        }
    };
    let builder = Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical);
    match values {
        Values::Original(Original::Decimals { precision, scale, .. }) if *scale >= 0 => builder
            .with_length(DECIMAL)
            .with_precision(i32::from(*precision))
            .with_scale(i32::from(*scale))
            .build(),
        _ => builder.build(),
    }
}

/// The type that holds the values of a file's column.
fn original_type(original: &Original) -> (Physical, Option<LogicalType>) {
    match original {
        Original::Integers { bits, signed, .. } => {
            let physical = if *bits > 32 { Physical::INT64 } else { Physical::INT32 };
            let width = i8::try_from(*bits).expect("an integer has at most 64 bits");
            (physical, Some(LogicalType::integer(width, *signed)))
        }
        Original::Decimals { precision, scale, .. } if *scale >= 0 => {
            let logical = LogicalType::decimal(i32::from(*scale), i32::from(*precision));
            (Physical::FIXED_LEN_BYTE_ARRAY, Some(logical))
        }
        Original::Booleans(_) => (Physical::BOOLEAN, None),
        Original::Days(_) => (Physical::INT32, Some(LogicalType::Date)),
        Original::Moments { per_second, utc, .. } => {
            let unit = match per_second {
                1_000_000_000 => TimeUnit::NANOS,
                1_000_000 => TimeUnit::MICROS,
                // Parquet has no seconds.
                _ => TimeUnit::MILLIS,
            };
            (Physical::INT64, Some(LogicalType::timestamp(*utc, unit)))
        }
        Original::Floats(_) => (Physical::FLOAT, None),
        other if other.is_numbers() => (Physical::DOUBLE, None),
        _ => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    }
}

/// Writes the next column of a row group.
pub(super) fn write_column(
    group: &mut SerializedRowGroupWriter<'_, File>,
    column: &Column,
) -> Result<(), ParquetError> {
    let Some(mut writer) = group.next_column()? else {
        return Err(ParquetError::General("more columns than the first batch has".into()));
    };
    match &column.values {
        Values::Text(words) => {
            let words: Vec<ByteArray> =
                words.iter().map(|word| ByteArray::from(word.as_str())).collect();
            writer.typed::<ByteArrayType>().write_batch(&words, None, None)?;
        }
        Values::Whole(numbers) => {
            writer.typed::<Int64Type>().write_batch(numbers, None, None)?;
        }
        Values::Reals(numbers) => {
            let numbers = numbers.iter().map(|number| (!number.is_nan()).then_some(*number));
            optional::<FloatType>(&mut writer, numbers)?;
        }
        Values::Doubles(numbers) => {
            let numbers = numbers.iter().map(|number| (!number.is_nan()).then_some(*number));
            optional::<DoubleType>(&mut writer, numbers)?;
        }
        Values::Original(original) => write_original(&mut writer, original)?,
    }
    writer.close()
}

fn write_original(
    writer: &mut SerializedColumnWriter<'_>,
    original: &Original,
) -> Result<(), ParquetError> {
    let rows = 0..original.len();
    match original {
        // Unsigned numbers are stored as the signed ones with the same bits.
        Original::Integers { bits, values, .. } if *bits > 32 => {
            optional::<Int64Type>(writer, values.iter().map(|x| x.map(|x| x as i64)))
        }
        Original::Integers { values, .. } => {
            optional::<Int32Type>(writer, values.iter().map(|x| x.map(|x| x as i32)))
        }
        Original::Decimals { scale, values, .. } if *scale >= 0 => {
            let bytes = |x: i128| FixedLenByteArray::from(x.to_be_bytes().to_vec());
            optional::<FixedLenByteArrayType>(writer, values.iter().map(|x| x.map(bytes)))
        }
        Original::Booleans(values) => optional::<BoolType>(writer, values.iter().copied()),
        Original::Days(values) => optional::<Int32Type>(writer, values.iter().copied()),
        Original::Moments { per_second, values, .. } => {
            let factor = if *per_second == 1 { 1_000 } else { 1 };
            optional::<Int64Type>(writer, values.iter().map(|x| x.map(|x| x * factor)))
        }
        Original::Floats(values) => optional::<FloatType>(writer, values.iter().copied()),
        other if other.is_numbers() => {
            optional::<DoubleType>(writer, rows.map(|row| other.number(row)))
        }
        other => {
            let word = |row| (!other.is_missing(row)).then(|| ByteArray::from(&*other.text(row)));
            optional::<ByteArrayType>(writer, rows.map(word))
        }
    }
}

/// Writes values, some of which may be missing.
fn optional<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let values: Vec<Option<T::T>> = values.collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<T::T> = values.into_iter().flatten().collect();
    writer.typed::<T>().write_batch(&present, Some(&levels), None)?;
    Ok(())
}
