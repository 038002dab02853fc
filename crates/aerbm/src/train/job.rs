//! Models in training behind one interface.

use stack::Job;

use crate::Error;
use crate::model::Model;
use crate::record::Measure;

/// A model in training, whose parts are epochs.
pub(super) trait ModelJob: Job {
    /// The measurements after each epoch. The first one decides which model is best.
    fn validation_measures(&mut self) -> Result<Vec<Measure>, Error>;
    /// The model.
    fn finish(self: Box<Self>) -> Model;
}
