//! The state of an unfinished training, whole or absent.

use std::path::Path;

use anyhow::Context as _;
use nn_core::TensorMap;
use serde::{Deserialize, Serialize};
use study::stage::Key;
use study::tensor_file;

use super::EpochRecord;
use super::job::Job;

#[derive(Serialize, Deserialize)]
struct State {
    key: String,
    epochs: Vec<EpochRecord>,
}

/// Writes the checkpoint.
pub(super) fn keep(
    path: &Path,
    key: &Key,
    job: &dyn Job,
    epochs: &[EpochRecord],
) -> anyhow::Result<()> {
    let mut tensors = TensorMap::new();
    job.store(&mut tensors);
    let state = State { key: key.as_str().to_owned(), epochs: epochs.to_vec() };
    Ok(tensor_file::write(path, &tensors, &state)?)
}

/// Restores the job from the checkpoint, if there is one of the same run, and returns the epochs
/// that it has seen.
pub(super) fn resume(
    path: &Path,
    key: &Key,
    job: &mut dyn Job,
) -> anyhow::Result<Option<Vec<EpochRecord>>> {
    let Some((tensors, state)) = tensor_file::read::<State>(path)? else { return Ok(None) };
    if state.key != key.as_str() {
        return Ok(None);
    }
    job.restore(&tensors, state.epochs.len())
        .with_context(|| format!("{}: delete the file to begin anew", path.display()))?;
    Ok(Some(state.epochs))
}
