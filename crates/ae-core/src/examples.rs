use ndarray::{Array2, s};
use nn_core::{InvalidSetting, Samples, UnreadableSamples};
use numerics::{Purpose, Real, Stream};

use crate::{Batch, Corruption, Emphasis, Shift, TrainingConfig};

const SHIFT: Purpose = Purpose::new("ae shift");
const CORRUPTION: Purpose = Purpose::new("ae noise");

/// Buffers for assembling a batch: samples, optionally shifted, corrupted and weighted.
#[derive(Debug, Clone)]
pub(crate) struct Examples<F> {
    clean: Array2<F>,
    shifted: Option<Shifted<F>>,
    corrupted: Option<(Corruption, Array2<F>)>,
    weights: Option<(Emphasis, Array2<F>)>,
}

/// Settings and buffer for shifting images of `shape` (rows, columns).
#[derive(Debug, Clone)]
struct Shifted<F> {
    shift: Shift,
    shape: (usize, usize),
    images: Array2<F>,
}

impl<F: Real> Examples<F> {
    /// Buffers for batches of up to `batch_size` samples with `n_visible` columns.
    ///
    /// # Errors
    /// [`InvalidSetting`] if samples are to be shifted but `n_visible` is not the size of an image.
    pub(crate) fn new(
        config: &TrainingConfig,
        batch_size: usize,
        n_visible: usize,
    ) -> Result<Self, InvalidSetting> {
        let memory = || Array2::zeros((batch_size, n_visible));
        let shifted = config.shift.map(|shift| {
            let shape = shift.shape(n_visible)?;
            Ok(Shifted { shift, shape, images: memory() })
        });
        Ok(Examples {
            clean: memory(),
            shifted: shifted.transpose()?,
            corrupted: config.corruption.map(|corruption| (corruption, memory())),
            weights: config.emphasis.map(|emphasis| (emphasis, memory())),
        })
    }

    /// Assembles the batch of these samples of `data`, with shifts and noise drawn from the streams
    /// that `stream` gives for each purpose.
    ///
    /// # Errors
    /// [`UnreadableSamples`] if the source of the samples fails.
    pub(crate) fn batch(
        &mut self,
        data: &impl Samples<F>,
        samples: &[usize],
        stream: impl Fn(Purpose) -> Stream,
    ) -> Result<Batch<'_, F>, UnreadableSamples> {
        let rows = s![..samples.len(), ..];
        data.gather(samples, self.clean.slice_mut(rows))?;
        let mut target = self.clean.slice(rows);
        if let Some(Shifted { shift, shape, images }) = &mut self.shifted {
            shift.apply(stream(SHIFT), *shape, target, images.slice_mut(rows));
            target = images.slice(rows);
        }
        let Some((corruption, corrupted)) = &mut self.corrupted else {
            return Ok(Batch::clean(target));
        };
        let noise = stream(CORRUPTION);
        corrupted.slice_mut(rows).assign(&target);
        corruption.apply(noise, corrupted.slice_mut(rows));
        let weights = self.weights.as_mut().map(|(emphasis, weights)| {
            emphasis.weigh(*corruption, noise, weights.slice_mut(rows));
            weights.slice(rows)
        });
        Ok(Batch { input: corrupted.slice(rows), target, weights })
    }
}
