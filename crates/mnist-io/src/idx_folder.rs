//! Folders of four IDX files, in MNIST's layout.
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

use crate::dataset::Dataset;
use crate::error::Error;
use crate::idx;
use crate::splits::TrainTest;

/// Loads a folder of four IDX files with ten classes. The data set is named after the folder.
///
/// [`verify_mnist`](crate::verify_mnist) checks whether it is MNIST.
///
/// # Errors
/// [`Error::FolderNotFound`], [`Error::FileNotFound`], any error of an IDX file,
/// [`Error::CountMismatch`] or [`Error::ShapesDiffer`].
pub fn load(dir: impl AsRef<Path>) -> Result<TrainTest, Error> {
    load_with_classes(dir, 10)
}

/// Loads a folder of four IDX files with `n_classes` classes.
///
/// # Errors
/// As [`load`].
pub fn load_with_classes(dir: impl AsRef<Path>, n_classes: usize) -> Result<TrainTest, Error> {
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
    Ok(TrainTest { train, test })
}

/// The two spellings of each file: training images and labels, test images and labels.
const FILES: [(&str, &str); 4] = [
    ("train-images-idx3-ubyte", "train-images.idx3-ubyte"),
    ("train-labels-idx1-ubyte", "train-labels.idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"),
    ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"),
];

/// Finds the four files under any of their names.
pub(crate) fn locate(dir: &Path) -> Result<[PathBuf; 4], Error> {
    if !dir.is_dir() {
        return Err(Error::FolderNotFound { dir: dir.into() });
    }
    let find = |(name, dotted): (&str, &'static str)| {
        [name.to_owned(), format!("{name}.gz"), dotted.to_owned(), format!("{dotted}.gz")]
            .into_iter()
            .map(|spelling| dir.join(spelling))
            .find(|path| path.exists())
            .ok_or_else(|| Error::FileNotFound { file: dir.join(name), other: dotted })
    };
    let [train_images, train_labels, test_images, test_labels] = FILES;
    Ok([find(train_images)?, find(train_labels)?, find(test_images)?, find(test_labels)?])
}
