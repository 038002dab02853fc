//! The numbers of a table as one array.

use std::io::{Error, ErrorKind, Write as _};
use std::path::PathBuf;

use durable::WholeFile;
use mnist_io::Original;
use npyz::{AutoSerialize, WriterBuilder as _};

use super::table::{Column, TableSink, Values, io};

/// A `.npy` file, which appears whole or not at all.
pub(super) struct NpySink {
    path: PathBuf,
    file: WholeFile,
    /// Row by row.
    numbers: Numbers,
    n_rows: usize,
    n_columns: usize,
    left_out: Vec<String>,
}

enum Numbers {
    Single(Vec<f32>),
    /// Used if the file has numbers that `f32` cannot represent.
    Double(Vec<f64>),
}

impl NpySink {
    pub(super) fn new(path: PathBuf, file: WholeFile) -> Self {
        let numbers = Numbers::Single(vec![]);
        NpySink { path, file, numbers, n_rows: 0, n_columns: 0, left_out: vec![] }
    }
}

impl TableSink for NpySink {
    fn write(&mut self, batch: &[Column]) -> Result<(), crate::Error> {
        let (columns, others): (Vec<&Column>, Vec<&Column>) =
            batch.iter().partition(|column| match &column.values {
                Values::Text(_) => false,
                Values::Original(original) => original.is_numbers(),
                _ => true,
            });
        let columns: Vec<&Values> = columns.into_iter().map(|column| &column.values).collect();
        if columns.is_empty() {
            let message =
                "an array holds numbers, and the table has none; name a .csv or .parquet file";
            return Err(io(&self.path, Error::new(ErrorKind::InvalidInput, message)));
        }
        self.left_out = others.into_iter().map(|column| column.name.to_string()).collect();
        let is_double = |values: &&Values| match values {
            Values::Original(original) => !matches!(original, Original::Floats(_)),
            _ => false,
        };
        // All batches have the same columns.
        if self.n_rows == 0 && columns.iter().any(is_double) {
            self.numbers = Numbers::Double(vec![]);
        }
        self.n_columns = columns.len();
        let n_rows = batch.first().map_or(0, Column::len);
        self.n_rows += n_rows;
        for row in 0..n_rows {
            let row = columns.iter().map(|values| number(values, row));
            match &mut self.numbers {
                Numbers::Single(numbers) => numbers.extend(row.map(|number| number as f32)),
                Numbers::Double(numbers) => numbers.extend(row),
            }
        }
        Ok(())
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn finish(self: Box<Self>) -> Result<(), crate::Error> {
        let NpySink { path, mut file, numbers, n_rows, n_columns, .. } = *self;
        let bytes = match numbers {
            Numbers::Single(numbers) => bytes(&numbers, [n_rows, n_columns]),
            Numbers::Double(numbers) => bytes(&numbers, [n_rows, n_columns]),
        };
        file.write_all(&bytes).and_then(|()| file.commit()).map_err(|source| io(&path, source))
    }
}

/// Returns the number in a row. A value of `f32` survives the conversion to `f64` and back unchanged.
fn number(values: &Values, row: usize) -> f64 {
    match values {
        Values::Text(_) => f64::NAN,
        Values::Whole(numbers) => numbers[row] as f64,
        Values::Reals(numbers) => f64::from(numbers[row]),
        Values::Doubles(numbers) => numbers[row],
        Values::Original(original) => original.number(row).unwrap_or(f64::NAN),
    }
}

/// Returns the bytes of the array's file, in C order.
fn bytes<T: AutoSerialize + Copy>(numbers: &[T], shape: [usize; 2]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype();
    let shape = shape.map(|size| size as u64);
    let array = options.shape(&shape).writer(&mut bytes).begin_nd();
    let mut array = array.expect("writing to memory succeeds");
    array.extend(numbers.iter().copied()).expect("writing to memory succeeds");
    array.finish().expect("writing to memory succeeds");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_an_array_and_words_are_left_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t.npy");
        let file = WholeFile::create(&path).expect("a file");
        let mut sink = Box::new(NpySink::new(path.clone(), file));
        for first in [0.0, 2.0] {
            let batch = [
                Column::new("class", Values::Text(vec!["a".into(), "b".into()])),
                Column::new("p", Values::Reals(vec![first, first + 1.0])),
                Column::new("x", Values::Doubles(vec![0.5, 0.25])),
            ];
            sink.write(&batch).expect("written");
        }
        sink.finish().expect("finished");
        let file = std::fs::File::open(&path).expect("the file");
        let array = npyz::NpyFile::new(std::io::BufReader::new(file)).expect("an array");
        assert_eq!(array.shape(), [4, 2]);
        let numbers: Vec<f32> = array.into_vec().expect("numbers");
        assert_eq!(numbers, [0.0, 0.5, 1.0, 0.25, 2.0, 0.5, 3.0, 0.25]);
    }

    #[test]
    fn numbers_of_a_file_keep_their_precision() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("t.npy");
        let file = WholeFile::create(&path).expect("a file");
        let mut sink = Box::new(NpySink::new(path.clone(), file));
        let values = Original::Numbers(vec![Some(0.794), None]);
        sink.write(&[Column::new("x", Values::Original(values))]).expect("written");
        sink.finish().expect("finished");
        let file = std::fs::File::open(&path).expect("the file");
        let array = npyz::NpyFile::new(std::io::BufReader::new(file)).expect("an array");
        let numbers: Vec<f64> = array.into_vec().expect("numbers");
        assert!(numbers[0] == 0.794 && numbers[1].is_nan());
    }
}
