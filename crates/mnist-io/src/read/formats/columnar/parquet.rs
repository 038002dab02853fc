//! Parquet files.

use std::path::Path;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;

use super::pages::CheckedPages;
use super::{frame, malformed, opened};
use crate::error::Error;
use crate::frame::{BLOCK_ROWS, Frame};
use crate::guard::guarded;
use crate::read::format::{Format, FrameOptions, Reader, has_extension};

pub(in crate::read::formats) const FORMAT: Format = Format {
    name: "a Parquet table",
    recognises: |path| Ok(is_parquet(path)),
    reader: Reader::Table(read),
};

fn is_parquet(path: &Path) -> bool {
    has_extension(path, &["parquet", "pq"])
}

/// Number of rows that a Parquet file declares before they are read; `None` for other files, and for damaged
/// ones, which the reader refuses.
pub(crate) fn declared_rows(file: &Path) -> Option<u64> {
    if !is_parquet(file) {
        return None;
    }
    let opened = std::fs::File::open(file).ok()?;
    let options = ArrowReaderOptions::new();
    let read = guarded(|| ArrowReaderMetadata::load(&opened, options)).ok()?.ok()?;
    u64::try_from(read.metadata().file_metadata().num_rows()).ok()
}

fn read(file: &Path, _: &FrameOptions) -> Result<Frame, Error> {
    let opened = opened(file)?;
    let read = || -> Result<(SchemaRef, ParquetRecordBatchReader), ParquetError> {
        let found = ArrowReaderMetadata::load(&opened, ArrowReaderOptions::new())?;
        let (schema, columns) = (found.schema().clone(), found.parquet_schema());
        let all = ProjectionMask::all();
        let levels = parquet_to_arrow_field_levels(columns, all, Some(schema.fields()))?;
        let pages: Arc<dyn FileReader> = Arc::new(SerializedFileReader::new(opened)?);
        let pages = CheckedPages(pages);
        let reader = ParquetRecordBatchReader::try_new_with_row_groups;
        Ok((schema, reader(&levels, &pages, BLOCK_ROWS, None)?))
    };
    let read = guarded(read).map_err(|panic| malformed(file, panic.into()))?;
    let (schema, batches) = read.map_err(|error| malformed(file, error.into()))?;
    frame(file, schema, Box::new(batches))
}
