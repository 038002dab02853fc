//! Detection of failed learning in units that do not overflow, by reconstructions that become worse.

use nn_core::{MeanCost, RestoreError, TensorMap, TrainingError};

/// The factor by which an epoch's error must exceed both the lowest so far and that of the data's means
/// to count as divergence. Errors over few samples vary more by chance, so the factor is larger.
fn worse(n_samples: usize) -> f64 {
    (1.0 + 3.0 / (n_samples as f64).sqrt()).max(1.2)
}

/// The excess error per visible unit below which nothing counts as divergence. Data that hardly vary
/// have almost no error, and sampled states always add a little.
const NOTICEABLE: f64 = 0.01;

const LOWEST_ERROR: &str = "lowest_error";

/// Watches the reconstruction error during training.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// The reconstruction error of a model that always predicts the means of the data.
    error_of_means: f64,
    /// The lowest error so far, of the first batch or of an epoch.
    lowest_error: f32,
}

impl Watch {
    pub(crate) fn new(error_of_means: f64) -> Self {
        Watch { error_of_means, lowest_error: f32::INFINITY }
    }

    /// Records the error of the first batch.
    pub(crate) fn begin(&mut self, error: f64) {
        self.lowest_error = error as f32;
    }

    /// Returns the error of an epoch whose last step, counted from 0, was `step`.
    ///
    /// # Errors
    /// [`TrainingError::Diverged`] if it is clearly above both the lowest so far and that of the means.
    pub(crate) fn judge(
        &mut self,
        mean: &MeanCost,
        n_visible: usize,
        (step, n_batches): (usize, usize),
        learning_rate: f64,
    ) -> Result<f64, TrainingError> {
        let error = mean.mean();
        let bound = self.error_of_means.max(f64::from(self.lowest_error));
        let excess = (error - bound) / n_visible as f64;
        if error > worse(mean.n_samples()) * bound && excess > NOTICEABLE {
            return Err(TrainingError::Diverged {
                cost: error,
                tensor: "reconstructions are worse than the mean of the data".to_owned(),
                step: step + 1,
                epoch: step / n_batches + 1,
                batch: n_batches,
                learning_rate,
            });
        }
        self.lowest_error = self.lowest_error.min(error as f32);
        Ok(error)
    }

    pub(crate) fn store(&self, map: &mut TensorMap) {
        map.insert(LOWEST_ERROR.to_owned(), ndarray::arr0(self.lowest_error).into_dyn());
    }

    pub(crate) fn restore(&mut self, map: &TensorMap) -> Result<(), RestoreError> {
        let missing = || RestoreError::Missing(LOWEST_ERROR.to_owned());
        let lowest = map.get(LOWEST_ERROR).and_then(|tensor| tensor.first()).ok_or_else(missing)?;
        self.lowest_error = *lowest;
        Ok(())
    }
}
