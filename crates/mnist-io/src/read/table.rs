//! Rows of unscaled numbers, in memory or on disk.

use std::fs::File;
use std::path::{Path, PathBuf};

use ndarray::ArrayViewMut2;
use sha2::{Digest, Sha256};

use super::element::{Element, Wanted};
use crate::contract::Scaling;
use crate::error::Error;
use crate::hash::hex;
use crate::shape::ImageShape;

/// Rows of equal length.
#[derive(Debug)]
pub(crate) struct Table {
    /// The file, for messages.
    pub(crate) file: PathBuf,
    /// Number of rows.
    pub(crate) n_rows: usize,
    /// The size of a row as an image; a single row of pixels if it is not an image.
    pub(crate) shape: ImageShape,
    /// Whether the format defines the numbers as pixel bytes, so that 255 is full scale.
    pub(crate) pixels: bool,
    pub(crate) values: Values,
}

/// The numbers of a table.
#[derive(Debug)]
pub(crate) enum Values {
    /// In memory, encoded as in the file.
    Packed { bytes: Vec<u8>, element: Element },
    /// In the file, from byte `offset` on.
    OnDisk { opened: File, offset: u64, element: Element },
}

/// Number of bytes read at once. The buffer is on the stack, so that reading a batch allocates nothing.
const PIECE: usize = 1 << 14;

impl Table {
    /// Number of columns.
    pub(crate) fn n_columns(&self) -> usize {
        self.shape.n_values()
    }

    /// Number of bytes that all rows take as `f32`.
    pub(crate) fn bytes_in_memory(&self) -> u64 {
        (self.n_rows as u64).saturating_mul(self.n_columns() as u64).saturating_mul(4)
    }

    /// Whether the numbers are in the file.
    pub(crate) fn is_on_disk(&self) -> bool {
        matches!(self.values, Values::OnDisk { .. })
    }

    /// Reads these rows, unscaled, into `out`. Consecutive rows are read together.
    ///
    /// # Panics
    /// If `out` has a different shape or a row is out of range.
    pub(crate) fn read<T: Wanted>(
        &self,
        rows: impl ExactSizeIterator<Item = usize>,
        mut out: ArrayViewMut2<T>,
    ) -> Result<(), Error> {
        let out = out.as_slice_mut().expect("rows are contiguous");
        self.for_each_run(rows, out, Self::read_run)
    }

    /// Reads these rows, scaled, into `out`. Allocates nothing.
    ///
    /// # Panics
    /// As [`Table::read`].
    pub(crate) fn read_scaled(
        &self,
        rows: impl ExactSizeIterator<Item = usize>,
        mut out: ArrayViewMut2<f32>,
        scaling: &Scaling,
    ) -> Result<(), Error> {
        let out = out.as_slice_mut().expect("rows are contiguous");
        if !matches!(scaling, Scaling::Columns { .. }) {
            self.for_each_run(rows, out, Self::read_run)?;
            scaling.apply(out);
            return Ok(());
        }
        let width = self.n_columns();
        self.for_each_run(rows, out, |table, start, out| {
            let mut wide = [0.0_f64; PIECE / 8];
            for (piece, out) in out.chunks_mut(wide.len()).enumerate() {
                let start = start + piece * wide.len();
                let wide = &mut wide[..out.len()];
                table.read_run(start, wide)?;
                for (i, (out, value)) in out.iter_mut().zip(wide).enumerate() {
                    *out = scaling.encode((start + i) % width, *value);
                }
            }
            Ok(())
        })
    }

    /// Calls `read` with the start index and the part of `out` of each run of consecutive rows.
    fn for_each_run<T>(
        &self,
        rows: impl ExactSizeIterator<Item = usize>,
        out: &mut [T],
        read: impl Fn(&Self, usize, &mut [T]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let width = self.n_columns();
        assert_eq!(out.len(), rows.len() * width, "rows of the table");
        let mut rows = rows.peekable();
        let mut done = 0;
        while let Some(first) = rows.next() {
            let mut run = 1;
            while rows.next_if_eq(&(first + run)).is_some() {
                run += 1;
            }
            assert!(first + run <= self.n_rows, "row {} of {}", first + run - 1, self.n_rows);
            read(self, first * width, &mut out[done..done + run * width])?;
            done += run * width;
        }
        Ok(())
    }

    /// Reads consecutive numbers, starting at number `start`.
    fn read_run<T: Wanted>(&self, start: usize, out: &mut [T]) -> Result<(), Error> {
        match &self.values {
            Values::Packed { bytes, element } => {
                let size = element.size();
                element.decode(&bytes[start * size..(start + out.len()) * size], out);
            }
            Values::OnDisk { opened, offset, element } => {
                let size = element.size();
                let mut piece = [0; PIECE];
                let mut at = offset + (start * size) as u64;
                for out in out.chunks_mut(PIECE / size) {
                    let bytes = &mut piece[..out.len() * size];
                    read_at(opened, bytes, at)
                        .map_err(|source| Error::Io { file: self.file.clone(), source })?;
                    element.decode(bytes, out);
                    at += bytes.len() as u64;
                }
            }
        }
        Ok(())
    }
}

/// Fills `bytes` from `offset` on, without a file cursor, so that threads can share the file.
#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let n = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        (bytes, offset) = (&mut bytes[n..], offset + n as u64);
    }
    Ok(())
}

/// SHA-256, in hex, of a file's bytes followed by `more`. The file is read in pieces.
pub(crate) fn sha256_of_file(path: &Path, more: &[&[u8]]) -> Result<String, Error> {
    let io = |source| Error::Io { file: path.into(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut hash = Hashing(Sha256::new());
    std::io::copy(&mut file, &mut hash).map_err(io)?;
    for bytes in more {
        hash.0.update(bytes);
    }
    Ok(hex(hash.0))
}

/// A SHA-256 hasher that implements `Write`.
struct Hashing(Sha256);

impl std::io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use ndarray::{Array2, array};

    use super::*;

    fn table(values: Values) -> Table {
        let shape = ImageShape::grey(1, 3);
        Table { file: "made".into(), n_rows: 4, shape, pixels: true, values }
    }

    #[test]
    fn the_same_rows_come_from_memory_and_from_disk() {
        let bytes: Vec<u8> = (0..12).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[&[9; 5], bytes.as_slice()].concat()).unwrap();
        let element = Element::BYTE;
        for values in
            [Values::OnDisk { opened: file, offset: 5, element }, Values::Packed { bytes, element }]
        {
            let mut out = Array2::<f32>::zeros((4, 3));
            table(values).read([2, 3, 0, 2].into_iter(), out.view_mut()).unwrap();
            let expected = [[6., 7., 8.], [9., 10., 11.], [0., 1., 2.], [6., 7., 8.]];
            assert_eq!(out, array![expected[0], expected[1], expected[2], expected[3]]);
        }
    }

    #[test]
    fn a_file_that_has_become_shorter_is_named() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[1; 8]).unwrap();
        let values = Values::OnDisk { opened: file, offset: 0, element: Element::BYTE };
        let mut out = Array2::<f32>::zeros((4, 3));
        let error = table(values).read(0..4, out.view_mut()).unwrap_err();
        assert!(error.to_string().starts_with("cannot read made"), "{error}");
    }
}
