//! The formats. A new one is a file in this folder, declared and listed here.

mod csv;
mod idx;
mod npy;
mod npz;
mod png;

use super::format::Format;

/// All formats, in the order in which they are tried.
pub(super) const FORMATS: [&Format; 6] =
    [&idx::FOLDER, &png::FORMAT, &csv::FORMAT, &npy::FORMAT, &npz::FORMAT, &idx::FILE];
