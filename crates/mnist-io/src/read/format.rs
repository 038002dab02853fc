//! The description of a format.

use std::path::Path;

use super::options::ReadOptions;
use super::raw::RawSet;
use crate::error::Error;
use crate::format_error::FormatError;

/// A format that can be read.
pub(super) struct Format {
    /// The format in words, for messages and help.
    pub(super) name: &'static str,
    /// Whether a path, which exists, is in this format.
    pub(super) recognises: fn(&Path) -> Result<bool, Error>,
    /// The origin of the labels.
    pub(super) labels: Labels,
    /// Reads a path that is in this format.
    pub(super) read: fn(&Path, &ReadOptions) -> Result<RawSet, Error>,
}

/// The origin of a format's labels.
pub(super) enum Labels {
    /// A column, which `ReadOptions::label_column` can name.
    Column,
    /// Another place; the text says how to give labels, for those who name a column.
    Elsewhere(&'static str),
}

impl Format {
    /// Reads a path that is in this format.
    pub(super) fn open(&self, path: &Path, options: &ReadOptions) -> Result<RawSet, Error> {
        if let (Labels::Elsewhere(instead), Some(_)) = (&self.labels, &options.label_column) {
            let place = path.display().to_string();
            return Err(FormatError::NoColumns { place, instead }.into());
        }
        (self.read)(path, options)
    }
}

/// Whether a path is a file with one of these extensions, which are in lower case.
pub(super) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let found = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    !path.is_dir() && extensions.contains(&found.as_str())
}

/// Refuses samples that would take more than the memory limit. `remedy` says how they could stay on
/// disk.
pub(super) fn check_memory(
    place: &str,
    n_values: u64,
    options: &ReadOptions,
    remedy: &'static str,
) -> Result<(), FormatError> {
    let (bytes, limit) = (n_values.saturating_mul(4), options.memory_limit);
    if bytes <= limit {
        return Ok(());
    }
    Err(FormatError::Memory { place: place.to_owned(), bytes, limit, remedy })
}
