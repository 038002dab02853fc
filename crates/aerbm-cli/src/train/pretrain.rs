//! The layers that a deep autoencoder begins with, each kept once it is there.

use std::path::Path;
use std::time::Instant;

use ae_core::Autoencoder;
use anyhow::Context as _;
use mnist_io::{Splits, TrainingData};
use ndarray::ArrayView2;
use nn_core::{Activation, TensorMap, TrainingError, restore, store};
use serde::{Deserialize, Serialize};
use stack::{
    DeepPretraining, Growing, LayerPretraining, PretrainedLayer, Pretraining as _, unroll_into,
};
use study::stage::{Key, Store};

use super::Spec;
use super::record::LayerEpoch;
use crate::config::AutoencoderSettings;
use crate::interrupt::{self, Interrupted};
use crate::ui::Ui;

/// What is kept of a layer beside its tensors.
#[derive(Serialize, Deserialize)]
struct Learned {
    /// (inputs, features).
    sizes: (usize, usize),
    units: (Activation, Activation),
    epochs: Vec<LayerEpoch>,
}

/// The unrolled layers and how they were learned: those that `folder` has from there, the others now.
pub(super) fn pretrained(
    spec: &Spec<'_>,
    settings: &AutoencoderSettings,
    pretraining: &DeepPretraining,
    data: &Splits<TrainingData>,
    data_key: &Key,
    folder: &Path,
    ui: &Ui,
) -> anyhow::Result<(Autoencoder<f32>, Vec<LayerEpoch>)> {
    pretraining.validate(&settings.model)?;
    let kept = Store::new(folder.join("pretrained"));
    let (mut layers, mut epochs) = (Vec::new(), Vec::new());
    let mut growing = Growing::new(data.train.in_memory()?.images.view(), &mut layers);
    let mut below = data_key.clone();
    for (way, n_hidden) in pretraining.ways(&settings.model) {
        let index = growing.depth();
        let key = Key::new("pretrain deep", &(&way, n_hidden, spec.seed, index, below));
        let layer = if let Some((tensors, learned)) = kept.get::<Learned>(&key)? {
            let (n_inputs, n_features) = learned.sizes;
            let mut layer = PretrainedLayer::zeros(n_inputs, n_features, learned.units);
            restore(&mut layer, "", &tensors).with_context(|| {
                format!("{}: delete the folder to begin anew", kept.folder().display())
            })?;
            epochs.extend(learned.epochs);
            layer
        } else {
            let (layer, learned) = learn(&way, growing.inputs(), n_hidden, index, spec, ui)?;
            let mut tensors = TensorMap::new();
            store(&layer, "", &mut tensors);
            kept.put(&key, &tensors, &learned)?;
            epochs.extend(learned.epochs);
            layer
        };
        growing.push(layer);
        below = key;
    }
    Ok((unroll_into(&settings.model, &layers), epochs))
}

fn learn(
    way: &LayerPretraining,
    x: ArrayView2<f32>,
    n_hidden: usize,
    index: usize,
    spec: &Spec<'_>,
    ui: &Ui,
) -> anyhow::Result<(PretrainedLayer, Learned)> {
    let title = format!("{} layer {}, seed {}", spec.run, index + 1, spec.seed);
    ui.begin(&title, way.epochs());
    let mut epochs = Vec::new();
    let mut last = Instant::now();
    let watch = &mut |progress: stack::Progress| {
        let seconds = last.elapsed().as_secs_f64();
        last = Instant::now();
        let cost = format!("{} {:.5}", progress.metric, progress.cost);
        ui.advance(progress.done, progress.of, &cost, progress.samples as f64 / seconds);
        epochs.push(LayerEpoch {
            layer: index + 1,
            epoch: progress.done,
            metric: progress.metric.to_owned(),
            value: progress.cost,
            seconds,
            samples: progress.samples,
        });
        interrupt::flow()
    };
    let layer = match way.learn(x, n_hidden, spec.seed, index, watch) {
        Err(TrainingError::Interrupted) => return Err(Interrupted.into()),
        other => other.with_context(|| format!("pretraining {}", spec.run))?,
    };
    ui.finish();
    let (sizes, units) = ((x.ncols(), n_hidden), (layer.unit, layer.output));
    Ok((layer, Learned { sizes, units, epochs }))
}
