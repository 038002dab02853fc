//! The pretrained layers of a deep autoencoder, each of which is trained once and kept.

use std::path::Path;

use ae_core::Autoencoder;
use mnist_io::{Splits, TrainingData};
use nn_core::{EpochRecord, Progress, TrainingError};
use stack::{DeepPretraining, greedy, unroll_into};
use study::stage::{Key, Store};
use study::{CachedStack, Event, LayerSource, Recorder, StudyError, cached_layers};

use crate::Error;
use crate::config::AutoencoderSettings;
use crate::monitor::{Monitor, forward};
use crate::record::{LayerEpoch, Spec};

/// The unrolled layers and the epochs of their training. Layers are read from `folder` if it has them, and
/// saved there; without a folder, all are trained.
pub(super) fn pretrained(
    spec: &Spec<'_>,
    settings: &AutoencoderSettings,
    pretraining: &DeepPretraining,
    data: &Splits<TrainingData>,
    kept: Option<(&Key, &Path)>,
    monitor: &dyn Monitor,
) -> Result<(Autoencoder<f32>, Vec<LayerEpoch>), Error> {
    let failed = |source| Error::training(spec.run, source);
    pretraining.validate(&settings.model).map_err(failed)?;
    let plan = pretraining.plan(&settings.model);
    let x = data.train.in_memory()?.images.view();
    let Some((data_key, folder)) = kept else {
        let mut recorders = vec![Recorder::new(); plan.len()];
        let mut observer = |layer: usize, progress: &Progress| {
            let seconds = recorders[layer].record(progress);
            monitor.advance(progress, seconds);
            monitor.flow()
        };
        let layers = greedy(&plan, x, spec.seed, &mut observer).map_err(failed)?;
        let epochs = (1..).zip(recorders).flat_map(|(layer, of)| layer_epochs(layer, of.epochs));
        return Ok((unroll_into(&settings.model, &layers), epochs.collect()));
    };
    let source = LayerSource {
        name: spec.run,
        plan: &plan,
        corruption: None,
        data: x,
        data_key: data_key.as_str(),
        seed: spec.seed,
    };
    let mut listen = |event: Event<'_>| forward(&event, monitor);
    let cache = Store::new(folder.join("pretrained"));
    let mut stack = CachedStack::default();
    let records = match cached_layers(&source, &mut stack, &cache, &mut listen) {
        Err(StudyError::Training(TrainingError::Interrupted)) => return Err(Error::Interrupted),
        Err(StudyError::Training(source)) => return Err(failed(source)),
        other => other.map_err(Error::Study)?,
    };
    let epochs = records.into_iter().flat_map(|record| layer_epochs(record.layer, record.epochs));
    Ok((unroll_into(&settings.model, &stack.layers), epochs.collect()))
}

fn layer_epochs(layer: usize, epochs: Vec<EpochRecord>) -> impl Iterator<Item = LayerEpoch> {
    epochs.into_iter().map(move |training| LayerEpoch { layer, training })
}
