//! The kinds of pretraining, behind one interface.

use std::fmt;
use std::ops::{Deref, DerefMut};

use ndarray::ArrayView2;
use nn_core::{
    Convolution, ConvolutionConfig, InvalidSetting, Layout, Observer, Progress, RestoreError,
    TensorMap, TrainingError, observe, require,
};
use serde::{Deserialize, Serialize};

use crate::{
    AutoencoderPretraining, LayerUnits, PcaInitialisation, PretrainedLayer, RandomInitialisation,
    RbmPretraining,
};

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

    /// The convolution of its layers, for a kind that has one; see [`fit_to_images`].
    fn convolution_mut(&mut self) -> Option<&mut ConvolutionConfig> {
        None
    }

    /// Passes through the data; 0 for a kind that is not trained step by step.
    fn epochs(&self) -> usize {
        0
    }

    /// Changes the number of epochs, for a kind that has any.
    fn set_epochs(&mut self, _epochs: usize) {}

    /// Multiplies the learning rate, for a kind that has one.
    fn scale_learning_rate(&mut self, _factor: f64) {}

    /// Samples in a step of training.
    fn batch_size(&self) -> usize {
        1
    }

    /// Steps of training a layer on `n_samples` samples.
    fn updates(&self, n_samples: usize) -> usize {
        self.epochs() * n_samples.div_ceil(self.batch_size())
    }

    /// The layer, for a kind whose layers do not depend on the data; otherwise none, and for a convolution
    /// that does not fit the inputs, of which [`Pretraining::begin`] has the error.
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
    /// [`TrainingError`], also if the observer breaks off.
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
    /// Epochs in all.
    fn epochs(&self) -> usize;

    /// Epochs trained so far.
    fn epochs_done(&self) -> usize;

    /// Trains one epoch on the inputs that the training was begun with.
    ///
    /// # Errors
    /// [`TrainingError::Diverged`]; the layer is then as it was before this epoch.
    fn epoch(&mut self, inputs: ArrayView2<f32>) -> Result<Progress, TrainingError>;

    /// The layer as it is now.
    fn layer(&self) -> L;

    /// Adds all that a checkpoint needs to `map`. The names of the layer's tensors begin with
    /// `prefix`.
    fn store(&self, prefix: &str, map: &mut TensorMap);

    /// Continues from a checkpoint that was taken after `epochs_done` epochs.
    ///
    /// # Errors
    /// [`RestoreError`] if a tensor is missing or has another shape.
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
    /// [`TrainingError`], also if the observer breaks off.
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

/// The list of all kinds of pretraining, as configuration files have them: `{ kind = "rbm", … }`.
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
}

impl Deref for LayerPretraining {
    type Target = dyn Pretraining;

    fn deref(&self) -> &Self::Target {
        match self {
            LayerPretraining::Random(settings) => settings,
            LayerPretraining::Pca(settings) => settings,
            LayerPretraining::Autoencoder(settings) => settings,
            LayerPretraining::Rbm(settings) => settings,
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

impl From<RbmPretraining> for LayerPretraining {
    fn from(settings: RbmPretraining) -> Self {
        LayerPretraining::Rbm(settings)
    }
}

/// A layer of a stack before it is learned: its kind of pretraining and its size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedLayer {
    /// The kind of pretraining, with its settings.
    pub pretraining: LayerPretraining,
    /// The number of hidden units. A convolution has its own.
    pub n_hidden: usize,
}

impl PlannedLayer {
    /// A layer of `n_hidden` units.
    #[must_use]
    pub fn new(pretraining: impl Into<LayerPretraining>, n_hidden: usize) -> Self {
        PlannedLayer { pretraining: pretraining.into(), n_hidden }
    }

    /// The convolution, if the layer is one and its input is known.
    fn known_convolution(&self) -> Option<Convolution> {
        self.pretraining.convolution().and_then(|convolution| convolution.known().ok())
    }

    /// The number of features of the layer.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.known_convolution().map_or(self.n_hidden, |convolution| convolution.n_outputs())
    }

    /// The layer with these activations and all tensors zero, to be restored from a file.
    #[must_use]
    pub fn zeros(&self, n_inputs: usize, units: LayerUnits) -> PretrainedLayer {
        match self.known_convolution() {
            Some(convolution) => PretrainedLayer::convolution_zeros(convolution, units),
            None => PretrainedLayer::zeros(n_inputs, self.n_hidden, units),
        }
    }
}

/// Gives every convolution of a stack that leaves its input open the shape of the images below it: that
/// of the data (height, width, channels; `None` if they are no images), or of the maps of the layer
/// below, if that is a convolution.
///
/// # Errors
/// [`InvalidSetting`] naming the input, if a convolution has no images below it or others than it says, or
/// the first setting that does not fit them.
pub fn fit_to_images<'a>(
    layers: impl IntoIterator<Item = &'a mut LayerPretraining>,
    images: Option<[usize; 3]>,
) -> Result<(), InvalidSetting> {
    let mut shape = images;
    for layer in layers {
        let Some(convolution) = layer.convolution_mut() else {
            shape = None;
            continue;
        };
        let input = convolution.input.or(shape);
        if let (Some([height, width, channels]), true) = (input, shape.is_some() && input != shape)
        {
            let found = format!("[{height}, {width}, {channels}]");
            let expected = "the shape of the data, or of the maps of the layer below";
            require(false, "convolution.input", &found, expected)?;
        }
        let expected = "height, width and channels of the input, because below it are no images (nor \
            maps of a convolution)";
        require(input.is_some(), "convolution.input", &"none", expected)?;
        convolution.input = input;
        shape = Some(convolution.known()?.output());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(text: &str) -> Vec<LayerPretraining> {
        serde_json::from_str(text).expect("settings")
    }

    #[test]
    fn shapes_flow_from_the_data_through_convolutions() {
        let text = r#"[
            {"kind": "random", "convolution": {"maps": 32, "kernel": 5, "pool": 2}},
            {"kind": "autoencoder", "model": {"convolution": {"maps": 64, "kernel": 3, "pool": 2}}},
            {"kind": "random"}
        ]"#;
        let mut stack = layers(text);
        fit_to_images(&mut stack, Some([28, 28, 1])).expect("they fit");
        let inputs = stack.iter().map(|layer| layer.convolution().map(|c| c.input));
        let expected = [Some(Some([28, 28, 1])), Some(Some([12, 12, 32])), None];
        assert!(inputs.eq(expected));
        let planned = |layer: usize| PlannedLayer::new(stack[layer].clone(), 100);
        let features = [0, 1, 2].map(|layer| planned(layer).n_features());
        assert_eq!(features, [12 * 12 * 32, 5 * 5 * 64, 100]);
        let units = stack[0].units();
        let zeros = planned(0).zeros(784, units);
        assert_eq!((zeros.encoder.weights.dim(), zeros.encoder.n_outputs()), ((25, 32), 4608));
        assert_eq!((zeros.decoder.n_inputs(), zeros.decoder.n_outputs()), (4608, 784));
        // What is set already is kept if it is the same.
        let mut again = stack.clone();
        fit_to_images(&mut again, Some([28, 28, 1])).expect("they fit");
        assert_eq!(again, stack);
    }

    #[test]
    fn convolutions_without_images_or_of_others_are_refused() {
        let refusal = |text: &str, images| {
            fit_to_images(&mut layers(text), images).expect_err("does not fit").to_string()
        };
        let convolution =
            r#"{"kind": "random", "convolution": {"maps": 2, "kernel": 5, "pool": 2}}"#;
        let open = "convolution.input = none: expected height, width and channels of the input";
        let found = refusal(&format!("[{convolution}]"), None);
        assert!(found.starts_with(open), "{found}");
        let found = refusal(&format!(r#"[{{"kind": "random"}}, {convolution}]"#), Some([9, 9, 1]));
        assert!(found.starts_with(open), "{found}");
        let found = refusal(&format!("[{convolution}, {convolution}]"), Some([9, 9, 1]));
        assert!(found.starts_with("convolution.kernel = 5: expected at least 1"), "{found}");
        let other = convolution.replace("\"maps\"", "\"input\": [8, 9, 1], \"maps\"");
        let found = refusal(&format!("[{other}]"), Some([9, 9, 1]));
        assert!(found.starts_with("convolution.input = [8, 9, 1]: expected the shape"), "{found}");
    }
}
