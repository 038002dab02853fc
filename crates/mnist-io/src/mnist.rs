//! The checksums of MNIST.

use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::file_check::FileCheck;
use crate::hash::hex;
use crate::idx_folder::locate;
use crate::unpack::Unpacked;

/// SHA-256 of MNIST's four decompressed files, in the order of [`locate`].
const SHA256: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// Compares the four decompressed files of a folder with those of MNIST.
///
/// # Errors
/// [`Error::FolderNotFound`], [`Error::FileNotFound`], or that of a file that cannot be read or decompressed.
/// An intact file that differs is not an error; its check is not `ok`.
pub fn verify_mnist(dir: impl AsRef<Path>) -> Result<Vec<FileCheck>, Error> {
    locate(dir.as_ref())?.as_slice().par_iter().zip(SHA256).map(check).collect()
}

/// Hashes one decompressed file, piece by piece.
fn check((file, expected): (&std::path::PathBuf, &str)) -> Result<FileCheck, Error> {
    const PIECE: u64 = 1 << 18;
    let mut unpacked = Unpacked::open(file)?;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    loop {
        let piece = unpacked.read_up_to(PIECE)?;
        if piece.is_empty() {
            break;
        }
        hash.update(&piece);
        bytes += piece.len() as u64;
    }
    let sha256 = hex(hash);
    let ok = sha256 == expected;
    Ok(FileCheck { file: file.clone(), bytes, sha256, expected: expected.into(), ok })
}
