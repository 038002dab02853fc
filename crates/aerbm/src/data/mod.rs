//! Data sets by name, file or folder.

mod known;
mod samples;

use std::path::{Path, PathBuf};

use mnist_io::{Derived, Mnist, OnDisk, Opened, Partition, ReadOptions, Scale, Splits};
use serde::{Deserialize, Serialize};
use study::stage::Key;

pub use known::{fetch, list, verify};
pub(crate) use samples::training_samples;

use crate::Error;
use crate::config::{ConfigError, nearest};
use crate::monitor::Monitor;
use crate::trained::Trained;

/// The folder of data sets that have names.
const FOLDER: &str = "data";

/// The data where none are named.
pub const MNIST: &str = "mnist";

/// The memory limit where none is given, in MiB.
pub const MEMORY_LIMIT: u64 = 1024;

/// The place of data and the options that they are read with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// A name that [`list`] shows, or the path of a file or folder.
    pub data: String,
    /// Column of the labels in a table.
    pub label_column: Option<String>,
    /// Scaling of the values.
    pub scale: Scale,
    /// Training samples that would take more memory, in MiB, stay on disk if their format allows it.
    #[serde(skip, default = "memory_limit")]
    pub memory_limit: u64,
}

fn memory_limit() -> u64 {
    MEMORY_LIMIT
}

impl Default for Source {
    fn default() -> Self {
        Source {
            data: MNIST.to_owned(),
            label_column: None,
            scale: Scale::default(),
            memory_limit: MEMORY_LIMIT,
        }
    }
}

/// A data set before it is split.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The samples; the training part is empty if it stays on disk.
    pub mnist: Mnist,
    /// The name of the set.
    pub name: String,
    /// Decisions made while reading, one sentence each.
    pub notes: Vec<String>,
    on_disk: Option<OnDisk>,
    /// The options that it was read with, where they are not the defaults.
    variant: Option<(Scale, Option<String>)>,
}

/// Loads a data set.
///
/// # Errors
/// [`Error::Config`] for a name that is unknown, [`Error::Data`] for data that cannot be read.
pub fn load(source: &Source) -> Result<Loaded, Error> {
    let options = ReadOptions {
        label_column: source.label_column.clone(),
        scale: source.scale,
        memory_limit: source.memory_limit << 20,
    };
    let path = find(&source.data);
    let Opened { mnist, on_disk, mut notes } = match (path, Derived::named(&source.data)) {
        (Ok(path), _) => mnist_io::open(path, &options)?,
        (Err(_), Some(set)) => make(set, &options)?,
        (Err(error), None) => return Err(error.into()),
    };
    if !mnist.train.shape.is_image() {
        let n = mnist.train.n_features();
        notes.push(format!("samples are {n} numbers, not images: they are not drawn"));
    }
    let name = mnist.train.name.clone();
    let variant = (options.scale, options.label_column);
    let variant = (variant != (Scale::Auto, None)).then_some(variant);
    Ok(Loaded { mnist, name, notes, on_disk, variant })
}

/// Loads data for a model.
///
/// # Errors
/// As [`load`]; [`Error::Width`] for samples of another number of features.
pub fn load_for(trained: &Trained, source: &Source) -> Result<Loaded, Error> {
    let loaded = load(source)?;
    let (expected, found) = (trained.record.n_visible, loaded.mnist.test.n_features());
    if expected != found {
        let (run, data) = (trained.record.run.clone(), loaded.name);
        return Err(Error::Width { run, data, expected, found });
    }
    Ok(loaded)
}

/// Generates a set, from MNIST where it is derived from it.
fn make(set: Derived, options: &ReadOptions) -> Result<Opened, Error> {
    if options.label_column.is_some() || options.scale != mnist_io::Scale::Auto {
        let message = format!(
            "{} is generated: expected neither a label column nor a scaling for it",
            set.name()
        );
        return Err(ConfigError(message).into());
    }
    let folder = Path::new(FOLDER).join("mnist");
    let mnist = set.make(|| mnist_io::load(folder))?;
    Ok(Opened { mnist, on_disk: None, notes: vec![set.description().to_owned()] })
}

impl Loaded {
    /// Reports the decisions made while reading.
    pub fn report(&self, monitor: &dyn Monitor) {
        for note in &self.notes {
            monitor.note(&format!("{}: {note}", self.name));
        }
    }

    /// Whether the training samples stay on disk.
    pub fn is_on_disk(&self) -> bool {
        self.on_disk.is_some()
    }

    /// The training samples, in memory.
    ///
    /// # Errors
    /// [`Error::NotInMemory`], which says that `needs` needs them there.
    pub fn train(&self, needs: &str) -> Result<&mnist_io::Dataset, Error> {
        if self.is_on_disk() {
            return Err(Error::NotInMemory { data: self.name.clone(), needs: needs.to_owned() });
        }
        Ok(&self.mnist.train)
    }

    /// The three parts, all in memory, and the key of their content.
    ///
    /// # Errors
    /// [`Error::NotInMemory`], or [`Error::Data`] if a part would be empty.
    pub fn split(&self, partition: Partition) -> Result<(Splits, Key), Error> {
        self.train("this command")?;
        let splits = Splits::new(self.mnist.clone(), partition)?;
        Ok((splits, self.key(partition)))
    }

    /// The three parts and the key of their content. The training part may stay on disk.
    ///
    /// # Errors
    /// [`Error::Data`] if a part would be empty.
    pub fn split_on_disk(&self, partition: Partition) -> Result<(Splits, Key), Error> {
        let Some(on_disk) = &self.on_disk else { return self.split(partition) };
        let splits = Splits::on_disk(on_disk, self.mnist.clone(), partition)?;
        Ok((splits, self.key(partition)))
    }

    /// The hash of the content of the parts and of the options of reading.
    fn key(&self, partition: Partition) -> Key {
        let hashes = (&self.mnist.train.sha256, &self.mnist.test.sha256);
        match &self.variant {
            None => Key::new("data", &(hashes, partition)),
            Some(variant) => Key::new("data", &(hashes, partition, variant)),
        }
    }
}

/// The place of a data set: a folder under `data`, or the path of a file or folder.
///
/// # Errors
/// [`ConfigError`] naming the nearest data set, or the way to obtain it.
pub fn find(name_or_path: &str) -> Result<PathBuf, ConfigError> {
    let named = Path::new(FOLDER).join(name_or_path);
    if known::is_unfinished(name_or_path) {
        return Err(ConfigError(format!(
            "{} lacks files: `aerbm data fetch {name_or_path}` fetches them",
            named.display()
        )));
    }
    let given = PathBuf::from(name_or_path);
    if named.is_dir() {
        return Ok(named);
    }
    if given.exists() {
        return Ok(given);
    }
    if let Some(how) = known::not_here(name_or_path) {
        return Err(ConfigError(how));
    }
    let known = known::names();
    let hint = nearest(name_or_path, known.iter().map(String::as_str));
    let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    Err(ConfigError(format!(
        "there is no data set `{name_or_path}`: neither the folder {} nor the file or folder {} \
         exists{hint} (run aerbm in the directory that has the folder `data`, see `aerbm data list`, \
         or give the path of a file or folder)",
        named.display(),
        given.display()
    )))
}
