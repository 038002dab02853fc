//! Data sets by name or folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mnist_io::{Mnist, Partition, Splits};
use study::stage::Key;

use crate::config::{UsageError, nearest};

const FOLDER: &str = "data";

/// A data set in memory, before it is split.
pub(crate) struct Loaded {
    pub(crate) mnist: Mnist,
    pub(crate) name: String,
}

/// Loads the data set `data/NAME`, or the folder of that path.
pub(crate) fn load(name_or_folder: &str) -> anyhow::Result<Loaded> {
    let folder = folder(name_or_folder)?;
    let mnist = mnist_io::load(&folder)?;
    let name = mnist.train.name.clone();
    Ok(Loaded { mnist, name })
}

impl Loaded {
    /// The three sets, and the key of what is in them.
    pub(crate) fn split(&self, partition: Partition) -> anyhow::Result<(Splits, Key)> {
        let mnist = Mnist { train: self.mnist.train.clone(), test: self.mnist.test.clone() };
        let hashes = (&mnist.train.sha256, &mnist.test.sha256);
        let key = Key::new("data", &(hashes, partition));
        Ok((Splits::new(mnist, partition)?, key))
    }
}

/// Where a data set is.
pub(crate) fn folder(name_or_folder: &str) -> anyhow::Result<PathBuf> {
    let named = Path::new(FOLDER).join(name_or_folder);
    let given = PathBuf::from(name_or_folder);
    if named.is_dir() {
        return Ok(named);
    }
    if given.is_dir() {
        return Ok(given);
    }
    let known = list().unwrap_or_default();
    let hint = nearest(name_or_folder, known.iter().map(String::as_str));
    let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    Err(UsageError(format!(
        "no data set `{name_or_folder}`: neither {} nor {} is a folder{hint} \
         (run aerbm where the folder `data` is, or give --data DIR)",
        named.display(),
        given.display()
    ))
    .into())
}

/// The names of the data sets that are there.
pub(crate) fn list() -> anyhow::Result<Vec<String>> {
    let entries = std::fs::read_dir(FOLDER)
        .with_context(|| format!("no folder `{FOLDER}` here; run aerbm where it is"))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}
