//! Training one model: resumed from its checkpoint, kept with the record of how it went.

mod checkpoint;
mod job;
mod pretrain;
mod rbm_job;
mod record;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use mnist_io::{Splits, TrainingData};
use nn_core::{TensorMap, TrainingError};
use study::stage::Key;
use study::tensor_file;

pub(crate) use job::Model;
pub(crate) use record::{EpochRecord, Measure, Record};

use crate::config::{RunConfig, Stopping};
use crate::data::Source;
use crate::interrupt::{self, Interrupted};
use crate::likelihood;
use crate::ui::Ui;

/// A run to be trained.
pub(crate) struct Spec<'a> {
    pub(crate) run: &'a str,
    pub(crate) config: &'a RunConfig,
    pub(crate) seed: u64,
    /// Where the data are from.
    pub(crate) source: Source,
}

/// A model with the record of its training.
pub(crate) struct Trained {
    pub(crate) model: Model,
    pub(crate) record: Record,
}

impl Trained {
    /// The settings that it was trained with.
    pub(crate) fn config(&self) -> anyhow::Result<RunConfig> {
        let table = self.record.config.parse::<toml::Table>()?;
        Ok(RunConfig::from_table(table, &self.record.run)?)
    }
}

const MODEL: &str = "model.safetensors";
const CHECKPOINT: &str = "checkpoint.safetensors";
/// A checkpoint costs a few milliseconds; this often, that is nothing.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(10);

/// Trains a model, or goes on with its checkpoint, or takes the finished one, in `folder`.
/// `on_epoch` is told of each epoch, those before a checkpoint included.
pub(crate) fn train(
    spec: &Spec<'_>,
    data: &Splits<TrainingData>,
    data_key: &Key,
    folder: &Path,
    ui: &Ui,
    on_epoch: &dyn Fn(usize, &EpochRecord),
) -> anyhow::Result<Trained> {
    let key = Key::new("train", &(spec.run, spec.config, spec.seed, data_key));
    let told = |record: &Record| {
        for (i, epoch) in record.epochs.iter().enumerate() {
            on_epoch(i + 1, epoch);
        }
    };
    if let Some(trained) = load_if(folder, &key)? {
        told(&trained.record);
        return Ok(trained);
    }
    let mut record = Record::new(spec, data, &key)?;
    let mut initial = None;
    if let RunConfig::Autoencoder(settings) = spec.config
        && let Some(way) = &settings.pretraining
    {
        let (model, epochs) =
            pretrain::pretrained(spec, settings, way, data, data_key, folder, ui)?;
        (initial, record.pretraining) = (Some(model), epochs);
    }
    let mut job = job::begin(spec, data, initial).map_err(with_remedy)?;
    let checkpoint = folder.join(CHECKPOINT);
    if let Some(epochs) = checkpoint::resume(&checkpoint, &key, &mut *job)? {
        record.epochs = epochs;
        ui.note(&format!("{}: going on after epoch {}", spec.run, record.epochs.len()));
        told(&record);
    }
    let of = spec.config.epochs();
    ui.begin(&format!("{} ({of} epochs, seed {})", spec.run, spec.seed), of);
    let mut last_checkpoint = Instant::now();
    while record.epochs.len() < of && !stopped(spec.config.stopping(), &record.epochs) {
        let start = Instant::now();
        let cost = match job.epoch() {
            Ok(cost) => cost,
            Err(error) => return Err(keep_last_good(folder, job.finish(), record, data, error)),
        };
        let seconds = start.elapsed().as_secs_f64();
        let measures = finite(job.validation_measures()?);
        let samples = data.train.n_samples();
        let epoch = EpochRecord { cost, measures, seconds, samples };
        let rate = samples as f64 / seconds;
        ui.advance(
            record.epochs.len() + 1,
            of,
            &format!("{} {:.5}", cost.metric(), cost.value()),
            rate,
        );
        on_epoch(record.epochs.len() + 1, &epoch);
        record.epochs.push(epoch);
        let interrupted = interrupt::asked();
        if interrupted || last_checkpoint.elapsed() > BETWEEN_CHECKPOINTS {
            checkpoint::keep(&checkpoint, &key, &*job, &record.epochs)?;
            last_checkpoint = Instant::now();
        }
        if interrupted {
            return Err(Interrupted.into());
        }
    }
    ui.finish();
    let model = job.finish();
    record.finals = model.measures(spec.config, "test", &data.test);
    if let (RunConfig::Rbm(settings), Model::Rbm(rbm)) = (spec.config, &model)
        && settings.likelihood.every > 0
    {
        ui.note(&format!("{}: measuring the likelihood", spec.run));
        let how = (settings.training.binarisation, &settings.likelihood.annealing());
        let (log_z, measures) = likelihood::of_all(rbm, how, &data.in_memory()?, spec.seed)?;
        ui.note(&format!("{}: log Z: {}", spec.run, log_z.verdict()));
        record.finals.extend(measures);
    }
    record.finals = finite(record.finals);
    keep(folder, &model, &record)?;
    // A checkpoint that was never needed is not there.
    let _ = std::fs::remove_file(&checkpoint);
    Ok(Trained { model, record })
}

/// Says what this command offers against values that the model cannot represent.
fn with_remedy(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(TrainingError::OutOfRange { .. }) => {
            anyhow!("{error}; --scale unit brings data into [0, 1]")
        }
        _ => error,
    }
}

/// Whether training ends before its last epoch.
fn stopped(stopping: Stopping, epochs: &[EpochRecord]) -> bool {
    let seconds: f64 = epochs.iter().map(|epoch| epoch.seconds).sum();
    let stalled = match epochs.iter().map(EpochRecord::watched).enumerate().min_by(earliest_least) {
        Some((best, _)) => epochs.len() - 1 - best,
        None => 0,
    };
    stopping.max_seconds.is_some_and(|most| seconds >= most)
        || stopping.patience.is_some_and(|patience| stalled >= patience)
}

/// The measures that are numbers: JSON knows no others.
fn finite(mut measures: Vec<Measure>) -> Vec<Measure> {
    measures.retain(|measure| measure.value.is_finite());
    measures
}

fn earliest_least(a: &(usize, f64), b: &(usize, f64)) -> std::cmp::Ordering {
    a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))
}

/// Keeps the model that training had before it diverged, under a key that no run will take for its
/// own, and returns the error with where that is.
fn keep_last_good(
    folder: &Path,
    model: Model,
    mut record: Record,
    data: &Splits<TrainingData>,
    error: TrainingError,
) -> anyhow::Error {
    let diverged = matches!(error, TrainingError::Diverged { .. });
    let error = anyhow::Error::new(error).context(format!("training {}", record.run));
    if !diverged || !model.is_finite() {
        return error;
    }
    let x = data.test.images.view();
    record.key = format!("{} diverged", record.key);
    record.finals = finite(model.reconstruction_measures("test", x));
    match keep(folder, &model, &record) {
        Ok(()) => error.context(format!(
            "stopped; the model after epoch {} is kept in {}",
            record.epochs.len(),
            folder.display()
        )),
        Err(_) => error,
    }
}

fn keep(folder: &Path, model: &Model, record: &Record) -> anyhow::Result<()> {
    let mut tensors = TensorMap::new();
    model.store(&mut tensors);
    tensor_file::write(&folder.join(MODEL), &tensors, record)?;
    let shapes: serde_json::Map<String, serde_json::Value> =
        tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape().into())).collect();
    let mut description = serde_json::to_value(record)?;
    description["tensors"] = shapes.into();
    let text = serde_json::to_string_pretty(&description)? + "\n";
    Ok(report::write_text(&folder.join("model.json"), &text)?)
}

fn name_of(path: Option<&Path>) -> Option<&str> {
    path?.file_name()?.to_str()
}

fn load_if(folder: &Path, key: &Key) -> anyhow::Result<Option<Trained>> {
    let found = tensor_file::read::<Record>(&folder.join(MODEL))?;
    let Some((tensors, record)) = found.filter(|(_, record)| record.key == key.as_str()) else {
        return Ok(None);
    };
    Ok(Some(Trained { model: Model::restore(&record, &tensors)?, record }))
}

/// The finished model in a run's folder, or in the folder of one model of it. It is called as its folder
/// is, so that what is made of one seed's model does not replace what is made of another's.
pub(crate) fn load(run: &Path) -> anyhow::Result<Trained> {
    let mut folder = run.to_owned();
    if !folder.join(MODEL).is_file() {
        let inner: Vec<_> = std::fs::read_dir(run.join("models"))
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.join(MODEL).is_file())
            .collect();
        match inner.as_slice() {
            [only] => folder.clone_from(only),
            [] => anyhow::bail!(
                "{}: no {MODEL} here or under models/; expected a folder that aerbm train wrote",
                run.display()
            ),
            several => anyhow::bail!(
                "{}: {} models here; name one of them, such as {}",
                run.display(),
                several.len(),
                several[0].display()
            ),
        }
    }
    let (tensors, mut record) = tensor_file::read::<Record>(&folder.join(MODEL))?
        .with_context(|| format!("{} disappeared", folder.join(MODEL).display()))?;
    if let (Some("models"), Some(name)) = (name_of(folder.parent()), name_of(Some(&folder))) {
        name.clone_into(&mut record.run);
    }
    Ok(Trained { model: Model::restore(&record, &tensors)?, record })
}
