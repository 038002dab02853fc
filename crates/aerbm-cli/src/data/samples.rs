//! Training samples, in memory or on disk, as minibatches are drawn from them.

use std::sync::Mutex;

use mnist_io::{OnDisk, TrainingData};
use ndarray::ArrayViewMut2;
use nn_core::{Samples, UnreadableSamples};

/// Training samples, in memory or on disk.
pub(crate) fn training_samples(train: &TrainingData) -> Box<dyn Samples<f32> + '_> {
    match train {
        TrainingData::OnDisk(on_disk) => Box::new(FromDisk(on_disk)),
        TrainingData::InMemory(dataset) => Box::new(dataset.images.view()),
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
                let message = format!("{:#}", anyhow::Error::new(error));
                *failed = Some(UnreadableSamples { message });
            }
        });
        failed.into_inner().ok().flatten().map_or(Ok(()), Err)
    }
}
