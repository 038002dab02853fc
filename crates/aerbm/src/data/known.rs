//! Named data sets: local ones, published ones that can be fetched, and generated ones.

use std::path::{Path, PathBuf};

use mnist_io::fetch::{Arrived, FetchError, PUBLISHED, Published};
use mnist_io::{Derived, FileCheck};

use super::{FOLDER, find};
use crate::Error;
use crate::config::{ConfigError, nearest};
use crate::monitor::Monitor;

/// Lists every named data set, with a description.
pub fn list() -> Vec<(String, String)> {
    let mut sets: Vec<(String, String)> = folders()
        .into_iter()
        .filter(|name| !is_unfinished(name))
        .map(|name| {
            let path = Path::new(FOLDER).join(&name).display().to_string();
            (name, format!("in {path}"))
        })
        .collect();
    for set in PUBLISHED {
        if !sets.iter().any(|(name, _)| name == set.name) {
            let how = format!("{}; `aerbm data fetch {}` fetches it", set.about, set.name);
            sets.push((set.name.to_owned(), how));
        }
    }
    let made = Derived::ALL
        .map(|set| (set.name().to_owned(), format!("generated: {}", set.description())));
    sets.extend(made.into_iter().filter(|(name, _)| !folders().contains(name)));
    sets
}

/// Whether this is a published set of which only some files were fetched.
pub(super) fn is_unfinished(name: &str) -> bool {
    let folder = Path::new(FOLDER).join(name);
    let set = PUBLISHED.into_iter().find(|set| set.name == name).filter(|_| folder.is_dir());
    let is_here = |file: &str| {
        [file, file.trim_end_matches(".gz")].iter().any(|file| folder.join(file).is_file())
    };
    set.is_some_and(|set| !set.files.iter().all(|file| is_here(file.name)))
}

/// Describes how to obtain a set of this name that has no local files.
pub(super) fn not_here(name: &str) -> Option<String> {
    let published = PUBLISHED.into_iter().any(|set| set.name == name);
    let made = Derived::named(name).is_some();
    match (published, made) {
        (true, _) => Some(format!("{name} is not here: `aerbm data fetch {name}` fetches it")),
        (_, true) => Some(format!("{name} is generated when it is needed, and has no files")),
        _ => None,
    }
}

/// The names of the data sets.
pub(super) fn names() -> Vec<String> {
    list().into_iter().map(|(name, _)| name).collect()
}

/// The names of the folders in `data`, sorted; none if that folder is missing.
fn folders() -> Vec<String> {
    let entries = std::fs::read_dir(FOLDER).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Compares the files of a set with the published ones.
///
/// # Errors
/// [`Error::Config`] for a name that is unknown, [`Error::Data`] for files that cannot be read.
pub fn verify(name: &str) -> Result<Vec<FileCheck>, Error> {
    let folder = find(name)?;
    Ok(match published(name) {
        Ok(set) => mnist_io::fetch::check_files(set.files, &folder)?,
        Err(_) => mnist_io::verify_mnist(folder)?,
    })
}

/// Fetches a published set into its folder, from `mirror` if one is given, and returns the folder and
/// a description of the set.
///
/// # Errors
/// [`Error::Config`] for a name that is not published, [`Error::Fetch`], [`Error::Interrupted`].
pub fn fetch(
    name: &str,
    mirror: Option<&str>,
    monitor: &dyn Monitor,
) -> Result<(PathBuf, &'static str), Error> {
    let set = published(name)?;
    let mirror = mirror.map(|mirror| format!("{}/", mirror.trim_end_matches('/')));
    let mirrors = match &mirror {
        Some(mirror) => &[mirror.as_str()],
        None => set.mirrors,
    };
    let folder = Path::new(FOLDER).join(set.name);
    let mut last = String::new();
    let mut watch = |arrived: Arrived<'_>| {
        if last != arrived.from {
            arrived.from.clone_into(&mut last);
            monitor.note(&format!("{}, {} kB", arrived.from, arrived.of / 1000));
        }
        monitor.flow()
    };
    match mnist_io::fetch::fetch(set.files, mirrors, &folder, &mut watch) {
        Ok(()) => Ok((folder, set.about)),
        Err(FetchError::Interrupted) => Err(Error::Interrupted),
        Err(source) => Err(Error::Fetch { name: name.to_owned(), source }),
    }
}

fn published(name: &str) -> Result<&'static Published, ConfigError> {
    PUBLISHED.into_iter().find(|set| set.name == name).ok_or_else(|| {
        let names = PUBLISHED.map(|set| set.name);
        let hint = nearest(name, names).map(|name| format!("; did you mean `{name}`?"));
        let (hint, names) = (hint.unwrap_or_default(), names.join(", "));
        ConfigError(format!("`{name}` cannot be fetched: expected one of {names}{hint}"))
    })
}
