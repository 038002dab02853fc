//! A folder of four files laid out like MNIST: MNIST itself, Fashion-MNIST, one's own.
//!
//! | file | holds |
//! |---|---|
//! | `train-images-idx3-ubyte` | the training images |
//! | `train-labels-idx1-ubyte` | their labels |
//! | `t10k-images-idx3-ubyte` | the test images |
//! | `t10k-labels-idx1-ubyte` | their labels |
//!
//! Each may end in `.gz`, and may be spelled with a dot: `train-images.idx3-ubyte`.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::hash::hex;
use crate::unpack::Unpacked;
use crate::{Dataset, Error, idx};

/// The two parts of the set, as published.
#[derive(Debug, Clone, PartialEq)]
pub struct Mnist {
    /// 60,000 images in MNIST.
    pub train: Dataset,
    /// 10,000 images in MNIST.
    pub test: Dataset,
}

/// What one file is, beside what MNIST's is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileCheck {
    /// The file that was found.
    pub file: PathBuf,
    /// Its unpacked length.
    pub bytes: u64,
    /// SHA-256, in hex, of its unpacked bytes.
    pub sha256: String,
    /// The same of the file in MNIST.
    pub expected: String,
    /// Whether they agree.
    pub ok: bool,
}

/// Loads a set of ten classes; its name is the folder's.
///
/// Any set of this layout will do; [`verify`] tells whether it is MNIST.
///
/// # Errors
/// [`Error::FolderNotFound`], [`Error::FileNotFound`], any of the file errors,
/// [`Error::CountMismatch`] or [`Error::ShapesDiffer`].
pub fn load(dir: impl AsRef<Path>) -> Result<Mnist, Error> {
    load_with_classes(dir, 10)
}

/// Loads a set of another number of classes.
///
/// # Errors
/// As [`load`].
pub fn load_with_classes(dir: impl AsRef<Path>, n_classes: usize) -> Result<Mnist, Error> {
    let dir = dir.as_ref();
    let [train_images, train_labels, test_images, test_labels] = locate(dir)?;
    let name = dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy();
    let load_part = |images: &Path, labels: &Path| {
        let (images, labels) = (idx::read_images(images)?, idx::read_labels(labels, n_classes)?);
        Dataset::from_idx(name.clone(), images, Some(labels))
    };
    let (train, test) = rayon::join(
        || load_part(&train_images, &train_labels),
        || load_part(&test_images, &test_labels),
    );
    let (train, test) = (train?, test?);
    if train.shape != test.shape {
        let (found, expected) = (test.shape, train.shape);
        return Err(Error::ShapesDiffer { file: test_images, found, expected });
    }
    Ok(Mnist { train, test })
}

/// Compares the four files, unpacked, with those of MNIST.
///
/// # Errors
/// [`Error::FolderNotFound`], [`Error::FileNotFound`], or a file that cannot be read or unpacked.
/// A file that is intact but different is no error: its check is not `ok`.
pub fn verify(dir: impl AsRef<Path>) -> Result<Vec<FileCheck>, Error> {
    locate(dir.as_ref())?.into_par_iter().zip(FILES).map(check).collect()
}

/// One of the four files: two spellings and the hash of MNIST's.
struct Canonical {
    name: &'static str,
    dotted: &'static str,
    sha256: &'static str,
}

const FILES: [Canonical; 4] = [
    Canonical {
        name: "train-images-idx3-ubyte",
        dotted: "train-images.idx3-ubyte",
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    },
    Canonical {
        name: "train-labels-idx1-ubyte",
        dotted: "train-labels.idx1-ubyte",
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    },
    Canonical {
        name: "t10k-images-idx3-ubyte",
        dotted: "t10k-images.idx3-ubyte",
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    },
    Canonical {
        name: "t10k-labels-idx1-ubyte",
        dotted: "t10k-labels.idx1-ubyte",
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
];

/// Finds the four files under any of their names.
pub(crate) fn locate(dir: &Path) -> Result<[PathBuf; 4], Error> {
    if !dir.is_dir() {
        return Err(Error::FolderNotFound { dir: dir.into() });
    }
    let find = |canonical: &Canonical| {
        let Canonical { name, dotted, .. } = canonical;
        [(*name).to_owned(), format!("{name}.gz"), (*dotted).to_owned(), format!("{dotted}.gz")]
            .into_iter()
            .map(|spelling| dir.join(spelling))
            .find(|path| path.exists())
            .ok_or_else(|| Error::FileNotFound { file: dir.join(name), other: dotted })
    };
    let [train_images, train_labels, test_images, test_labels] = &FILES;
    Ok([find(train_images)?, find(train_labels)?, find(test_images)?, find(test_labels)?])
}

/// Hashes one file, a piece at a time.
fn check((file, canonical): (PathBuf, Canonical)) -> Result<FileCheck, Error> {
    const PIECE: u64 = 1 << 18;
    let mut unpacked = Unpacked::open(&file)?;
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
    let ok = sha256 == canonical.sha256;
    Ok(FileCheck { file, bytes, sha256, expected: canonical.sha256.into(), ok })
}
