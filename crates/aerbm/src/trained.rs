//! Trained models with their records, in memory and in folders.
//!
//! A folder holds `model.safetensors`, the tensors with the record in its metadata; `model.json`, the record
//! with the shapes of the tensors, for readers; `README.md`, the model's card; and `timings.csv`, the wall
//! times of training, which none of the other files contains.

use std::path::{Path, PathBuf};

use nn_core::TensorMap;
use serde::Deserialize;
use study::stage::Key;
use study::tensor_file::{self, TensorFileError};

use crate::config::{ConfigError, RunConfig};
use crate::model::Model;
use crate::record::Record;
use crate::{Error, classifier};

/// A model with the record of its training.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// The record.
    pub record: Record,
}

/// The file of a model in its folder.
pub(crate) const FILE: &str = "model.safetensors";

/// The file of the wall times of its training.
pub(crate) const TIMES: &str = "timings.csv";

impl Trained {
    /// The settings of the model and of its training.
    ///
    /// # Errors
    /// [`ConfigError`] if the text of the record does not hold settings.
    pub fn config(&self) -> Result<RunConfig, ConfigError> {
        self.record.settings()
    }

    /// Reads the model in a folder that [`save`](Self::save) wrote, or in that of a run with one model. Its
    /// name is that of the folder under `models/`, so that files made from one seed's model do not replace
    /// those of another's.
    ///
    /// # Errors
    /// [`Error::NoModel`], [`Error::SeveralModels`], or the reason why the files cannot be read.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = Self::locate(folder.as_ref())?;
        let found = Self::read(&folder, |_| true)?;
        let missing = || Error::NoModel { folder: folder.clone() };
        let Trained { model, mut record } = found.ok_or_else(missing)?;
        if let (Some("models"), Some(name)) = (name_of(folder.parent()), name_of(Some(&folder))) {
            name.clone_into(&mut record.run);
        }
        Ok(Trained { model, record })
    }

    /// The content of the model's file.
    ///
    /// # Errors
    /// [`Error::Tensors`] if the record cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut tensors = TensorMap::new();
        self.model.store(&mut tensors);
        let written = tensor_file::to_bytes(&tensors, &self.record.without_times());
        Ok(written.map_err(|source| TensorFileError::Io { path: FILE.into(), source })?)
    }

    /// The model of a file with this content.
    ///
    /// # Errors
    /// [`Error::Tensors`] if it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let path = Path::new(FILE);
        let (tensors, record) = tensor_file::from_bytes::<Record>(bytes, path)?;
        Ok(Trained { model: Model::restore(&record, &tensors, path)?, record })
    }

    /// The model in `folder` itself; `None` if there is none that can be read.
    pub(crate) fn load_here(folder: &Path) -> Option<Self> {
        folder.join(FILE).is_file().then(|| Self::load(folder).ok()).flatten()
    }

    /// The folder of the model: `run` itself or, for a run with one model, the folder of that model in it.
    ///
    /// # Errors
    /// [`Error::NoModel`], [`Error::ClassifierAlone`] or [`Error::SeveralModels`].
    pub fn locate(run: &Path) -> Result<PathBuf, Error> {
        if run.join(FILE).is_file() {
            return Ok(run.to_owned());
        }
        let inner: Vec<_> = std::fs::read_dir(run.join("models"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.join(FILE).is_file())
            .collect();
        match inner.as_slice() {
            [only] => Ok(only.clone()),
            [] if run.join(classifier::FILE).is_file() => {
                Err(Error::ClassifierAlone { folder: run.to_owned() })
            }
            [] => Err(Error::NoModel { folder: run.to_owned() }),
            several => {
                let (count, example) = (several.len(), several[0].clone());
                Err(Error::SeveralModels { folder: run.to_owned(), count, example })
            }
        }
    }

    /// Whether `folder` has the model of this key. Unreadable files count as missing.
    pub(crate) fn is_there(folder: &Path, key: &Key) -> bool {
        #[derive(Deserialize)]
        struct Keyed {
            key: String,
        }
        let record = tensor_file::read_record::<Keyed>(&folder.join(FILE));
        record.is_ok_and(|found| found.is_some_and(|record| record.key == key.as_str()))
    }

    /// The model in `folder`, if it is there and has this key.
    pub(crate) fn load_if(folder: &Path, key: &Key) -> Result<Option<Self>, Error> {
        Self::read(folder, |record| record.key == key.as_str())
    }

    /// The model in `folder`, if it is there and its record is the one that is `wanted`.
    fn read(folder: &Path, wanted: impl Fn(&Record) -> bool) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let found = tensor_file::read::<Record>(&path)?;
        let Some((tensors, mut record)) = found.filter(|(_, record)| wanted(record)) else {
            return Ok(None);
        };
        let model = Model::restore(&record, &tensors, &path)?;
        // Models of earlier versions have the times in their records. A model without times is a model, too.
        if let Ok(times) = report::read_csv(&folder.join(TIMES)) {
            record.add_times(&times);
        }
        Ok(Some(Trained { model, record }))
    }
}

fn name_of(path: Option<&Path>) -> Option<&str> {
    path?.file_name()?.to_str()
}
