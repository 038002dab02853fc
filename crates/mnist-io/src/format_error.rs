//! Errors of the formats that `open` reads, except those of IDX files.

use std::error;
use std::path::PathBuf;

use crate::shape::ImageShape;
use crate::some_of::some_of;

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

    /// Standard input, a pipe or a device. None of them can be read, because a table is opened more than
    /// once.
    #[error(
        "{} is {found}; expected a regular file or a folder; save the data to a file first",
        path.display()
    )]
    NotRegular {
        /// The path.
        path: PathBuf,
        /// The kind of the path, such as "a pipe".
        found: &'static str,
    },

    /// A symbolic link to itself or to a missing file.
    #[error(
        "{} is a symbolic link that leads to no file ({cause}); expected a regular file or a folder; \
         correct the link, or name the file itself",
        path.display()
    )]
    Link {
        /// The link.
        path: PathBuf,
        /// The operating system's error. It is part of the message, and therefore not the source.
        cause: std::io::Error,
    },

    /// A file that its decoder rejects.
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

    /// Too few rows with a label among others without one.
    #[error(
        "{place}: {found} of {n_rows} rows have a label; expected at least {expected}; label more rows, \
         or read the rows without labels"
    )]
    TooFewLabels {
        /// The file and the column.
        place: String,
        /// Number of rows with a label.
        found: usize,
        /// Number of all rows.
        n_rows: usize,
        /// Number of labelled rows needed.
        expected: usize,
    },

    /// Samples that exceed the memory limit, in a format that cannot stay on disk.
    #[error(
        "{place} would take at least {} MiB of memory; the memory limit is {} MiB; {remedy}, or raise \
         the limit",
        bytes.div_ceil(1 << 20),
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
    #[error("{place}: a label column is for tables; {instead}")]
    NoColumns {
        /// The file or folder.
        place: String,
        /// The way to give labels in this format.
        instead: &'static str,
    },

    /// An option for tables was given for data without columns.
    #[error("{place}: {} for tables with columns; leave it out", option_in_words(option))]
    TableOption {
        /// The file or folder.
        place: String,
        /// The field of [`ReadOptions`](crate::ReadOptions).
        option: &'static str,
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

    /// An array without values.
    #[error("{place}: every value is missing (NaN); expected numbers")]
    NoValues {
        /// The file.
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

    /// An array whose data length differs from that in its header.
    #[error("{place} holds {found} bytes of data; its header declares {expected}; save it again")]
    NpyLength {
        /// The file, and the entry.
        place: String,
        /// Number of bytes found.
        found: u64,
        /// Number of bytes that shape and type require.
        expected: u64,
    },

    /// An archive without an entry for the samples.
    #[error(
        "{} has entries {}; expected x_train, y_train, x_test and y_test, or x and y, or \
         scikit-learn's data and target",
        file.display(),
        some_of(found)
    )]
    NpzEntries {
        /// The file.
        file: PathBuf,
        /// The names of its entries.
        found: Vec<String>,
    },

    /// New data with a different number of values per sample.
    #[error("{place} has {found} values per sample; expected {expected}, as in training")]
    Width {
        /// The file, and the entry.
        place: String,
        /// Number of values found.
        found: usize,
        /// Number of values in the contract.
        expected: usize,
    },

    /// New images of a different size.
    #[error("{place} has images of {found}; expected {expected}, as in training")]
    NewSize {
        /// The file or folder.
        place: String,
        /// The size found.
        found: ImageShape,
        /// The size in the contract.
        expected: ImageShape,
    },

    /// A label column that holds a quantity.
    #[error(
        "{place}: the labels are {distinct} different numbers in {n_rows} rows, such as {example}: a \
         quantity, not classes; divide it into a few classes, name another label column, or `none`"
    )]
    Quantity {
        /// The file, and the entry or column.
        place: String,
        /// Number of different labels.
        distinct: usize,
        /// Number of labelled rows.
        n_rows: usize,
        /// A label.
        example: String,
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

    /// An image whose size differs from that of the first image.
    #[error("{} has {found}, the first image {expected}; expected one size", file.display())]
    ImageSize {
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
    ImagesMixed {
        /// The folder.
        dir: PathBuf,
    },

    /// Images in folders below those of the classes.
    #[error("{}: images below the folder of a class; expected CLASS/IMAGE; move them up", dir.display())]
    ImagesNested {
        /// The folder that holds them.
        dir: PathBuf,
    },

    /// A validation part that does not match the training part.
    #[error("{place} has {what}, unlike the training part; expected both alike")]
    PartsDiffer {
        /// The file and entry, or the folder.
        place: String,
        /// The difference.
        what: &'static str,
    },
}

/// Describes a field of [`ReadOptions`](crate::ReadOptions) that applies to tables, with a verb.
fn option_in_words(option: &str) -> &str {
    match option {
        "drop_columns" => "columns to leave out are",
        "header" => "a choice about the header is",
        "columns" => "a declaration of columns is",
        "split_column" => "a column of parts is",
        "group_column" => "a column of groups is",
        _ => "one of the options is",
    }
}
