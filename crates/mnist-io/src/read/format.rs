//! The description of a format.

use std::path::Path;

use super::options::ReadOptions;
use super::raw::RawSet;
use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::Frame;

/// A format that can be read.
pub(crate) struct Format {
    /// The format's name, for messages and help.
    pub(crate) name: &'static str,
    /// Whether an existing path is in this format.
    pub(crate) recognises: fn(&Path) -> Result<bool, Error>,
    /// The reader for a path in this format.
    pub(crate) reader: Reader,
}

/// A format's reader.
pub(crate) enum Reader {
    /// Arrays of numbers with separate labels; the text tells users who name a label column how to provide
    /// labels.
    Arrays { read: fn(&Path, &ArrayOptions) -> Result<RawSet, Error>, labels: &'static str },
    /// A table of columns, some of which may hold labels.
    Table(fn(&Path, &FrameOptions) -> Result<Frame, Error>),
}

/// Options for reading arrays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArrayOptions {
    /// The memory that samples may take as `f32`, in bytes.
    pub(crate) memory_limit: u64,
    /// Number of channels of the image files as read, 1 or 3; `None` if the training images determine it.
    /// Arrays specify it themselves.
    pub(crate) channels: Option<usize>,
}

/// Options for reading a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameOptions<'a> {
    /// Whether the first line names the columns; `None` to detect it.
    pub(crate) header: Option<bool>,
    /// Names of columns that a header is expected to have.
    pub(crate) known: &'a [&'a str],
    /// The maximum length of a line in bytes.
    pub(crate) memory_limit: u64,
}

/// Refuses options that do not apply to arrays.
pub(super) fn check_array_options(
    path: &Path,
    labels: &'static str,
    options: &ReadOptions,
) -> Result<(), FormatError> {
    let place = || path.display().to_string();
    if options.label_column.is_some() && !options.ignores_labels() {
        return Err(FormatError::NoColumns { place: place(), instead: labels });
    }
    match options.needs_columns() {
        Some(option) => Err(FormatError::TableOption { place: place(), option }),
        None => Ok(()),
    }
}

/// Whether a path is a file with one of these lower-case extensions.
pub(crate) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let found = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    !path.is_dir() && extensions.contains(&found.as_str())
}

/// Refuses samples that would exceed the memory limit. `remedy` says how they could stay on disk.
pub(super) fn check_memory(
    place: &str,
    n_values: u64,
    options: &ArrayOptions,
    remedy: &'static str,
) -> Result<(), FormatError> {
    let (bytes, limit) = (n_values.saturating_mul(4), options.memory_limit);
    if bytes <= limit {
        return Ok(());
    }
    Err(FormatError::Memory { place: place.to_owned(), bytes, limit, remedy })
}
