//! Remarks on the decisions made while data were read.

use std::fmt;
use std::path::PathBuf;

/// A decision that [`open`](crate::open) made. `Display` tells it in one line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// The labels were taken from this column because of its name.
    LabelColumn {
        /// The name of the column.
        column: String,
    },
    /// Pixels are bytes by the definition of their format, and were divided by 255.
    PixelBytes,
    /// Values were examined and scaled.
    Values {
        /// Whether all values are integers.
        whole: bool,
        /// The smallest value.
        min: f32,
        /// The largest value.
        max: f32,
        /// The scaling that was chosen.
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
    /// Only the first test samples were read, because all of them exceed the memory limit.
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
}

/// The scaling that was applied to values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scaled {
    /// Values are unchanged.
    Unchanged,
    /// Values were divided by this number.
    DividedBy(f32),
    /// Values were brought into [0, 1].
    ToUnit,
    /// Each column was given mean 0 and standard deviation 1.
    ToStandard,
}

/// Number of class names that are listed.
const SHOWN: usize = 12;

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::LabelColumn { column } => write!(f, "the labels are in column {column}"),
            Note::PixelBytes => write!(f, "pixels are bytes, divided by 255"),
            Note::Values { whole, min, max, scaled } => {
                let values = if *whole { "integers" } else { "values" };
                write!(f, "{values} from {min} to {max}, {scaled}")
            }
            Note::Classes { names } => {
                let more = if names.len() > SHOWN { ", …" } else { "" };
                let shown = names[..names.len().min(SHOWN)].join(", ");
                write!(f, "{} classes: {shown}{more}", names.len())
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
            Note::IgnoredFiles { dir, n_files } => {
                write!(f, "{n_files} files in {} are ignored: they are not .png", dir.display())
            }
        }
    }
}

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scaled::Unchanged => write!(f, "unchanged"),
            Scaled::DividedBy(divisor) => write!(f, "divided by {divisor}"),
            Scaled::ToUnit => write!(f, "scaled to unit range"),
            Scaled::ToStandard => write!(f, "scaled to mean 0 and standard deviation 1"),
        }
    }
}
