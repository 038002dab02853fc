use std::io;
use std::path::PathBuf;

use crate::ImageShape;

/// Every way in which a user's own data can be unreadable, beside those of IDX files. `place` is
/// the file, with the entry where it has several.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Neither the name nor the content tells how to read it.
    #[error(
        "{}: unknown kind of data; expected a folder of four IDX files or of PNG images, or an \
         IDX, .npy, .npz or .csv file",
        path.display()
    )]
    Unknown {
        /// The file or folder.
        path: PathBuf,
    },

    /// A folder without anything to read.
    #[error(
        "{}: nothing to read; expected the four files of an IDX set ({}, …, plain or .gz), or PNG \
         images, sorted into one folder a class if they have labels",
        dir.display(),
        "train-images-idx3-ubyte"
    )]
    EmptyFolder {
        /// The folder.
        dir: PathBuf,
    },

    /// Too few rows for a training, a validation and a test part.
    #[error("{place} has {found} rows; expected at least {expected}")]
    TooFewRows {
        /// What was read.
        place: String,
        /// Its rows.
        found: usize,
        /// How many are needed.
        expected: usize,
    },

    /// Larger than the limit, in a form that cannot stay on disk.
    #[error(
        "{place} would take {} MiB of memory, and the limit is {} MiB (--memory-limit); {remedy}",
        bytes >> 20,
        limit >> 20
    )]
    Memory {
        /// What was to be read.
        place: String,
        /// The memory it would take.
        bytes: u64,
        /// The memory there may be.
        limit: u64,
        /// What to do.
        remedy: &'static str,
    },

    /// A column of labels was named for data that have no columns.
    #[error("{place}: --label-column is for .csv files; {instead}")]
    NoColumns {
        /// What was to be read.
        place: String,
        /// Where its labels are from.
        instead: &'static str,
    },

    /// The header of a .npy file or entry is missing or damaged.
    #[error("{place}: no NumPy header: {source}; expected what numpy.save writes")]
    NpyHeader {
        /// The file, and the entry.
        place: String,
        /// The parser's word.
        source: io::Error,
    },

    /// An array of elements that are no real numbers, or none that can be read.
    #[error(
        "{place} holds elements of type {found}; expected integers or floats of 4 or 8 bytes \
         ({remedy})"
    )]
    NpyElement {
        /// The file, and the entry.
        place: String,
        /// The type, as NumPy writes it.
        found: String,
        /// What to do.
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
        /// What it should be.
        expected: &'static str,
    },

    /// An array with more or fewer bytes than its header declares.
    #[error("{place} holds {found} bytes of data; its header calls for {expected}; save it again")]
    NpyLength {
        /// The file, and the entry.
        place: String,
        /// The bytes there are.
        found: u64,
        /// The bytes that the shape needs.
        expected: u64,
    },

    /// A damaged archive, or one of a kind that cannot be read.
    #[error("{}: {source}; expected what numpy.savez or numpy.savez_compressed writes", file.display())]
    Zip {
        /// The file.
        file: PathBuf,
        /// The decoder's word.
        source: zip::result::ZipError,
    },

    /// An archive without an entry that could be the samples.
    #[error(
        "{} has entries {}; expected x_train, y_train, x_test and y_test, or x and y, or \
         scikit-learn's data and target",
        file.display(),
        found.join(", ")
    )]
    NpzEntries {
        /// The file.
        file: PathBuf,
        /// The entries there are.
        found: Vec<String>,
    },

    /// Text that is no table: quotes or encoding.
    #[error("{}: {source}", file.display())]
    Csv {
        /// The file.
        file: PathBuf,
        /// The parser's word, with the line.
        source: csv::Error,
    },

    /// A row with more or fewer fields than the first.
    #[error(
        "{}, line {line}: {found} fields; expected {expected}, as in the first row",
        file.display()
    )]
    CsvFields {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The fields of this row.
        found: usize,
        /// The fields of the first row.
        expected: usize,
    },

    /// A field that is no finite number.
    #[error(
        "{}, line {line}, column {column}: \"{found}\" is no number; if these are the labels, give \
         --label-column {column}",
        file.display()
    )]
    CsvNumber {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column's name, or its index from 0.
        column: String,
        /// What it holds.
        found: String,
    },

    /// A field without a value.
    #[error(
        "{}, line {line}, column {column}: no value; fill in missing values, or leave the row out",
        file.display()
    )]
    CsvMissing {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column's name, or its index from 0.
        column: String,
    },

    /// A column of labels that is not there.
    #[error(
        "{}: no column \"{column}\" for the labels; expected an index from 0 (or from the end: -1) \
         or one of {}",
        file.display(),
        found.join(", ")
    )]
    CsvColumn {
        /// The file.
        file: PathBuf,
        /// What was asked for.
        column: String,
        /// The names there are, or the indices.
        found: Vec<String>,
    },

    /// A table with a column of labels and nothing beside it.
    #[error("{}: no column beside the labels; expected at least one of numbers", file.display())]
    CsvNoFeatures {
        /// The file.
        file: PathBuf,
    },

    /// Labels that are no whole numbers and no text.
    #[error("{place} holds labels of type {found}; expected whole numbers or text, one a sample")]
    LabelType {
        /// The file, and the entry.
        place: String,
        /// Their type.
        found: String,
    },

    /// More classes than a label can tell apart.
    #[error(
        "{place}: {found} different labels; expected at most 256 classes; is this a column of \
         numbers rather than of labels?"
    )]
    Classes {
        /// The file, and the entry or column.
        place: String,
        /// The number of different labels.
        found: usize,
    },

    /// An image that cannot be decoded.
    #[error("{}: {source}; expected a PNG image", file.display())]
    Png {
        /// The file.
        file: PathBuf,
        /// The decoder's word.
        source: image::ImageError,
    },

    /// An image whose pixels are not all grey and opaque.
    #[error(
        "{}: pixel ({x}, {y}) is {found}; expected opaque grey; convert the images to greyscale",
        file.display()
    )]
    PngColour {
        /// The file.
        file: PathBuf,
        /// The pixel's column, from 0.
        x: u32,
        /// The pixel's row, from 0.
        y: u32,
        /// Its colour.
        found: String,
    },

    /// An image of another size than the first.
    #[error("{} has {found}, the first image {expected}; expected one size", file.display())]
    PngSize {
        /// The file.
        file: PathBuf,
        /// Its size.
        found: ImageShape,
        /// The size of the first.
        expected: ImageShape,
    },

    /// Images with and without a class.
    #[error(
        "{}: images beside folders of images; expected either images, or one folder a class",
        dir.display()
    )]
    PngMixed {
        /// The folder.
        dir: PathBuf,
    },
}
