//! Parts of a set: views, ranges, selections, and the cut that copies only the end.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, s};

use crate::Dataset;

impl Dataset {
    /// The images of a range of samples, without a copy.
    ///
    /// # Panics
    /// If the range goes beyond the samples.
    #[must_use]
    pub fn rows(&self, samples: Range<usize>) -> ArrayView2<'_, f32> {
        self.images.slice(s![samples, ..])
    }

    /// A copy of a range of samples.
    ///
    /// # Panics
    /// If the range goes beyond the samples.
    #[must_use]
    pub fn slice(&self, samples: Range<usize>) -> Self {
        let labels = self.labels.as_ref().map(|labels| labels[samples.clone()].to_vec());
        self.part(self.rows(samples).to_owned(), labels)
    }

    /// A copy of the samples with these indices, in this order.
    ///
    /// # Panics
    /// If an index is beyond the samples.
    #[must_use]
    pub fn select(&self, samples: &[usize]) -> Self {
        let choose = |labels: &Vec<u8>| samples.iter().map(|&sample| labels[sample]).collect();
        let labels = self.labels.as_ref().map(choose);
        self.part(self.images.select(Axis(0), samples), labels)
    }

    /// The first `n` samples, which stay where they are in memory, and a copy of the others.
    ///
    /// # Panics
    /// If there are fewer than `n` samples.
    #[must_use]
    pub fn split_at(mut self, n: usize) -> (Self, Self) {
        let rest = self.slice(n..self.n_samples());
        self.images.slice_collapse(s![..n, ..]);
        if let Some(labels) = &mut self.labels {
            labels.truncate(n);
        }
        (self, rest)
    }

    /// Other samples of the same origin.
    fn part(&self, images: Array2<f32>, labels: Option<Vec<u8>>) -> Self {
        let (name, sha256) = (self.name.clone(), self.sha256.clone());
        Self { name, images, labels, n_classes: self.n_classes, shape: self.shape, sha256 }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::ImageShape;

    fn three() -> Dataset {
        let images = array![[0.0, 0.1], [0.2, 0.3], [0.4, 0.5]];
        let shape = ImageShape { height: 1, width: 2 };
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
    fn cutting_leaves_the_first_part_in_place() {
        let three = three();
        let place = three.images.as_ptr();
        let (first, _) = three.split_at(2);
        assert_eq!(first.images.as_ptr(), place);
        assert!(first.images.is_standard_layout());
    }
}
