//! Training samples, in memory or on disk.

use crate::dataset::Dataset;
use crate::error::Error;
use crate::layout::Block;
use crate::read::on_disk::OnDisk;
use crate::shape::ImageShape;
use crate::split_rule::SplitRule;

/// The training samples of a data set: in memory, or in their file if too large.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there are only a few of them")]
pub enum TrainingData {
    /// All samples are in memory.
    InMemory(Dataset),
    /// The samples stay in their file and are read when needed.
    OnDisk(OnDisk),
}

impl TrainingData {
    /// The samples, which must be in memory.
    ///
    /// # Errors
    /// [`Error::OnDisk`] if they are in their file.
    pub fn in_memory(&self) -> Result<&Dataset, Error> {
        match self {
            TrainingData::InMemory(dataset) => Ok(dataset),
            TrainingData::OnDisk(on_disk) => Err(Error::OnDisk {
                name: on_disk.name().to_owned(),
                bytes: on_disk.bytes_in_memory(),
            }),
        }
    }

    /// Whether the samples stay in their file.
    #[must_use]
    pub fn is_on_disk(&self) -> bool {
        matches!(self, TrainingData::OnDisk(_))
    }

    /// Number of samples.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        match self {
            TrainingData::InMemory(dataset) => dataset.n_samples(),
            TrainingData::OnDisk(on_disk) => on_disk.n_samples(),
        }
    }

    /// Number of values per sample.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.shape().n_values()
    }

    /// The size of each image; a single row if the samples are not images.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        match self {
            TrainingData::InMemory(dataset) => dataset.shape,
            TrainingData::OnDisk(on_disk) => on_disk.shape(),
        }
    }

    /// The class of each sample, if the data set has labels.
    #[must_use]
    pub fn labels(&self) -> Option<&[u8]> {
        match self {
            TrainingData::InMemory(dataset) => dataset.labels.as_deref(),
            TrainingData::OnDisk(on_disk) => on_disk.labels(),
        }
    }

    /// The names of the classes; empty without labels.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        match self {
            TrainingData::InMemory(dataset) => &dataset.class_names,
            TrainingData::OnDisk(on_disk) => on_disk.class_names(),
        }
    }

    /// The kinds of the features, in order.
    #[must_use]
    pub fn layout(&self) -> &[Block] {
        match self {
            TrainingData::InMemory(dataset) => &dataset.layout,
            TrainingData::OnDisk(on_disk) => on_disk.layout(),
        }
    }

    /// Whether values may be missing (NaN).
    #[must_use]
    pub fn has_missing(&self) -> bool {
        match self {
            TrainingData::InMemory(dataset) => dataset.has_missing(),
            TrainingData::OnDisk(on_disk) => on_disk.has_missing(),
        }
    }

    /// The name of the data set.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            TrainingData::InMemory(dataset) => &dataset.name,
            TrainingData::OnDisk(on_disk) => on_disk.name(),
        }
    }

    /// SHA-256, in hex, of the source of the data set.
    #[must_use]
    pub fn sha256(&self) -> &str {
        match self {
            TrainingData::InMemory(dataset) => &dataset.sha256,
            TrainingData::OnDisk(on_disk) => on_disk.sha256(),
        }
    }

    /// Divides the samples: the training part, which stays where it is, and the validation part,
    /// which is in memory and holds at most 10,000 samples if the others are on disk.
    ///
    /// # Errors
    /// [`Error::TrainCount`] if either part would be empty, or [`Error::Io`].
    pub fn split(self, rule: SplitRule) -> Result<(Self, Dataset), Error> {
        match self {
            TrainingData::InMemory(dataset) => {
                let n_train = dataset.n_train(rule)?;
                let (train, validation) = dataset.split_at(n_train);
                Ok((TrainingData::InMemory(train), validation))
            }
            TrainingData::OnDisk(on_disk) => {
                let (train, validation) = on_disk.split(rule)?;
                Ok((TrainingData::OnDisk(train), validation))
            }
        }
    }
}

impl From<Dataset> for TrainingData {
    fn from(dataset: Dataset) -> Self {
        TrainingData::InMemory(dataset)
    }
}
