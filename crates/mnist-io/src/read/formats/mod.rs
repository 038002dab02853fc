//! The formats. Each new one is a file in this folder, declared and listed here.

#[cfg(feature = "columnar")]
mod columnar;
mod csv;
mod header;
mod idx;
mod images;
mod npy;
mod npz;
mod place;

use std::path::Path;

#[cfg(feature = "columnar")]
pub(crate) use self::columnar::parquet::declared_rows;
use self::place::check_place;
use super::format::Format;
use crate::error::Error;
use crate::format_error::FormatError;

/// All formats, in the order in which they are tried.
pub(crate) const FORMATS: &[&Format] = &[
    &idx::FOLDER,
    &images::FORMAT,
    &csv::FORMAT,
    #[cfg(feature = "columnar")]
    &columnar::parquet::FORMAT,
    #[cfg(feature = "columnar")]
    &columnar::ipc::FORMAT,
    &npy::FORMAT,
    &npz::FORMAT,
    &idx::FILE,
];

/// The format of a file or folder.
pub(crate) fn format_of(path: &Path) -> Result<&'static Format, Error> {
    check_place(path)?;
    for &format in FORMATS {
        if (format.recognises)(path)? {
            return Ok(format);
        }
    }
    let expected = format_names().collect::<Vec<_>>().join("; ");
    Err(if path.is_dir() {
        FormatError::EmptyFolder { dir: path.into(), expected }.into()
    } else {
        FormatError::Unknown { path: path.into(), expected }.into()
    })
}

/// Number of rows that a file declares before they are read, which only Parquet files do.
#[cfg(not(feature = "columnar"))]
pub(crate) fn declared_rows(_: &Path) -> Option<u64> {
    None
}

/// The formats that [`open`](crate::open) reads, in words, such as "a .npy array".
pub fn format_names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name)
}
