//! The pretrained layers of a method, each learned once and kept.

use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::{Array2, ArrayView2};
use nn_core::{EpochRecord, TensorMap, TrainingError, restore, store};
use stack::{Growing, PretrainedLayer, Progress};

use super::{Run, event};
use crate::methods::ResolvedMethod;
use crate::stage::Key;
use crate::tensor_file::TensorFileError;
use crate::{Event, LayerConfig, LayerRecord, Listener, StudyError};

/// The kind in the keys of layers. It counts the changes of their records.
const PRETRAIN: &str = "pretrain 2";

/// The layers of one method and seed that were needed so far, with their keys.
#[derive(Default)]
pub(super) struct Stack {
    pub(super) layers: Vec<PretrainedLayer>,
    pub(super) keys: Vec<Key>,
}

/// The place of a layer in the comparison.
#[derive(Clone, Copy)]
struct Place<'a> {
    method: &'a str,
    seed: u64,
    /// The layer, counted from 0.
    index: usize,
    n_hidden: usize,
}

impl<'a> Run<'a> {
    /// The samples that pretraining sees. Shape: n × inputs.
    pub(super) fn pretraining_data(&self) -> ArrayView2<'a, f32> {
        let train = &self.data.train;
        match self.config.pretraining_samples {
            0 => train.images.view(),
            n => train.rows(0..n.min(train.n_samples())),
        }
    }

    /// Adds layers to `stack` until it has `depth` of them.
    pub(super) fn grow(
        &mut self,
        method: &ResolvedMethod<'_>,
        depth: usize,
        seed: u64,
        stack: &mut Stack,
    ) -> Result<(), StudyError> {
        let mut growing = Growing::new(self.pretraining_data(), &mut stack.layers);
        while growing.depth() < depth {
            let index = growing.depth();
            let settings = method.layer(index).expect("a method that grows has layers");
            let n_hidden = self.config.layers[index];
            let place = Place { method: method.name, seed, index, n_hidden };
            // The method is not part of the key: methods share equal layers on equal ones.
            let own = (settings, n_hidden, seed, index);
            let data = (self.data_key, self.config.pretraining_samples);
            let key = Key::new(PRETRAIN, &(own, stack.keys.last(), data));
            let n_inputs = match index {
                0 => self.data.train.n_features(),
                _ => self.config.layers[index - 1],
            };
            let layer = if let LayerConfig::Random(_) = settings {
                let no_data = Array2::zeros((0, n_inputs));
                let mut go_on = |_| ControlFlow::Continue(());
                let random = settings.pretraining();
                random.learn(no_data.view(), n_hidden, seed, index, &mut go_on)?
            } else if let Some((tensors, record)) = self.cache.get::<LayerRecord>(&key)? {
                let mut layer = PretrainedLayer::zeros(n_inputs, n_hidden, record.units);
                restore(&mut layer, "", &tensors).map_err(|e| self.unreadable(&key, &e))?;
                event(self.listen, Event::Finished { reused: true })?;
                self.outcome.layers.push(LayerRecord { method: method.name.into(), ..record });
                layer
            } else {
                let title = format!("{} layer {}, seed {seed}", method.name, index + 1);
                event(self.listen, Event::Begun { title: &title })?;
                let (layer, record) = pretrain(settings, growing.inputs(), place, self.listen)?;
                let mut tensors = TensorMap::new();
                store(&layer, "", &mut tensors);
                self.cache.put(&key, &tensors, &record)?;
                event(self.listen, Event::Finished { reused: false })?;
                self.outcome.layers.push(record);
                layer
            };
            growing.push(layer);
            stack.keys.push(key);
        }
        Ok(())
    }

    fn unreadable(&self, key: &Key, error: &nn_core::RestoreError) -> TensorFileError {
        let path = self.cache.folder().join(format!("{}.safetensors", key.as_str()));
        TensorFileError::Damaged { path, reason: error.to_string() }
    }
}

fn pretrain(
    settings: &LayerConfig,
    x: ArrayView2<'_, f32>,
    Place { method, seed, index, n_hidden }: Place<'_>,
    listen: Listener<'_>,
) -> Result<(PretrainedLayer, LayerRecord), TrainingError> {
    let metric = settings.metric();
    let mut epochs = Vec::new();
    let begun = Instant::now();
    let mut last = begun;
    let mut watch = |progress: Progress| {
        let seconds = last.elapsed().as_secs_f64();
        let (epoch, value, samples) = (progress.done, progress.cost, progress.samples);
        let record = |metric| EpochRecord { epoch, value, metric, seconds, samples };
        epochs.extend(metric.clone().map(record));
        last = Instant::now();
        listen(Event::Progress { progress: &progress, seconds })
    };
    let learned = settings.pretraining().learn(x, n_hidden, seed, index, &mut watch)?;
    let units = (learned.unit, learned.output);
    let record = LayerRecord {
        method: method.into(),
        seed,
        layer: index + 1,
        epochs,
        seconds: begun.elapsed().as_secs_f64(),
        samples: x.nrows(),
        units,
    };
    Ok((learned, record))
}
