//! Text tables: one sample per line, perhaps with a header and a column of labels; plain or gzip-compressed,
//! in UTF-8 or, with a byte order mark, UTF-16.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{Position, Reader as CsvReader, ReaderBuilder, StringRecord};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::header::{Sample, is_header, names};
use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::{BLOCK_ROWS, Cell, CellFormat, Cells, Frame, FrameReader};
use crate::place::Place;
use crate::read::format::{Format, FrameOptions, Reader, has_extension};
use crate::table_error::TableError;
use crate::unpack::Unpacked;

pub(super) const FORMAT: Format = Format {
    name: "a .csv, .tsv or .txt table, plain or .gz",
    recognises: |path| Ok(is_text_table(path)),
    reader: Reader::Table(read),
};

/// Number of lines used to guess separator, header and types.
const SAMPLE: usize = 100;

fn is_text_table(path: &Path) -> bool {
    let text = ["csv", "tsv", "txt"];
    let packed = has_extension(path, &["gz"])
        && path.file_stem().is_some_and(|stem| has_extension(Path::new(stem), &text));
    has_extension(path, &text) || packed
}

/// Fields are separated by commas, semicolons or tabs, whichever is most frequent in the first line.
fn read(file: &Path, options: &FrameOptions) -> Result<Frame, Error> {
    let (delimiter, sample) = sample(file, options)?;
    let Some(first) = sample.first() else {
        let place = file.display().to_string();
        return Err(FormatError::TooFewRows { place, found: 0, expected: 1 }.into());
    };
    let has_header = options.header.unwrap_or_else(|| {
        is_header(&Sample { first, others: &sample[1..], known: options.known })
    });
    let names = names(file, first, has_header)?;
    let (mut lines, used) = records(file, delimiter, options)?;
    if has_header {
        let mut header = StringRecord::new();
        lines.read_record(&mut header).map_err(|error| unreadable(file, error))?;
    }
    let n_fields = first.len();
    let blocks = Lines { file: file.into(), records: lines, used, n_fields };
    let cells = CellFormat { decimal_comma: delimiter == b';' };
    Ok(Frame { file: file.into(), names, has_header, cells, blocks: Box::new(blocks) })
}

/// The separator and the first lines.
fn sample(file: &Path, options: &FrameOptions) -> Result<(u8, Vec<StringRecord>), Error> {
    let mut start = Vec::new();
    let io = |source| Error::Io { file: file.into(), source };
    decoded(file)?.take(1 << 20).read_to_end(&mut start).map_err(io)?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| line.split(|byte| byte == separator).count();
    // `max_by_key` takes the last maximum, so that a single column counts as separated by commas.
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
    let (mut lines, used) = records(file, delimiter, options)?;
    let mut records = Vec::new();
    for record in lines.records().take(SAMPLE) {
        records.push(record.map_err(|error| unreadable(file, error))?);
        used.store(0, Ordering::Relaxed);
    }
    Ok((delimiter, records))
}

type Records = CsvReader<Limited<Box<dyn Read + Send>>>;

/// The records of a file, and the number of bytes read since it was last reset to 0.
fn records(
    file: &Path,
    delimiter: u8,
    options: &FrameOptions,
) -> Result<(Records, Arc<AtomicU64>), Error> {
    let used = Arc::new(AtomicU64::new(0));
    let limit = options.memory_limit.max(1 << 20);
    let bytes = Limited { bytes: decoded(file)?, used: Arc::clone(&used), limit };
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(bytes);
    Ok((reader, used))
}

/// The text of a file in UTF-8, without a byte order mark.
fn decoded(file: &Path) -> Result<Box<dyn Read + Send>, Error> {
    let unpacked = Unpacked::open(file)?;
    Ok(Box::new(
        DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(unpacked),
    ))
}

/// A reader that refuses NUL bytes, and more bytes than the limit since the counter was last reset to 0, so
/// that a line or an unclosed quote cannot fill the memory.
struct Limited<R> {
    bytes: R,
    used: Arc<AtomicU64>,
    limit: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(out)?;
        if out[..n].contains(&0) {
            let message = "a NUL byte, which a table in UTF-8 does not have; convert UTF-16 with iconv -f \
                           UTF-16LE -t UTF-8";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let used = self.used.fetch_add(n as u64, Ordering::Relaxed) + n as u64;
        if used > self.limit {
            let message = format!(
                "a line of more than {} MiB; is a quote unclosed, or is it not a table?",
                self.limit >> 20
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(n)
    }
}

fn unreadable(file: &Path, error: csv::Error) -> Error {
    let is_encoding = matches!(error.kind(), csv::ErrorKind::Utf8 { .. });
    if error.is_io_error() {
        return Error::Io { file: file.into(), source: error.into() };
    }
    let expected = if is_encoding {
        "a table in UTF-8; save it as UTF-8, or convert it: iconv -f CP949 -t UTF-8 for Korean, -f LATIN1 for \
         Western European text"
    } else {
        "a table in UTF-8"
    };
    let place = file.display().to_string();
    FormatError::Malformed { place, cause: error.into(), expected }.into()
}

/// The lines of a file.
struct Lines {
    file: PathBuf,
    records: Records,
    used: Arc<AtomicU64>,
    n_fields: usize,
}

impl FrameReader for Lines {
    fn next_block(&mut self) -> Result<Option<Box<dyn Cells>>, Error> {
        let mut records = Vec::new();
        // Wide tables are read in fewer rows, so that a block stays small.
        let n_rows = (BLOCK_ROWS * 100 / self.n_fields.max(1)).clamp(64, BLOCK_ROWS);
        while records.len() < n_rows {
            let mut record = StringRecord::new();
            let more = self.records.read_record(&mut record);
            if !more.map_err(|error| unreadable(&self.file, error))? {
                break;
            }
            self.used.store(0, Ordering::Relaxed);
            let (found, expected) = (record.len(), self.n_fields);
            if found != expected {
                let line = record.position().map_or(0, Position::line);
                let file = self.file.clone();
                return Err(TableError::Fields { file, line, found, expected }.into());
            }
            records.push(record);
        }
        Ok(if records.is_empty() { None } else { Some(Box::new(TextRows(records))) })
    }
}

/// Some lines.
struct TextRows(Vec<StringRecord>);

impl Cells for TextRows {
    fn n_rows(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        Cell::Text(&self.0[row][column])
    }

    fn place(&self, row: usize) -> Place {
        Place::Line(self.0[row].position().map_or(0, Position::line))
    }
}
