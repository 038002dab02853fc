//! Data as a format's reader returns them: before they are scaled and put in order.

use super::classes::RawLabels;
use super::note::Note;
use super::table::Table;

/// The samples of one part, with their labels.
pub(super) struct RawPart {
    pub(super) table: Table,
    pub(super) labels: Option<RawLabels>,
    /// SHA-256, in hex, of what identifies the data set.
    pub(super) sha256: String,
}

/// The contents of a file or folder.
pub(super) struct RawSet {
    pub(super) train: RawPart,
    pub(super) test: Option<RawPart>,
    /// Whether the training samples keep their order, so that the last ones are for validation.
    pub(super) in_order: bool,
    pub(super) notes: Vec<Note>,
}

impl RawSet {
    /// A data set without a test part.
    pub(super) fn of_one(whole: RawPart) -> Self {
        RawSet { train: whole, test: None, in_order: false, notes: vec![] }
    }
}
