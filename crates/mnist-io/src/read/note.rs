//! Notes on decisions made while reading data.

use std::fmt;
use std::path::PathBuf;

use crate::contract::Reason;
use crate::some_of::some_of;

/// A decision that [`open`](crate::open) made. `Display` formats it as one line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// The labels were taken from this column because of its name.
    LabelColumn {
        /// The name of the column.
        column: String,
    },
    /// Pixels are bytes, as their format defines, and were divided by 255.
    PixelBytes,
    /// Values were examined and scaled.
    Values {
        /// Whether all values are integers.
        whole: bool,
        /// The smallest value.
        min: f64,
        /// The largest value.
        max: f64,
        /// The scaling chosen.
        scaled: Scaled,
    },
    /// The classes have names other than 0, 1, 2, …
    Classes {
        /// The names, in the order of the classes.
        names: Vec<String>,
    },
    /// Samples were held out as the test part.
    HeldOut {
        /// Number of samples held out.
        n_test: usize,
        /// Number of samples in the file.
        n_samples: usize,
        /// Whether the classes keep their proportions.
        stratified: bool,
    },
    /// Only the first test samples were read, because all of them would exceed the memory limit.
    FirstTestSamples {
        /// Number of samples used.
        used: usize,
        /// Number of samples available.
        available: usize,
    },
    /// The training samples stay on disk.
    OnDisk {
        /// Number of samples.
        n_samples: usize,
        /// Number of bytes that they would take in memory.
        bytes: u64,
    },
    /// Some files of a folder were ignored.
    IgnoredFiles {
        /// The folder.
        dir: PathBuf,
        /// Number of files ignored.
        n_files: usize,
    },
    /// Some entries of an archive were ignored.
    IgnoredEntries {
        /// The file.
        file: PathBuf,
        /// The names of the entries.
        entries: Vec<String>,
    },
    /// Columns were ignored.
    Ignored {
        /// The names of the columns.
        columns: Vec<String>,
        /// The reason.
        reason: Reason,
    },
    /// Columns of words were read as categories.
    Categories {
        /// The name of each column, and its number of levels.
        columns: Vec<(String, usize)>,
    },
    /// Values are missing.
    Missing {
        /// The name of each column, and its share of missing values.
        columns: Vec<(String, f64)>,
    },
    /// Columns have two values in the rows to which they were fitted, and others elsewhere, which count as
    /// missing.
    Unseen {
        /// The name of each column, and its number of other values.
        columns: Vec<(String, usize)>,
    },
    /// Values of an array are missing.
    MissingInArray {
        /// Number of values that are NaN.
        n_values: u64,
    },
    /// Rows without a label are used for pretraining only.
    Unlabelled {
        /// Number of rows used.
        n_samples: usize,
    },
    /// The rows were not divided at random.
    Divided {
        /// The method, in words.
        by: String,
    },
    /// The test part was read from a separate file.
    TestFile {
        /// The file.
        file: PathBuf,
        /// Number of samples.
        n_test: usize,
        /// The share of values outside the training range.
        outside_share: f64,
    },
    /// Columns of new data that are not in the contract were ignored.
    ExtraColumns {
        /// The names of the columns.
        columns: Vec<String>,
    },
    /// Columns of new data were matched by position, since one side has no names.
    ByPosition,
    /// Images in colour or with transparency were converted to opaque grey.
    Converted {
        /// Number of images.
        n_images: usize,
    },
    /// Images are read in colour, because some training images are coloured.
    Coloured {
        /// Number of coloured training images.
        n_coloured: usize,
        /// Number of training images.
        n_images: usize,
    },
    /// Colour images have transparent pixels, which were placed on a white background.
    Opaque {
        /// Number of images.
        n_images: usize,
    },
}

/// The scaling that was applied to values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scaled {
    /// Values are unchanged.
    Unchanged,
    /// Values were divided by this number.
    DividedBy(f32),
    /// Values were mapped to [0, 1].
    ToUnit,
    /// Each column was scaled to mean 0 and standard deviation 1.
    ToStandard,
    /// Each column was standardised, some by median and quartiles.
    Standardised {
        /// Number of columns.
        columns: usize,
        /// Number of columns with heavy tails, which were standardised by quartiles.
        robust: usize,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::LabelColumn { column } => write!(f, "the labels are in column {column}"),
            Note::PixelBytes => write!(f, "pixels are bytes, divided by 255"),
            Note::Values { whole, min, max, scaled } => {
                let values = if *whole { "integers" } else { "values" };
                write!(f, "{values} from {} to {}, {scaled}", short(*min), short(*max))
            }
            Note::Classes { names } => {
                let noun = if names.len() == 1 { "class" } else { "classes" };
                write!(f, "{} {noun}: {}", names.len(), some_of(names))
            }
            Note::HeldOut { n_test, n_samples, stratified } => {
                let how = if *stratified { "stratified by class" } else { "drawn at random" };
                write!(f, "{n_test} of {n_samples} samples are the test part, {how}")
            }
            Note::FirstTestSamples { used, available } => {
                write!(f, "the first {used} of {available} test samples are used")
            }
            Note::OnDisk { n_samples, bytes } => write!(
                f,
                "{n_samples} training samples stay on disk: in memory they would take {} MiB",
                bytes >> 20
            ),
            Note::IgnoredFiles { dir, n_files } => match n_files {
                1 => write!(f, "1 file in {} is ignored: it is not an image", dir.display()),
                n => write!(f, "{n} files in {} are ignored: they are not images", dir.display()),
            },
            Note::IgnoredEntries { file, entries } => {
                write!(f, "entries of {} that are ignored: {}", file.display(), some_of(entries))
            }
            Note::Ignored { columns, reason } => {
                let (noun, verb) =
                    if columns.len() == 1 { ("column", "is") } else { ("columns", "are") };
                write!(f, "{noun} {} {verb} ignored: {reason}", some_of(columns))
            }
            Note::Categories { columns } => {
                let told = columns.iter().map(|(name, levels)| format!("{name} ({levels} levels)"));
                write!(f, "read as categories: {}", some_of(told))
            }
            Note::Missing { columns } => {
                let told =
                    columns.iter().map(|(name, share)| format!("{name} ({:.1} %)", 100.0 * share));
                write!(f, "missing values are marked in {}", some_of(told))
            }
            Note::Unseen { columns } => {
                let told = columns.iter().map(|(name, n)| format!("{name} ({n})"));
                write!(f, "values that are in no training row count as missing: {}", some_of(told))
            }
            Note::MissingInArray { n_values } => match n_values {
                1 => write!(f, "1 value is NaN and counts as missing"),
                n => write!(f, "{n} values are NaN and count as missing"),
            },
            Note::Unlabelled { n_samples } => match n_samples {
                1 => write!(f, "1 sample has no label and is used for pretraining"),
                n => write!(f, "{n} samples have no label and are used for pretraining"),
            },
            Note::Divided { by } => write!(f, "samples are divided {by}"),
            Note::TestFile { file, n_test, outside_share } => {
                write!(f, "{n_test} test samples from {}", file.display())?;
                if *outside_share > 0.0 {
                    let share = 100.0 * outside_share;
                    write!(f, "; {share:.1} % of their values are outside the training range")?;
                }
                Ok(())
            }
            Note::ExtraColumns { columns } => {
                write!(f, "the model does not use {}", some_of(columns))
            }
            Note::ByPosition => write!(f, "columns are matched by position: there are no names"),
            Note::Converted { n_images } => {
                write!(f, "{n_images} images in colour or with transparency were made opaque grey")
            }
            Note::Coloured { n_coloured, n_images } => {
                write!(
                    f,
                    "images are read in colour: {n_coloured} of {n_images} training images are coloured"
                )
            }
            Note::Opaque { n_images } => {
                write!(f, "{n_images} images with transparency were put on a white ground")
            }
        }
    }
}

/// A number as in the data: with single-precision digits if these suffice, and in scientific notation if very
/// large.
fn short(number: f64) -> String {
    let single = number as f32;
    match number.abs() {
        1e16.. => format!("{number:e}"),
        _ if f64::from(single) == number => single.to_string(),
        _ => number.to_string(),
    }
}

impl Note {
    /// Whether the note is about a conversion of images.
    pub(crate) fn is_conversion(&self) -> bool {
        matches!(self, Note::Converted { .. } | Note::Opaque { .. })
    }
}

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scaled::Unchanged => write!(f, "unchanged"),
            Scaled::DividedBy(divisor) => write!(f, "divided by {divisor}"),
            Scaled::ToUnit => write!(f, "scaled to unit range"),
            Scaled::ToStandard => write!(f, "scaled to mean 0 and standard deviation 1"),
            Scaled::Standardised { robust: 0, .. } => {
                write!(f, "each column scaled to mean 0 and standard deviation 1")
            }
            Scaled::Standardised { columns, robust } => write!(
                f,
                "each column standardised, {robust} of {columns} by median and quartiles because of \
                 heavy tails"
            ),
        }
    }
}
