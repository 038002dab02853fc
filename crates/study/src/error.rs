use nn_core::TrainingError;
use thiserror::Error;

use crate::tensor_file::TensorFileError;

/// Why a comparison did not finish.
#[derive(Debug, Error)]
pub enum StudyError {
    /// A setting, the data, or the training itself; or an interruption.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// A stage could not be kept or read.
    #[error(transparent)]
    Store(#[from] TensorFileError),
    /// The labels asked for are not there.
    #[error(transparent)]
    Data(#[from] mnist_io::Error),
    /// A data set has no labels.
    #[error("the {0} set has no labels; a comparison of classifiers needs them")]
    Unlabelled(&'static str),
}
