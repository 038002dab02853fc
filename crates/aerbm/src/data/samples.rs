//! Training samples in memory or on disk.

use std::sync::Mutex;

use mnist_io::{OnDisk, Splits};
use ndarray::ArrayViewMut2;
use nn_core::{Samples, UnreadableSamples};

/// The training samples of a set: in memory, or on disk.
pub(crate) fn training_samples(splits: &Splits) -> Box<dyn Samples<f32> + '_> {
    match &splits.train_on_disk {
        Some(on_disk) => Box::new(FromDisk(on_disk)),
        None => Box::new(splits.train.images.view()),
    }
}

struct FromDisk<'a>(&'a OnDisk);

impl Samples<f32> for FromDisk<'_> {
    fn n_samples(&self) -> usize {
        self.0.n_samples()
    }

    fn n_features(&self) -> usize {
        self.0.n_features()
    }

    fn gather(&self, samples: &[usize], out: ArrayViewMut2<f32>) -> Result<(), UnreadableSamples> {
        let failed = Mutex::new(None);
        numerics::by_rows(samples.len(), out, |range, out| {
            if let Err(error) = self.0.read(&samples[range], out)
                && let Ok(mut failed) = failed.lock()
            {
                *failed = Some(UnreadableSamples { message: error.to_string() });
            }
        });
        failed.into_inner().ok().flatten().map_or(Ok(()), Err)
    }
}
