//! Errors of the formats that `open` reads, beside those of IDX files.

use std::error;
use std::path::PathBuf;

use crate::shape::ImageShape;

/// A file that cannot be read as samples. `place` is the file and, where it has several, the entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// A file in no known format.
    #[error("{}: unknown kind of data; expected {expected}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The formats that can be read.
        expected: String,
    },

    /// A folder without data in a known format.
    #[error("{}: nothing to read; expected {expected}", dir.display())]
    EmptyFolder {
        /// The folder.
        dir: PathBuf,
        /// The formats that can be read.
        expected: String,
    },

    /// A file that its decoder refuses.
    #[error("{place}: {cause}; expected {expected}")]
    Malformed {
        /// The file, and the entry.
        place: String,
        /// The error of the decoder. It is part of the message, and therefore not the source.
        cause: Box<dyn error::Error + Send + Sync>,
        /// The content that was expected.
        expected: &'static str,
    },

    /// Too few rows for a training, a validation and a test part.
    #[error("{place} has {found} rows; expected at least {expected}")]
    TooFewRows {
        /// The file, and the entry.
        place: String,
        /// Number of rows found.
        found: usize,
        /// Number of rows needed.
        expected: usize,
    },

    /// Samples that exceed the memory limit, in a format that cannot stay on disk.
    #[error(
        "{place} would take {} MiB of memory; `memory_limit` of `ReadOptions` allows {} MiB; \
         {remedy}, or raise the limit",
        bytes >> 20,
        limit >> 20
    )]
    Memory {
        /// The file, and the entry.
        place: String,
        /// Number of bytes that the samples would take in memory.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
        /// A way to keep the samples on disk.
        remedy: &'static str,
    },

    /// A label column was given for data without columns.
    #[error("{place}: `label_column` of `ReadOptions` is for tables; {instead}")]
    NoColumns {
        /// The file or folder.
        place: String,
        /// The way to give labels in this format.
        instead: &'static str,
    },

    /// An array whose elements are not real numbers of a supported type.
    #[error(
        "{place} holds elements of type {found}; expected integers or floats of 4 or 8 bytes \
         ({remedy})"
    )]
    NpyElement {
        /// The file, and the entry.
        place: String,
        /// The type, as NumPy writes it.
        found: String,
        /// The way to convert them.
        remedy: &'static str,
    },

    /// An array in column-major order.
    #[error(
        "{place} is in Fortran order; expected C order; save numpy.ascontiguousarray of the array"
    )]
    NpyOrder {
        /// The file, and the entry.
        place: String,
    },

    /// An array whose shape is not that of samples or of labels.
    #[error("{place} has shape {found:?}; expected {expected}")]
    NpyShape {
        /// The file, and the entry.
        place: String,
        /// The shape.
        found: Vec<u64>,
        /// The shapes that can be read.
        expected: &'static str,
    },

    /// An array with more or fewer bytes than its header declares.
    #[error("{place} holds {found} bytes of data; its header declares {expected}; save it again")]
    NpyLength {
        /// The file, and the entry.
        place: String,
        /// Number of bytes found.
        found: u64,
        /// Number of bytes that shape and type need.
        expected: u64,
    },

    /// An archive without an entry for the samples.
    #[error(
        "{} has entries {}; expected x_train, y_train, x_test and y_test, or x and y, or \
         scikit-learn's data and target",
        file.display(),
        found.join(", ")
    )]
    NpzEntries {
        /// The file.
        file: PathBuf,
        /// The names of its entries.
        found: Vec<String>,
    },

    /// A row whose number of fields is not that of the first row.
    #[error(
        "{}, line {line}: {found} fields; expected {expected}, as in the first row",
        file.display()
    )]
    CsvFields {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Number of fields in this row.
        found: usize,
        /// Number of fields in the first row.
        expected: usize,
    },

    /// A field that is not a finite number.
    #[error(
        "{}, line {line}, column {column}: \"{found}\" is not a finite number; if the column holds \
         the labels, set `label_column` of `ReadOptions` to it",
        file.display()
    )]
    CsvNumber {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The name of the column, or its index from 0.
        column: String,
        /// The content of the field.
        found: String,
    },

    /// An empty field.
    #[error(
        "{}, line {line}, column {column}: no value; fill in missing values, or leave the row out",
        file.display()
    )]
    CsvMissing {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The name of the column, or its index from 0.
        column: String,
    },

    /// A label column that does not exist.
    #[error(
        "{}: no column \"{column}\" for the labels; expected an index from 0 (or from the end: -1) \
         or one of {}",
        file.display(),
        found.join(", ")
    )]
    CsvColumn {
        /// The file.
        file: PathBuf,
        /// The column that was given.
        column: String,
        /// The names of the columns, or the range of their indices.
        found: Vec<String>,
    },

    /// A table that has only a label column.
    #[error("{}: no column beside the labels; expected at least one of numbers", file.display())]
    CsvNoFeatures {
        /// The file.
        file: PathBuf,
    },

    /// Labels that are neither integers nor text.
    #[error("{place} holds labels of type {found}; expected integers or text, one per sample")]
    LabelType {
        /// The file, and the entry.
        place: String,
        /// The type, as NumPy writes it.
        found: String,
    },

    /// More than 256 classes.
    #[error(
        "{place}: {found} different labels; expected at most 256 classes; is this a column of \
         numbers rather than of labels?"
    )]
    Classes {
        /// The file, and the entry or column.
        place: String,
        /// Number of different labels.
        found: usize,
    },

    /// An image with pixels that are coloured or transparent.
    #[error(
        "{}: pixel ({x}, {y}) is {found}; expected opaque grey; convert the images to greyscale",
        file.display()
    )]
    PngColour {
        /// The file.
        file: PathBuf,
        /// The column of the pixel, from 0.
        x: u32,
        /// The row of the pixel, from 0.
        y: u32,
        /// The colour of the pixel.
        found: String,
    },

    /// An image whose size is not that of the first image.
    #[error("{} has {found}, the first image {expected}; expected one size", file.display())]
    PngSize {
        /// The file.
        file: PathBuf,
        /// Its size.
        found: ImageShape,
        /// The size of the first image.
        expected: ImageShape,
    },

    /// A folder with both images and subfolders of images.
    #[error(
        "{}: images beside folders of images; expected either images, or one folder per class",
        dir.display()
    )]
    PngMixed {
        /// The folder.
        dir: PathBuf,
    },
}
