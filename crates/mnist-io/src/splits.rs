//! Which images train, which choose between models, which are kept for the end.

use serde::{Deserialize, Serialize};

use crate::{Dataset, Error, Mnist, OnDisk};

/// How many of the samples outside the test part train; the others, which follow them, validate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// A sixth validates, 10,000 samples at most: the study's split, 50,000 and 10,000 of MNIST.
    #[default]
    Study,
    /// A twelfth validates, 5,000 samples at most: the split of the tutorial recipe, 55,000 and 5,000
    /// of MNIST.
    Tutorial,
    /// This many train, the remainder validates.
    Train(usize),
}

/// The three parts of a set.
#[derive(Debug, Clone)]
pub struct Splits {
    /// The first images: parameters are fitted to them. Without samples if they are on disk.
    pub train: Dataset,
    /// The same where they are too large for memory.
    pub train_on_disk: Option<OnDisk>,
    /// The others that were published for training: hyperparameters are chosen on them.
    pub validation: Dataset,
    /// The images published for testing: read once, for the number that is reported.
    pub test: Dataset,
}

impl Partition {
    /// The number of samples that train, of so many.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if no sample would be left on either side of the cut.
    pub fn cut(self, available: usize) -> Result<usize, Error> {
        let rest_after = |validate: usize| available.saturating_sub(validate.max(1));
        let requested = match self {
            Partition::Study => rest_after((available / 6).min(10_000)),
            Partition::Tutorial => rest_after((available / 12).min(5_000)),
            Partition::Train(n_train) => n_train,
        };
        if requested == 0 || requested >= available {
            return Err(Error::TrainCount { requested, available });
        }
        Ok(requested)
    }
}

impl Splits {
    /// Cuts the set, whose samples stay where they are in memory.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if no image would be left on either side of the cut.
    pub fn new(mnist: Mnist, partition: Partition) -> Result<Self, Error> {
        let n_train = partition.cut(mnist.train.n_samples())?;
        let (train, validation) = mnist.train.split_at(n_train);
        Ok(Self { train, train_on_disk: None, validation, test: mnist.test })
    }

    /// Cuts a training part that stays on disk; `mnist` has the test part and an empty training
    /// part, as [`open`](crate::open) gives them.
    ///
    /// # Errors
    /// As [`OnDisk::split`].
    pub fn on_disk(on_disk: &OnDisk, mnist: Mnist, partition: Partition) -> Result<Self, Error> {
        let (train_on_disk, validation) = on_disk.split(partition)?;
        let (train, test) = (mnist.train, mnist.test);
        Ok(Self { train, train_on_disk: Some(train_on_disk), validation, test })
    }

    /// The number of training samples, wherever they are.
    #[must_use]
    pub fn n_train(&self) -> usize {
        self.train_on_disk.as_ref().map_or(self.train.n_samples(), OnDisk::n_samples)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::ImageShape;

    fn numbered(n_samples: u8) -> Dataset {
        let images = Array2::from_shape_fn((n_samples.into(), 1), |(i, _)| i as f32 / 100.0);
        let labels = Some(((0..n_samples).collect(), n_samples.into()));
        Dataset::from_arrays("numbered", images, labels, ImageShape { height: 1, width: 1 })
            .unwrap()
    }

    fn set() -> Mnist {
        Mnist { train: numbered(6), test: numbered(2) }
    }

    #[test]
    fn the_first_train_and_the_others_validate() {
        let splits = Splits::new(set(), Partition::Train(4)).unwrap();
        assert_eq!(splits.train.labels, Some(vec![0, 1, 2, 3]));
        assert_eq!(splits.validation.labels, Some(vec![4, 5]));
        assert_eq!(splits.test, numbered(2));
    }

    #[test]
    fn both_sides_of_the_cut_must_hold_something() {
        for n_train in [0, 6, 50_000] {
            let message = Splits::new(set(), Partition::Train(n_train)).unwrap_err().to_string();
            let expected =
                format!("{n_train} training images of 6; expected at least 1 and fewer than 6");
            assert!(message.contains(&expected), "{message}");
        }
    }

    #[test]
    fn other_sets_are_cut_in_the_proportions_of_mnist() {
        let cuts = |n| [Partition::Study, Partition::Tutorial].map(|p| p.cut(n).unwrap());
        assert_eq!(cuts(60_000), [50_000, 55_000]);
        assert_eq!(cuts(12_000), [10_000, 11_000]);
        assert_eq!(cuts(1_000_000), [990_000, 995_000]);
        assert_eq!(cuts(2), [1, 1]);
        assert!(Partition::Study.cut(1).is_err());
    }
}
