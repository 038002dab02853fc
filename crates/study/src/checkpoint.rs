//! Checkpoints of unfinished training. A checkpoint file is complete or absent.

use std::path::{Path, PathBuf};

use nn_core::TensorMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stack::Job;

use crate::stage::Key;
use crate::tensor_file::{self, TensorFileError};

/// The file of a checkpoint.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    path: PathBuf,
    of: Key,
}

/// The history of a training run so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course<P> {
    /// The records of its finished parts.
    pub epochs: Vec<P>,
    /// Seconds spent in the interrupted part; absent in checkpoints of earlier versions, which were written
    /// between parts.
    #[serde(default)]
    pub seconds: f64,
}

/// A history with the identity of its training.
#[derive(Serialize, Deserialize)]
struct Marked<C> {
    key: String,
    #[serde(flatten)]
    course: C,
}

impl Checkpoint {
    /// The checkpoint of the training with this identity, in the file at `path`.
    #[must_use]
    pub fn new(path: PathBuf, of: &Key) -> Self {
        Checkpoint { path, of: of.clone() }
    }

    /// Writes the checkpoint of a job.
    ///
    /// # Errors
    /// [`TensorFileError`] if the file cannot be written.
    pub fn save<P: Serialize>(
        &self,
        job: &(impl Job + ?Sized),
        course: &Course<P>,
    ) -> Result<(), TensorFileError> {
        let mut tensors = TensorMap::new();
        job.store(&mut tensors);
        tensor_file::write(&self.path, &tensors, &Marked { key: self.of.as_str().into(), course })
    }

    /// Starts a job, and continues it from the checkpoint if it exists. A checkpoint with other settings or
    /// that cannot be read is ignored; `note` then gets the reason.
    ///
    /// # Errors
    /// Those of `begin`.
    pub fn resumed<P: DeserializeOwned, J: Job + ?Sized, E>(
        &self,
        begin: impl Fn() -> Result<Box<J>, E>,
        note: &mut dyn FnMut(&str),
    ) -> Result<(Box<J>, Option<Course<P>>), E> {
        let mut job = begin()?;
        match self.restored(&mut *job) {
            Ok(course) => Ok((job, course)),
            Err(reason) => {
                let path = self.path.display();
                note(&format!("{path} is ignored, and training starts over: {reason}"));
                // It may have been partially restored.
                Ok((begin()?, None))
            }
        }
    }

    fn restored<P: DeserializeOwned>(
        &self,
        job: &mut (impl Job + ?Sized),
    ) -> Result<Option<Course<P>>, String> {
        let read = match tensor_file::read::<Marked<Course<P>>>(&self.path) {
            Err(TensorFileError::Io { source, .. }) => return Err(source.to_string()),
            Err(TensorFileError::Damaged { reason, .. }) => return Err(reason),
            Ok(read) => read,
        };
        let Some((tensors, Marked { key, course })) = read else { return Ok(None) };
        if key != self.of.as_str() {
            return Err("it belongs to other settings or data".to_owned());
        }
        job.restore(&tensors, course.epochs.len()).map_err(|error| error.to_string())?;
        Ok(Some(course))
    }

    /// Removes the file if it exists. Failure is harmless: finished work is not restarted.
    pub fn remove(&self) {
        remove(&self.path);
    }
}

/// Removes the checkpoint of this name if it exists.
pub(crate) fn remove(path: &Path) {
    if std::fs::remove_file(path).is_ok() {
        durable::fault::point();
    }
}
