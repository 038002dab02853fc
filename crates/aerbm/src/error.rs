use std::path::PathBuf;

use nn_core::{InvalidSetting, TrainingError, UnreadableSamples};
use stack::ResumeError;
use study::StudyError;
use study::class_metrics::ClassMetricsError;
use study::tensor_file::TensorFileError;
use thiserror::Error;

use crate::config::ConfigError;

/// A failure of this library. Messages name the file, field or value and what was expected; the causes
/// of a failure are in [`source`](std::error::Error::source).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting or a name is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The monitor asked to stop.
    #[error("interrupted; finished work is kept, and the same command resumes from there")]
    Interrupted,
    /// A model could not be trained.
    #[error("training {run}")]
    Training {
        /// Name of the run.
        run: String,
        /// The cause.
        source: TrainingError,
    },
    /// Training diverged, and the last good model was kept.
    #[error("stopped; the model after epoch {epochs} is kept in {}", folder.display())]
    Stopped {
        /// Epochs before the divergence.
        epochs: usize,
        /// Folder of the model.
        folder: PathBuf,
        /// The cause.
        source: Box<Error>,
    },
    /// Samples on disk could not be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableSamples),
    /// A classifier's training diverged at every learning rate.
    #[error("training diverged at every learning rate; expected a lower one")]
    AllDiverged,
    /// A comparison failed.
    #[error("comparing")]
    Study(#[source] StudyError),
    /// Data could not be read.
    #[error(transparent)]
    Data(#[from] mnist_io::Error),
    /// The description of a model's data has the wrong format.
    #[error("{}: expected the data contract that training writes; train the model again", path.display())]
    Contract {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// The description of a model's data is of another version or of another model.
    #[error("{}: {fault}; restore the file, or train the model again", path.display())]
    ContractFault {
        /// The file.
        path: PathBuf,
        /// The fault, in words.
        fault: String,
    },
    /// Predictions could not be measured.
    #[error(transparent)]
    ClassMetrics(#[from] ClassMetricsError),
    /// The number of features of samples differs from that of the model.
    #[error("{run} was trained on samples of {expected} values; those of {data} have {found}")]
    Width {
        /// Name of the model.
        run: String,
        /// Name of the data.
        data: String,
        /// Visible units of the model.
        expected: usize,
        /// Features of the data.
        found: usize,
    },
    /// The operation needs labels.
    #[error("{data} has no labels")]
    Unlabelled {
        /// Name of the data.
        data: String,
    },
    /// All training samples have the same label.
    #[error("{data}: all training rows have the label \"{class}\"; expected two classes or more")]
    OneClass {
        /// Name of the data.
        data: String,
        /// The name of their class.
        class: String,
    },
    /// The model is not of the kind that the operation needs.
    #[error("{run} is not {expected}; choose the folder of one")]
    Kind {
        /// Name of the model.
        run: String,
        /// The kind that is needed, and why.
        expected: &'static str,
    },
    /// The samples of a model are not images.
    #[error("{run} was trained on samples of {n_visible} numbers, which are not images to draw")]
    NotImages {
        /// Name of the model.
        run: String,
        /// Visible units of the model.
        n_visible: usize,
    },
    /// A folder has no model.
    #[error(
        "{}: there is no model.safetensors here or under models/; expected a folder that training wrote",
        folder.display()
    )]
    NoModel {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder has no classifier.
    #[error(
        "{}: there is no classifier.safetensors here; expected the folder of a fitted classifier, or of a \
         comparison that left one",
        folder.display()
    )]
    NoClassifier {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder has a classifier, but the operation needs a model of its data.
    #[error(
        "{} holds a classifier; expected the folder of an autoencoder, an RBM or a deep belief network",
        folder.display()
    )]
    ClassifierAlone {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder has several models.
    #[error("{}: there are {count} models here; name one of them, such as {}", folder.display(), example.display())]
    SeveralModels {
        /// The folder.
        folder: PathBuf,
        /// Number of models.
        count: usize,
        /// Folder of one of them.
        example: PathBuf,
    },
    /// A folder has no tables of a run.
    #[error(
        "{}: there is no {missing}; expected the folder of a run, such as reports/default",
        folder.display()
    )]
    NoRun {
        /// The folder.
        folder: PathBuf,
        /// The name of the file that is missing.
        missing: &'static str,
    },
    /// A run has no results yet.
    #[error(
        "{}: the run has no results, its status is \"{status}\"; give its command again to finish it",
        folder.display()
    )]
    Unfinished {
        /// The folder.
        folder: PathBuf,
        /// The status in `run.json`.
        status: String,
    },
    /// Another process writes to the folder.
    #[error(
        "{} is in use by another aerbm ({holder}); wait for it, or choose another folder",
        folder.display()
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process, in words.
        holder: String,
    },
    /// No stage has this key.
    #[error("there is no stage {key}: keys depend on the settings and the data")]
    NoStage {
        /// The key.
        key: String,
    },
    /// The folder of a run is no longer there.
    #[error("{} was removed or replaced while it was written to; run the command again", folder.display())]
    FolderGone {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds another run, whose results would be replaced.
    #[error("{} holds a run {difference}", folder.display())]
    OtherRun {
        /// The folder.
        folder: PathBuf,
        /// The difference, such as "of another seed".
        difference: &'static str,
    },
    /// The folder cannot be written to.
    #[error("cannot write to {}; choose another folder", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file could not be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A model of a finished run is not the one that the run wrote.
    #[error(
        "{}: the file has changed since the run wrote it; restore it, or delete it to train the model again",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The tensors of a saved model do not match its record.
    #[error("{}: delete it to train again", path.display())]
    Restore {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: ResumeError,
    },
    /// A file of tensors could not be read or written.
    #[error(transparent)]
    Tensors(#[from] TensorFileError),
    /// A model cannot be written in another program's format.
    #[error(transparent)]
    Export(#[from] crate::export::ExportError),
    /// A table, figure or page could not be written.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// A likelihood has no feasible estimate.
    #[error(transparent)]
    Likelihood(#[from] rbm_core::IntractableError),
    /// Principal components could not be computed.
    #[error(transparent)]
    Pca(#[from] ae_core::PcaError),
    /// A record could not be written as JSON or TOML.
    #[error("writing a record: {0}")]
    Record(String),
    /// A data set could not be fetched.
    #[error("fetching {name}")]
    Fetch {
        /// Name of the data set.
        name: String,
        /// The cause.
        source: mnist_io::fetch::FetchError,
    },
}

impl Error {
    /// Wraps the failure of training the run of this name.
    pub(crate) fn training(run: &str, source: TrainingError) -> Self {
        match source {
            TrainingError::Interrupted => Error::Interrupted,
            source => Error::Training { run: run.to_owned(), source },
        }
    }
}

impl Error {
    /// Wraps the failure of a study.
    pub(crate) fn study(source: StudyError) -> Self {
        match source {
            StudyError::Training(TrainingError::Interrupted) => Error::Interrupted,
            source => Error::Study(source),
        }
    }
}

impl Error {
    /// The message, followed by those of its causes.
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl From<InvalidSetting> for Error {
    fn from(error: InvalidSetting) -> Self {
        Error::Config(ConfigError(error.to_string()))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Record(error.to_string())
    }
}

impl From<toml::ser::Error> for Error {
    fn from(error: toml::ser::Error) -> Self {
        Error::Record(error.to_string())
    }
}
