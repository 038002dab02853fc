//! Conversion between rows and CSV files, and the only way in which this crate writes files.
//!
//! Nothing is written in place. A reader sees the old file or the new one, never a partial one, even after a
//! crash.
//!
//! ```
//! use report::{SummaryRow, read_csv, write_csv};
//!
//! # let dir = tempfile::tempdir()?;
//! let file = dir.path().join("summary.csv");
//! let row = SummaryRow {
//!     method: "rbm".into(),
//!     depth: 3,
//!     labels: 1000,
//!     seeds: 5,
//!     test_error_pct_mean: 6.4,
//!     ci95_low: 6.1,
//!     ci95_high: 6.7,
//! };
//! write_csv(&file, &[row.clone()])?;
//! assert_eq!(
//!     std::fs::read_to_string(&file)?,
//!     "method,depth,labels,seeds,test_error_pct_mean,ci95_low,ci95_high\nrbm,3,1000,5,6.4,6.1,6.7\n"
//! );
//! assert_eq!(read_csv::<SummaryRow>(&file)?, [row]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use crate::error::Error;
use crate::rows::Row;

/// Writes the header and `rows`, replacing the file. Without rows, the file has only its header.
///
/// # Errors
/// [`Error::Write`] if the folder cannot be created or the file cannot be written.
pub fn write_csv<R: Row>(file: &Path, rows: &[R]) -> Result<(), Error> {
    write_records(file, to_csv(rows))
}

/// The header and `rows` as the bytes of a CSV file.
pub(crate) fn to_csv<R: Row>(rows: &[R]) -> csv::Result<Vec<u8>> {
    let mut writer = csv_writer();
    writer.write_record(R::COLUMNS)?;
    rows.iter().try_for_each(|row| writer.serialize(row))?;
    bytes_of(writer)
}

/// Writes the bytes of a CSV file, unless creating them failed.
pub(crate) fn write_records(file: &Path, bytes: csv::Result<Vec<u8>>) -> Result<(), Error> {
    let bytes = bytes.map_err(|source| Error::write(file)(io::Error::other(source)))?;
    write_bytes(file, &bytes)
}

/// Reads a file written by [`write_csv`].
///
/// # Errors
/// [`Error::Read`] if the file cannot be read, [`Error::Header`] if it has different columns, [`Error::Line`]
/// with line and column if a cell has the wrong type.
pub fn read_csv<R: Row>(file: &Path) -> Result<Vec<R>, Error> {
    let mut reader = open_csv(file)?;
    let header = header_of(file, &mut reader)?;
    if header.iter().ne(R::COLUMNS.iter().copied()) {
        return Err(Error::Header {
            file: file.to_owned(),
            found: header.iter().collect::<Vec<_>>().join(","),
            expected: R::COLUMNS.join(","),
        });
    }
    reader.deserialize().map(|row| row.map_err(|e| bad_line(file, &header, &e))).collect()
}

/// Writes `text`, replacing the file.
///
/// # Errors
/// [`Error::Write`] if the folder cannot be created or the file cannot be written.
pub fn write_text(file: &Path, text: &str) -> Result<(), Error> {
    write_bytes(file, text.as_bytes())
}

/// Writes `bytes`, replacing the file, and creates its folder if missing.
///
/// # Errors
/// [`Error::Write`] if the folder cannot be created or the file cannot be written.
pub fn write_bytes(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    durable::write(file, bytes).map_err(Error::write(file))
}

/// A CSV writer into memory. Lines end in `\n` on every system.
pub(crate) fn csv_writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new())
}

/// The bytes written so far.
pub(crate) fn bytes_of(mut writer: csv::Writer<Vec<u8>>) -> csv::Result<Vec<u8>> {
    writer.flush()?;
    Ok(writer.get_ref().clone())
}

/// A CSV reader that takes the first line as the header.
pub(crate) fn open_csv(file: &Path) -> Result<csv::Reader<BufReader<File>>, Error> {
    let open = File::open(file).map_err(Error::read(file))?;
    Ok(csv::Reader::from_reader(BufReader::new(open)))
}

/// The column names of the file.
pub(crate) fn header_of<R: io::Read>(
    file: &Path,
    reader: &mut csv::Reader<R>,
) -> Result<csv::StringRecord, Error> {
    reader.headers().cloned().map_err(|e| bad_line(file, &csv::StringRecord::new(), &e))
}

/// An error of the CSV reader, with its line, its column and the expected content.
pub(crate) fn bad_line(file: &Path, header: &csv::StringRecord, error: &csv::Error) -> Error {
    let file = file.to_owned();
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Io(source) => {
            Error::Read { file, source: io::Error::new(source.kind(), source.to_string()) }
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Error::Line {
            file,
            line,
            found: format!("{len} cells"),
            expected: format!("{expected_len}, one per column"),
        },
        csv::ErrorKind::Utf8 { .. } => Error::Line {
            file,
            line,
            found: "bytes that are not valid text".into(),
            expected: "UTF-8".into(),
        },
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|i| header.get(i as usize)).unwrap_or("?");
            Error::Line {
                file,
                line,
                found: format!("column `{column}`: {}", err.kind()),
                expected: "a value of the column's type".into(),
            }
        }
        other => Error::Line {
            file,
            line,
            found: format!("{other:?}"),
            expected: "a line of comma-separated cells".into(),
        },
    }
}
