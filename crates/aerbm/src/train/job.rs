//! Models in training behind one interface.

use nn_core::{Metric, Pause, TensorMap, TrainingError};
use stack::ResumeError;

use crate::Error;
use crate::model::Model;
use crate::record::Measure;

/// A model in training.
pub(super) trait Job {
    /// Trains one epoch, or continues the one that was left, and returns its mean cost. If `pause` says so
    /// between two batches, the epoch is left there, and the result is none.
    fn epoch(&mut self, pause: Pause<'_>) -> Result<Option<f64>, TrainingError>;
    /// The quantity that [`epoch`](Self::epoch) returns.
    fn metric(&self) -> Metric;
    /// The measurements after each epoch. The first one decides which model is best.
    fn validation_measures(&mut self) -> Result<Vec<Measure>, Error>;
    /// Adds the state of training, for a checkpoint.
    fn store(&self, map: &mut TensorMap);
    /// Restores the state of a checkpoint after this many epochs, and perhaps a part of the next.
    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), ResumeError>;
    /// The model.
    fn finish(self: Box<Self>) -> Model;
}
