//! Which images train, which choose between models, which are kept for the end.

use serde::{Deserialize, Serialize};

use crate::{Dataset, Error, Mnist};

/// How many of the published training images train; the others, which follow them, validate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Partition {
    /// 50,000 train, 10,000 validate: the study's split.
    #[default]
    Study,
    /// 55,000 train, 5,000 validate: the split of the tutorial recipe.
    Tutorial,
    /// This many train, the remainder validates.
    Train(usize),
}

/// The three parts of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Splits {
    /// The first images: parameters are fitted to them.
    pub train: Dataset,
    /// The others that were published for training: hyperparameters are chosen on them.
    pub validation: Dataset,
    /// The images published for testing: read once, for the number that is reported.
    pub test: Dataset,
}

impl Partition {
    /// The number of images that train.
    #[must_use]
    pub fn n_train(self) -> usize {
        match self {
            Partition::Study => 50_000,
            Partition::Tutorial => 55_000,
            Partition::Train(n_train) => n_train,
        }
    }
}

impl Splits {
    /// Cuts the set. The training images stay where they are in memory; those that validate are
    /// copied.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if no image would be left on either side of the cut.
    pub fn new(mnist: Mnist, partition: Partition) -> Result<Self, Error> {
        let (requested, available) = (partition.n_train(), mnist.train.n_samples());
        if requested == 0 || requested >= available {
            return Err(Error::TrainCount { requested, available });
        }
        let (train, validation) = mnist.train.split_at(requested);
        Ok(Self { train, validation, test: mnist.test })
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
        for partition in [Partition::Train(0), Partition::Train(6), Partition::Study] {
            let message = Splits::new(set(), partition).unwrap_err().to_string();
            let expected = format!(
                "{} training images of 6; expected at least 1 and fewer than 6",
                partition.n_train()
            );
            assert!(message.contains(&expected), "{message}");
        }
    }
}
