//! Hints at options that help against errors. The library's messages refer to its own structs; these
//! sentences name the flags.

use std::io::ErrorKind;

use aerbm::Error;
use aerbm::mnist_io::fetch::FetchError;
use aerbm::mnist_io::{FormatError, TableError};
use aerbm::nn_core::TrainingError;
use aerbm::study::StudyError;

/// The option that helps against this error; `None` if none does.
pub(crate) fn remedy(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref::<Error>() {
        Some(error) => of_error(error),
        None => of_study(error.downcast_ref::<StudyError>()?),
    }
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
        Error::Training { source, .. } => of_training(source),
        Error::Study(source) => of_study(source),
        Error::Unlabelled { .. } => Some(UNLABELLED),
        Error::OneClass { .. } => Some("--label-column takes another column as the labels"),
        _ => None,
    }
}

const UNLABELLED: &str = "a .csv file has labels in a column (--label-column), IDX files have them in files of \
                          their own, PNG images by their folders";

fn of_study(error: &StudyError) -> Option<&'static str> {
    match error {
        StudyError::Training(source) => of_training(source),
        StudyError::Unlabelled(_) => Some(UNLABELLED),
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
        Error::Format(FormatError::Quantity { .. } | FormatError::TooFewLabels { .. }) => {
            Some("--label-column takes another column as the labels, or none")
        }
        Error::Format(FormatError::TableOption { option, .. }) => of_option(option).map(|it| it.0),
        Error::Table(TableError::UnknownColumn { option, .. }) => of_option(option).map(|it| it.1),
        Error::Table(TableError::LabelColumn { .. }) => {
            Some("--label-column takes a column as the labels, or none")
        }
        Error::Table(TableError::SplitWord { .. }) => Some("--split-column takes another column"),
        Error::Table(TableError::TooFewGroups { .. }) => Some("--group takes another column"),
        Error::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
            Some("check the path, which begins in the directory that aerbm runs in")
        }
        _ => None,
    }
}

/// The sentences about the option behind a field of `ReadOptions`: that it does not suit the data, and that
/// it names a column that does not exist.
fn of_option(field: &str) -> Option<(&'static str, &'static str)> {
    Some(match field {
        "drop_columns" => ("leave out --drop-columns", "--drop-columns takes names or indices"),
        "header" => ("leave out --header", "--header takes yes or no"),
        "columns" => ("leave out --columns", "--columns takes a TOML file"),
        "split_column" => ("leave out --split-column", "--split-column takes a name or an index"),
        "group_column" => ("leave out --group", "--group takes a name or an index"),
        _ => return None,
    })
}

fn of_training(error: &TrainingError) -> Option<&'static str> {
    match error {
        TrainingError::OutOfRange { .. } => Some("--scale unit scales data to [0, 1]"),
        _ => None,
    }
}
