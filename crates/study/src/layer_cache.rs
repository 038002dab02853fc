//! The pretrained layers of a stack, each trained once and cached.

use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::ArrayView2;
use nn_core::{EpochRecord, Progress, RestoreError, TensorMap, TrainingError, restore, store};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stack::{Begun, Greedy, LayerJob, PlannedLayer, PretrainedLayer};

use crate::checkpoint::Checkpoint;
use crate::stage::{Claim, Found, Key, Store};
use crate::stage_training::train;
use crate::tensor_file::TensorFileError;
use crate::{Event, LayerRecord, Listener, StudyError};

/// The kind in the keys of layers. Its number is raised when their records change.
const PRETRAIN: &str = "pretrain 3";

/// A stack of layers to be trained or read from the cache.
#[derive(Debug, Clone, Copy)]
pub struct LayerSource<'a> {
    /// The name of the method or run, for titles and records.
    pub name: &'a str,
    /// The layers, from the data up.
    pub plan: &'a [PlannedLayer],
    /// The amount of noise in the inputs of the plan, if it differs from that of the settings.
    pub corruption: Option<f64>,
    /// The samples on which the first layer is trained. Shape: n × inputs.
    pub data: ArrayView2<'a, f32>,
    /// The identity of the data.
    pub data_key: &'a str,
    /// The seed.
    pub seed: u64,
}

/// The layers of a stack so far, with their keys.
#[derive(Debug, Clone, Default)]
pub struct CachedStack {
    /// The layers, from the data up.
    pub layers: Vec<PretrainedLayer>,
    /// The key of each layer, which also identifies all layers below it.
    pub keys: Vec<Key>,
}

/// Adds layers to `stack` until it has all layers of the plan, and returns the records of the added ones.
/// Layers in `cache` are read; others are trained and stored there. Layers that do not depend on the data,
/// such as random ones, are recreated and have no record.
///
/// # Errors
/// [`StudyError::Training`], also if the listener stops it, and [`StudyError::Store`]. Finished layers are in
/// the cache.
pub fn cached_layers(
    source: &LayerSource<'_>,
    stack: &mut CachedStack,
    cache: &Store,
    listen: Listener<'_>,
) -> Result<Vec<LayerRecord>, StudyError> {
    let LayerSource { name, plan, corruption, data, data_key, seed } = *source;
    let mut greedy = Greedy::planned(plan, data, seed);
    stack.layers.iter().for_each(|layer| greedy.push(layer.clone()));
    let mut records = Vec::new();
    for (layer, planned) in plan.iter().enumerate().skip(stack.layers.len()) {
        let key = layer_key(planned, seed, layer, stack.keys.last(), data_key);
        let PlannedLayer { pretraining, n_hidden } = planned;
        let n_inputs = layer.checked_sub(1).map_or(data.ncols(), |below| plan[below].n_features());
        if let Some(random) = pretraining.without_data(n_inputs, *n_hidden, seed, layer) {
            greedy.push(random);
        } else {
            match kept_or_claimed::<LayerRecord>(cache, &key, listen)? {
                Found::Kept(tensors, record) => {
                    let mut kept = planned.zeros(n_inputs, record.units);
                    restore(&mut kept, "", &tensors)
                        .map_err(|error| unreadable(cache, &key, &error))?;
                    greedy.push(kept);
                    records.push(LayerRecord { method: name.into(), ..record });
                }
                Found::Claimed(claim) => {
                    let title = layer_title(name, layer, corruption, seed);
                    event(listen, Event::Begun { title: &title })?;
                    let checkpoint = claim.checkpoint(&key);
                    let record = learn(&mut greedy, (name, planned), seed, &checkpoint, listen)?;
                    let mut tensors = TensorMap::new();
                    store(&greedy.layers()[layer], "", &mut tensors);
                    keep(claim, &title, (&tensors, &record), listen)?;
                    records.push(record);
                }
            }
        }
        stack.layers.extend(greedy.layers().last().cloned());
        stack.keys.push(key);
    }
    Ok(records)
}

/// Title of the layer with this index.
pub(crate) fn layer_title(
    method: &str,
    index: usize,
    corruption: Option<f64>,
    seed: u64,
) -> String {
    let noise = corruption.map(|amount| format!(", noise {amount}")).unwrap_or_default();
    format!("{method}, layer {}{noise}, seed {seed}", index + 1)
}

/// The key of a layer above the layer with the key `below`. It does not include the method's name: equal
/// layers on equal ones are shared.
pub(crate) fn layer_key(
    planned: &PlannedLayer,
    seed: u64,
    layer: usize,
    below: Option<&Key>,
    data_key: &str,
) -> Key {
    Key::new(PRETRAIN, &(planned, seed, layer, below, data_key))
}

/// Trains the next layer of the stack, or continues from the checkpoint of the claimed stage.
fn learn(
    greedy: &mut Greedy<'_>,
    (name, planned): (&str, &PlannedLayer),
    seed: u64,
    checkpoint: &Checkpoint,
    listen: Listener<'_>,
) -> Result<LayerRecord, StudyError> {
    let begun = Instant::now();
    let PlannedLayer { pretraining, n_hidden } = planned;
    let layer = greedy.layers().len();
    let inputs = greedy.inputs();
    let samples = inputs.nrows();
    let (learned, epochs, seconds) = if pretraining.epochs() == 0 {
        let mut nothing = |_: &Progress| ControlFlow::Continue(());
        let learned = pretraining.learn(inputs, *n_hidden, seed, layer, &mut nothing)?;
        (learned, vec![], begun.elapsed().as_secs_f64())
    } else {
        let begin = || match pretraining.begin(inputs, *n_hidden, seed, layer)? {
            Begun::Training(training) => Ok(LayerJob { training, inputs }),
            Begun::Complete(_) => unreachable!("a kind that has epochs is trained"),
        };
        let epochs = |job: &LayerJob<'_>| job.training.epochs();
        let trained = train(begin, epochs, checkpoint, listen)?;
        (trained.job.training.layer(), trained.epochs, trained.seconds)
    };
    let (units, layer, method) = (learned.units(), layer + 1, name.into());
    greedy.push(learned);
    Ok(LayerRecord { method, seed, layer, corruption: None, epochs, seconds, samples, units })
}

fn unreadable(cache: &Store, key: &Key, error: &RestoreError) -> TensorFileError {
    let path = cache.folder().join(format!("{}.safetensors", key.as_str()));
    TensorFileError::Damaged { path, reason: error.to_string() }
}

/// Reads the result of a stage and notifies the listener, or claims its key.
pub(crate) fn kept_or_claimed<R: DeserializeOwned>(
    cache: &Store,
    key: &Key,
    listen: Listener<'_>,
) -> Result<Found<R>, StudyError> {
    let found = cache.get_or_claim(key, listen)?;
    if let Found::Kept(..) = found {
        event(listen, Event::Reused)?;
    }
    Ok(found)
}

/// Stores the result of a claimed stage and notifies the listener.
pub(crate) fn keep(
    claim: Claim,
    title: &str,
    (tensors, record): (&TensorMap, &impl Serialize),
    listen: Listener<'_>,
) -> Result<(), StudyError> {
    claim.keep(tensors, record)?;
    Ok(event(listen, Event::Finished { title })?)
}

/// Passes an event to the listener.
///
/// # Errors
/// [`TrainingError::Interrupted`] if the listener stops.
pub(crate) fn event(listen: Listener<'_>, event: Event<'_>) -> Result<(), TrainingError> {
    match listen(event) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(TrainingError::Interrupted),
    }
}

/// Records the progress of a computation, with wall times.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// The epochs so far.
    pub epochs: Vec<EpochRecord>,
    last: Instant,
    /// Seconds spent on the current epoch before an interruption.
    before: f64,
}

impl Recorder {
    /// A recorder of a computation that starts now.
    #[must_use]
    pub fn new() -> Self {
        Recorder::after(Vec::new(), 0.0)
    }

    /// A recorder of a computation that resumes now, after these epochs and this many seconds of the next.
    #[must_use]
    pub fn after(epochs: Vec<EpochRecord>, seconds: f64) -> Self {
        Recorder { epochs, last: Instant::now(), before: seconds }
    }

    /// Wall time of the current epoch so far, in seconds.
    #[must_use]
    pub fn since_last(&self) -> f64 {
        self.before + self.last.elapsed().as_secs_f64()
    }

    /// Records an epoch and returns its wall time, in seconds.
    pub fn record(&mut self, progress: &Progress) -> f64 {
        let seconds = self.since_last();
        (self.last, self.before) = (Instant::now(), 0.0);
        self.epochs.push(EpochRecord {
            epoch: progress.epoch,
            value: progress.value,
            metric: progress.metric.clone(),
            seconds,
            samples: progress.samples,
        });
        seconds
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use stack::{AutoencoderPretraining, PcaInitialisation, RandomInitialisation, RbmPretraining};

    #[test]
    fn layers_are_learned_once_and_read_from_then_on() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Store::new(folder.path());
        let data = Array2::from_shape_fn((50, 9), |(i, j)| ((i * (j + 2)) % 7) as f32 / 7.0);
        let (mut autoencoder, mut rbm) =
            (AutoencoderPretraining::default(), RbmPretraining::default());
        (autoencoder.training.epochs, rbm.training.epochs) = (2, 3);
        let plan = [
            PlannedLayer::new(autoencoder, 8),
            PlannedLayer::new(RandomInitialisation::default(), 7),
            PlannedLayer::new(PcaInitialisation {}, 6),
            PlannedLayer::new(rbm, 5),
        ];
        let grow = |name: &str, plan: &[PlannedLayer], stack: &mut CachedStack| {
            let source = LayerSource {
                name,
                plan,
                corruption: None,
                data: data.view(),
                data_key: "waves",
                seed: 1,
            };
            let mut seen = (0, 0, 0);
            let mut listen = |event: Event<'_>| {
                match event {
                    Event::Progress { .. } => seen.0 += 1,
                    Event::Finished { .. } => seen.1 += 1,
                    Event::Reused => seen.2 += 1,
                    _ => {}
                }
                ControlFlow::Continue(())
            };
            let records = cached_layers(&source, stack, &cache, &mut listen).expect("converges");
            (records, seen)
        };
        let mut low = CachedStack::default();
        let (records, seen) = grow("low", &plan[..2], &mut low);
        assert_eq!((records.len(), seen), (1, (2, 1, 0)));
        assert_eq!(records[0].epochs.iter().map(|epoch| epoch.epoch).collect::<Vec<_>>(), [1, 2]);
        let (records, seen) = grow("low", &plan, &mut low);
        assert_eq!((records.len(), seen), (2, (3, 2, 0)), "what is there is not asked for again");
        assert_eq!(records.iter().map(|record| record.layer).collect::<Vec<_>>(), [3, 4]);
        assert!(records[0].epochs.is_empty() && records[0].seconds > 0.0);

        let mut high = CachedStack::default();
        let (again, seen) = grow("high", &plan, &mut high);
        assert_eq!((again.len(), seen), (3, (0, 0, 3)));
        assert_eq!((&high.layers, &high.keys), (&low.layers, &low.keys));
        let renamed = LayerRecord { method: "low".into(), ..again[2].clone() };
        assert_eq!(renamed, records[1]);
    }
}
