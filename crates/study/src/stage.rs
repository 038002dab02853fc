//! Stages and their cache.
//!
//! A stage is a computation whose result depends on its key alone: the resolved settings, the keys of
//! its inputs, the hash of the data and the version of the code. The result of a finished stage is kept
//! in a file named by the key, and the stage is never computed again.

use std::path::{Path, PathBuf};

use nn_core::TensorMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::tensor_file::{self, TensorFileError};

/// The version of the code, as far as results depend on it. It must be raised whenever a number that a
/// stage keeps changes, even in its last bits; otherwise a table would mix old arithmetic with new.
const VERSION: u32 = 2;

/// The name of a result: a hash of everything that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Key(String);

impl Key {
    /// The key of a computation called `kind` with these inputs.
    ///
    /// # Panics
    /// If the inputs cannot be written as JSON, for example a map whose keys are not strings.
    pub fn new(kind: &str, inputs: &impl Serialize) -> Self {
        let text =
            serde_json::to_string(&(VERSION, kind, inputs)).expect("settings are plain data");
        let hash = Sha256::digest(text.as_bytes());
        let number = u128::from_be_bytes(std::array::from_fn(|i| hash[i]));
        Key(format!("{number:032x}"))
    }

    /// The key in hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A folder of finished stages.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// A store in this folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Store { folder: folder.into() }
    }

    /// Reads the result under this key; none if there is no such result.
    ///
    /// # Errors
    /// [`TensorFileError`] if the file is damaged or cannot be read.
    pub fn get<R: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<(TensorMap, R)>, TensorFileError> {
        tensor_file::read(&self.path(key))
    }

    /// Writes a result.
    ///
    /// # Errors
    /// [`TensorFileError`] if the file cannot be written.
    pub fn put(
        &self,
        key: &Key,
        tensors: &TensorMap,
        record: &impl Serialize,
    ) -> Result<(), TensorFileError> {
        tensor_file::write(&self.path(key), tensors, record)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.safetensors", key.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_every_input_and_on_nothing_else() {
        let key = Key::new("pretrain", &(1, "rbm"));
        assert_eq!(key, Key::new("pretrain", &(1, "rbm")));
        assert_ne!(key, Key::new("pretrain", &(2, "rbm")));
        assert_ne!(key, Key::new("fine-tune", &(1, "rbm")));
        assert_eq!(key.as_str().len(), 32);
    }
}
