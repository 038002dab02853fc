//! The formats. A new one is a file in this folder, declared and listed here.

mod csv;
mod header;
mod idx;
mod images;
mod npy;
mod npz;

use super::format::Format;

/// All formats, in the order in which they are tried.
pub(crate) const FORMATS: [&Format; 6] =
    [&idx::FOLDER, &images::FORMAT, &csv::FORMAT, &npy::FORMAT, &npz::FORMAT, &idx::FILE];
