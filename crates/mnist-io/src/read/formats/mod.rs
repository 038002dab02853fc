//! The formats. A new one is a file in this folder, declared and listed here.

#[cfg(feature = "columnar")]
mod columnar;
mod csv;
mod header;
mod idx;
mod images;
mod npy;
mod npz;

use super::format::Format;

/// All formats, in the order in which they are tried.
pub(crate) const FORMATS: &[&Format] = &[
    &idx::FOLDER,
    &images::FORMAT,
    &csv::FORMAT,
    #[cfg(feature = "columnar")]
    &columnar::PARQUET,
    #[cfg(feature = "columnar")]
    &columnar::ARROW,
    &npy::FORMAT,
    &npz::FORMAT,
    &idx::FILE,
];
