//! Options that help against errors. The library's messages speak of its own structs; these sentences
//! name the flags.

use aerbm::Error;
use aerbm::mnist_io::FormatError;
use aerbm::mnist_io::fetch::FetchError;
use aerbm::nn_core::TrainingError;
use aerbm::study::StudyError;

/// The option that helps against this error, if there is one.
pub(crate) fn remedy(error: &anyhow::Error) -> Option<&'static str> {
    of_error(error.downcast_ref::<Error>()?)
}

fn of_error(error: &Error) -> Option<&'static str> {
    match error {
        Error::OtherRun { .. } => {
            Some("use --out for another folder, or --force to replace the run")
        }
        Error::InUse { .. } | Error::Folder { .. } => Some("--out names another folder"),
        Error::NoStage { .. } => Some("`aerbm plan` with the same options shows the keys"),
        Error::Data(source) => of_data(source),
        Error::Fetch { source: FetchError::NoMirror { .. }, .. } => {
            Some("--mirror names another mirror")
        }
        Error::AllDiverged => Some("pass lower ones with --rates"),
        Error::Stopped { source, .. } => of_error(source),
        Error::Training { source, .. } | Error::Study(StudyError::Training(source)) => {
            of_training(source)
        }
        Error::Study(StudyError::Unlabelled(_)) | Error::Unlabelled { .. } => Some(
            "a .csv file has labels in a column (--label-column), IDX files have them in files of \
             their own, PNG images by their folders",
        ),
        _ => None,
    }
}

fn of_data(error: &aerbm::mnist_io::Error) -> Option<&'static str> {
    use aerbm::mnist_io::Error;
    match error {
        Error::FolderNotFound { .. } | Error::FileNotFound { .. } => {
            Some("`aerbm data list` shows the data sets; --data takes a name or a path")
        }
        Error::OnDisk { .. } => {
            Some("only `aerbm train` learns from disk: use fewer samples, or raise --memory-limit")
        }
        Error::Format(FormatError::Memory { .. }) => Some("--memory-limit sets the limit"),
        Error::Format(FormatError::NoColumns { .. }) => Some("leave out --label-column"),
        Error::Format(FormatError::Quantity { .. }) => {
            Some("--label-column takes another column as the labels, or none")
        }
        _ => None,
    }
}

fn of_training(error: &TrainingError) -> Option<&'static str> {
    match error {
        TrainingError::OutOfRange { .. } => Some("--scale unit scales data to [0, 1]"),
        _ => None,
    }
}
