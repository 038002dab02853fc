//! Checkpoints of unfinished training. The file is complete or absent.

use std::path::Path;

use nn_core::TensorMap;
use serde::{Deserialize, Serialize};
use study::stage::Key;
use study::tensor_file;

use super::job::Job;
use crate::Error;
use crate::record::Epoch;

#[derive(Serialize, Deserialize)]
struct State {
    key: String,
    epochs: Vec<Epoch>,
    /// Seconds of the epoch that was left; absent in checkpoints between epochs.
    #[serde(default)]
    seconds: f64,
}

/// Writes the checkpoint of a job after these epochs, and perhaps after so many seconds of the next.
pub(super) fn keep(
    path: &Path,
    key: &Key,
    job: &dyn Job,
    epochs: &[Epoch],
    seconds: f64,
) -> Result<(), Error> {
    let mut tensors = TensorMap::new();
    job.store(&mut tensors);
    let state = State { key: key.as_str().to_owned(), epochs: epochs.to_vec(), seconds };
    Ok(tensor_file::write(path, &tensors, &state)?)
}

/// Restores the job from the checkpoint, if there is one of the same run, and returns the finished epochs and
/// the seconds of the next.
pub(super) fn resume(
    path: &Path,
    key: &Key,
    job: &mut dyn Job,
) -> Result<Option<(Vec<Epoch>, f64)>, Error> {
    let Some((tensors, state)) = tensor_file::read::<State>(path)? else { return Ok(None) };
    if state.key != key.as_str() {
        return Ok(None);
    }
    job.restore(&tensors, state.epochs.len())
        .map_err(|source| Error::Restore { path: path.to_owned(), source })?;
    Ok(Some((state.epochs, state.seconds)))
}
