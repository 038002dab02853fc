//! Parts of a data set: views, ranges, selections and splits.

use std::ops::Range;

use ndarray::{ArcArray2, ArrayView2, Axis, s};

use crate::dataset::Dataset;
use crate::error::Error;
use crate::split_rule::SplitRule;

impl Dataset {
    /// A view of the samples in a range. Their size as images is [`Dataset::shape`].
    ///
    /// # Panics
    /// If the range exceeds the samples.
    #[must_use]
    pub fn rows(&self, samples: Range<usize>) -> ArrayView2<'_, f32> {
        self.images.slice(s![samples, ..])
    }

    /// The samples in a range, sharing this data set's memory.
    ///
    /// # Panics
    /// If the range exceeds the samples.
    #[must_use]
    pub fn slice(&self, samples: Range<usize>) -> Self {
        let labels = self.labels.as_ref().map(|labels| labels[samples.clone()].to_vec());
        self.part(self.images.clone().slice_move(s![samples, ..]), labels)
    }

    /// A copy of the samples with these indices, in this order.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    pub fn select(&self, samples: &[usize]) -> Self {
        let choose = |labels: &Vec<u8>| samples.iter().map(|&sample| labels[sample]).collect();
        let labels = self.labels.as_ref().map(choose);
        self.part(self.images.select(Axis(0), samples).into_shared(), labels)
    }

    /// The first `n` samples, and the rest. Both parts share this data set's memory.
    ///
    /// # Panics
    /// If there are fewer than `n` samples.
    #[must_use]
    pub fn split_at(self, n: usize) -> (Self, Self) {
        (self.slice(0..n), self.slice(n..self.n_samples()))
    }

    /// Number of samples in the training part: by the rule, or, if the data fix the validation part, all
    /// others.
    pub(crate) fn n_train(&self, rule: SplitRule) -> Result<usize, Error> {
        match self.n_validation {
            Some(n_validation) => Ok(self.n_samples() - n_validation),
            None => rule.n_train(self.n_samples()),
        }
    }

    /// Other samples of the same origin.
    fn part(&self, images: ArcArray2<f32>, labels: Option<Vec<u8>>) -> Self {
        Self {
            name: self.name.clone(),
            images,
            labels,
            n_classes: self.n_classes,
            class_names: self.class_names.clone(),
            shape: self.shape,
            layout: self.layout.clone(),
            feature_names: self.feature_names.clone(),
            sha256: self.sha256.clone(),
            has_missing: self.has_missing,
            n_validation: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::shape::ImageShape;

    fn three() -> Dataset {
        let images = array![[0.0, 0.1], [0.2, 0.3], [0.4, 0.5]];
        let shape = ImageShape::grey(1, 2);
        Dataset::from_arrays("three", images, Some((vec![2, 0, 2], 3)), shape)
            .expect("a small set in order")
    }

    #[test]
    fn parts_hold_the_samples_asked_for() {
        let three = three();
        assert_eq!((three.n_samples(), three.n_features()), (3, 2));
        assert_eq!(three.class_counts(), [1, 0, 2]);
        assert_eq!(three.rows(1..2), array![[0.2, 0.3]]);

        let chosen = three.select(&[2, 0]);
        assert_eq!(chosen.images, array![[0.4, 0.5], [0.0, 0.1]]);
        assert_eq!(chosen.labels, Some(vec![2, 2]));

        let (first, rest) = three.clone().split_at(1);
        assert_eq!((first, rest), (three.slice(0..1), three.slice(1..3)));
    }

    #[test]
    fn cutting_leaves_both_parts_in_place() {
        let three = three();
        let places = [0, 2].map(|row| three.images.row(row).as_ptr());
        let (first, rest) = three.split_at(2);
        assert_eq!([first.images.as_ptr(), rest.images.as_ptr()], places);
        assert!(first.images.is_standard_layout() && rest.images.is_standard_layout());
    }
}
