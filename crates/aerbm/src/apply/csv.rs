//! Tables as CSV.

use std::io::Write;
use std::path::PathBuf;

use durable::WholeFile;
use rayon::prelude::*;

use super::table::{Column, TableSink, io, names};
use crate::Error;

/// Returns a CSV sink that writes to a stream, such as standard output; `name` is its name in errors.
pub fn csv_stream<'a>(name: &str, stream: impl Write + 'a) -> Box<dyn TableSink + 'a> {
    Box::new(CsvSink::new(PathBuf::from(name), Stream(stream)))
}

/// A destination of bytes that is completed at the end.
pub(super) trait Destination {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()>;
    fn complete(self) -> std::io::Result<()>;
}

pub(super) struct CsvFile(pub(super) WholeFile);

impl Destination for CsvFile {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    fn complete(self) -> std::io::Result<()> {
        self.0.commit()
    }
}

pub(super) struct Stream<W>(pub(super) W);

impl<W: Write> Destination for Stream<W> {
    fn write_all(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    fn complete(mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// A sink that writes CSV lines.
pub(super) struct CsvSink<D> {
    path: PathBuf,
    destination: D,
    separator: u8,
    has_header: bool,
}

/// Number of rows that a thread turns into text at a time.
const ROWS_PER_THREAD: usize = 1024;

impl<D: Destination> CsvSink<D> {
    pub(super) fn new(path: PathBuf, destination: D) -> Self {
        CsvSink { path, destination, separator: b',', has_header: false }
    }
}

fn writer(separator: u8) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().delimiter(separator).from_writer(vec![])
}

/// Returns the bytes of all rows of a batch, formatted by several threads; `lines` formats a range of rows.
pub(super) fn in_pieces(
    batch: &[Column],
    lines: impl Fn(std::ops::Range<usize>) -> Vec<u8> + Sync,
) -> Vec<u8> {
    let n_rows = batch.first().map_or(0, Column::len);
    let starts: Vec<usize> = (0..n_rows).step_by(ROWS_PER_THREAD).collect();
    let pieces: Vec<Vec<u8>> = starts
        .into_par_iter()
        .map(|start| lines(start..n_rows.min(start + ROWS_PER_THREAD)))
        .collect();
    pieces.concat()
}

impl<D: Destination> TableSink for CsvSink<D> {
    fn write(&mut self, batch: &[Column]) -> Result<(), Error> {
        let mut bytes = Vec::new();
        if !self.has_header {
            let mut header = writer(self.separator);
            header.write_record(names(batch)).expect("writing to memory succeeds");
            bytes = header.into_inner().expect("writing to memory succeeds");
            self.has_header = true;
        }
        let separator = self.separator;
        bytes.extend(in_pieces(batch, |rows| {
            let mut lines = writer(separator);
            let mut text = String::new();
            for row in rows {
                for column in batch {
                    text.clear();
                    column.append_text(row, &mut text);
                    lines.write_field(&text).expect("writing to memory succeeds");
                }
                lines.write_record(None::<&[u8]>).expect("writing to memory succeeds");
            }
            lines.into_inner().expect("writing to memory succeeds")
        }));
        self.destination.write_all(&bytes).map_err(|source| io(&self.path, source))
    }

    fn separate_by(&mut self, separator: u8) {
        self.separator = separator;
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        let CsvSink { path, destination, .. } = *self;
        destination.complete().map_err(|source| io(&path, source))
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Values;
    use super::*;

    fn batch(first: usize, n: usize) -> Vec<Column> {
        let rows = first..first + n;
        vec![
            Column::new("class", Values::Text(rows.clone().map(|i| format!("a,{i}")).collect())),
            Column::new("p", Values::Reals(rows.clone().map(|i| i as f32 / 10.0).collect())),
            Column::new("x", Values::Doubles(rows.map(|_| f64::NAN).collect())),
        ]
    }

    #[test]
    fn batches_follow_one_another_in_one_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t.csv");
        let file = WholeFile::create(&path).expect("a file");
        let mut sink = Box::new(CsvSink::new(path.clone(), CsvFile(file)));
        sink.write(&batch(0, 2)).expect("written");
        assert!(!path.exists(), "the file appears whole");
        sink.write(&batch(2, 3000)).expect("written");
        sink.finish().expect("finished");
        let text = std::fs::read_to_string(&path).expect("the file");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3003);
        assert_eq!(lines[..3], ["class,p,x", "\"a,0\",0,", "\"a,1\",0.1,"]);
        assert!(lines[3002].starts_with("\"a,3001\",300.1"));
    }

    #[test]
    fn a_closed_stream_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("full"))
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let error = csv_stream("standard output", Full).write(&batch(0, 1)).expect_err("full");
        assert!(error.to_string().contains("standard output"), "{error}");
    }
}
