//! The numbers of a table as one array.

use std::io::Write as _;
use std::path::PathBuf;

use durable::WholeFile;
use mnist_io::write_npy;
use ndarray::ArrayView2;

use super::table::{Column, TableSink, Values, io};
use crate::Error;

/// An array file that appears whole.
pub(super) struct NpySink {
    path: PathBuf,
    file: WholeFile,
    /// Row by row.
    numbers: Vec<f32>,
    n_rows: usize,
    n_columns: usize,
}

impl NpySink {
    pub(super) fn new(path: PathBuf, file: WholeFile) -> Self {
        NpySink { path, file, numbers: vec![], n_rows: 0, n_columns: 0 }
    }
}

impl TableSink for NpySink {
    fn write(&mut self, batch: &[Column]) -> Result<(), Error> {
        let columns: Vec<&Values> = batch
            .iter()
            .map(|column| &column.values)
            .filter(|values| !matches!(values, Values::Text(_)))
            .collect();
        self.n_columns = columns.len();
        let n_rows = batch.first().map_or(0, Column::len);
        self.n_rows += n_rows;
        for row in 0..n_rows {
            self.numbers.extend(columns.iter().map(|values| match values {
                Values::Text(_) => f32::NAN,
                Values::Whole(numbers) => numbers[row] as f32,
                Values::Reals(numbers) => numbers[row],
                Values::Doubles(numbers) => numbers[row] as f32,
            }));
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        let NpySink { path, mut file, numbers, n_rows, n_columns } = *self;
        let array = ArrayView2::from_shape((n_rows, n_columns), &numbers)
            .expect("a number for each row and column");
        let mut bytes = Vec::new();
        write_npy(&mut bytes, array).expect("writing to memory succeeds");
        file.write_all(&bytes).and_then(|()| file.commit()).map_err(|source| io(&path, source))
    }
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
}
