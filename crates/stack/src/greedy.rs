//! Greedy layer-wise pretraining (Hinton, Osindero & Teh 2006; Bengio et al. 2007): each layer
//! learns from the features of the layer below, which no longer changes.

use std::fmt;
use std::ops::ControlFlow;

use ndarray::{Array2, ArrayView2};
use nn_core::{
    Observer, Pause, Progress, RestoreError, TensorMap, TrainingError, Unfinished, restore, store,
};
use thiserror::Error;

use crate::{Begun, LayerTraining, PlannedLayer, PretrainedLayer, StackedLayer};

/// Learns the layers of a stack from `data` (n × inputs) upwards, each on the features of the layer
/// below. The observer also receives the layer, counted from 0.
///
/// # Errors
/// [`TrainingError`], also if the observer stops the training.
pub fn greedy(
    plan: &[PlannedLayer],
    data: ArrayView2<f32>,
    seed: u64,
    observer: &mut dyn FnMut(usize, &Progress) -> ControlFlow<()>,
) -> Result<Vec<PretrainedLayer>, TrainingError> {
    let mut stack = Greedy::planned(plan, data, seed);
    for layer in 0..plan.len() {
        stack.learn_layer(&mut |progress| observer(layer, progress))?;
    }
    Ok(stack.into_layers())
}

/// Begins the layer with this index on these inputs.
type Begin<'a, L> = dyn Fn(ArrayView2<f32>, usize) -> Result<Begun<L>, TrainingError> + 'a;

/// A stack that grows layer by layer: by training, or by layers from elsewhere, such as a cache.
///
/// Features are computed when a layer is about to learn from them, so that a stack whose layers all
/// come from elsewhere costs nothing.
pub struct Greedy<'a, L = PretrainedLayer> {
    data: ArrayView2<'a, f32>,
    n_layers: usize,
    begin: Box<Begin<'a, L>>,
    layers: Vec<L>,
    training: Option<Box<dyn LayerTraining<L>>>,
    /// The features of the first `level` layers; `None` at level 0.
    features: Option<Array2<f32>>,
    level: usize,
}

/// The reason why a stack cannot continue from a checkpoint.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ResumeError {
    /// A layer could not be begun.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// A tensor is missing or has a different shape.
    #[error(transparent)]
    Tensors(#[from] RestoreError),
}

impl<'a> Greedy<'a> {
    /// A stack on `data` (n × inputs) that follows a plan.
    pub fn planned(plan: &'a [PlannedLayer], data: ArrayView2<'a, f32>, seed: u64) -> Self {
        Greedy::new(data, plan.len(), move |inputs, layer| {
            let PlannedLayer { pretraining, n_hidden } = &plan[layer];
            pretraining.begin(inputs, *n_hidden, seed, layer)
        })
    }
}

impl<'a, L: StackedLayer> Greedy<'a, L> {
    /// A stack of `n_layers` layers on `data` (n × inputs). `begin` begins the layer with a given index,
    /// counted from 0, on that layer's inputs.
    pub fn new(
        data: ArrayView2<'a, f32>,
        n_layers: usize,
        begin: impl Fn(ArrayView2<f32>, usize) -> Result<Begun<L>, TrainingError> + 'a,
    ) -> Self {
        Greedy {
            data,
            n_layers,
            begin: Box::new(begin),
            layers: Vec::with_capacity(n_layers),
            training: None,
            features: None,
            level: 0,
        }
    }

    /// The finished layers, from the data upwards.
    pub fn layers(&self) -> &[L] {
        &self.layers
    }

    /// The finished layers, from the data upwards.
    #[must_use]
    pub fn into_layers(self) -> Vec<L> {
        self.layers
    }

    /// The layer in training, as it is now.
    pub fn unfinished(&self) -> Option<L> {
        self.training.as_ref().map(|training| training.layer())
    }

    /// The inputs of the layer above the finished ones. Shape: n × inputs of that layer.
    pub fn inputs(&mut self) -> ArrayView2<'_, f32> {
        for layer in &self.layers[self.level..] {
            let below = self.features.as_ref().map_or(self.data, |features| features.view());
            self.features = Some(layer.encode(below));
        }
        self.level = self.layers.len();
        self.features.as_ref().map_or(self.data, |features| features.view())
    }

    /// Puts a layer from elsewhere on top, instead of the one in training.
    pub fn push(&mut self, layer: L) {
        self.training = None;
        self.layers.push(layer);
    }

    /// Begins the next layer, unless one is in training or the stack is complete.
    ///
    /// # Errors
    /// [`TrainingError`] for invalid settings or data that the layer's units cannot represent.
    pub fn begin(&mut self) -> Result<(), TrainingError> {
        while self.training.is_none() && self.layers.len() < self.n_layers {
            match self.begin_next()? {
                Begun::Complete(layer) => self.layers.push(layer),
                Begun::Training(training) => self.training = Some(training),
            }
        }
        Ok(())
    }

    /// Trains the stack for one epoch: the layer in training, or else the next one. `None` if the stack
    /// is complete.
    ///
    /// # Errors
    /// [`TrainingError`]. If the training diverged, the layer is as it was before this epoch.
    pub fn epoch(&mut self) -> Result<Option<Progress>, TrainingError> {
        self.epoch_until(&mut || false)
    }

    /// Trains the stack for one epoch, or continues the paused one. `None` if the stack is complete, or if
    /// `pause` returns true between two batches and the epoch pauses there.
    ///
    /// # Errors
    /// As [`Greedy::epoch`].
    pub fn epoch_until(&mut self, pause: Pause<'_>) -> Result<Option<Progress>, TrainingError> {
        self.begin()?;
        let Some(mut training) = self.training.take() else { return Ok(None) };
        let result = training.epoch_until(self.inputs(), pause);
        if matches!(result, Ok(Some(_))) && training.epochs_done() == training.epochs() {
            self.layers.push(training.layer());
        } else {
            self.training = Some(training);
        }
        result
    }

    /// Learns one layer to its end: the one in training, or else the next one.
    ///
    /// # Errors
    /// [`TrainingError`], also if the observer stops the training; the layer must then be learned anew.
    ///
    /// # Panics
    /// If the stack is complete.
    pub fn learn_layer(&mut self, observer: Observer<'_>) -> Result<&L, TrainingError> {
        assert!(self.layers.len() < self.n_layers, "the stack is complete");
        let begun = match self.training.take() {
            Some(training) => Begun::Training(training),
            None => self.begin_next()?,
        };
        let layer = begun.finish(self.inputs(), observer)?;
        self.layers.push(layer);
        Ok(&self.layers[self.layers.len() - 1])
    }

    /// Adds all that a checkpoint needs to `map`. The names of the tensors of layer i begin with
    /// `layer{i}.`.
    pub fn store(&self, map: &mut TensorMap) {
        for (layer, finished) in self.layers.iter().enumerate() {
            store(finished, &layer_prefix(layer), map);
        }
        if let Some(training) = &self.training {
            training.store(&layer_prefix(self.layers.len()), map);
        }
    }

    /// Continues from a checkpoint that was taken after `epochs` epochs, counted over all layers.
    ///
    /// # Errors
    /// [`ResumeError`] if a layer cannot be begun, or a tensor is missing or has a different shape.
    pub fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), ResumeError> {
        self.layers.clear();
        (self.training, self.features, self.level) = (None, None, 0);
        let mut left = epochs;
        // A layer may have been paused in its first epoch.
        let in_epoch = Unfinished::restored(map)?.is_some();
        while (left > 0 || in_epoch) && self.layers.len() < self.n_layers {
            let prefix = layer_prefix(self.layers.len());
            let mut training = match self.begin_next()? {
                Begun::Complete(layer) => {
                    self.layers.push(layer);
                    continue;
                }
                Begun::Training(training) => training,
            };
            if left < training.epochs() {
                training.restore(&prefix, map, left)?;
                self.training = Some(training);
                return Ok(());
            }
            let mut layer = training.layer();
            restore(&mut layer, &prefix, map)?;
            self.layers.push(layer);
            left -= training.epochs();
        }
        Ok(())
    }

    fn begin_next(&mut self) -> Result<Begun<L>, TrainingError> {
        let layer = self.layers.len();
        self.inputs();
        let inputs = self.features.as_ref().map_or(self.data, |features| features.view());
        (self.begin)(inputs, layer)
    }
}

/// The prefix of the names of a layer's tensors in files of a whole stack.
pub fn layer_prefix(layer: usize) -> String {
    format!("layer{layer}.")
}

impl<L: fmt::Debug> fmt::Debug for Greedy<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Greedy").field("layers", &self.layers).finish_non_exhaustive()
    }
}
