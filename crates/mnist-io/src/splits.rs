//! Data sets in two parts, as published, and in three parts, as experiments need them.

use crate::dataset::Dataset;
use crate::error::Error;
use crate::split_rule::SplitRule;
use crate::training_data::TrainingData;

/// A data set as published: a training and a test part.
///
/// `T` determines where the training samples are: a [`Dataset`] is in memory, [`TrainingData`] may be on
/// disk.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainTest<T = Dataset> {
    /// The training part: 60,000 images in MNIST.
    pub train: T,
    /// The test part: 10,000 images in MNIST.
    pub test: Dataset,
}

/// A data set in three parts: training, validation and test.
///
/// `T` determines where the training samples are, as in [`TrainTest`]: a function that needs them in memory
/// takes `&Splits`, one that can read them from disk takes `&Splits<TrainingData>`.
#[derive(Debug, Clone)]
pub struct Splits<T = Dataset> {
    /// The samples to which parameters are fitted; the first of those published for training.
    pub train: T,
    /// The samples on which hyperparameters are chosen; the last of those published for training.
    pub validation: Dataset,
    /// The samples published for testing. They are read once, for the reported number.
    pub test: Dataset,
    /// Samples without a label, which pretraining uses as well.
    pub unlabelled: Option<Dataset>,
}

impl TrainTest {
    /// Divides the training part. No sample is copied.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if the training or the validation part would be empty.
    pub fn split(self, rule: SplitRule) -> Result<Splits, Error> {
        let n_train = self.train.n_train(rule)?;
        let (train, validation) = self.train.split_at(n_train);
        Ok(Splits { train, validation, test: self.test, unlabelled: None })
    }
}

impl TrainTest<TrainingData> {
    /// Divides the training part as [`TrainingData::split`] does.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if the training or the validation part would be empty; [`Error::Io`] if
    /// the validation samples cannot be read.
    pub fn split(self, rule: SplitRule) -> Result<Splits<TrainingData>, Error> {
        let (train, validation) = self.train.split(rule)?;
        Ok(Splits { train, validation, test: self.test, unlabelled: None })
    }

    /// The data set with its training samples in memory. No sample is copied.
    ///
    /// # Errors
    /// [`Error::OnDisk`] if they stay on disk.
    pub fn in_memory(&self) -> Result<TrainTest, Error> {
        Ok(TrainTest { train: self.train.in_memory()?.clone(), test: self.test.clone() })
    }
}

impl Splits<TrainingData> {
    /// The three parts with the training samples in memory. No sample is copied.
    ///
    /// # Errors
    /// [`Error::OnDisk`] if they stay on disk.
    pub fn in_memory(&self) -> Result<Splits, Error> {
        let (validation, test) = (self.validation.clone(), self.test.clone());
        let (train, unlabelled) = (self.train.in_memory()?.clone(), self.unlabelled.clone());
        Ok(Splits { train, validation, test, unlabelled })
    }
}

impl From<TrainTest> for TrainTest<TrainingData> {
    fn from(TrainTest { train, test }: TrainTest) -> Self {
        TrainTest { train: train.into(), test }
    }
}

impl From<Splits> for Splits<TrainingData> {
    fn from(Splits { train, validation, test, unlabelled }: Splits) -> Self {
        Splits { train: train.into(), validation, test, unlabelled }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::shape::ImageShape;

    fn numbered(n_samples: u8) -> Dataset {
        let images = Array2::from_shape_fn((n_samples.into(), 1), |(i, _)| i as f32 / 100.0);
        let labels = Some(((0..n_samples).collect(), n_samples.into()));
        Dataset::from_arrays("numbered", images, labels, ImageShape::grey(1, 1)).unwrap()
    }

    #[test]
    fn the_first_train_and_the_others_validate() {
        let data = TrainTest { train: numbered(6), test: numbered(2) };
        let splits = data.clone().split(SplitRule::Train(4)).unwrap();
        assert_eq!(splits.train.labels, Some(vec![0, 1, 2, 3]));
        assert_eq!(splits.validation.labels, Some(vec![4, 5]));
        assert_eq!(splits.test, numbered(2));
        assert!(data.clone().split(SplitRule::Train(6)).is_err());

        let either = TrainTest::<TrainingData>::from(data).split(SplitRule::Train(4)).unwrap();
        assert_eq!((either.train.n_samples(), either.train.labels()), (4, Some(&[0, 1, 2, 3][..])));
        assert_eq!(either.in_memory().unwrap().train, splits.train);
    }
}
