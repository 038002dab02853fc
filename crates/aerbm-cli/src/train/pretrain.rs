//! The pretrained layers of a deep autoencoder, each kept once it is learned.

use std::path::Path;

use ae_core::Autoencoder;
use anyhow::Context as _;
use mnist_io::Splits;
use nn_core::TrainingError;
use stack::{DeepPretraining, unroll_into};
use study::stage::{Key, Store};
use study::{CachedStack, Event, LayerRecord, LayerSource, StudyError, cached_layers};

use super::Spec;
use super::record::LayerEpoch;
use crate::config::AutoencoderSettings;
use crate::interrupt::{self, Interrupted};
use crate::ui::Ui;

/// The unrolled layers and their epochs. Layers that `folder` has are read, others are learned.
pub(super) fn pretrained(
    spec: &Spec<'_>,
    settings: &AutoencoderSettings,
    pretraining: &DeepPretraining,
    data: &Splits,
    data_key: &Key,
    folder: &Path,
    ui: &Ui,
) -> anyhow::Result<(Autoencoder<f32>, Vec<LayerEpoch>)> {
    pretraining.validate(&settings.model)?;
    let plan = pretraining.plan(&settings.model);
    let source = LayerSource {
        name: spec.run,
        plan: &plan,
        data: data.train.images.view(),
        data_key: data_key.as_str(),
        seed: spec.seed,
    };
    let mut listen = |event: Event<'_>| {
        match event {
            Event::Begun { title } => ui.begin(title, 1),
            Event::Progress { progress, seconds } => {
                let cost = format!("{} {:.5}", progress.metric.name, progress.value);
                let rate = progress.samples as f64 / seconds;
                ui.advance(progress.epoch, progress.of, &cost, rate);
            }
            Event::Finished { .. } => ui.finish(),
            Event::Diverged { .. } => {}
        }
        interrupt::flow()
    };
    let (mut stack, kept) = (CachedStack::default(), Store::new(folder.join("pretrained")));
    let records = match cached_layers(&source, &mut stack, &kept, &mut listen) {
        Err(StudyError::Training(TrainingError::Interrupted)) => return Err(Interrupted.into()),
        other => other.with_context(|| format!("pretraining {}", spec.run))?,
    };
    let epochs = records.into_iter().flat_map(layer_epochs).collect();
    Ok((unroll_into(&settings.model, &stack.layers), epochs))
}

fn layer_epochs(record: LayerRecord) -> impl Iterator<Item = LayerEpoch> {
    record.epochs.into_iter().map(move |epoch| LayerEpoch {
        layer: record.layer,
        epoch: epoch.epoch,
        metric: epoch.metric.name.into_owned(),
        unit: epoch.metric.unit.into_owned(),
        value: epoch.value,
        seconds: epoch.seconds,
        samples: epoch.samples,
    })
}
