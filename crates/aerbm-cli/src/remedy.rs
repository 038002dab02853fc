//! Options that help against errors. The library's messages speak of its own structs; these sentences
//! name the flags.

use aerbm::Error;
use aerbm::nn_core::TrainingError;
use aerbm::study::StudyError;

/// The option that helps against this error, if there is one.
pub(crate) fn remedy(error: &anyhow::Error) -> Option<&'static str> {
    of_error(error.downcast_ref::<Error>()?)
}

fn of_error(error: &Error) -> Option<&'static str> {
    match error {
        Error::InUse { .. } | Error::Folder { .. } | Error::OtherRun { .. } => {
            Some("--out names another folder")
        }
        Error::NotInMemory { .. } => Some("--memory-limit raises the limit"),
        Error::AllDiverged => Some("--rates takes lower ones"),
        Error::Training { source, .. } => of_training(source),
        Error::Stopped { source, .. } => of_error(source),
        Error::Study(StudyError::Training(source)) => of_training(source),
        Error::Study(StudyError::Unlabelled(_)) | Error::Unlabelled { .. } => Some(
            "a .csv file has labels in a column (--label-column), IDX files have them in files of \
             their own, PNG images by their folders",
        ),
        _ => None,
    }
}

fn of_training(error: &TrainingError) -> Option<&'static str> {
    match error {
        TrainingError::OutOfRange { .. } => Some("--scale unit scales data to [0, 1]"),
        _ => None,
    }
}
