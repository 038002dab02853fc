//! The layers that a deep autoencoder begins with, kept once they are there.

use std::path::Path;
use std::time::Instant;

use ae_core::Autoencoder;
use anyhow::Context as _;
use mnist_io::Splits;
use nn_core::{TensorMap, TrainingError, restore, store};
use serde::{Deserialize, Serialize};
use stack::{DeepPretraining, pretrain_deep};
use study::stage::Key;
use study::tensor_file;

use super::Spec;
use super::record::LayerEpoch;
use crate::config::AutoencoderSettings;
use crate::interrupt::{self, Interrupted};
use crate::ui::Ui;

const FILE: &str = "pretrained.safetensors";

#[derive(Serialize, Deserialize)]
struct State {
    key: String,
    epochs: Vec<LayerEpoch>,
}

/// The unrolled layers and how they were learned: from the folder, or learned now.
pub(super) fn pretrained(
    spec: &Spec<'_>,
    settings: &AutoencoderSettings,
    pretraining: &DeepPretraining,
    data: &Splits,
    data_key: &Key,
    folder: &Path,
    ui: &Ui,
) -> anyhow::Result<(Autoencoder<f32>, Vec<LayerEpoch>)> {
    let path = folder.join(FILE);
    let key = Key::new("pretrain deep", &(&settings.model, pretraining, spec.seed, data_key));
    let found = tensor_file::read::<State>(&path)?.filter(|(_, state)| state.key == key.as_str());
    if let Some((tensors, state)) = found {
        let mut model = Autoencoder::new(&settings.model, data.train.n_features(), 0, 0)?;
        restore(&mut model, "", &tensors)
            .with_context(|| format!("{}: delete the file to begin anew", path.display()))?;
        return Ok((model, state.epochs));
    }

    let mut epochs: Vec<LayerEpoch> = Vec::new();
    let mut last = Instant::now();
    let watch = &mut |layer: usize, progress: stack::Progress| {
        let seconds = last.elapsed().as_secs_f64();
        last = Instant::now();
        if progress.done == 1 {
            ui.begin(&format!("{} layer {}, seed {}", spec.run, layer + 1, spec.seed), progress.of);
        }
        let cost = format!("{} {:.5}", progress.metric, progress.cost);
        ui.advance(progress.done, progress.of, &cost, progress.samples as f64 / seconds);
        epochs.push(LayerEpoch {
            layer: layer + 1,
            epoch: progress.done,
            metric: progress.metric.to_owned(),
            value: progress.cost,
            seconds,
            samples: progress.samples,
        });
        interrupt::flow()
    };
    let images = data.train.images.view();
    let model = match pretrain_deep(&settings.model, pretraining, images, spec.seed, watch) {
        Err(TrainingError::Interrupted) => return Err(Interrupted.into()),
        other => other.with_context(|| format!("pretraining {}", spec.run))?,
    };
    ui.finish();
    let mut tensors = TensorMap::new();
    store(&model, "", &mut tensors);
    let state = State { key: key.as_str().to_owned(), epochs };
    tensor_file::write(&path, &tensors, &state)?;
    Ok((model, state.epochs))
}
