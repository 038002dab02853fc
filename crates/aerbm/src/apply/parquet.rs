//! Tables as Parquet files, compressed with Snappy.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use durable::WholeFile;

use super::parquet_types::{field, write_column};
use super::table::{Column, TableSink, io, names};
use crate::Error;

/// A Parquet file, which appears whole or not at all. Each batch is a row group.
pub(super) struct ParquetSink {
    path: PathBuf,
    /// The file that is committed at the end; the writer has its own handle.
    file: WholeFile,
    writer: Option<SerializedFileWriter<File>>,
}

impl ParquetSink {
    pub(super) fn new(path: PathBuf, file: WholeFile) -> Self {
        ParquetSink { path, file, writer: None }
    }

    fn failed(&self, error: ParquetError) -> Error {
        let source = match error {
            ParquetError::External(source) => std::io::Error::other(source),
            other => std::io::Error::other(other),
        };
        io(&self.path, source)
    }

    fn begin(&self, batch: &[Column]) -> Result<SerializedFileWriter<File>, Error> {
        let fields = names(batch).into_iter().zip(batch);
        let fields = fields.map(|(name, column)| Ok(Arc::new(field(&name, &column.values)?)));
        let schema = fields
            .collect::<Result<Vec<_>, ParquetError>>()
            .and_then(|fields| Type::group_type_builder("rows").with_fields(fields).build());
        let schema = schema.map_err(|error| self.failed(error))?;
        let file = self.file.as_file().try_clone().map_err(|source| io(&self.path, source))?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))
            .map_err(|error| self.failed(error))
    }
}

impl TableSink for ParquetSink {
    fn write(&mut self, batch: &[Column]) -> Result<(), Error> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.begin(batch)?,
        };
        let written = writer.next_row_group().and_then(|mut group| {
            batch.iter().try_for_each(|column| write_column(&mut group, column))?;
            group.close().map(|_| ())
        });
        written.map_err(|error| self.failed(error))?;
        self.writer = Some(writer);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.begin(&[])?,
        };
        writer.close().map_err(|error| self.failed(error))?;
        let ParquetSink { path, file, .. } = *self;
        file.commit().map_err(|source| io(&path, source))
    }
}

#[cfg(test)]
mod tests {
    use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
    use ::parquet::record::RowAccessor as _;

    use super::super::table::Values;
    use super::*;

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t.parquet");
        let file = WholeFile::create(&path).expect("a file");
        let mut sink = Box::new(ParquetSink::new(path.clone(), file));
        for first in [0, 2] {
            let batch = [
                Column::new("class", Values::Text(vec![format!("é{first}"), "b".into()])),
                Column::new("n", Values::Whole(vec![first, first + 1])),
                Column::new("p", Values::Reals(vec![f32::NAN, 0.25])),
                Column::new("x", Values::Doubles(vec![5_412_000.5, f64::NAN])),
            ];
            sink.write(&batch).expect("written");
        }
        assert!(!path.exists(), "the file appears whole");
        sink.finish().expect("finished");
        let file = File::open(&path).expect("the file");
        let reader = SerializedFileReader::new(file).expect("a Parquet file");
        let rows: Vec<_> =
            reader.get_row_iter(None).expect("rows").map(|r| r.expect("a row")).collect();
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[2].get_string(0).expect("text"), "é2");
        assert_eq!(rows[3].get_long(1).expect("a number"), 3);
        assert!(rows[0].get_float(2).is_err(), "a missing value is null");
        assert_eq!(rows[1].get_float(2).expect("a number"), 0.25);
        assert_eq!(rows[0].get_double(3).expect("a number"), 5_412_000.5);
    }
}
