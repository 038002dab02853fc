//! Images as rows of numbers in [0, 1], their labels, and where they come from.

use std::fmt;
use std::path::Path;

use ndarray::{ArcArray2, Array2};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::hash::{sha256_of_arrays, sha256_of_files};
use crate::idx::{IdxImages, IdxLabels, check_labels};

/// A set of images of one size, with or without labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// What to call it, such as `mnist`; its parts keep the name.
    pub name: String,
    /// `n_samples` × `n_features`: one image a row, its pixels row by row, in [0, 1] unless the set
    /// was read as it is. Parts of a set share this memory.
    pub images: ArcArray2<f32>,
    /// The class of each image, below `n_classes`.
    pub labels: Option<Vec<u8>>,
    /// The number of classes; 0 without labels.
    pub n_classes: usize,
    /// What the classes are called in the set's file.
    pub class_names: Vec<String>,
    /// The size of each image; a single row of pixels where samples are no images.
    pub shape: ImageShape,
    /// SHA-256, in hex, of what it was read from: the unpacked bytes of the images' file, then of
    /// the labels'. Its parts keep it, so it names the origin and not the choice of samples.
    pub sha256: String,
}

/// The size of an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageShape {
    /// The number of rows.
    pub height: usize,
    /// The number of columns.
    pub width: usize,
}

impl Dataset {
    /// The set in two IDX files; a pixel is its byte over 255.
    ///
    /// # Errors
    /// [`Error::CountMismatch`].
    pub fn from_idx(
        name: impl Into<String>,
        images: IdxImages,
        labels: Option<IdxLabels>,
    ) -> Result<Self, Error> {
        let n_images = images.n_images();
        if let Some(labels) = &labels {
            check_counts(n_images, &images.file, labels.labels.len(), &labels.file)?;
        }
        let (sha256, pixels) =
            rayon::join(|| sha256_of_files(&images, labels.as_ref()), || to_unit(&images.pixels));
        Ok(Self {
            name: name.into(),
            images: ArcArray2::from_shape_vec((n_images, images.shape.n_pixels()), pixels)
                .expect("IdxImages holds a whole number of images"),
            n_classes: labels.as_ref().map_or(0, |labels| labels.n_classes),
            class_names: numbers(labels.as_ref().map_or(0, |labels| labels.n_classes)),
            labels: labels.map(|labels| labels.labels),
            shape: images.shape,
            sha256,
        })
    }

    /// A set made in memory, with labels and the number of classes, if it has them; its hash is of
    /// the pixels as little-endian `f32`, then of the labels.
    ///
    /// # Errors
    /// [`Error::FeatureCount`], [`Error::NotFinite`], [`Error::CountMismatch`] or
    /// [`Error::LabelRange`].
    pub fn from_arrays(
        name: impl Into<String>,
        images: Array2<f32>,
        labels: Option<(Vec<u8>, usize)>,
        shape: ImageShape,
    ) -> Result<Self, Error> {
        let name = name.into();
        check_images(&name, &images, shape)?;
        let (labels, n_classes) = labels.unzip();
        let n_classes = n_classes.unwrap_or(0);
        if let Some(labels) = &labels {
            let file = Path::new(&name);
            check_counts(images.nrows(), file, labels.len(), file)?;
            check_labels(labels, n_classes, file)?;
        }
        let sha256 = sha256_of_arrays(&images, labels.as_deref());
        let (images, class_names) = (images.into_shared(), numbers(n_classes));
        Ok(Self { name, images, labels, n_classes, class_names, shape, sha256 })
    }

    /// The number of images.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.images.nrows()
    }

    /// The number of pixels of an image.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.images.ncols()
    }

    /// How many images each class has; empty without labels.
    #[must_use]
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for &label in self.labels.iter().flatten() {
            counts[usize::from(label)] += 1;
        }
        counts
    }
}

impl ImageShape {
    /// How rows of this many values may be seen: as square images if that is plausible (8 × 8 pixels
    /// or more), else as a single row of pixels.
    #[must_use]
    pub fn of_features(n_features: usize) -> Self {
        let side = n_features.isqrt();
        if side >= 8 && side * side == n_features {
            ImageShape { height: side, width: side }
        } else {
            ImageShape { height: 1, width: n_features }
        }
    }

    /// Whether it has two dimensions worth drawing.
    #[must_use]
    pub fn is_image(self) -> bool {
        self.height > 1 && self.width > 1
    }

    /// Height × width.
    #[must_use]
    pub fn n_pixels(self) -> usize {
        self.height * self.width
    }
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} pixels", self.height, self.width)
    }
}

/// Refuses rows of another length than the shape's, and what is no finite number.
fn check_images(name: &str, images: &Array2<f32>, shape: ImageShape) -> Result<(), Error> {
    let (name, found) = (name.to_owned(), images.ncols());
    if found != shape.n_pixels() {
        return Err(Error::FeatureCount { name, found, shape });
    }
    match images.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &found)) => {
            Err(Error::NotFinite { file: name.into(), row, column, found })
        }
        None => Ok(()),
    }
}

/// Refuses images and labels that do not pair up.
pub(crate) fn check_counts(
    n_images: usize,
    images_file: &Path,
    n_labels: usize,
    labels_file: &Path,
) -> Result<(), Error> {
    if n_images == n_labels {
        return Ok(());
    }
    let (images_file, labels_file) = (images_file.into(), labels_file.into());
    Err(Error::CountMismatch { images_file, n_images, labels_file, n_labels })
}

/// The names 0, 1, 2, …
fn numbers(n_classes: usize) -> Vec<String> {
    (0..n_classes).map(|class| class.to_string()).collect()
}

/// Bytes over 255.
fn to_unit(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    const ROW: ImageShape = ImageShape { height: 1, width: 2 };

    #[test]
    fn bytes_become_the_nearest_f32_of_a_255th() {
        let bytes: Vec<u8> = (0..=255).collect();
        let exact = bytes.iter().map(|&byte| (f64::from(byte) / 255.0) as f32);
        assert!(to_unit(&bytes).into_iter().eq(exact));
    }

    #[test]
    fn sets_made_in_memory_are_checked() {
        let make = |images, labels| Dataset::from_arrays("made", images, labels, ROW).unwrap_err();
        let cases = [
            (make(array![[0.0]], None), "data set made: rows of 1 values; expected 2 for"),
            (make(array![[f32::NAN, 1.0]], None), "made: row 0, column 0 is NaN"),
            (make(array![[0.0, 1.0]], Some((vec![], 2))), "made holds 1 images but made holds 0"),
            (
                make(array![[0.0, 1.0]], Some((vec![2], 2))),
                "made: label 0 is 2; expected a class below 2",
            ),
        ];
        for (error, message) in cases {
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
