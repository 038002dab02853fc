//! Training in parts, behind one interface.

use std::fmt;

use ndarray::ArrayView2;
use nn_core::{Pause, Progress, TensorMap, TrainingError};

use crate::{LayerTraining, PretrainedLayer, ResumeError};

/// Training in parts: epochs, or the steps between two evaluations. A part that is paused between two steps
/// and continued, even from a checkpoint, gives the same model as an uninterrupted one.
pub trait Job {
    /// Trains the next part, or continues the paused one. If `pause` returns true between two steps, the part
    /// pauses there and the result is `None`.
    ///
    /// # Errors
    /// [`TrainingError`].
    fn part_until(&mut self, pause: Pause<'_>) -> Result<Option<Progress>, TrainingError>;

    /// Adds all that a checkpoint needs to `map`.
    fn store(&self, map: &mut TensorMap);

    /// Continues from a checkpoint after this many parts, and possibly within the next one. After an error
    /// the job must be begun anew.
    ///
    /// # Errors
    /// [`ResumeError`] if a tensor is missing or has a different shape.
    fn restore(&mut self, map: &TensorMap, parts: usize) -> Result<(), ResumeError>;
}

/// The training of a layer on its inputs. Its parts are epochs.
pub struct LayerJob<'a, L = PretrainedLayer> {
    /// The layer in training.
    pub training: Box<dyn LayerTraining<L>>,
    /// The inputs that it was begun with. Shape: n × inputs.
    pub inputs: ArrayView2<'a, f32>,
}

/// Prefix of the names of the layer's tensors in checkpoints.
const LAYER: &str = "layer.";

impl<L> Job for LayerJob<'_, L> {
    fn part_until(&mut self, pause: Pause<'_>) -> Result<Option<Progress>, TrainingError> {
        self.training.epoch_until(self.inputs, pause)
    }

    fn store(&self, map: &mut TensorMap) {
        self.training.store(LAYER, map);
    }

    fn restore(&mut self, map: &TensorMap, parts: usize) -> Result<(), ResumeError> {
        Ok(self.training.restore(LAYER, map, parts)?)
    }
}

impl<L> fmt::Debug for LayerJob<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, of) = (self.training.epochs_done(), self.training.epochs());
        write!(f, "LayerJob({done} of {of} epochs)")
    }
}
