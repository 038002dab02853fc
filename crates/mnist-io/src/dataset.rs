//! Samples in memory, with their labels and their origin.

use std::path::Path;

use ndarray::{ArcArray2, Array2};

use crate::error::Error;
use crate::hash::{sha256_of_arrays, sha256_of_slices};
use crate::idx::{IdxImages, IdxLabels, check_labels};
use crate::layout::{Block, BlockKind};
use crate::shape::ImageShape;

/// Samples of one shape, with or without labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The name of the data set, such as `mnist`; its parts keep it.
    pub name: String,
    /// `n_samples` × `n_features`: one sample per row. Images are stored row by row, with the channels of a
    /// pixel next to each other and values in [0, 1] unless they were read unscaled. Parts of a data set
    /// share this memory.
    pub images: ArcArray2<f32>,
    /// The class of each sample, below `n_classes`.
    pub labels: Option<Vec<u8>>,
    /// Number of classes; 0 without labels.
    pub n_classes: usize,
    /// The names of the classes, as in the file.
    pub class_names: Vec<String>,
    /// The size of each image; a single row if the samples are not images.
    pub shape: ImageShape,
    /// The kinds of the features, in order.
    pub layout: Vec<Block>,
    /// The names of the features; empty if they have none.
    pub feature_names: Vec<String>,
    /// SHA-256, in hex, of what the data set was read from: the unpacked bytes of its images, then
    /// of its labels. Parts keep it, so it identifies the origin and not the choice of samples.
    pub sha256: String,
    /// Whether values may be NaN, which means missing.
    pub(crate) has_missing: bool,
    /// Number of samples at the end that are for validation, if the data specify it.
    pub(crate) n_validation: Option<usize>,
}

/// Properties that all parts of a data set share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) name: String,
    pub(crate) class_names: Vec<String>,
    pub(crate) shape: ImageShape,
    pub(crate) layout: Vec<Block>,
    pub(crate) feature_names: Vec<String>,
    pub(crate) sha256: String,
    pub(crate) has_missing: bool,
}

impl Origin {
    /// Samples of this origin.
    pub(crate) fn dataset(&self, images: Array2<f32>, labels: Option<Vec<u8>>) -> Dataset {
        let Origin { name, class_names, shape, layout, feature_names, sha256, has_missing } =
            self.clone();
        let (images, n_classes) = (images.into_shared(), class_names.len());
        Dataset {
            name,
            images,
            labels,
            n_classes,
            class_names,
            shape,
            layout,
            feature_names,
            sha256,
            has_missing,
            n_validation: None,
        }
    }
}

impl Dataset {
    /// Makes a data set from the contents of two IDX files; each byte is divided by 255.
    ///
    /// # Errors
    /// [`Error::CountMismatch`] if there is not one label per image.
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
        let n_classes = labels.as_ref().map_or(0, |labels| labels.n_classes);
        Ok(Self {
            name: name.into(),
            images: ArcArray2::from_shape_vec((n_images, images.shape.n_values()), pixels)
                .expect("IdxImages holds a whole number of images"),
            labels: labels.map(|labels| labels.labels),
            n_classes,
            class_names: numbers(n_classes),
            shape: images.shape,
            layout: vec![Block { kind: BlockKind::UnitInterval, width: images.shape.n_values() }],
            feature_names: vec![],
            sha256,
            has_missing: false,
            n_validation: None,
        })
    }

    /// Makes a data set from arrays. `labels` holds the class of each row and the number of classes. The
    /// features are treated as unit-interval values if all are in [0, 1], otherwise as real ones. The hash
    /// covers the pixels as little-endian `f32`, followed by the labels.
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
        check_images(&name, &images, shape, false)?;
        let unit = images.iter().all(|value| (0.0..=1.0).contains(value));
        let kind = if unit { BlockKind::UnitInterval } else { BlockKind::Real };
        let layout = vec![Block { kind, width: shape.n_values() }];
        Self::checked(name, images, labels, shape, layout, false)
    }

    /// Makes a data set from arrays in which NaN means a missing value, with the kinds of the features. All
    /// else is as in [`Dataset::from_arrays`].
    ///
    /// # Errors
    /// As [`Dataset::from_arrays`], but only for infinite values; also [`Error::FeatureCount`] if the layout
    /// has a different number of features.
    pub fn from_incomplete_arrays(
        name: impl Into<String>,
        images: Array2<f32>,
        labels: Option<(Vec<u8>, usize)>,
        layout: Vec<Block>,
    ) -> Result<Self, Error> {
        let name = name.into();
        let width = layout.iter().map(|block| block.width).sum();
        let shape = ImageShape::grey(1, width);
        check_images(&name, &images, shape, true)?;
        let has_missing = images.iter().any(|value| value.is_nan());
        Self::checked(name, images, labels, shape, layout, has_missing)
    }

    fn checked(
        name: String,
        images: Array2<f32>,
        labels: Option<(Vec<u8>, usize)>,
        shape: ImageShape,
        layout: Vec<Block>,
        has_missing: bool,
    ) -> Result<Self, Error> {
        let (labels, n_classes) = labels.unzip();
        let n_classes = n_classes.unwrap_or(0);
        if let Some(labels) = &labels {
            let file = Path::new(&name);
            check_counts(images.nrows(), file, labels.len(), file)?;
            check_labels(labels, n_classes, file)?;
        }
        let sha256 = sha256_of_arrays(images.view(), labels.as_deref().unwrap_or_default());
        let (class_names, feature_names) = (numbers(n_classes), vec![]);
        let origin =
            Origin { name, class_names, shape, layout, feature_names, sha256, has_missing };
        Ok(origin.dataset(images, labels))
    }

    /// Whether values may be missing. Missing values are NaN; a missing category is NaN in its whole group.
    #[must_use]
    pub fn has_missing(&self) -> bool {
        self.has_missing
    }

    /// Number of samples.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.images.nrows()
    }

    /// Number of values per sample; for images, height × width × channels.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.images.ncols()
    }

    /// Number of samples in each class; empty without labels.
    #[must_use]
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for &label in self.labels.iter().flatten() {
            counts[usize::from(label)] += 1;
        }
        counts
    }
}

/// Refuses rows whose length does not match the shape, and values that are not finite.
fn check_images(
    name: &str,
    images: &Array2<f32>,
    shape: ImageShape,
    missing_allowed: bool,
) -> Result<(), Error> {
    let (name, found) = (name.to_owned(), images.ncols());
    if found != shape.n_values() {
        let expected = shape.n_values();
        return Err(Error::FeatureCount { name, found, shape, expected });
    }
    let is_wrong = |value: f32| !(value.is_finite() || missing_allowed && value.is_nan());
    match images.indexed_iter().find(|(_, value)| is_wrong(**value)) {
        Some(((row, column), &found)) => {
            Err(Error::NotFinite { file: name.into(), row, column, found })
        }
        None => Ok(()),
    }
}

/// Refuses images and labels that differ in number.
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

/// The hash of the decompressed files, images then labels.
fn sha256_of_files(images: &IdxImages, labels: Option<&IdxLabels>) -> String {
    let header = labels.map(IdxLabels::header).unwrap_or_default();
    let labels = labels.map_or(&[][..], |labels| &labels.labels);
    sha256_of_slices(&[&images.header(), &images.pixels, &header, labels])
}

/// The names 0, 1, 2, …
fn numbers(n_classes: usize) -> Vec<String> {
    (0..n_classes).map(|class| class.to_string()).collect()
}

/// Bytes divided by 255.
fn to_unit(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    const ROW: ImageShape = ImageShape::grey(1, 2);

    #[test]
    fn bytes_become_the_nearest_f32_of_a_255th() {
        let bytes: Vec<u8> = (0..=255).collect();
        let exact = bytes.iter().map(|&byte| (f64::from(byte) / 255.0) as f32);
        assert!(to_unit(&bytes).into_iter().eq(exact));
    }

    #[test]
    fn the_hash_is_of_the_files_bytes() {
        let images = IdxImages { file: "i".into(), shape: ROW, pixels: vec![0, 255] };
        let labels = IdxLabels { file: "l".into(), n_classes: 10, labels: vec![7] };
        let bytes = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255];
        let more = [0, 0, 8, 1, 0, 0, 0, 1, 7];
        let expected = sha256_of_slices(&[&[&bytes[..], &more].concat()]);
        assert_eq!(sha256_of_files(&images, Some(&labels)), expected);
    }

    #[test]
    fn data_sets_made_from_arrays_are_checked() {
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
