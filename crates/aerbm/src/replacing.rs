//! The protection of finished runs: a folder keeps the run that it holds, unless another one is to replace it.

use std::path::Path;

use mnist_io::SplitRule;
use serde_json::{Value, json};

use crate::Error;
use crate::config::text_of;
use crate::data::Loaded;
use crate::folder::{FAILED, remove};
use crate::trained::FILE;

/// Files that only some runs have.
const FILES: [&str; 11] = [
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
];

/// Whether a run of these settings would replace another one in the folder: one with other settings, of
/// another seed or of other data, as far as `identity` has these. A run that failed, or ended before it kept
/// anything, does not count.
///
/// # Errors
/// [`Error::OtherRun`] if it would, unless this is forced.
pub(crate) fn replaces(
    out: &Path,
    settings: &str,
    identity: &Value,
    force: bool,
) -> Result<bool, Error> {
    let Ok(config) = text_of(&out.join("config.toml")) else { return Ok(false) };
    let info = std::fs::read_to_string(out.join("run.json")).unwrap_or_default();
    let info: Value = serde_json::from_str(&info).unwrap_or_default();
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
        _ => return Ok(false),
    };
    if force { Ok(true) } else { Err(Error::OtherRun { folder: out.to_owned(), difference }) }
}

/// The part of the identity of a run that its settings do not hold.
pub(crate) fn data_identity(data: &Loaded) -> Value {
    json!({ "data_key": data.key(SplitRule::default()).as_str() })
}

/// Removes the results of a run that is replaced: its figures, its tables and its models. Models of these names
/// stay, since those that fit are used again; and so do finished stages.
pub(crate) fn remove_results(out: &Path, models: &[String]) -> Result<(), Error> {
    for name in FILES {
        remove(&out.join(name))?;
    }
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
