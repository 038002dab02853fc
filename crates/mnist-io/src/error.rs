//! Errors of reading, splitting and selecting data.

use std::io;
use std::path::PathBuf;

use crate::format_error::FormatError;
use crate::shape::ImageShape;
use crate::table_error::TableError;

/// An error of this crate. The message names the file, the value found, the value expected, and a remedy. A
/// cause reported by another library is the error's source and not in its message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error in a file of one of the formats that [`open`](crate::open) reads.
    #[error(transparent)]
    Format(#[from] FormatError),

    /// An error in a table.
    #[error(transparent)]
    Table(#[from] TableError),

    /// The data folder does not exist.
    #[error("data folder {} not found; expected a folder of four IDX files", dir.display())]
    FolderNotFound {
        /// The folder.
        dir: PathBuf,
    },

    /// One of the four files of a folder is missing under all of its names.
    #[error(
        "{} not found, nor with .gz, nor as {other}; expected all four IDX files in one folder",
        file.display()
    )]
    FileNotFound {
        /// The path in its usual spelling.
        file: PathBuf,
        /// The other spelling that was tried.
        other: &'static str,
    },

    /// A file cannot be opened or read.
    #[error("cannot read {}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },

    /// A gzip stream that ends too early.
    #[error(
        "{} is cut off: the gzip stream ends too early; download the file again",
        file.display()
    )]
    GzipTruncated {
        /// The file.
        file: PathBuf,
        /// The decoder's error.
        source: io::Error,
    },

    /// A gzip stream whose header, body or checksum is damaged.
    #[error("{} is a damaged gzip file; download it again", file.display())]
    GzipCorrupt {
        /// The file.
        file: PathBuf,
        /// The decoder's error.
        source: io::Error,
    },

    /// The first two bytes of an IDX file are not zero.
    #[error(
        "{} starts with bytes {found:02x?}; expected [00, 00], as every IDX file does; \
         is it another format?",
        file.display()
    )]
    Magic {
        /// The file.
        file: PathBuf,
        /// The first two bytes.
        found: [u8; 2],
    },

    /// The elements of an IDX file are not unsigned bytes.
    #[error(
        "{} holds elements of type 0x{found:02x}; expected 0x08, unsigned bytes; \
         convert it to bytes",
        file.display()
    )]
    TypeCode {
        /// The file.
        file: PathBuf,
        /// The type code, third byte of the file.
        found: u8,
    },

    /// An IDX file with the wrong number of dimensions: images instead of labels, or the reverse.
    #[error(
        "{} has {found} dimensions; expected {expected} (images have 3, labels 1); \
         are two files swapped?",
        file.display()
    )]
    Dimensions {
        /// The file.
        file: PathBuf,
        /// Number of dimensions, the fourth byte of the file.
        found: u8,
        /// Number of dimensions of this kind of file.
        expected: u8,
    },

    /// A dimension of an IDX file is zero, so that the file is empty.
    #[error(
        "{} declares dimensions {dimensions:?}; expected each to be at least 1; \
         the file is empty",
        file.display()
    )]
    ZeroDimension {
        /// The file.
        file: PathBuf,
        /// All dimensions.
        dimensions: Vec<u32>,
    },

    /// The product of the dimensions does not fit in 64 bits.
    #[error(
        "{} declares dimensions {dimensions:?}, whose product overflows 64 bits; \
         expected at most {most} bytes; the header is damaged",
        file.display()
    )]
    Overflow {
        /// The file.
        file: PathBuf,
        /// All dimensions.
        dimensions: Vec<u32>,
        /// The largest number of bytes allowed.
        most: u64,
    },

    /// An IDX file declares more data than may be read into memory.
    #[error(
        "{} declares {declared} bytes of data; expected at most {most}; \
         the header is damaged, or the data set must be divided into several files",
        file.display()
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The product of the dimensions.
        declared: u64,
        /// The largest number of bytes allowed, such as [`MAX_BYTES`](crate::idx::MAX_BYTES).
        most: u64,
    },

    /// A file with fewer bytes than its header requires or declares.
    #[error(
        "{} ends after {found} unpacked bytes; expected {expected}; download the file again",
        file.display()
    )]
    Short {
        /// The file.
        file: PathBuf,
        /// Its decompressed length in bytes.
        found: u64,
        /// The length that the part of the header read so far declares.
        expected: u64,
    },

    /// A file with more bytes than its header declares.
    #[error(
        "{} continues after {expected} unpacked bytes, the length that its header declares; \
         expected no trailing bytes; download the file again",
        file.display()
    )]
    Trailing {
        /// The file.
        file: PathBuf,
        /// The length that the header declares.
        expected: u64,
    },

    /// A label that is not below the number of classes.
    #[error(
        "{}: label {index} is {found}; expected a class below {n_classes}; \
         check the file or the number of classes",
        file.display()
    )]
    LabelRange {
        /// The file, or the name of a data set made from arrays.
        file: PathBuf,
        /// The index of the label, from 0.
        index: usize,
        /// The value of the label.
        found: u8,
        /// Number of classes.
        n_classes: usize,
    },

    /// Images and labels that differ in number.
    #[error(
        "{} holds {n_images} images but {} holds {n_labels} labels; \
         expected one label per image; use two files of the same data set",
        images_file.display(),
        labels_file.display()
    )]
    CountMismatch {
        /// The file of the images, or the name of a data set made from arrays.
        images_file: PathBuf,
        /// Number of images.
        n_images: usize,
        /// The file of the labels, or the name of a data set made from arrays.
        labels_file: PathBuf,
        /// Number of labels.
        n_labels: usize,
    },

    /// Training and test images of different sizes.
    #[error(
        "{} holds images of {found}, the training images are {expected}; \
         expected one size; use files of the same data set",
        file.display()
    )]
    ShapesDiffer {
        /// The file of the test images.
        file: PathBuf,
        /// The size of the test images.
        found: ImageShape,
        /// The size of the training images.
        expected: ImageShape,
    },

    /// Images from which a derived data set cannot be made.
    #[error("{set} is made of images of {expected}; those given have {found}; give MNIST")]
    NotDigits {
        /// The derived data set.
        set: &'static str,
        /// The size of the images.
        found: ImageShape,
        /// The size of MNIST's images.
        expected: ImageShape,
    },

    /// Rows whose length is not height × width × channels.
    #[error(
        "data set {name}: rows of {found} values; expected {expected} for images of {shape}; \
         correct the shape"
    )]
    FeatureCount {
        /// The name of the data set.
        name: String,
        /// The length of a row.
        found: usize,
        /// The shape that was given.
        shape: ImageShape,
        /// Number of values in that shape.
        expected: usize,
    },

    /// A value that is infinite or NaN.
    #[error(
        "{}: row {row}, column {column} is {found}; expected finite numbers; fill in missing \
         values, or leave the row out",
        file.display()
    )]
    NotFinite {
        /// The file, or the name of a data set made from arrays.
        file: PathBuf,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        found: f32,
    },

    /// A split whose training or validation part would be empty.
    #[error(
        "{requested} training samples of {available}; expected at least 1 and fewer than \
         {available}, so that some remain for validation"
    )]
    TrainCount {
        /// Number of training samples that the [`SplitRule`](crate::SplitRule) gives.
        requested: usize,
        /// Number of samples outside the test part.
        available: usize,
    },

    /// A label subset that is empty or larger than the data set.
    #[error("{requested} labels of {available}; expected 1 to {available}")]
    SubsetSize {
        /// Number of labels requested.
        requested: usize,
        /// Number of labels available.
        available: usize,
    },

    /// Training samples that must be in memory, but are on disk.
    #[error(
        "data set {name}: the training samples are on disk, because they would take {} MiB of \
         memory; expected them in memory; use fewer samples, or raise `memory_limit` of \
         `ReadOptions`",
        bytes >> 20
    )]
    OnDisk {
        /// The name of the data set.
        name: String,
        /// Number of bytes that the samples would take in memory.
        bytes: u64,
    },
}
