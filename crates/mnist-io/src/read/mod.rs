//! Reading of data in any format, from the path of a file or folder.
//!
//! The formats are in [`formats`], one per file. A data set without a test part is divided as
//! [`order`] describes. Labels may be numbers or text. Plain IDX and `.npy` files beyond the memory
//! limit stay on disk.

mod assemble;
mod classes;
mod element;
mod format;
mod formats;
mod note;
pub(crate) mod on_disk;
mod options;
mod order;
mod raw;
mod scaling;
mod table;

use std::path::Path;

pub use assemble::Opened;
pub use note::{Note, Scaled};
pub use on_disk::OnDisk;
pub use options::ReadOptions;
pub use scaling::Scale;

use self::formats::FORMATS;
use crate::error::Error;
use crate::format_error::FormatError;

/// Reads the file or folder at `path`, in the first of the formats ([`format_names`]) that recognises
/// it.
///
/// # Errors
/// An [`Error`] that names the file, and the line, entry or image, and says what is wrong with it.
pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Opened, Error> {
    let path = path.as_ref();
    let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let name = stem.unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    for format in FORMATS {
        if (format.recognises)(path)? {
            return assemble::assemble(name, format.open(path, options)?, options);
        }
    }
    let expected = format_names().collect::<Vec<_>>().join("; ");
    Err(if path.is_dir() {
        FormatError::EmptyFolder { dir: path.into(), expected }.into()
    } else {
        FormatError::Unknown { path: path.into(), expected }.into()
    })
}

/// The formats that [`open`] reads, in words, such as "a .npy array".
pub fn format_names() -> impl Iterator<Item = &'static str> {
    FORMATS.into_iter().map(|format| format.name)
}
