use ndarray::{Array2, s};
use nn_core::{InvalidSetting, Samples, UnreadableSamples};
use numerics::{Purpose, Real, Stream};

use crate::{Batch, Corruption, Emphasis, Shift, TrainingConfig};

const SHIFT: Purpose = Purpose::new("ae shift");
const CORRUPTION: Purpose = Purpose::new("ae noise");

/// The memory that batches are put together in: samples, moved, corrupted and weighed as the
/// settings say.
#[derive(Debug, Clone)]
pub(crate) struct Examples<F> {
    clean: Array2<F>,
    moved: Option<Moved<F>>,
    corrupted: Option<(Corruption, Array2<F>)>,
    weights: Option<(Emphasis, Array2<F>)>,
}

/// How images of a shape, rows and columns, are moved, and where to.
#[derive(Debug, Clone)]
struct Moved<F> {
    shift: Shift,
    shape: (usize, usize),
    images: Array2<F>,
}

impl<F: Real> Examples<F> {
    /// Memory for batches of up to `batch_size` samples of `n_visible` columns.
    ///
    /// # Errors
    /// [`InvalidSetting`] if they are to be moved and are no images.
    pub(crate) fn new(
        config: &TrainingConfig,
        batch_size: usize,
        n_visible: usize,
    ) -> Result<Self, InvalidSetting> {
        let memory = || Array2::zeros((batch_size, n_visible));
        let moved = config.shift.map(|shift| {
            let shape = shift.shape(n_visible)?;
            Ok(Moved { shift, shape, images: memory() })
        });
        Ok(Examples {
            clean: memory(),
            moved: moved.transpose()?,
            corrupted: config.corruption.map(|corruption| (corruption, memory())),
            weights: config.emphasis.map(|emphasis| (emphasis, memory())),
        })
    }

    /// The batch of these samples of `data`, what is random about it drawn from the streams.
    ///
    /// # Errors
    /// [`UnreadableSamples`].
    pub(crate) fn batch(
        &mut self,
        data: &impl Samples<F>,
        samples: &[usize],
        stream: impl Fn(Purpose) -> Stream,
    ) -> Result<Batch<'_, F>, UnreadableSamples> {
        let rows = s![..samples.len(), ..];
        data.gather(samples, self.clean.slice_mut(rows))?;
        let mut target = self.clean.slice(rows);
        if let Some(Moved { shift, shape, images }) = &mut self.moved {
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
