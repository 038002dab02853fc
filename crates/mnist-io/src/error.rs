//! Every way that reading, splitting or choosing data can fail.

use std::io;
use std::path::PathBuf;

use crate::dataset::ImageShape;
use crate::read::FormatError;

/// What went wrong; the message names the file, the value, what was expected and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the user's own that is wrong.
    #[error(transparent)]
    Format(#[from] FormatError),

    /// The data folder is not there.
    #[error(
        "data folder {} not found; expected the four MNIST files there; \
         run `aerbm data list` for the sets that can be fetched, or pass --data DIR",
        dir.display()
    )]
    FolderNotFound {
        /// The folder that was asked for.
        dir: PathBuf,
    },

    /// The folder is there, one of the four files is not, under any of its spellings.
    #[error(
        "{} not found, nor with .gz, nor as {other}; expected the four MNIST files in one \
         folder; fetch the missing one or pass --data DIR",
        file.display()
    )]
    FileNotFound {
        /// The canonical path.
        file: PathBuf,
        /// The other spelling that was tried.
        other: &'static str,
    },

    /// The operating system refused to open or read.
    #[error("cannot read {}: {source}; check that it is a readable file", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// The operating system's word.
        source: io::Error,
    },

    /// The gzip stream stops before its end.
    #[error(
        "{} is cut off: the gzip stream ends too early; expected a complete one; \
         fetch the file again",
        file.display()
    )]
    GzipTruncated {
        /// The file.
        file: PathBuf,
        /// The decoder's word.
        source: io::Error,
    },

    /// The gzip stream is damaged: header, body or checksum.
    #[error("{} is damaged: {source}; expected intact gzip; fetch the file again", file.display())]
    GzipCorrupt {
        /// The file.
        file: PathBuf,
        /// The decoder's word.
        source: io::Error,
    },

    /// The first two bytes are not zero.
    #[error(
        "{} starts with bytes {found:02x?}; expected [00, 00], as every IDX file does; \
         is it another format?",
        file.display()
    )]
    Magic {
        /// The file.
        file: PathBuf,
        /// Its first two bytes.
        found: [u8; 2],
    },

    /// The elements are not unsigned bytes.
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

    /// Images where labels were expected, labels where images were, or neither.
    #[error(
        "{} has {found} dimensions; expected {expected} (images have 3, labels 1); \
         are two files swapped?",
        file.display()
    )]
    Dimensions {
        /// The file.
        file: PathBuf,
        /// The number of dimensions, fourth byte of the file.
        found: u8,
        /// The number for this kind of file.
        expected: u8,
    },

    /// A dimension is zero: the file holds nothing.
    #[error(
        "{} declares dimensions {dimensions:?}; expected each to be at least 1; \
         use a set that is not empty",
        file.display()
    )]
    ZeroDimension {
        /// The file.
        file: PathBuf,
        /// All its dimensions.
        dimensions: Vec<u32>,
    },

    /// The product of the dimensions does not fit 64 bits.
    #[error(
        "{} declares dimensions {dimensions:?}, whose product overflows 64 bits; \
         expected at most {} bytes; the header is damaged",
        file.display(),
        crate::idx::MAX_BYTES
    )]
    Overflow {
        /// The file.
        file: PathBuf,
        /// All its dimensions.
        dimensions: Vec<u32>,
    },

    /// The declared size is beyond [`MAX_BYTES`](crate::idx::MAX_BYTES).
    #[error(
        "{} declares {declared} bytes of data; expected at most {}; \
         the header is damaged, or the set must be cut into parts",
        file.display(),
        crate::idx::MAX_BYTES
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// The product of its dimensions.
        declared: u64,
    },

    /// Fewer bytes than the header needs or declares.
    #[error(
        "{} ends after {found} unpacked bytes; expected {expected}; fetch the file again",
        file.display()
    )]
    Short {
        /// The file.
        file: PathBuf,
        /// Its unpacked length.
        found: u64,
        /// The length that its header (so far) calls for.
        expected: u64,
    },

    /// More bytes than the header declares.
    #[error(
        "{} goes on after {expected} unpacked bytes, where its header says that it ends; \
         expected no trailing bytes; fetch the file again",
        file.display()
    )]
    Trailing {
        /// The file.
        file: PathBuf,
        /// The length that its header calls for.
        expected: u64,
    },

    /// A label that is no class.
    #[error(
        "{}: label {index} is {found}; expected a class below {n_classes}; \
         check the file or the number of classes",
        file.display()
    )]
    LabelRange {
        /// The file, or the name of a data set made in memory.
        file: PathBuf,
        /// Which label, from 0.
        index: usize,
        /// Its value.
        found: u8,
        /// The number of classes.
        n_classes: usize,
    },

    /// Images and labels that do not pair up.
    #[error(
        "{} holds {n_images} images but {} holds {n_labels} labels; \
         expected one label an image; use the two files of one set",
        images_file.display(),
        labels_file.display()
    )]
    CountMismatch {
        /// The images, a file or the name of a data set made in memory.
        images_file: PathBuf,
        /// How many.
        n_images: usize,
        /// The labels, likewise.
        labels_file: PathBuf,
        /// How many.
        n_labels: usize,
    },

    /// Training and test images of different sizes.
    #[error(
        "{} holds images of {found}, the training images are {expected}; \
         expected one size; use the files of one set",
        file.display()
    )]
    ShapesDiffer {
        /// The file of the test images.
        file: PathBuf,
        /// Their size.
        found: ImageShape,
        /// The training images' size.
        expected: ImageShape,
    },

    /// Rows whose length is not height × width.
    #[error(
        "data set {name}: rows of {found} values; expected {} for images of {shape}; \
         correct the shape",
        shape.n_pixels()
    )]
    FeatureCount {
        /// The data set's name.
        name: String,
        /// The length of a row.
        found: usize,
        /// The shape that was given.
        shape: ImageShape,
    },

    /// A value that is infinite or not a number.
    #[error(
        "{}: row {row}, column {column} is {found}; expected finite numbers; fill in what is \
         missing, or leave the row out",
        file.display()
    )]
    NotFinite {
        /// The file, or the name of a data set made in memory.
        file: PathBuf,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        found: f32,
    },

    /// A split that leaves no image to train or none to validate with.
    #[error(
        "{requested} training images of {available}; expected at least 1 and fewer than \
         {available}, so that some remain for validation; ask for another number"
    )]
    TrainCount {
        /// The number of images to train with.
        requested: usize,
        /// All images outside the test set.
        available: usize,
    },

    /// A label subset that is empty or larger than the set.
    #[error("{requested} labels of {available}; expected 1 to {available}; ask for another number")]
    SubsetSize {
        /// The number of labels asked for.
        requested: usize,
        /// The number there are.
        available: usize,
    },
}
