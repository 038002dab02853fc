//! Greedy layer-wise pretraining (Hinton, Osindero & Teh 2006; Bengio et al. 2007): each layer
//! learns from the features of the one below, which stays as it is.

use std::ops::ControlFlow;

use ae_core::{Autoencoder, AutoencoderConfig, Decoder, Objective, Penalty};
use ndarray::{Array2, ArrayView2};
use nn_core::{Dense, InvalidSetting, TrainingError, require};
use rbm_core::{Rbm, RbmConfig};
use serde::{Deserialize, Serialize};

use crate::{PretrainedLayer, Progress, Watch};

/// A way to give a layer its initial parameters from unlabelled data.
pub trait Pretraining {
    /// Learns a layer of `n_hidden` units from `data` (n × inputs) with the streams of `seed` and
    /// of the layer's place in the stack, from 0.
    ///
    /// # Errors
    /// [`TrainingError`], also when `watch` breaks off.
    fn learn(
        &self,
        data: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
        watch: Watch<'_>,
    ) -> Result<PretrainedLayer, TrainingError>;
}

/// Learns the layers of a stack from `data` (n × inputs) up, each on the features of the one before:
/// for every layer the way it is pretrained, which may be another than below, and its hidden units.
/// `watch` also gets the layer, from 0.
///
/// # Errors
/// [`TrainingError`], also when `watch` breaks off.
pub fn greedy(
    ways: &[(&dyn Pretraining, usize)],
    data: ArrayView2<f32>,
    seed: u64,
    watch: &mut dyn FnMut(usize, Progress) -> ControlFlow<()>,
) -> Result<Vec<PretrainedLayer>, TrainingError> {
    let mut layers = Vec::with_capacity(ways.len());
    let mut growing = Growing::new(data, &mut layers);
    for (i, &(pretraining, n_hidden)) in ways.iter().enumerate() {
        let watch = &mut |progress| watch(i, progress);
        let layer = pretraining.learn(growing.inputs(), n_hidden, seed, i, watch)?;
        growing.push(layer);
    }
    Ok(layers)
}

/// A stack that grows from the data up; [`greedy`] where layers also come from elsewhere, as from a
/// file that keeps them.
#[derive(Debug)]
pub struct Growing<'a> {
    data: ArrayView2<'a, f32>,
    layers: &'a mut Vec<PretrainedLayer>,
    /// The features of the first `level` layers; none at level 0.
    features: Option<Array2<f32>>,
    level: usize,
}

impl<'a> Growing<'a> {
    /// A stack on `data` (n × inputs) that has these layers so far.
    pub fn new(data: ArrayView2<'a, f32>, layers: &'a mut Vec<PretrainedLayer>) -> Self {
        Growing { data, layers, features: None, level: 0 }
    }

    /// How many layers there are.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// What the next layer learns from, computed when it is asked for. Shape: n × inputs of it.
    pub fn inputs(&mut self) -> ArrayView2<'_, f32> {
        for layer in &self.layers[self.level..] {
            let below = self.features.as_ref().map_or(self.data, |features| features.view());
            self.features = Some(layer.encode(below));
        }
        self.level = self.layers.len();
        self.features.as_ref().map_or(self.data, |features| features.view())
    }

    /// Puts a layer on top.
    pub fn push(&mut self, layer: PretrainedLayer) {
        self.layers.push(layer);
    }
}

/// What is expected of settings that a stack has for its layers.
const SIZES: &str = "no value: the stack says how many units its layers have";

/// Pretraining by autoencoders of one hidden layer, whose size the stack says. Where the training
/// corrupts its input, only the layer in training is corrupted: what goes up is clean (Vincent et
/// al. 2010, section 3). Where it moves images, the first layer's are moved: others have none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoencoderPretraining {
    /// The architecture.
    pub model: AutoencoderConfig,
    /// How it is trained.
    pub training: ae_core::TrainingConfig,
}

impl AutoencoderPretraining {
    /// Whether codes pay for activity.
    pub fn is_sparse(&self) -> bool {
        matches!(self.training.penalty, Some(Penalty::Kl { .. } | Penalty::L1 { .. }))
    }

    /// Whether codes pay for change.
    pub fn is_contractive(&self) -> bool {
        matches!(self.training.penalty, Some(Penalty::Contractive { .. }))
    }

    /// Whether noise is to be removed.
    pub fn is_denoising(&self) -> bool {
        self.training.corruption.is_some()
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] for settings out of range, or that do not go together.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        Objective::new(&self.model, &self.training)?;
        let (n_hidden, default) = (self.model.n_hidden, AutoencoderConfig::default());
        require(n_hidden == default.n_hidden, "model.n_hidden", &n_hidden, SIZES)?;
        let one = self.model.encoder_layers.is_empty() && self.model.decoder_layers.is_none();
        require(one, "model.encoder_layers or decoder_layers", &"set", SIZES)?;
        let k = self.model.top_k;
        let expected = "none in a stack, whose layers keep all of their units";
        require(k.is_none(), "model.top_k", &k.unwrap_or_default(), expected)
    }
}

impl Pretraining for AutoencoderPretraining {
    fn learn(
        &self,
        data: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
        watch: Watch<'_>,
    ) -> Result<PretrainedLayer, TrainingError> {
        let config = AutoencoderConfig {
            n_hidden,
            encoder_layers: vec![],
            decoder_layers: None,
            ..self.model.clone()
        };
        let shift = self.training.shift.filter(|_| layer == 0);
        let settings = ae_core::TrainingConfig { shift, ..self.training.clone() };
        let mut model = Autoencoder::new(&config, data.ncols(), seed, layer)?;
        let mut training = ae_core::Training::new(&model, &config, &settings, data, seed, layer)?;
        while training.epochs_done() < self.training.epochs {
            let cost = training.epoch(&mut model, data)?;
            let (done, of) = (training.epochs_done(), self.training.epochs);
            let progress = Progress { done, of, cost, metric: "cost", samples: data.nrows() };
            watch(progress).continue_or_interrupted()?;
        }
        Ok(model.into())
    }
}

impl From<Autoencoder<f32>> for PretrainedLayer {
    /// # Panics
    /// If the autoencoder has more than one hidden layer.
    fn from(mut model: Autoencoder<f32>) -> Self {
        assert_eq!(model.encoder.len(), 1, "a layer of a stack has one hidden layer");
        let encoder = model.encoder.remove(0);
        let decoder = match model.decoder {
            Decoder::Untied(mut layers) => layers.remove(0),
            Decoder::Tied(mut biases) => transposed(&encoder, biases.remove(0)),
        };
        PretrainedLayer { encoder, unit: model.units[0], decoder, output: model.units[1] }
    }
}

/// Pretraining by RBMs, whose size the stack says. Truncated exponential visible units are those of the
/// data; layers above have binary ones instead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RbmPretraining {
    /// The architecture.
    pub model: RbmConfig,
    /// How it is trained.
    pub training: rbm_core::TrainingConfig,
}

impl RbmPretraining {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] for settings out of range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.model.validate()?;
        self.training.validate_for(self.model.visible)?;
        let (n_hidden, default) = (self.model.n_hidden, RbmConfig::default());
        require(n_hidden == default.n_hidden, "model.n_hidden", &n_hidden, SIZES)
    }
}

impl Pretraining for RbmPretraining {
    fn learn(
        &self,
        data: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
        watch: Watch<'_>,
    ) -> Result<PretrainedLayer, TrainingError> {
        let of_data = self.model.visible;
        let visible = if layer == 0 { of_data } else { of_data.above_data() };
        let config = RbmConfig { n_hidden, visible, ..self.model.clone() };
        let mut rbm = Rbm::new(&config, data, seed, layer)?;
        let mut training = rbm_core::Training::new(&rbm, &self.training, data, seed, layer)?;
        while training.epochs_done() < self.training.epochs {
            let cost = training.epoch(&mut rbm, data)?.reconstruction_sse;
            let (done, of) = (training.epochs_done(), self.training.epochs);
            let metric = "sse_per_image";
            let progress = Progress { done, of, cost, metric, samples: data.nrows() };
            watch(progress).continue_or_interrupted()?;
        }
        Ok(rbm.into())
    }
}

impl From<Rbm<f32>> for PretrainedLayer {
    /// The layer's mean-field passes. The standard deviations of Gaussian visible units go into the
    /// weights: up W / σ, down σ W and σ a. Down to truncated exponential units the logistic function,
    /// which autoencoders have, stands for their mean, which is less steep.
    fn from(rbm: Rbm<f32>) -> Self {
        let (hidden, visible) = (rbm.hidden.unit.activation(), rbm.visible.unit.activation());
        let std = rbm.visible.std;
        let mut encoder = Dense { weights: rbm.weights, bias: rbm.hidden.bias };
        let mut decoder = transposed(&encoder, rbm.visible.bias);
        if !std.is_empty() {
            encoder.weights /= &std.view().insert_axis(ndarray::Axis(1));
            decoder.weights *= &std;
            decoder.bias *= &std;
        }
        PretrainedLayer { encoder, unit: hidden, decoder, output: visible }
    }
}

fn transposed(encoder: &Dense<f32>, bias: ndarray::Array1<f32>) -> Dense<f32> {
    Dense { weights: encoder.weights.t().as_standard_layout().into_owned(), bias }
}

/// What a watcher's wish to stop becomes.
pub(crate) trait Interruptible {
    fn continue_or_interrupted(self) -> Result<(), TrainingError>;
}

impl Interruptible for ControlFlow<()> {
    fn continue_or_interrupted(self) -> Result<(), TrainingError> {
        match self {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(TrainingError::Interrupted),
        }
    }
}
