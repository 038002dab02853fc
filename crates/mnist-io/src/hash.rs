//! SHA-256 of the source of a data set.

use ndarray::ArrayView2;
use sha2::{Digest, Sha256};

/// A finished hash in lower-case hex.
pub(crate) fn hex(hash: Sha256) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| char::from(DIGITS[usize::from(half)])).collect()
}

/// The hash of byte slices, as if concatenated.
pub(crate) fn sha256_of_slices(slices: &[&[u8]]) -> String {
    hex(slices.iter().fold(Sha256::new(), Digest::chain_update))
}

/// The hash of pixels as little-endian `f32`, row by row, followed by the labels.
pub(crate) fn sha256_of_arrays(images: ArrayView2<f32>, labels: &[u8]) -> String {
    let mut hash = Sha256::new();
    for row in images.rows() {
        hash.update(row.iter().flat_map(|pixel| pixel.to_le_bytes()).collect::<Vec<u8>>());
    }
    hex(hash.chain_update(labels))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn hex_is_the_published_hash_of_abc() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_of_slices(&[b"abc"]), expected);
        assert_eq!(sha256_of_slices(&[b"a", b"", b"bc"]), expected);
    }

    #[test]
    fn the_hash_is_of_the_values_in_row_order() {
        let expected = sha256_of_slices(&[&[0, 0, 0, 0, 0, 0, 0x80, 0x3f, 7]]);
        assert_eq!(sha256_of_arrays(array![[0.0, 1.0]].view(), &[7]), expected);
    }
}
