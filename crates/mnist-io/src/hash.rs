//! SHA-256 of what a set was read or made from.

use ndarray::Array2;
use sha2::{Digest, Sha256};

use crate::idx::{IdxImages, IdxLabels};

/// A finished hash in lower-case hex.
pub(crate) fn hex(hash: Sha256) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| char::from(DIGITS[usize::from(half)])).collect()
}

/// The hash of the unpacked files, images then labels.
pub(crate) fn sha256_of_files(images: &IdxImages, labels: Option<&IdxLabels>) -> String {
    let mut hash = Sha256::new().chain_update(images.header()).chain_update(&images.pixels);
    if let Some(labels) = labels {
        hash.update(labels.header());
        hash.update(&labels.labels);
    }
    hex(hash)
}

/// The hash of pixels as little-endian `f32`, row by row, then of the labels.
pub(crate) fn sha256_of_arrays(images: &Array2<f32>, labels: Option<&[u8]>) -> String {
    let mut hash = Sha256::new();
    for row in images.rows() {
        hash.update(row.iter().flat_map(|pixel| pixel.to_le_bytes()).collect::<Vec<u8>>());
    }
    hex(hash.chain_update(labels.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::ImageShape;

    #[test]
    fn hex_is_the_published_hash_of_abc() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(Sha256::new().chain_update("abc")), expected);
    }

    #[test]
    fn the_hash_is_of_the_files_bytes() {
        let shape = ImageShape { height: 1, width: 2 };
        let images = IdxImages { file: "i".into(), shape, pixels: vec![0, 255] };
        let labels = IdxLabels { file: "l".into(), n_classes: 10, labels: vec![7] };
        let bytes = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255];
        let more = [0, 0, 8, 1, 0, 0, 0, 1, 7];
        let expected = Sha256::new().chain_update(bytes).chain_update(more);
        assert_eq!(sha256_of_files(&images, Some(&labels)), hex(expected));
    }

    #[test]
    fn the_hash_is_of_the_values_in_row_order() {
        let images = array![[0.0, 1.0]];
        let expected = hex(Sha256::new().chain_update([0, 0, 0, 0, 0, 0, 0x80, 0x3f, 7]));
        assert_eq!(sha256_of_arrays(&images, Some(&[7])), expected);
    }
}
