//! Writing arrays as `.npy` files.
//!
//! Source: *numpy.lib.format*, NumPy Enhancement Proposal 1.

use std::io::{self, Write};

use ndarray::{ArrayView, Dimension};
use npyz::WriterBuilder as _;

/// Writes an array as a `.npy` file of version 1.0: little-endian `f32` in C order.
///
/// ```
/// let mut bytes = Vec::new();
/// mnist_io::write_npy(&mut bytes, ndarray::array![[1.0, 2.0]].view())?;
/// assert_eq!(bytes.len(), 128 + 2 * 4);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The error of `writer`.
pub fn write_npy<D: Dimension>(
    mut writer: impl Write,
    array: ArrayView<'_, f32, D>,
) -> io::Result<()> {
    let shape: Vec<u64> = array.shape().iter().map(|&size| size as u64).collect();
    let mut npy = npyz::WriteOptions::<f32>::new()
        .dtype(npyz::DType::Plain("<f4".parse().map_err(io::Error::other)?))
        .shape(&shape)
        .writer(&mut writer)
        .begin_nd()?;
    npy.extend(array.iter().copied())?;
    npy.finish()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_bytes_are_those_that_numpy_reads() {
        let rows = array![[1.0, -2.0, 0.5], [3.0, 4.0, 5.0_f32]];
        let mut bytes = Vec::new();
        // A transposed view, so that the order is that of the view and not of memory.
        write_npy(&mut bytes, rows.t()).unwrap();

        assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
        let n_header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((10 + n_header) % 64, 0, "the data are aligned to 64 bytes");
        let header = std::str::from_utf8(&bytes[10..10 + n_header]).unwrap();
        let dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, ), }";
        assert_eq!(header.trim_end_matches([' ', '\n']), dict);
        assert!(header.ends_with('\n'));

        let values: Vec<u8> =
            [1.0, 3.0, -2.0, 4.0, 0.5, 5.0_f32].iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(bytes[10 + n_header..], values);
    }

    #[test]
    fn a_writer_that_fails_is_reported() {
        let mut short = [0_u8; 100];
        assert!(write_npy(&mut short[..], array![[1.0_f32]].view()).is_err());
    }
}
