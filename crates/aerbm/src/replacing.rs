//! Protection of finished runs: a folder keeps the run that it holds, unless it is to be replaced.

use std::path::Path;

use mnist_io::SplitRule;
use serde_json::{Value, json};

use crate::best::BEST;
use crate::config::text_of;
use crate::data::Loaded;
use crate::folder::{FAILED, info, remove};
use crate::trained::FILE;
use crate::{Error, card, contract, sums};

/// Files that only some runs have.
const FILES: [&str; 12] = [
    "comparison.csv",
    "summary.csv",
    "summary_of_seeds.csv",
    "paired.csv",
    "equal_seconds.csv",
    "references.csv",
    "balanced.csv",
    "failures.csv",
    "search.csv",
    "mistakes.csv",
    "playground.json",
    "settings.csv",
];

/// Files of a classifier, in the folder of a run of `aerbm fit` or in `best` of a comparison.
const OF_CLASSIFIER: [&str; 3] = [crate::classifier::FILE, contract::FILE, card::FILE];

/// Whether a run with these settings would replace another one in the folder: one with other settings,
/// another seed or other data, if `identity` has these. A run that failed, or ended before it saved
/// anything, does not count.
///
/// # Errors
/// [`Error::OtherRun`] if it would, unless replacement is forced; [`Error::Changed`] if a model that would be used
/// again is not the one that the run wrote.
pub(crate) fn replaces(
    out: &Path,
    settings: &str,
    identity: &Value,
    force: bool,
) -> Result<bool, Error> {
    let Ok(config) = text_of(&out.join("config.toml")) else { return Ok(false) };
    let info = info(out);
    let has_models =
        std::fs::read_dir(out.join("models")).is_ok_and(|mut all| all.next().is_some());
    let is_unfinished = info["status"] == "running" || info["status"] == "interrupted";
    if info["status"] == FAILED || is_unfinished && !has_models {
        return Ok(false);
    }
    // Runs of earlier versions lack the entries.
    let differs = |key: &str| info.get(key).is_some_and(|found| *found != identity[key]);
    let difference = match (config != settings, differs("seed"), differs("data_key")) {
        (true, ..) => "with other settings",
        (_, true, _) => "of another seed",
        (_, _, true) => "of other data, or of data read with other options",
        _ => return sums::refuse_changed_models(out).map(|()| false),
    };
    if force { Ok(true) } else { Err(Error::OtherRun { folder: out.to_owned(), difference }) }
}

/// The part of the identity of a run that its settings do not hold.
pub(crate) fn data_identity(data: &Loaded) -> Value {
    json!({ "data_key": data.key(SplitRule::default()).as_str() })
}

/// Removes the results of a run that is replaced: its figures, its tables, its models and its classifier. Models of
/// these names stay, since those that match are used again, and so do finished stages.
pub(crate) fn remove_results(out: &Path, models: &[String]) -> Result<(), Error> {
    for name in FILES {
        remove(&out.join(name))?;
    }
    for folder in [out.to_owned(), out.join(BEST)] {
        if folder.join(crate::classifier::FILE).is_file() {
            OF_CLASSIFIER.iter().try_for_each(|name| remove(&folder.join(name)))?;
        }
    }
    remove(&out.join(sums::NAME))?;
    remove_folder(&out.join("figures"))?;
    let Ok(folders) = std::fs::read_dir(out.join("models")) else { return Ok(()) };
    for folder in folders.flatten() {
        let is_kept = models.iter().any(|name| folder.file_name() == name.as_str());
        if !is_kept && folder.path().join(FILE).is_file() {
            remove_folder(&folder.path())?;
        }
    }
    Ok(())
}

fn remove_folder(path: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Io { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
