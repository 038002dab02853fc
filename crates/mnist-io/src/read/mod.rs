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
pub(crate) mod note;
pub(crate) mod on_disk;
pub(crate) mod options;
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

use self::format::{ArrayOptions, Reader, check_array_options};
pub use self::formats::format_names;
use self::formats::format_of;
use self::second_file::second_file;
use crate::error::Error;

/// Reads the file or folder at `path`, with the first format ([`format_names`]) that recognises it.
///
/// # Errors
/// An [`Error`] that names the file, and the line, entry or image, and says what is wrong with it.
pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Opened, Error> {
    let path = path.as_ref();
    let mut opened = match &format_of(path)?.reader {
        Reader::Arrays { read, labels } => {
            check_array_options(path, labels, options)?;
            let memory_limit = options.memory_limit;
            let mut raw = read(path, &ArrayOptions { memory_limit, channels: None })?;
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

/// The name of a data set: its file name without the extension, or its folder name.
pub(crate) fn name_of(path: &Path) -> String {
    let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
    stem.unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
