use nn_core::{InvalidSetting, TrainingError};
use thiserror::Error;

use crate::reference::ReferenceError;
use crate::stage::Key;
use crate::tensor_file::TensorFileError;

/// Invalid settings of a comparison.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ConfigError {
    /// A setting is out of its range.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// A setting names a method that is not declared.
    #[error(
        "{field}: there is no method `{name}`; expected some of {}{}",
        known.join(", "),
        did_you_mean(name, known)
    )]
    UnknownMethod {
        /// The setting that names it.
        field: String,
        /// The name.
        name: String,
        /// The declared methods.
        known: Vec<String>,
    },
}

/// Reasons why a comparison did not finish.
#[derive(Debug, Error)]
pub enum StudyError {
    /// A setting is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data are unsuitable for training, training failed, or it was interrupted.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// A stage could not be written or read.
    #[error(transparent)]
    Store(#[from] TensorFileError),
    /// The data set has fewer labels than requested.
    #[error(transparent)]
    Data(#[from] mnist_io::Error),
    /// A standard classifier could not be fitted.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// No stage of the comparison has this key.
    #[error("there is no stage {}; the settings or the data differ", .0.as_str())]
    UnknownStage(Key),
    /// A data set has no labels.
    #[error("the {0} set has no labels; a comparison of classifiers needs them")]
    Unlabelled(&'static str),
}

/// The candidate that is most similar to `word`, if any is similar enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored =
        candidates.into_iter().map(|c| (strsim::normalized_damerau_levenshtein(word, c), c));
    scored.filter(|(score, _)| *score > 0.6).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c)
}

/// A question with the known word most similar to `word`; empty if none is similar.
fn did_you_mean(word: &str, known: &[String]) -> String {
    let nearest = nearest(word, known.iter().map(String::as_str));
    nearest.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
}
