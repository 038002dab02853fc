//! Training of one model, which continues from its checkpoint.

mod autoencoder_job;
mod begin;
mod checkpoint;
mod conv_rbm_job;
mod job;
mod pretrain;
mod rbm_job;

use std::path::Path;
use std::time::{Duration, Instant};

use mnist_io::{Splits, TrainingData};
use nn_core::{EpochRecord, Progress, TrainingError};
use study::stage::Key;

use self::begin::begin;
use self::job::Job;
use crate::Error;
use crate::config::{RunConfig, Stopping};
use crate::likelihood::{self, Subject};
use crate::model::Model;
use crate::monitor::Monitor;
use crate::record::{Epoch, Measure, Record, Spec};
use crate::trained::Trained;

const CHECKPOINT: &str = "checkpoint.safetensors";

/// Time between checkpoints, each of which costs a few milliseconds. A kill loses no more work.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(5);

/// The environment variable that sets another time, in milliseconds, for tests.
#[cfg(debug_assertions)]
const VARIABLE: &str = "AERBM_CHECKPOINT_MS";

/// Time between checkpoints.
fn between_checkpoints() -> Duration {
    #[cfg(debug_assertions)]
    if let Some(ms) = std::env::var(VARIABLE).ok().and_then(|ms| ms.parse().ok()) {
        return Duration::from_millis(ms);
    }
    BETWEEN_CHECKPOINTS
}

/// The identity of a model: its name, settings, seed and data.
pub(crate) fn key(spec: &Spec<'_>, data_key: &Key) -> Key {
    Key::new("train 2", &(spec.run, spec.config, spec.seed, data_key))
}

/// Trains a model in `folder`, or continues from its checkpoint there, or returns the finished one.
/// `on_epoch` receives every epoch, those before a checkpoint included.
pub(crate) fn train(
    spec: &Spec<'_>,
    data: &Splits<TrainingData>,
    data_key: &Key,
    folder: &Path,
    monitor: &dyn Monitor,
    on_epoch: &mut dyn FnMut(&Epoch),
) -> Result<Trained, Error> {
    let key = key(spec, data_key);
    let checkpoint = folder.join(CHECKPOINT);
    if let Some(trained) = Trained::load_if(folder, &key)? {
        // It is still there if the run was killed after it had saved the model.
        let _ = std::fs::remove_file(&checkpoint);
        trained.record.epochs.iter().for_each(&mut *on_epoch);
        return Ok(trained);
    }
    let mut record = Record::new(spec, data, &key)?;
    let mut initial = None;
    if let RunConfig::Autoencoder(settings) = spec.config
        && let Some(way) = &settings.pretraining
    {
        let (model, epochs) =
            pretrain::pretrained(spec, settings, way, data, Some((data_key, folder)), monitor)?;
        (initial, record.pretraining) = (Some(model), epochs);
    }
    let mut job = begin(spec, data, initial)?;
    let mut seconds = 0.0;
    if let Some((epochs, of_next)) = checkpoint::resume(&checkpoint, &key, &mut *job)? {
        (record.epochs, seconds) = (epochs, of_next);
        monitor.note(&format!("{}: continuing after epoch {}", spec.run, record.epochs.len()));
        record.epochs.iter().for_each(&mut *on_epoch);
    }
    let mut keep = |job: &dyn Job, record: &Record, seconds: f64| {
        checkpoint::keep(&checkpoint, &key, job, &record.epochs, seconds)
    };
    let keeping = Keeping { every: between_checkpoints(), keep: &mut keep, on_epoch };
    let outcome = epochs((spec, data), &mut *job, seconds, &mut record, monitor, keeping);
    match outcome {
        Err(Error::Training { source, .. }) => {
            return Err(keep_last_good(folder, job.finish(), record, data, source));
        }
        other => other?,
    }
    let model = job.finish();
    record.finals = model.measures(spec.config, "test", &data.test);
    if let Some(subject) = Subject::of(&model, spec.config)
        && subject.settings.every > 0
    {
        monitor.note(&format!("{}: measuring the likelihood", spec.run));
        let data = data.in_memory()?;
        let (log_z, measures) = likelihood::of_all(&subject, &data, spec.seed, monitor)?;
        monitor.note(&format!("{}: log Z: {}", spec.run, log_z.verdict()));
        record.finals.extend(measures);
    }
    record.finals = finite(record.finals);
    let trained = Trained { model, record };
    trained.save(folder)?;
    // The checkpoint is absent if none was needed.
    let _ = std::fs::remove_file(&checkpoint);
    durable::fault::point();
    Ok(trained)
}

/// Trains a model on the training part of `data`, in memory alone.
pub(crate) fn train_in_memory(
    spec: &Spec<'_>,
    data: &Splits<TrainingData>,
    monitor: &dyn Monitor,
) -> Result<Trained, Error> {
    let key = Key::new("fit", &(spec.config, spec.seed));
    let mut record = Record::new(spec, data, &key)?;
    let mut initial = None;
    if let RunConfig::Autoencoder(settings) = spec.config
        && let Some(way) = &settings.pretraining
    {
        let (model, epochs) = pretrain::pretrained(spec, settings, way, data, None, monitor)?;
        (initial, record.pretraining) = (Some(model), epochs);
    }
    let mut job = begin(spec, data, initial)?;
    let keeping =
        Keeping { every: Duration::MAX, keep: &mut |_, _, _| Ok(()), on_epoch: &mut |_| () };
    epochs((spec, data), &mut *job, 0.0, &mut record, monitor, keeping)?;
    Ok(Trained { model: job.finish(), record })
}

/// Writes a checkpoint of a job with its record so far and the seconds of the epoch that was left.
type Keep<'a> = &'a mut dyn FnMut(&dyn Job, &Record, f64) -> Result<(), Error>;

/// What is done with unfinished training.
struct Keeping<'a> {
    /// Time between checkpoints.
    every: Duration,
    /// Writes one.
    keep: Keep<'a>,
    /// Called after each epoch.
    on_epoch: &'a mut dyn FnMut(&Epoch),
}

/// The last checkpoint.
struct Kept {
    at: Instant,
    took: Duration,
}

impl Kept {
    fn by(keep: impl FnOnce() -> Result<(), Error>) -> Result<Self, Error> {
        let begun = Instant::now();
        keep()?;
        Ok(Kept { at: Instant::now(), took: begun.elapsed() })
    }

    /// Whether another checkpoint is due. Those of large models take a twentieth of the time at most.
    fn is_older_than(&self, every: Duration) -> bool {
        self.at.elapsed() >= every.max(20 * self.took)
    }
}

/// Trains the remaining epochs of a job, and adds them to the record. The first has already taken `seconds`.
fn epochs(
    (spec, data): (&Spec<'_>, &Splits<TrainingData>),
    job: &mut dyn Job,
    mut seconds: f64,
    record: &mut Record,
    monitor: &dyn Monitor,
    keeping: Keeping<'_>,
) -> Result<(), Error> {
    let (of, samples) = (spec.config.epochs(), data.train.n_samples());
    let Keeping { every, keep, on_epoch } = keeping;
    let mut last = Kept { at: Instant::now(), took: Duration::ZERO };
    monitor.begin(&format!("{} ({of} epochs, seed {})", spec.run, spec.seed), of);
    while record.epochs.len() < of && !stopped(spec.config.stopping(), &record.epochs) {
        let start = Instant::now();
        let outcome = job.epoch(&mut || monitor.interrupted() || last.is_older_than(every));
        let outcome = outcome.map_err(|source| Error::training(spec.run, source))?;
        seconds += start.elapsed().as_secs_f64();
        let Some(value) = outcome else {
            last = Kept::by(|| keep(job, record, seconds))?;
            if monitor.interrupted() {
                return Err(Error::Interrupted);
            }
            continue;
        };
        let measures = finite(job.validation_measures()?);
        let (epoch, metric) = (record.epochs.len() + 1, job.metric());
        let progress = Progress { epoch, of, value, metric: metric.clone(), samples };
        monitor.advance(&progress, seconds);
        let training = EpochRecord { epoch, value, metric, seconds, samples };
        record.epochs.push(Epoch { training, measures });
        seconds = 0.0;
        on_epoch(&record.epochs[record.epochs.len() - 1]);
        let interrupted = monitor.interrupted();
        if interrupted || last.is_older_than(every) {
            last = Kept::by(|| keep(job, record, seconds))?;
        }
        if interrupted {
            return Err(Error::Interrupted);
        }
    }
    monitor.finish();
    Ok(())
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

/// The measures that are finite, since JSON has no other numbers.
fn finite(mut measures: Vec<Measure>) -> Vec<Measure> {
    measures.retain(|measure| measure.value.is_finite());
    measures
}

fn earliest_least(a: &(usize, f64), b: &(usize, f64)) -> std::cmp::Ordering {
    a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))
}

/// Keeps the model before the divergence, under a key that no run has, and returns the error with the
/// folder's name.
fn keep_last_good(
    folder: &Path,
    model: Model,
    mut record: Record,
    data: &Splits<TrainingData>,
    error: TrainingError,
) -> Error {
    let diverged = matches!(error, TrainingError::Diverged { .. });
    let error = Error::training(&record.run, error);
    if !diverged || !model.is_finite() {
        return error;
    }
    let x = data.test.images.view();
    record.key = format!("{} diverged", record.key);
    record.finals = finite(model.reconstruction_measures("test", x));
    let epochs = record.epochs.len();
    match (Trained { model, record }).save(folder) {
        Ok(()) => Error::Stopped { epochs, folder: folder.to_owned(), source: error.into() },
        Err(_) => error,
    }
}
