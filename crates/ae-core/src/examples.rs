use ndarray::{Array2, s};
use nn_core::{Samples, UnreadableSamples};
use numerics::{Real, Stream};

use crate::{Batch, Corruption, Emphasis, TrainingConfig};

/// The memory that batches are put together in: samples, corrupted and weighed as the settings say.
#[derive(Debug, Clone)]
pub(crate) struct Examples<F> {
    clean: Array2<F>,
    corrupted: Option<(Corruption, Array2<F>)>,
    weights: Option<(Emphasis, Array2<F>)>,
}

impl<F: Real> Examples<F> {
    /// Memory for batches of up to `batch_size` samples of `n_visible` columns.
    pub(crate) fn new(config: &TrainingConfig, batch_size: usize, n_visible: usize) -> Self {
        let memory = || Array2::zeros((batch_size, n_visible));
        Examples {
            clean: memory(),
            corrupted: config.corruption.map(|corruption| (corruption, memory())),
            weights: config.emphasis.map(|emphasis| (emphasis, memory())),
        }
    }

    /// The batch of these samples of `data`, its noise drawn from `noise`.
    ///
    /// # Errors
    /// [`UnreadableSamples`].
    pub(crate) fn batch(
        &mut self,
        data: &impl Samples<F>,
        samples: &[usize],
        noise: Stream,
    ) -> Result<Batch<'_, F>, UnreadableSamples> {
        let rows = s![..samples.len(), ..];
        data.gather(samples, self.clean.slice_mut(rows))?;
        let target = self.clean.slice(rows);
        let Some((corruption, corrupted)) = &mut self.corrupted else {
            return Ok(Batch::clean(target));
        };
        corrupted.slice_mut(rows).assign(&target);
        corruption.apply(noise, corrupted.slice_mut(rows));
        let weights = self.weights.as_mut().map(|(emphasis, weights)| {
            emphasis.weigh(*corruption, noise, weights.slice_mut(rows));
            weights.slice(rows)
        });
        Ok(Batch { input: corrupted.slice(rows), target, weights })
    }
}
