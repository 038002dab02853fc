//! Data sets by name, file or folder.

mod known;
mod samples;

use std::fmt;
use std::path::{Path, PathBuf};

use mnist_io::{
    Contract, Dataset, Derived, Input, Note, Opened, ReadOptions, Scale, Scaling, SplitRule,
    Splits, TrainTest, TrainingData,
};
use serde::{Deserialize, Serialize};
use study::stage::Key;

pub use known::{fetch, list, verify};
pub(crate) use samples::training_samples;

use crate::Error;
use crate::config::{ConfigError, nearest};
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

/// A decision about data.
#[derive(Debug, Clone, PartialEq)]
pub enum DataNote {
    /// A decision of the reader.
    Reading(Note),
    /// Another remark.
    Other(String),
}

impl fmt::Display for DataNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataNote::Reading(note) => note.fmt(f),
            DataNote::Other(note) => note.fmt(f),
        }
    }
}

/// A data set before it is split.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The training part, in memory or on disk, and the test part.
    pub data: TrainTest<TrainingData>,
    /// The name of the set.
    pub name: String,
    /// What was fitted to the training part, by which new data are read.
    pub contract: Contract,
    /// Samples without a label, for pretraining only.
    pub unlabelled: Option<Dataset>,
    /// Decisions made while reading.
    pub notes: Vec<DataNote>,
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
        ..ReadOptions::default()
    };
    let path = find(&source.data);
    let (opened, mut notes) = match (path, Derived::named(&source.data)) {
        (Ok(path), _) => {
            let mut opened = mnist_io::open(path, &options)?;
            let notes = std::mem::take(&mut opened.notes);
            (opened, notes.into_iter().map(DataNote::Reading).collect::<Vec<_>>())
        }
        (Err(_), Some(set)) => {
            let notes = vec![DataNote::Other(set.description().to_owned())];
            let data = make(set, &options)?;
            let contract = Contract::of_pixels(&data.train);
            (Opened { data: data.into(), contract, notes: vec![], unlabelled: None }, notes)
        }
        (Err(error), None) => return Err(error.into()),
    };
    let Opened { data, contract, unlabelled, .. } = opened;
    if !data.train.shape().is_image() {
        let n = data.train.n_features();
        let note = format!("samples are {n} numbers, not images: they are not drawn");
        notes.push(DataNote::Other(note));
    }
    let name = data.train.name().to_owned();
    let variant = (options.scale, options.label_column);
    let variant = (variant != (Scale::Auto, None)).then_some(variant);
    Ok(Loaded { data, name, contract, unlabelled, notes, variant })
}

/// Loads data for a model.
///
/// # Errors
/// As [`load`]; [`Error::Width`] for samples of another number of features.
pub fn load_for(trained: &Trained, source: &Source) -> Result<Loaded, Error> {
    let loaded = load(source)?;
    let (expected, found) = (trained.record.n_visible, loaded.data.test.n_features());
    if expected != found {
        let (run, data) = (trained.record.run.clone(), loaded.name);
        return Err(Error::Width { run, data, expected, found });
    }
    Ok(loaded)
}

/// Generates a set, from MNIST where it is derived from it.
fn make(set: Derived, options: &ReadOptions) -> Result<TrainTest, Error> {
    if options.label_column.is_some() || options.scale != mnist_io::Scale::Auto {
        let message = format!(
            "{} is generated: expected neither a label column nor a scaling for it",
            set.name()
        );
        return Err(ConfigError(message).into());
    }
    let folder = Path::new(FOLDER).join("mnist");
    Ok(set.make(|| mnist_io::load(folder))?)
}

impl Loaded {
    /// Whether the training samples stay on disk.
    pub fn is_on_disk(&self) -> bool {
        self.data.train.is_on_disk()
    }

    /// The training samples, in memory.
    ///
    /// # Errors
    /// [`Error::Data`] if they stay on disk.
    pub fn train(&self) -> Result<&mnist_io::Dataset, Error> {
        Ok(self.data.train.in_memory()?)
    }

    /// The three parts, all in memory, and the key of their content.
    ///
    /// # Errors
    /// [`Error::Data`] if the training part stays on disk, or a part would be empty.
    pub fn split(&self, rule: SplitRule) -> Result<(Splits, Key), Error> {
        Ok((self.data.in_memory()?.split(rule)?, self.key(rule)))
    }

    /// The three parts, of which the training part may be on disk, and the key of their content.
    ///
    /// # Errors
    /// [`Error::Data`] if a part would be empty, or cannot be read.
    pub fn split_on_disk(&self, rule: SplitRule) -> Result<(Splits<TrainingData>, Key), Error> {
        Ok((self.data.clone().split(rule)?, self.key(rule)))
    }

    /// The hash of the content of the parts and of the options of reading.
    fn key(&self, rule: SplitRule) -> Key {
        let hashes = (self.data.train.sha256(), &self.data.test.sha256);
        match (&self.variant, self.fitted()) {
            (None, None) => Key::new("data", &(hashes, rule)),
            (Some(variant), None) => Key::new("data", &(hashes, rule, variant)),
            (variant, Some(contract)) => Key::new("data", &(hashes, rule, variant, contract)),
        }
    }
}

impl Loaded {
    /// The contract, if the numbers depend on more than the file and the options that name a variant:
    /// columns of their own types, or constants of each column.
    fn fitted(&self) -> Option<&Contract> {
        let depends = match &self.contract.input {
            Input::Table(table) => table.image.is_none(),
            Input::Array(array) => matches!(array.scaling, Scaling::Columns { .. }),
        };
        depends.then_some(&self.contract)
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
