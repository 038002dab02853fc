//! Files and folders to read.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses its own part; a fixture that cannot be made fails the test"
)]

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The committed MNIST.
pub(crate) fn mnist_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist")
}

/// A file of unsigned bytes with this header and these elements, whether they agree or not.
pub(crate) fn idx(dimensions: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|dimension| dimension.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

/// The same, packed.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder of six training and two test images of 2x1 pixels, in all spellings and packings.
pub(crate) fn small_set(dir: &Path) {
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(dir.join(name), bytes).unwrap();
    let pixels: Vec<u8> = (0..12).collect();
    write("train-images-idx3-ubyte", idx(&[6, 2, 1], &pixels));
    write("train-labels-idx1-ubyte.gz", gzip(&idx(&[6], &[0, 1, 2, 0, 1, 2])));
    write("t10k-images.idx3-ubyte", idx(&[2, 2, 1], &pixels[..4]));
    write("t10k-labels.idx1-ubyte.gz", gzip(&idx(&[2], &[2, 1])));
}
