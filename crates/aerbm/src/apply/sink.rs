//! Output formats of tables.

use std::path::Path;

use durable::WholeFile;

use super::csv::{CsvFile, CsvSink};
use super::npy::NpySink;
use super::parquet::ParquetSink;
use super::table::{TableSink, io};
use crate::Error;
use crate::config::ConfigError;

/// Returns the sink for a file whose name ends in `.csv`, `.parquet` or `.npy`. An array holds the numbers of
/// the table, without text columns, and stays in memory until it is complete. Its elements are `f32`, or
/// `f64` if the file has numbers that `f32` cannot represent.
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
