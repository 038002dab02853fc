use ndarray::{Array2, s};
use nn_core::{InvalidSetting, Samples, UnreadableSamples};
use numerics::{Purpose, Real, Stream};

use crate::model::zero_missing;
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
    /// 1 for observed and 0 for missing values, times the weights. `None` if no value of the data is missing.
    observed: Option<Array2<F>>,
}

/// Settings and buffer for shifting images of `shape`: height, width, channels.
#[derive(Debug, Clone)]
struct Shifted<F> {
    shift: Shift,
    shape: [usize; 3],
    images: Array2<F>,
}

impl<F: Real> Examples<F> {
    /// Buffers for batches of up to `batch_size` samples with `n_visible` columns, some of whose values
    /// may be missing.
    ///
    /// # Errors
    /// [`InvalidSetting`] if samples are to be shifted but `n_visible` is not the size of an image.
    pub(crate) fn new(
        config: &TrainingConfig,
        batch_size: usize,
        n_visible: usize,
        has_missing: bool,
    ) -> Result<Self, InvalidSetting> {
        let memory = || Array2::zeros((batch_size, n_visible));
        let shifted = config.shift.map(|shift| {
            let shape = shift.shape(n_visible).map_err(|error| error.within("training"))?;
            Ok(Shifted { shift, shape, images: memory() })
        });
        Ok(Examples {
            clean: memory(),
            shifted: shifted.transpose()?,
            corrupted: config.corruption.map(|corruption| (corruption, memory())),
            weights: config.emphasis.map(|emphasis| (emphasis, memory())),
            observed: has_missing.then(memory),
        })
    }

    /// The largest number of samples in a batch.
    pub(crate) fn batch_size(&self) -> usize {
        self.clean.nrows()
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
        let Examples { clean, shifted, corrupted, weights, observed } = self;
        data.gather(samples, clean.slice_mut(rows))?;
        let x = match shifted {
            Some(Shifted { shift, shape, images }) => {
                shift.apply(stream(SHIFT), *shape, clean.slice(rows), images.slice_mut(rows));
                images
            }
            None => clean,
        };
        if let Some(observed) = observed {
            observed.slice_mut(rows).zip_mut_with(&x.slice(rows), |observed, x| {
                *observed = if x.is_nan() { F::zero() } else { F::one() };
            });
            zero_missing(x.slice_mut(rows).iter_mut());
        }
        let target = x.slice(rows);
        let Some((corruption, corrupted)) = corrupted else {
            let weights = observed.as_ref().map(|observed| observed.slice(rows));
            return Ok(Batch { weights, ..Batch::clean(target) });
        };
        let noise = stream(CORRUPTION);
        corrupted.slice_mut(rows).assign(&target);
        corruption.apply(noise, corrupted.slice_mut(rows));
        let weights = weights.as_mut().map(|(emphasis, weights)| {
            emphasis.weigh(*corruption, noise, weights.slice_mut(rows));
            weights.slice(rows)
        });
        if let Some(observed) = observed {
            // Noise must not replace missing values.
            let mut input = corrupted.slice_mut(rows);
            input *= &observed.slice(rows);
            if let Some(weights) = &weights {
                let mut observed = observed.slice_mut(rows);
                observed *= weights;
            }
        }
        let weights = observed.as_ref().map(|observed| observed.slice(rows)).or(weights);
        Ok(Batch { input: corrupted.slice(rows), target, weights })
    }
}
