//! The sets that have names: those that are there, those that can be fetched, those that are made.

use std::path::Path;

use anyhow::{Context as _, bail};
use mnist_io::fetch::{Arrived, FetchError, PUBLISHED, Published};
use mnist_io::{Derived, FileCheck};

use super::{FOLDER, find, with_remedy};
use crate::config::{UsageError, nearest};
use crate::interrupt::{self, Interrupted};
use crate::ui::Ui;

/// Every set that has a name, and what it is.
pub(crate) fn list() -> Vec<(String, String)> {
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
            let how = format!("{}; aerbm data fetch {} brings it", set.about, set.name);
            sets.push((set.name.to_owned(), how));
        }
    }
    let made =
        Derived::ALL.map(|set| (set.name().to_owned(), format!("made: {}", set.description())));
    sets.extend(made.into_iter().filter(|(name, _)| !folders().contains(name)));
    sets
}

/// Whether this is a published set that was begun to be fetched, and files are missing.
pub(super) fn is_unfinished(name: &str) -> bool {
    let folder = Path::new(FOLDER).join(name);
    let set = PUBLISHED.into_iter().find(|set| set.name == name).filter(|_| folder.is_dir());
    let is_here = |file: &str| {
        [file, file.trim_end_matches(".gz")].iter().any(|file| folder.join(file).is_file())
    };
    set.is_some_and(|set| !set.files.iter().all(|file| is_here(file.name)))
}

/// How a set of this name, which has no files here, is to be had.
pub(super) fn not_here(name: &str) -> Option<String> {
    let published = PUBLISHED.into_iter().any(|set| set.name == name);
    let made = Derived::named(name).is_some();
    match (published, made) {
        (true, _) => Some(format!("{name} is not here: `aerbm data fetch {name}` brings it")),
        (_, true) => Some(format!("{name} is made when it is needed, and has no files")),
        _ => None,
    }
}

/// The names alone.
pub(super) fn names() -> Vec<String> {
    list().into_iter().map(|(name, _)| name).collect()
}

/// The folders of data, in order; none where there is no folder for them.
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
pub(crate) fn verify(name: &str) -> anyhow::Result<Vec<FileCheck>> {
    let folder = find(name)?;
    Ok(match published(name) {
        Ok(set) => mnist_io::fetch::check_files(set.files, &folder)?,
        Err(_) => mnist_io::verify_mnist(folder).map_err(with_remedy)?,
    })
}

/// Fetches a published set into its folder, from `mirror` if one is given.
pub(crate) fn fetch(name: &str, mirror: Option<&str>, ui: &Ui) -> anyhow::Result<()> {
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
            ui.note(&format!("{}, {} kB", arrived.from, arrived.of / 1000));
        }
        interrupt::flow()
    };
    match mnist_io::fetch::fetch(set.files, mirrors, &folder, &mut watch) {
        Err(FetchError::Interrupted) => return Err(Interrupted.into()),
        Err(error @ FetchError::NoMirror { .. }) => {
            bail!("fetching {name}: {error}; --mirror names another mirror")
        }
        outcome => outcome.with_context(|| format!("fetching {name}"))?,
    }
    ui.result(&format!("{}: {}", folder.display(), set.about));
    Ok(())
}

fn published(name: &str) -> Result<&'static Published, UsageError> {
    PUBLISHED.into_iter().find(|set| set.name == name).ok_or_else(|| {
        let names = PUBLISHED.map(|set| set.name);
        let hint = nearest(name, names).map(|name| format!("; did you mean `{name}`?"));
        let (hint, names) = (hint.unwrap_or_default(), names.join(", "));
        UsageError(format!("`{name}` cannot be fetched, only {names}{hint}"))
    })
}
