//! Checks for paths that no format can read: dangling links, pipes and devices.

use std::fs::FileType;
use std::path::Path;

use crate::error::Error;
use crate::format_error::FormatError;

/// Refuses a path that is neither a regular file nor a folder. Opening a pipe would wait for its writer, and
/// a table is opened more than once.
pub(super) fn check_place(path: &Path) -> Result<(), Error> {
    let found = match std::fs::metadata(path) {
        Ok(found) if found.is_file() || found.is_dir() => return Ok(()),
        Ok(found) => in_words(found.file_type()),
        Err(_) if path == Path::new("-") => "standard input",
        Err(cause) if path.is_symlink() => {
            return Err(FormatError::Link { path: path.into(), cause }.into());
        }
        Err(source) => return Err(Error::Io { file: path.into(), source }),
    };
    Err(FormatError::NotRegular { path: path.into(), found }.into())
}

#[cfg(unix)]
fn in_words(found: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if found.is_fifo() {
        "a pipe"
    } else if found.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn in_words(_: FileType) -> &'static str {
    "of another kind"
}
