//! Training samples in memory or on disk.

use std::sync::Mutex;

use mnist_io::{OnDisk, TrainingData};
use ndarray::ArrayViewMut2;
use nn_core::{Samples, UnreadableSamples};

/// Training samples in the form that minibatches are drawn from.
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
                *failed = Some(UnreadableSamples { message: in_one_line(&error) });
            }
        });
        failed.into_inner().ok().flatten().map_or(Ok(()), Err)
    }
}

/// An error with its causes, on one line.
fn in_one_line(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
