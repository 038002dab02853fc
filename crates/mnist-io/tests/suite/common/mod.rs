//! Files and folders that the tests read.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses some of these; a fixture that cannot be made fails the test"
)]

pub(crate) mod tables;

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The committed MNIST.
pub(crate) fn mnist_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist")
}

/// An IDX file of unsigned bytes with this header and these elements, which need not match.
pub(crate) fn idx(dimensions: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|dimension| dimension.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

/// Gzip-compressed bytes.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes six training and two test images of 2x1 pixels as four IDX files, in all spellings, both compressed
/// and plain.
pub(crate) fn small_set(dir: &Path) {
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(dir.join(name), bytes).unwrap();
    let pixels: Vec<u8> = (0..12).collect();
    write("train-images-idx3-ubyte", idx(&[6, 2, 1], &pixels));
    write("train-labels-idx1-ubyte.gz", gzip(&idx(&[6], &[0, 1, 2, 0, 1, 2])));
    write("t10k-images.idx3-ubyte", idx(&[2, 2, 1], &pixels[..4]));
    write("t10k-labels.idx1-ubyte.gz", gzip(&idx(&[2], &[2, 1])));
}

/// An array as NumPy saves it, in C order; header and data need not match.
pub(crate) fn npy(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// A compressed archive of such arrays.
pub(crate) fn npz(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A PNG image.
pub(crate) fn png(
    width: u32,
    height: u32,
    colour: image::ExtendedColorType,
    pixels: &[u8],
) -> Vec<u8> {
    use image::ImageEncoder;
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.write_image(pixels, width, height, colour).unwrap();
    bytes
}
