//! The IDX format: a header with type and dimensions, then the elements.
//!
//! ```text
//! byte 0, 1   zero
//! byte 2      type of the elements; only 0x08, unsigned byte, is supported
//! byte 3      number of dimensions d: 3 for images, 1 for labels
//! 4·d bytes   the dimensions, 32 bits each, most significant byte first
//! the rest    the elements, last dimension fastest
//! ```
//!
//! Files may be plain or compressed with gzip, which is recognised by its first bytes. A damaged header
//! cannot cause a large allocation: memory grows with the bytes read.
//!
//! ```
//! use mnist_io::idx;
//! let bytes = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 51, 255];
//! let images = idx::read_images_from(&bytes[..], "one-image".as_ref())?;
//! assert_eq!((images.n_images(), images.shape.height, images.shape.width), (1, 1, 2));
//! assert_eq!(images.pixels, [51, 255]);
//! # Ok::<(), mnist_io::Error>(())
//! ```
//!
//! Source: *File formats for the MNIST database*, published with the files.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::shape::ImageShape;
use crate::unpack::Unpacked;

/// The largest data size, in bytes, that the header of a file read into memory may declare: 4 GiB, ninety
/// times MNIST.
pub const MAX_BYTES: u64 = 1 << 32;

/// The contents of an IDX file of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    /// The file, for messages.
    pub file: PathBuf,
    /// The size of each image, at least 1 × 1. The format has grey images only.
    pub shape: ImageShape,
    /// The pixels, row by row and image after image; their number is a multiple of
    /// `shape.n_pixels()`.
    pub pixels: Vec<u8>,
}

/// The contents of an IDX file of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxLabels {
    /// The file, for messages.
    pub file: PathBuf,
    /// Number of classes; every label is below it.
    pub n_classes: usize,
    /// One label per image.
    pub labels: Vec<u8>,
}

/// Reads a file of images.
///
/// # Errors
/// An [`Error`] that names the file and says what is wrong with it.
pub fn read_images(path: &Path) -> Result<IdxImages, Error> {
    images(Unpacked::open(path)?)
}

/// Reads images from any reader; errors call it `file`.
///
/// # Errors
/// As [`read_images`].
pub fn read_images_from(reader: impl Read + Send, file: &Path) -> Result<IdxImages, Error> {
    images(Unpacked::new(reader, file)?)
}

/// Reads a file of labels, each of which must be below `n_classes`.
///
/// # Errors
/// An [`Error`] that names the file and says what is wrong with it.
pub fn read_labels(path: &Path, n_classes: usize) -> Result<IdxLabels, Error> {
    labels(Unpacked::open(path)?, n_classes, MAX_BYTES)
}

/// Reads labels from any reader; errors call it `file`.
///
/// # Errors
/// As [`read_labels`].
pub fn read_labels_from(
    reader: impl Read + Send,
    file: &Path,
    n_classes: usize,
) -> Result<IdxLabels, Error> {
    labels(Unpacked::new(reader, file)?, n_classes, MAX_BYTES)
}

impl IdxImages {
    /// Number of images.
    #[must_use]
    pub fn n_images(&self) -> usize {
        self.pixels.len() / self.shape.n_pixels()
    }

    /// The header. Header and pixels together are the decompressed file, byte for byte.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        header(&[self.n_images(), self.shape.height, self.shape.width])
    }
}

impl IdxLabels {
    /// The header. Header and labels together are the decompressed file, byte for byte.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        header(&[self.labels.len()])
    }
}

/// The type code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;

fn images(bytes: Unpacked) -> Result<IdxImages, Error> {
    let (file, [_, height, width], pixels) = read(bytes, MAX_BYTES)?;
    let shape = ImageShape::grey(height as usize, width as usize);
    Ok(IdxImages { file, shape, pixels })
}

/// Reads a file of at most `most` labels of any class.
///
/// # Errors
/// As [`read_labels`].
pub(crate) fn read_labels_within(path: &Path, most: u64) -> Result<IdxLabels, Error> {
    labels(Unpacked::open(path)?, 256, most.min(MAX_BYTES))
}

fn labels(bytes: Unpacked, n_classes: usize, most: u64) -> Result<IdxLabels, Error> {
    let (file, [_], labels) = read(bytes, most)?;
    check_labels(&labels, n_classes, &file)?;
    Ok(IdxLabels { file, n_classes, labels })
}

/// Refuses a label that is not below `n_classes`.
pub(crate) fn check_labels(labels: &[u8], n_classes: usize, file: &Path) -> Result<(), Error> {
    match labels.iter().position(|&label| usize::from(label) >= n_classes) {
        Some(index) => {
            Err(Error::LabelRange { file: file.into(), index, found: labels[index], n_classes })
        }
        None => Ok(()),
    }
}

/// Reads a whole file of `D` dimensions and at most `most` elements; returns its name, dimensions and
/// elements.
fn read<const D: usize>(
    mut bytes: Unpacked,
    most: u64,
) -> Result<(PathBuf, [u32; D], Vec<u8>), Error> {
    let (dimensions, declared) = read_header(&mut bytes, most)?;
    let elements = read_elements(&mut bytes, 4 + 4 * D as u64, declared)?;
    Ok((bytes.file().to_path_buf(), dimensions, elements))
}

/// Reads the header of a file of `D` dimensions; returns the dimensions and the number of elements, which is
/// at most `most`.
pub(crate) fn read_header<const D: usize>(
    bytes: &mut Unpacked,
    most: u64,
) -> Result<([u32; D], u64), Error> {
    let file = bytes.file().to_path_buf();
    let start = read_exactly(bytes, 4, 0)?;
    if start[..2] != [0, 0] {
        return Err(Error::Magic { file, found: [start[0], start[1]] });
    }
    if start[2] != UNSIGNED_BYTE {
        return Err(Error::TypeCode { file, found: start[2] });
    }
    if usize::from(start[3]) != D {
        return Err(Error::Dimensions { file, found: start[3], expected: D as u8 });
    }

    let packed = read_exactly(bytes, 4 * D as u64, 4)?;
    let (words, _) = packed.as_chunks();
    let dimensions = std::array::from_fn(|d| u32::from_be_bytes(words[d]));
    let declared = declared_size(&dimensions, most, &file)?;
    Ok((dimensions, declared))
}

/// Reads the elements after a header of `header` bytes, and checks that nothing follows them.
pub(crate) fn read_elements(
    bytes: &mut Unpacked,
    header: u64,
    declared: u64,
) -> Result<Vec<u8>, Error> {
    let elements = read_exactly(bytes, declared, header)?;
    // Reading to the end also makes the gzip decoder verify its checksum.
    if !bytes.read_up_to(1)?.is_empty() {
        let file = bytes.file().to_path_buf();
        return Err(Error::Trailing { file, expected: header + declared });
    }
    Ok(elements)
}

/// Reads the next `n` bytes of a file of which `before` bytes have been read.
fn read_exactly(bytes: &mut Unpacked, n: u64, before: u64) -> Result<Vec<u8>, Error> {
    let read = bytes.read_up_to(n)?;
    let n_read = read.len() as u64;
    if n_read < n {
        let (found, expected) = (before + n_read, before + n);
        return Err(Error::Short { file: bytes.file().into(), found, expected });
    }
    Ok(read)
}

/// The product of the dimensions, which must be from 1 to `most`.
fn declared_size(dimensions: &[u32], most: u64, file: &Path) -> Result<u64, Error> {
    let file = || file.to_path_buf();
    if dimensions.contains(&0) {
        return Err(Error::ZeroDimension { file: file(), dimensions: dimensions.into() });
    }
    let product = dimensions.iter().try_fold(1_u64, |product, &d| product.checked_mul(d.into()));
    match product {
        None => Err(Error::Overflow { file: file(), dimensions: dimensions.into(), most }),
        Some(declared) if declared > most => Err(Error::TooLarge { file: file(), declared, most }),
        Some(declared) => Ok(declared),
    }
}

/// A header: two zeros, the type code, the number of dimensions, the dimensions.
pub(crate) fn header(dimensions: &[usize]) -> Vec<u8> {
    let mut header = vec![0, 0, UNSIGNED_BYTE, dimensions.len() as u8];
    for &dimension in dimensions {
        header.extend((dimension as u32).to_be_bytes());
    }
    header
}
