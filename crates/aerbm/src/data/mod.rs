//! Data sets by name, file or folder.

mod known;
mod samples;

use std::fmt;
use std::path::{Path, PathBuf};

use mnist_io::{
    Contract, Dataset, Derived, Input, NewData, Note, Opened, ReadOptions, Scale, Scaling, SplitBy,
    SplitRule, Splits, TrainTest, TrainingData,
};
use ndarray::Array2;
use nn_core::{BlockKind, Layout};
use serde::{Deserialize, Serialize};
use study::stage::Key;

pub use known::{fetch, list, verify};
pub(crate) use samples::training_samples;

use crate::config::{ConfigError, nearest};
use crate::trained::Trained;
use crate::{Error, contract};

/// The folder of data sets that have names.
const FOLDER: &str = "data";

/// The data where none are named.
pub const MNIST: &str = "mnist";

/// The memory limit where none is given, in MiB.
pub const MEMORY_LIMIT: u64 = 1024;

/// The place of data and the options that they are read with, which [`ReadOptions`] explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// A name that [`list`] shows, or the path of a file or folder. Paths are kept in full, so that a
    /// run can be used from another folder.
    pub data: String,
    /// Column of the labels in a table.
    pub label_column: Option<String>,
    /// Scaling of the values.
    pub scale: Scale,
    /// Columns of a table that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// Whether the first line of a text table names the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// A TOML file that declares types of columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<PathBuf>,
    /// A second file, which is the test part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// A column that says `train`, `validation` or `test` for each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_column: Option<String>,
    /// The choice of the rows that are held out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub split: SplitBy,
    /// A column whose equal values stay in one part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_column: Option<String>,
    /// Training samples that would take more memory, in MiB, stay on disk if their format allows it.
    #[serde(skip, default = "memory_limit")]
    pub memory_limit: u64,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
            drop_columns: vec![],
            header: None,
            columns: None,
            test: None,
            split_column: None,
            split: SplitBy::default(),
            group_column: None,
            memory_limit: MEMORY_LIMIT,
        }
    }
}

impl Source {
    /// The source with its paths in full.
    #[must_use]
    pub fn absolute(self) -> Self {
        let full = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_path =
            !Path::new(FOLDER).join(&self.data).is_dir() && Path::new(&self.data).exists();
        let data = match full(Path::new(&self.data)).to_str() {
            Some(path) if is_path => path.to_owned(),
            _ => self.data.clone(),
        };
        let (columns, test) = (self.columns.as_deref().map(full), self.test.as_deref().map(full));
        Source { data, columns, test, ..self }
    }

    /// Whether both name the same data, read in the same way.
    fn is_same_place(&self, other: &Source) -> bool {
        let place = |source: &Source| Source { memory_limit: 0, ..source.clone().absolute() };
        place(self) == place(other)
    }

    /// The options of reading.
    fn options(&self) -> ReadOptions {
        ReadOptions {
            label_column: self.label_column.clone(),
            scale: self.scale,
            memory_limit: self.memory_limit << 20,
            drop_columns: self.drop_columns.clone(),
            header: self.header,
            columns: self.columns.clone(),
            test: self.test.clone(),
            split_column: self.split_column.clone(),
            split: self.split,
            group_column: self.group_column.clone(),
            ..ReadOptions::default()
        }
    }

    /// The options that change the parts, where they are not the defaults, for keys of results.
    fn variant(&self) -> Option<serde_json::Value> {
        let place = Source { data: String::new(), ..self.clone() };
        let default =
            Source { data: String::new(), memory_limit: self.memory_limit, ..Source::default() };
        if place == default {
            return None;
        }
        if place
            == (Source { scale: self.scale, label_column: self.label_column.clone(), ..default })
        {
            // The form of earlier versions, whose results stay valid.
            return Some(serde_json::json!((self.scale, self.label_column.clone())));
        }
        Some(serde_json::to_value(place).expect("options are plain data"))
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
    /// Samples without a label, which pretraining learns from as well.
    pub unlabelled: Option<Dataset>,
    /// Everything that was fitted to the training part.
    pub contract: Contract,
    /// The name of the set.
    pub name: String,
    /// Decisions made while reading.
    pub notes: Vec<DataNote>,
    /// The options that it was read with, where they are not the defaults.
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
        let note = format!("samples are {n} numbers, not images: they are not drawn");
        notes.push(DataNote::Other(note));
    }
    let name = data.train.name().to_owned();
    Ok(Loaded { data, unlabelled, contract, name, notes, variant: source.variant() })
}

/// The way in which data would be read.
///
/// # Errors
/// As [`load`].
pub fn describe(source: &Source) -> Result<mnist_io::Description, Error> {
    Ok(mnist_io::describe(find(&source.data)?, &source.options())?)
}

/// Loads data for the model in `folder` (that of the model, or of a run with one model). The data that the
/// model was trained on have their parts as in training. Other data, and a file that has changed since, are
/// read by the model's contract: all of their rows, in order, are both parts.
///
/// # Errors
/// As [`load`] and [`Contract::rows`]; [`Error::Width`] for samples of another number of features.
pub fn load_for(trained: &Trained, folder: &Path, source: &Source) -> Result<Loaded, Error> {
    let contract = contract::load(&Trained::locate(folder)?)?;
    let record = &trained.record;
    let is_its_own = record.source.as_ref().is_some_and(|own| own.is_same_place(source));
    if let Some(contract) = contract
        && let Ok(path) = find(&source.data)
    {
        if !is_its_own {
            return by_contract(contract, &path, source);
        }
        let loaded = load(source)?;
        let hash = loaded.data.train.sha256();
        if record.data_sha256.as_ref().is_some_and(|trained_on| trained_on != hash) {
            let mut found = by_contract(contract, &path, source)?;
            found.notes.push(DataNote::Other(format!(
                "{} has changed since training: all of its rows are read as new data",
                source.data
            )));
            return Ok(found);
        }
        return Ok(loaded);
    }
    let loaded = load(source)?;
    let (expected, found) = (record.n_visible, loaded.data.test.n_features());
    if expected != found {
        let (run, data) = (record.run.clone(), loaded.name);
        return Err(Error::Width { run, data, expected, found });
    }
    Ok(loaded)
}

/// All rows of a file, read by a contract, as both parts.
fn by_contract(contract: Contract, path: &Path, source: &Source) -> Result<Loaded, Error> {
    let new = NewData {
        label_column: source.label_column.clone(),
        header: source.header,
        memory_limit: source.memory_limit << 20,
        ..NewData::default()
    };
    let mut rows = contract.rows(path, &new)?;
    let (mut images, mut labels) = (Vec::new(), Some(Vec::new()));
    for block in &mut rows {
        let block = block?;
        images.extend(block.x.iter().copied());
        let known = block.labels.and_then(|labels| labels.into_iter().collect::<Option<Vec<u8>>>());
        labels = labels.zip(known).map(|(mut all, known)| {
            all.extend(known);
            all
        });
    }
    let mut notes: Vec<DataNote> = rows.notes().iter().cloned().map(DataNote::Reading).collect();
    notes.extend(rows.report().to_string().lines().map(|line| DataNote::Other(line.to_owned())));
    let n_features = contract.n_features();
    let images = Array2::from_shape_vec((images.len() / n_features, n_features), images)
        .expect("rows of the contract's width");
    let names = contract.class_names().to_vec();
    let labels = labels.filter(|labels| labels.len() == images.nrows() && !names.is_empty());
    let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let n_classes = names.len();
    let labels = labels.map(|labels| (labels, n_classes));
    let mut set = Dataset::from_incomplete_arrays(stem.clone(), images, labels, contract.layout())?;
    (set.shape, set.feature_names) = (contract.shape(), contract.feature_names());
    if set.labels.is_some() {
        set.class_names = names;
    }
    let data = TrainTest { train: set.clone().into(), test: set };
    Ok(Loaded { data, unlabelled: None, contract, name: stem, notes, variant: source.variant() })
}

/// Generates a set, from MNIST where it is derived from it.
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

    /// The three parts, of which the training part may be on disk, and the key of their content.
    ///
    /// # Errors
    /// [`Error::Data`] if a part would be empty, or cannot be read.
    pub fn split_on_disk(&self, rule: SplitRule) -> Result<(Splits<TrainingData>, Key), Error> {
        let splits = self.data.clone().split(rule)?;
        Ok((Splits { unlabelled: self.unlabelled.clone(), ..splits }, self.key(rule)))
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
