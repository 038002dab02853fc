//! Training of one model, which continues from its checkpoint.

mod autoencoder_job;
mod begin;
mod conv_rbm_job;
mod epochs;
mod job;
mod pretrain;
mod rbm_job;

use std::path::Path;

use durable::Pace;
use mnist_io::{Splits, TrainingData};
use nn_core::TrainingError;
use study::checkpoint::{Checkpoint, Course};
use study::stage::Key;

use self::begin::begin;
use self::epochs::{Keeping, train_epochs};
use self::job::ModelJob;
use crate::Error;
use crate::config::RunConfig;
use crate::likelihood::{self, Subject};
use crate::model::Model;
use crate::monitor::Monitor;
use crate::record::{Epoch, Measure, Record, Spec};
use crate::trained::Trained;

const CHECKPOINT: &str = "checkpoint.safetensors";

/// The identity of a model: its name, settings, seed and data.
pub(crate) fn key(spec: &Spec<'_>, data_key: &Key) -> Key {
    Key::new("train 2", &(spec.run, spec.config, spec.seed, data_key))
}

/// Trains a model in `folder`, or continues from its checkpoint there, or returns the finished one.
/// `on_epoch` receives every epoch, including those before a checkpoint.
pub(crate) fn train(
    spec: &Spec<'_>,
    data: &Splits<TrainingData>,
    data_key: &Key,
    folder: &Path,
    monitor: &dyn Monitor,
    on_epoch: &mut dyn FnMut(&Epoch),
) -> Result<Trained, Error> {
    let key = key(spec, data_key);
    let checkpoint = Checkpoint::new(folder.join(CHECKPOINT), &key);
    if let Some(trained) = Trained::load_if(folder, &key)? {
        // It is still there if the run was killed after it had saved the model.
        checkpoint.remove();
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
    let note = &mut |text: &str| monitor.note(&format!("{}: {text}", spec.run));
    let (mut job, course) = checkpoint.resumed(|| begin(spec, data, initial.clone()), note)?;
    let mut seconds = 0.0;
    if let Some(course) = course {
        (record.epochs, seconds) = (course.epochs, course.seconds);
        note(&format!("continuing after epoch {}", record.epochs.len()));
        record.epochs.iter().for_each(&mut *on_epoch);
    }
    let mut save = |job: &dyn ModelJob, course: &Course<Epoch>| checkpoint.save(job, course);
    let keeping = Keeping { pace: Pace::usual(), save: &mut save, on_epoch };
    let outcome = train_epochs((spec, data), &mut *job, seconds, &mut record, monitor, keeping);
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
    checkpoint.remove();
    Ok(trained)
}

/// Trains a model on the training part of `data`, in memory only.
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
    let keeping = Keeping { pace: Pace::never(), save: &mut |_, _| Ok(()), on_epoch: &mut |_| () };
    train_epochs((spec, data), &mut *job, 0.0, &mut record, monitor, keeping)?;
    Ok(Trained { model: job.finish(), record })
}

/// Keeps the finite measures, since JSON has no other numbers.
fn finite(mut measures: Vec<Measure>) -> Vec<Measure> {
    measures.retain(|measure| measure.value.is_finite());
    measures
}

/// Saves the model before the divergence under a key that no run has, and returns the error with the folder's
/// name.
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
