//! Reading of data in any format, from the path of a file or folder.
//!
//! The formats are in [`formats`], one per file. A data set without a test part is divided as
//! [`order`] describes. Labels may be numbers or text. Plain IDX and `.npy` files beyond the memory
//! limit stay on disk.

mod assemble;
pub(crate) mod classes;
mod element;
pub(crate) mod format;
pub(crate) mod formats;
mod note;
pub(crate) mod on_disk;
mod options;
pub(crate) mod order;
pub(crate) mod raw;
pub(crate) mod scaling;
mod second_file;
pub(crate) mod table;
mod tables;

use std::path::Path;

pub use assemble::Opened;
pub use note::{Note, Scaled};
pub use on_disk::OnDisk;
pub use options::{ReadOptions, SplitBy};
pub use scaling::Scale;
pub(crate) use tables::fitted as fitted_table;

use self::format::{Format, Reader, check_array_options};
use self::formats::FORMATS;
use self::second_file::second_file;
use crate::error::Error;
use crate::format_error::FormatError;

/// Reads the file or folder at `path`, in the first of the formats ([`format_names`]) that recognises
/// it.
///
/// # Errors
/// An [`Error`] that names the file, and the line, entry or image, and says what is wrong with it.
pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Opened, Error> {
    let path = path.as_ref();
    let mut opened = match &format_of(path)?.reader {
        Reader::Arrays { read, labels } => {
            check_array_options(path, labels, options)?;
            let mut raw = read(path, options)?;
            if options.ignores_labels() {
                raw.leave_out_labels();
            }
            assemble::assemble(name_of(path), raw, options)?
        }
        Reader::Table(read) => tables::open(name_of(path), path, *read, options)?,
    };
    if let Some(test) = &options.test {
        let (part, notes) = second_file(&opened, test, options)?;
        opened.data.test = part;
        opened.notes.extend(notes);
    }
    Ok(opened)
}

/// The format of a file or folder.
pub(crate) fn format_of(path: &Path) -> Result<&'static Format, Error> {
    if !path.exists() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(Error::Io { file: path.into(), source });
    }
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

/// The name of a data set: that of its file without the extension, or of its folder.
pub(crate) fn name_of(path: &Path) -> String {
    let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
    stem.unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The formats that [`open`] reads, in words, such as "a .npy array".
pub fn format_names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name)
}
