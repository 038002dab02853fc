//! Data sets by name, file or folder.

mod for_model;
mod known;
mod samples;
mod source;

use std::fmt;
use std::path::{Path, PathBuf};

use mnist_io::{
    Contract, Dataset, Derived, Input, Note, Opened, Scaling, SplitRule, Splits, TrainTest,
    TrainingData,
};
use nn_core::{BlockKind, Layout};
use study::stage::Key;

pub use for_model::load_for;
pub use known::{fetch, list, verify};
pub(crate) use samples::training_samples;
pub use source::Source;

use crate::Error;
use crate::config::{ConfigError, nearest};

/// The folder of named data sets.
const FOLDER: &str = "data";

/// The default data set.
pub const MNIST: &str = "mnist";

/// The default memory limit, in MiB.
pub const MEMORY_LIMIT: u64 = 1024;

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
    /// Samples without a label, which pretraining learns from as well.
    pub unlabelled: Option<Dataset>,
    /// Everything that was fitted to the training part.
    pub contract: Contract,
    /// The name of the set.
    pub name: String,
    /// Decisions made while reading.
    pub notes: Vec<DataNote>,
    /// Whether these are new data, read by a model's contract: all rows are both parts.
    pub is_new: bool,
    /// The options that it was read with, if they differ from the defaults.
    variant: Option<serde_json::Value>,
}

/// Loads a data set.
///
/// # Errors
/// [`Error::Config`] for a name that is unknown, [`Error::Data`] for data that cannot be read.
pub fn load(source: &Source) -> Result<Loaded, Error> {
    let options = source.options();
    let path = find(&source.data);
    let (opened, mut notes) = match (path, Derived::named(&source.data)) {
        (Ok(path), _) => {
            let mut opened = mnist_io::open(path, &options)?;
            let notes = std::mem::take(&mut opened.notes);
            (opened, notes.into_iter().map(DataNote::Reading).collect::<Vec<_>>())
        }
        (Err(_), Some(set)) => {
            let notes = vec![DataNote::Other(set.description().to_owned())];
            (make(set, source)?, notes)
        }
        (Err(error), None) => return Err(error.into()),
    };
    let Opened { data, contract, unlabelled, .. } = opened;
    if !data.train.shape().is_image() {
        let n = data.train.n_features();
        let note = format!("samples are {n} numbers, not images: figures do not show them");
        notes.push(DataNote::Other(note));
    }
    let name = data.train.name().to_owned();
    Ok(Loaded { data, unlabelled, contract, name, notes, is_new: false, variant: source.variant() })
}

/// Describes how data would be read.
///
/// # Errors
/// As [`load`].
pub fn describe(source: &Source) -> Result<mnist_io::Description, Error> {
    Ok(mnist_io::describe(find(&source.data)?, &source.options())?)
}

/// Generates a set, from MNIST if it is derived from it.
fn make(set: Derived, source: &Source) -> Result<Opened, Error> {
    if source.variant().is_some() {
        let message = format!(
            "{} is generated: expected no options of reading, such as a label column or a scaling",
            set.name()
        );
        return Err(ConfigError(message).into());
    }
    let folder = Path::new(FOLDER).join("mnist");
    let data = set.make(|| mnist_io::load(folder))?;
    let contract = Contract::of_pixels(&data.train);
    Ok(Opened { data: data.into(), contract, notes: vec![], unlabelled: None })
}

/// Refuses samples that no classifier can learn from, and test samples on which none can be measured.
///
/// # Errors
/// [`Error::Unlabelled`] and [`Error::OneClass`].
pub(crate) fn require_classes(
    train: &mnist_io::Dataset,
    test: &mnist_io::Dataset,
) -> Result<(), Error> {
    let labels = train.labels.as_deref();
    let labels = labels.ok_or_else(|| Error::Unlabelled { data: train.name.clone() })?;
    if test.labels.is_none() {
        return Err(Error::Unlabelled { data: format!("the test part of {}", train.name) });
    }
    let Some((first, others)) = labels.split_first() else { return Ok(()) };
    if others.iter().any(|label| label != first) {
        return Ok(());
    }
    let class = train.class_names.get(usize::from(*first)).cloned();
    let class = class.unwrap_or_else(|| first.to_string());
    Err(Error::OneClass { data: train.name.clone(), class })
}

impl Loaded {
    /// The kinds of the features.
    pub fn layout(&self) -> Layout {
        let kind = |kind| match kind {
            mnist_io::BlockKind::UnitInterval => BlockKind::UnitInterval,
            mnist_io::BlockKind::Binary => BlockKind::Binary,
            mnist_io::BlockKind::Real => BlockKind::Real,
            mnist_io::BlockKind::Category => BlockKind::Category,
        };
        let blocks = self.contract.layout();
        Layout::new(blocks.into_iter().map(|block| (kind(block.kind), block.width)))
    }

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
        let splits = self.data.in_memory()?.split(rule)?;
        Ok((Splits { unlabelled: self.unlabelled.clone(), ..splits }, self.key(rule)))
    }

    /// The three parts and the key of their content; the training part may be on disk.
    ///
    /// # Errors
    /// [`Error::Data`] if a part would be empty, or cannot be read.
    pub fn split_on_disk(&self, rule: SplitRule) -> Result<(Splits<TrainingData>, Key), Error> {
        let splits = self.data.clone().split(rule)?;
        Ok((Splits { unlabelled: self.unlabelled.clone(), ..splits }, self.key(rule)))
    }

    /// The hash of the content of the parts and of the options of reading.
    pub(crate) fn key(&self, rule: SplitRule) -> Key {
        let hashes = (self.data.train.sha256(), &self.data.test.sha256);
        match (&self.variant, self.fitted()) {
            (None, None) => Key::new("data", &(hashes, rule)),
            (Some(variant), None) => Key::new("data", &(hashes, rule, variant)),
            (variant, Some(contract)) => Key::new("data", &(hashes, rule, variant, contract)),
        }
    }

    /// The contract, if the numbers depend on more than the file and the options that name a variant, that
    /// is, on types of columns or on constants of each column.
    fn fitted(&self) -> Option<&Contract> {
        let depends = match &self.contract.input {
            Input::Table(table) => table.image.is_none(),
            Input::Array(array) => matches!(array.scaling, Scaling::Columns { .. }),
        };
        depends.then_some(&self.contract)
    }
}

/// The path of a data set: a folder under `data`, or the given file or folder.
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
