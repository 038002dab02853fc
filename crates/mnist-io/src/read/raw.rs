//! Data as returned by a format's reader, before scaling and ordering.

use std::path::PathBuf;

use super::classes::RawLabels;
use super::note::Note;
use super::table::{Table, Values, sha256_of_file};
use crate::error::Error;
use crate::format_error::FormatError;

/// The samples of one part, with their labels.
pub(crate) struct RawPart {
    pub(crate) table: Table,
    pub(crate) labels: Option<RawLabels>,
    pub(crate) fingerprint: Fingerprint,
}

/// Identity of a data set. The hash of a file is computed only on request, since new rows for a model do not
/// need it.
#[derive(Clone)]
pub(crate) enum Fingerprint {
    /// A SHA-256, in hex.
    Known(String),
    /// The bytes of a file, followed by more.
    OfFile { file: PathBuf, more: Vec<u8> },
}

impl Fingerprint {
    /// The SHA-256, in hex.
    pub(crate) fn sha256(&self) -> Result<String, Error> {
        match self {
            Fingerprint::Known(sha256) => Ok(sha256.clone()),
            Fingerprint::OfFile { file, more } => sha256_of_file(file, &[more]),
        }
    }
}

/// The contents of a file or folder.
pub(crate) struct RawSet {
    pub(crate) train: RawPart,
    pub(crate) test: Option<RawPart>,
    /// Number of rows at the end of the training part that are for validation, if the data specify it.
    pub(crate) n_validation: Option<usize>,
    /// Whether the training samples keep their order, so that the last ones are for validation.
    pub(crate) in_order: bool,
    pub(crate) notes: Vec<Note>,
}

impl RawSet {
    /// A data set without a test part.
    pub(crate) fn of_one(whole: RawPart) -> Self {
        let notes = vec![];
        RawSet { train: whole, test: None, n_validation: None, in_order: false, notes }
    }

    /// Removes the labels of all parts.
    pub(crate) fn leave_out_labels(&mut self) {
        for part in std::iter::once(&mut self.train).chain(&mut self.test) {
            part.labels = None;
        }
    }

    /// A data set of up to three parts in memory. A validation part is appended to the training part, or
    /// becomes the test part if there is none.
    ///
    /// # Errors
    /// [`Error::ShapesDiffer`], or [`FormatError::PartsDiffer`] if only one of training and validation
    /// has labels, or their numbers are of different types.
    pub(crate) fn of_parts(
        train: RawPart,
        validation: Option<RawPart>,
        test: Option<RawPart>,
        mut notes: Vec<Note>,
    ) -> Result<Self, Error> {
        let in_order = false;
        let (Some(validation), true) = (&validation, test.is_some()) else {
            if validation.is_some() {
                let by = "as the data say; the validation part is tested, since there is no other";
                notes.push(Note::Divided { by: by.to_owned() });
            }
            let test = test.or(validation);
            return Ok(RawSet { train, test, n_validation: None, in_order, notes });
        };
        let n_validation = Some(validation.table.n_rows);
        let train = joined(train, validation)?;
        Ok(RawSet { train, test, n_validation, in_order, notes })
    }
}

/// The rows of one part followed by those of another.
fn joined(first: RawPart, second: &RawPart) -> Result<RawPart, Error> {
    let RawPart { mut table, labels, fingerprint } = first;
    let other = &second.table;
    if other.shape != table.shape {
        let (file, found, expected) = (other.file.clone(), other.shape, table.shape);
        return Err(Error::ShapesDiffer { file, found, expected });
    }
    let differ = |what| FormatError::PartsDiffer { place: other.file.display().to_string(), what };
    match (&mut table.values, &other.values) {
        (
            Values::Packed { bytes, element },
            Values::Packed { bytes: more, element: other_element },
        ) if element == other_element => bytes.extend(more),
        _ => return Err(differ("numbers of another type").into()),
    }
    let labels = match (labels, &second.labels) {
        (None, None) => None,
        (Some(labels), Some(more)) => Some(labels.followed_by(more)),
        (Some(_), None) => return Err(differ("no labels").into()),
        (None, Some(_)) => return Err(differ("labels").into()),
    };
    table.n_rows += other.n_rows;
    Ok(RawPart { table, labels, fingerprint })
}
