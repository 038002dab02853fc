//! The epochs of a training run, which is saved at intervals of time.

use std::time::Instant;

use durable::{Pace, Resumable};
use mnist_io::{Splits, TrainingData};
use nn_core::{EpochRecord, Progress};
use study::checkpoint::Course;
use study::tensor_file::TensorFileError;

use super::finite;
use super::job::ModelJob;
use crate::Error;
use crate::config::Stopping;
use crate::monitor::Monitor;
use crate::record::{Epoch, Record, Spec};

/// Writes a checkpoint of a job and its course.
type Save<'a> = &'a mut dyn FnMut(&dyn ModelJob, &Course<Epoch>) -> Result<(), TensorFileError>;

/// Handling of unfinished training.
pub(super) struct Keeping<'a> {
    /// Pace of saving.
    pub(super) pace: Pace,
    /// Saves it.
    pub(super) save: Save<'a>,
    /// Called after each epoch.
    pub(super) on_epoch: &'a mut dyn FnMut(&Epoch),
}

/// Trains the remaining epochs of a job, and adds them to the record. The first has already taken `seconds`.
pub(super) fn train_epochs(
    (spec, data): (&Spec<'_>, &Splits<TrainingData>),
    job: &mut dyn ModelJob,
    seconds: f64,
    record: &mut Record,
    monitor: &dyn Monitor,
    keeping: Keeping<'_>,
) -> Result<(), Error> {
    let Keeping { pace, save, on_epoch } = keeping;
    let (of, samples) = (spec.config.epochs(), data.train.n_samples());
    monitor.begin(&format!("{} ({of} epochs, seed {})", spec.run, spec.seed), of);
    let mut epochs = Epochs { spec, of, samples, job, seconds, record, monitor, save, on_epoch };
    if !durable::run(&mut epochs, pace)? {
        return Err(Error::Interrupted);
    }
    monitor.finish();
    Ok(())
}

struct Epochs<'a, 'j> {
    spec: &'a Spec<'a>,
    of: usize,
    samples: usize,
    job: &'a mut (dyn ModelJob + 'j),
    /// Seconds of the epoch in progress.
    seconds: f64,
    record: &'a mut Record,
    monitor: &'a dyn Monitor,
    save: Save<'a>,
    on_epoch: &'a mut dyn FnMut(&Epoch),
}

impl Resumable for Epochs<'_, '_> {
    type Error = Error;

    fn is_complete(&self) -> bool {
        let epochs = &self.record.epochs;
        epochs.len() >= self.of || stopped(self.spec.config.stopping(), epochs)
    }

    fn go_on(&mut self, due: &dyn Fn() -> bool) -> Result<(), Error> {
        let start = Instant::now();
        let outcome = self.job.part_until(&mut || self.monitor.interrupted() || due());
        let outcome = outcome.map_err(|source| Error::training(self.spec.run, source))?;
        self.seconds += start.elapsed().as_secs_f64();
        let Some(Progress { value, metric, .. }) = outcome else { return Ok(()) };
        let measures = finite(self.job.validation_measures()?);
        let (epoch, seconds, samples) = (self.record.epochs.len() + 1, self.seconds, self.samples);
        let progress = Progress { epoch, of: self.of, value, metric: metric.clone(), samples };
        self.monitor.advance(&progress, seconds);
        let training = EpochRecord { epoch, value, metric, seconds, samples };
        self.record.epochs.push(Epoch { training, measures });
        self.seconds = 0.0;
        (self.on_epoch)(&self.record.epochs[epoch - 1]);
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.monitor.interrupted()
    }

    fn save(&mut self) -> Result<(), Error> {
        let course = Course { epochs: self.record.epochs.clone(), seconds: self.seconds };
        Ok((self.save)(&*self.job, &course)?)
    }
}

/// Whether training ends before its last epoch.
fn stopped(stopping: Stopping, epochs: &[Epoch]) -> bool {
    let seconds: f64 = epochs.iter().map(|epoch| epoch.training.seconds).sum();
    let stalled = match epochs.iter().map(Epoch::watched).enumerate().min_by(earliest_least) {
        Some((best, _)) => epochs.len() - 1 - best,
        None => 0,
    };
    stopping.max_seconds.is_some_and(|most| seconds >= most)
        || stopping.patience.is_some_and(|patience| stalled >= patience)
}

fn earliest_least(a: &(usize, f64), b: &(usize, f64)) -> std::cmp::Ordering {
    a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))
}
