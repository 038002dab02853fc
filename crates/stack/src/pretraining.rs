//! The kinds of pretraining, behind one interface.

use std::fmt;
use std::ops::{Deref, DerefMut};

use ndarray::ArrayView2;
use nn_core::{
    ConvolutionConfig, InvalidSetting, Layout, Observer, Pause, Progress, RestoreError, TensorMap,
    TrainingError, observe,
};
use serde::{Deserialize, Serialize};

use crate::{
    AutoencoderPretraining, ConvRbmPretraining, LayerUnits, PcaInitialisation, PretrainedLayer,
    RandomInitialisation, RbmPretraining,
};

/// Minimum number of steps for pretraining a layer: few samples make short epochs.
const LEAST_UPDATES: usize = 2000;

/// The settings of one kind of pretraining: a way to give a layer its initial parameters from
/// unlabelled data.
///
/// A new kind is a file with its settings and this trait, and an entry in [`LayerPretraining`].
pub trait Pretraining {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] for a setting out of its range, or for settings that exclude each other.
    fn validate(&self) -> Result<(), InvalidSetting>;

    /// The activations that its layers have.
    fn units(&self) -> LayerUnits;

    /// Makes the first layer suit data of this layout: its outputs or visible units, its loss and, for
    /// Gaussian and categorical units, its learning rate. Layers above it are unchanged, and so is
    /// everything if all values are in [0, 1]. Kinds whose encoder is the same for all data have
    /// nothing to change.
    fn fit_to(&mut self, _layout: &Layout) {}

    /// The convolution of its layers, for a kind that has one.
    fn convolution(&self) -> Option<ConvolutionConfig> {
        None
    }

    /// Sets height, width and channels of the images of a convolution; see
    /// [`fit_to_images`](crate::fit_to_images).
    fn set_image_shape(&mut self, _shape: [usize; 3]) {}

    /// Number of passes over the data; 0 for a kind that is not trained step by step.
    fn epochs(&self) -> usize {
        0
    }

    /// Changes the number of epochs, for a kind that has any.
    fn set_epochs(&mut self, _epochs: usize) {}

    /// Raises the number of epochs, for a kind that has any, if so few samples would make fewer than 2,000
    /// steps. Returns the new number if it was raised.
    fn lengthen(&mut self, n_samples: usize) -> Option<usize> {
        let epochs = self.epochs();
        let steps = n_samples.div_ceil(self.batch_size()).max(1);
        let enough = LEAST_UPDATES.div_ceil(steps);
        let is_short = epochs > 0 && enough > epochs;
        if is_short {
            self.set_epochs(enough);
        }
        is_short.then_some(enough)
    }

    /// Multiplies the learning rate, for a kind that has one.
    fn scale_learning_rate(&mut self, _factor: f64) {}

    /// Whether training adds noise to the inputs.
    fn has_corruption(&self) -> bool {
        false
    }

    /// Changes the amount of noise, for a kind that adds any.
    fn set_corruption(&mut self, _amount: f64) {}

    /// Number of samples per training step.
    fn batch_size(&self) -> usize {
        1
    }

    /// Number of steps of training a layer on `n_samples` samples.
    fn updates(&self, n_samples: usize) -> usize {
        self.epochs() * n_samples.div_ceil(self.batch_size())
    }

    /// Whether its layers depend on the data. For other kinds, [`without_data`](Self::without_data) makes a
    /// layer at once.
    fn needs_data(&self) -> bool {
        true
    }

    /// Products of a sample with the weights, or of two layers' values with each other, in a step of
    /// training; they measure the work of a step. An autoencoder has two in the forward and three in the
    /// backward pass: the gradient of its inputs is not needed.
    fn products_per_sample(&self) -> usize {
        5
    }

    /// The layer, for a kind whose layers do not depend on the data; `None` otherwise, and for a convolution
    /// that does not fit the inputs, for which [`Pretraining::begin`] returns the error.
    fn without_data(
        &self,
        _n_inputs: usize,
        _n_hidden: usize,
        _seed: u64,
        _layer: usize,
    ) -> Option<PretrainedLayer> {
        None
    }

    /// Begins a layer of `n_hidden` units on `inputs` (n × inputs), with the random streams of `seed`
    /// and of the layer's position in the stack, counted from 0.
    ///
    /// # Errors
    /// [`TrainingError`] for invalid settings or data that the layer's units cannot represent.
    fn begin(
        &self,
        inputs: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Result<Begun, TrainingError>;

    /// Learns a layer from beginning to end; the arguments are those of [`Pretraining::begin`].
    ///
    /// # Errors
    /// [`TrainingError`], also if the observer stops the training.
    fn learn(
        &self,
        inputs: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
        observer: Observer<'_>,
    ) -> Result<PretrainedLayer, TrainingError> {
        self.begin(inputs, n_hidden, seed, layer)?.finish(inputs, observer)
    }
}

/// One layer in training.
pub trait LayerTraining<L = PretrainedLayer> {
    /// Total number of epochs.
    fn epochs(&self) -> usize;

    /// Number of epochs trained so far.
    fn epochs_done(&self) -> usize;

    /// Trains one epoch on the inputs that the training was begun with.
    ///
    /// # Errors
    /// [`TrainingError::Diverged`]; the layer is then as it was before this epoch.
    fn epoch(&mut self, inputs: ArrayView2<f32>) -> Result<Progress, TrainingError> {
        let progress = self.epoch_until(inputs, &mut || false)?;
        Ok(progress.expect("an epoch that is not left has a cost"))
    }

    /// Trains one epoch, or continues the paused one. If `pause` returns true between two batches, the epoch
    /// pauses there and the result is `None`.
    ///
    /// # Errors
    /// As [`epoch`](Self::epoch).
    fn epoch_until(
        &mut self,
        inputs: ArrayView2<f32>,
        pause: Pause<'_>,
    ) -> Result<Option<Progress>, TrainingError>;

    /// The layer as it is now.
    fn layer(&self) -> L;

    /// Adds all that a checkpoint needs to `map`. The names of the layer's tensors begin with
    /// `prefix`.
    fn store(&self, prefix: &str, map: &mut TensorMap);

    /// Continues from a checkpoint that was taken after `epochs_done` epochs.
    ///
    /// # Errors
    /// [`RestoreError`] if a tensor is missing or has a different shape.
    fn restore(
        &mut self,
        prefix: &str,
        map: &TensorMap,
        epochs_done: usize,
    ) -> Result<(), RestoreError>;
}

/// A layer that has been begun.
pub enum Begun<L = PretrainedLayer> {
    /// The layer is complete: its kind has no epochs.
    Complete(L),
    /// The layer has epochs to be trained.
    Training(Box<dyn LayerTraining<L>>),
}

impl<L> Begun<L> {
    /// Trains the remaining epochs on the inputs that the layer was begun with.
    ///
    /// # Errors
    /// [`TrainingError`], also if the observer stops the training.
    pub fn finish(
        self,
        inputs: ArrayView2<f32>,
        observer: Observer<'_>,
    ) -> Result<L, TrainingError> {
        match self {
            Begun::Complete(layer) => Ok(layer),
            Begun::Training(mut training) => {
                while training.epochs_done() < training.epochs() {
                    observe(observer, &training.epoch(inputs)?)?;
                }
                Ok(training.layer())
            }
        }
    }
}

impl<L: fmt::Debug> fmt::Debug for Begun<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Begun::Complete(layer) => f.debug_tuple("Complete").field(layer).finish(),
            Begun::Training(training) => {
                write!(f, "Training({} of {} epochs)", training.epochs_done(), training.epochs())
            }
        }
    }
}

/// All kinds of pretraining, as written in configuration files: `{ kind = "rbm", … }`.
///
/// It dereferences to the settings of its kind as [`Pretraining`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant, reason = "a stack has a handful of layers")]
pub enum LayerPretraining {
    /// Random weights.
    Random(RandomInitialisation),
    /// Principal components.
    Pca(PcaInitialisation),
    /// An autoencoder with one hidden layer.
    Autoencoder(AutoencoderPretraining),
    /// An RBM.
    Rbm(RbmPretraining),
    /// A convolutional RBM.
    ConvRbm(ConvRbmPretraining),
}

impl Deref for LayerPretraining {
    type Target = dyn Pretraining;

    fn deref(&self) -> &Self::Target {
        match self {
            LayerPretraining::Random(settings) => settings,
            LayerPretraining::Pca(settings) => settings,
            LayerPretraining::Autoencoder(settings) => settings,
            LayerPretraining::Rbm(settings) => settings,
            LayerPretraining::ConvRbm(settings) => settings,
        }
    }
}

impl DerefMut for LayerPretraining {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            LayerPretraining::Random(settings) => settings,
            LayerPretraining::Pca(settings) => settings,
            LayerPretraining::Autoencoder(settings) => settings,
            LayerPretraining::Rbm(settings) => settings,
            LayerPretraining::ConvRbm(settings) => settings,
        }
    }
}

impl From<RandomInitialisation> for LayerPretraining {
    fn from(settings: RandomInitialisation) -> Self {
        LayerPretraining::Random(settings)
    }
}

impl From<PcaInitialisation> for LayerPretraining {
    fn from(settings: PcaInitialisation) -> Self {
        LayerPretraining::Pca(settings)
    }
}

impl From<AutoencoderPretraining> for LayerPretraining {
    fn from(settings: AutoencoderPretraining) -> Self {
        LayerPretraining::Autoencoder(settings)
    }
}

impl From<ConvRbmPretraining> for LayerPretraining {
    fn from(settings: ConvRbmPretraining) -> Self {
        LayerPretraining::ConvRbm(settings)
    }
}

impl From<RbmPretraining> for LayerPretraining {
    fn from(settings: RbmPretraining) -> Self {
        LayerPretraining::Rbm(settings)
    }
}
