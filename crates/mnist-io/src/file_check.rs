//! Comparison of a file with a published checksum.

use std::path::PathBuf;

use serde::Serialize;

/// A file compared with the published one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileCheck {
    /// The file found.
    pub file: PathBuf,
    /// Number of bytes hashed.
    pub bytes: u64,
    /// SHA-256 of these bytes, in hex.
    pub sha256: String,
    /// SHA-256 of the published file, in hex.
    pub expected: String,
    /// Whether the two hashes agree.
    pub ok: bool,
}
