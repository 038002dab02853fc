//! The formats of tables that are written.

use std::path::Path;

use durable::WholeFile;

use super::csv::{CsvFile, CsvSink};
use super::npy::NpySink;
use super::parquet::ParquetSink;
use super::table::{TableSink, io};
use crate::Error;
use crate::config::ConfigError;

/// The sink for a file as [`sink_for`] gives it, which must be another file than `input`.
///
/// # Errors
/// As [`sink_for`], and [`Error::Io`] if both paths lead to one file.
pub fn sink_beside(input: &Path, path: &Path) -> Result<Box<dyn TableSink>, Error> {
    durable::refuse_input(path, input).map_err(|source| io(path, source))?;
    sink_for(path)
}

/// The sink for a file, whose name ends in `.csv`, `.parquet` or `.npy`. An array holds the numbers of the
/// table, without columns of text, and is held in memory until it is complete. They are `f32`, or `f64` if numbers of a
/// file are among them that `f32` does not hold.
///
/// # Errors
/// [`Error::Config`] for another ending, [`Error::Io`] if the file cannot be created.
pub fn sink_for(path: &Path) -> Result<Box<dyn TableSink>, Error> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let open = || {
        if let Some(folder) = path.parent() {
            durable::remove_leftovers(folder);
        }
        WholeFile::create(path).map_err(|source| io(path, source))
    };
    match ending.to_ascii_lowercase().as_str() {
        "csv" => Ok(Box::new(CsvSink::new(path.to_owned(), CsvFile(open()?)))),
        "parquet" => Ok(Box::new(ParquetSink::new(path.to_owned(), open()?))),
        "npy" => Ok(Box::new(NpySink::new(path.to_owned(), open()?))),
        _ => Err(ConfigError(format!(
            "{}: expected a file name in .csv, .parquet or .npy",
            path.display()
        ))
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_endings_are_refused() {
        let error = sink_for(Path::new("t.xlsx")).err().expect("refused").to_string();
        assert_eq!(error, "t.xlsx: expected a file name in .csv, .parquet or .npy");
    }
}
