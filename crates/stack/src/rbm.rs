use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{
    BlockKind, InvalidSetting, Layer, Layout, Metric, Pause, Progress, RestoreError, TensorMap,
    TrainingError, require, restore, store,
};
use numerics::Stream;
use rbm_core::{Chains, Rbm, RbmConfig, Training, gibbs_step};
use serde::{Deserialize, Serialize};

use crate::autoencoder::{SIZE_OF_PLAN, transposed};
use crate::{
    Begun, LayerTraining, LayerUnits, PretrainedLayer, Pretraining, StackedLayer, StackedRbm,
};

/// Pretraining by RBMs, whose size the plan of the stack gives.
///
/// Truncated exponential visible units represent grey values of the data. The layers above the first have
/// probabilities as inputs, so they have binary visible units instead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RbmPretraining {
    /// The architecture.
    pub model: RbmConfig,
    /// The training.
    pub training: rbm_core::TrainingConfig,
    /// Layout of the data, if it determines the visible units and the learning rate of the first RBM of the
    /// stack: see [`Pretraining::fit_to`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
}

impl RbmPretraining {
    /// The settings for a layer of this size at this position.
    fn of_layer(&self, n_hidden: usize, layer: usize) -> (RbmConfig, rbm_core::TrainingConfig) {
        let of_data = RbmConfig { n_hidden, ..self.model.clone() };
        let training = self.training.clone();
        match &self.layout {
            Some(layout) if layer == 0 => (of_data.fitted_to(layout), training.fitted_to(layout)),
            _ if layer == 0 => (of_data, training),
            _ => (of_data.above_data(), training),
        }
    }
}

impl Pretraining for RbmPretraining {
    fn validate(&self) -> Result<(), InvalidSetting> {
        let (model, training) = self.of_layer(self.model.n_hidden, 0);
        model.validate()?;
        training.validate_for(model.visible_units())?;
        let (n_hidden, default) = (self.model.n_hidden, RbmConfig::default());
        require(n_hidden == default.n_hidden, "model.n_hidden", &n_hidden, SIZE_OF_PLAN)
    }

    fn units(&self) -> LayerUnits {
        let (first, _) = self.of_layer(self.model.n_hidden, 0);
        let output = first.visible_units().activation();
        LayerUnits { unit: first.hidden.activation(), output }
    }

    fn fit_to(&mut self, layout: &Layout) {
        let all_in_unit_interval = layout.only() == Some(BlockKind::UnitInterval);
        self.layout = (!all_in_unit_interval).then(|| layout.clone());
    }

    fn epochs(&self) -> usize {
        self.training.epochs
    }

    fn set_epochs(&mut self, epochs: usize) {
        self.training.epochs = epochs;
    }

    fn scale_learning_rate(&mut self, factor: f64) {
        self.training.learning_rate *= factor;
    }

    fn batch_size(&self) -> usize {
        self.training.batch_size
    }

    /// The hidden units given the data, two for each Gibbs step, and the statistics of both phases.
    fn products_per_sample(&self) -> usize {
        3 + 2 * self.training.gibbs_steps
    }

    fn begin(
        &self,
        inputs: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Result<Begun, TrainingError> {
        let (config, training) = self.of_layer(n_hidden, layer);
        let training = RbmLayerTraining::new(&config, &training, inputs, seed, layer)?;
        Ok(Begun::Training(Box::new(training)))
    }
}

/// An RBM in training as a layer of a stack: of pretrained layers, or of RBMs.
#[derive(Debug)]
pub struct RbmLayerTraining {
    rbm: Rbm<f32>,
    training: Training<f32>,
    epochs: usize,
}

impl RbmLayerTraining {
    /// A new RBM on `inputs` (n × visible), with the random streams of `seed` and of the layer's
    /// position in the stack, counted from 0.
    ///
    /// # Errors
    /// [`TrainingError`] for invalid settings or data that the visible units cannot represent.
    pub fn new(
        config: &RbmConfig,
        settings: &rbm_core::TrainingConfig,
        inputs: ArrayView2<f32>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        let rbm = Rbm::new(config, inputs, seed, layer)?;
        let training = Training::new(&rbm, settings, inputs, seed, layer)?;
        Ok(RbmLayerTraining { rbm, training, epochs: settings.epochs })
    }
}

impl<L: From<Rbm<f32>>> LayerTraining<L> for RbmLayerTraining {
    fn epochs(&self) -> usize {
        self.epochs
    }

    fn epochs_done(&self) -> usize {
        self.training.epochs_done()
    }

    fn epoch_until(
        &mut self,
        inputs: ArrayView2<f32>,
        pause: Pause<'_>,
    ) -> Result<Option<Progress>, TrainingError> {
        let done = self.training.epoch_until(&mut self.rbm, inputs, pause)?;
        Ok(done.map(|report| Progress {
            epoch: self.training.epochs_done(),
            of: self.epochs,
            value: report.reconstruction_sse,
            metric: Metric::SSE_PER_IMAGE,
            samples: inputs.nrows(),
        }))
    }

    fn layer(&self) -> L {
        self.rbm.clone().into()
    }

    fn store(&self, prefix: &str, map: &mut TensorMap) {
        store(&self.rbm, prefix, map);
        self.training.store(map);
    }

    fn restore(
        &mut self,
        prefix: &str,
        map: &TensorMap,
        epochs_done: usize,
    ) -> Result<(), RestoreError> {
        restore(&mut self.rbm, prefix, map)?;
        self.training.restore(map, epochs_done)
    }
}

impl StackedLayer for Rbm<f32> {
    fn encode(&self, inputs: ArrayView2<f32>) -> Array2<f32> {
        Rbm::encode(self, inputs)
    }
}

impl StackedRbm for Rbm<f32> {
    type Chains = Chains<f32>;

    fn sample_features(&self, visible: ArrayView2<f32>, stream: Stream) -> Array2<f32> {
        let mut out = Array2::zeros((visible.nrows(), self.n_hidden()));
        self.sample_h_given_v(visible, stream, out.view_mut());
        out
    }

    /// The features are the hidden units, so nothing is left open.
    fn expected_visible(&self, _: ArrayView2<f32>, features: ArrayView2<f32>) -> Array2<f32> {
        let mut out = Array2::zeros((features.nrows(), self.n_visible()));
        self.mean_v_given_h(features, out.view_mut());
        out
    }

    fn visible_mean_given(&self, features: ArrayView2<f32>, _: Stream) -> Array2<f32> {
        let mut out = Array2::zeros((features.nrows(), self.n_visible()));
        self.mean_v_given_h(features, out.view_mut());
        out
    }

    fn sample_visible(&self, features: ArrayView2<f32>, stream: Stream) -> Array2<f32> {
        let mut out = Array2::zeros((features.nrows(), self.n_visible()));
        self.sample_v_given_h(features, stream, out.view_mut());
        out
    }

    fn chains_from_visible(&self, visible: ArrayView2<f32>) -> Chains<f32> {
        Chains::from_visible(self, visible)
    }

    fn chains_from_noise(&self, n_chains: usize, stream: Stream) -> Chains<f32> {
        Chains::from_noise(self, n_chains, stream)
    }

    fn gibbs_step(&self, chains: &mut Chains<f32>, seed: u64, step: usize) {
        gibbs_step(self, chains, seed, step);
    }

    fn visible(&self, chains: &Chains<f32>) -> Array2<f32> {
        chains.visible(self).into_owned()
    }

    fn visible_mean(&self, chains: &Chains<f32>) -> Array2<f32> {
        chains.visible_mean(self).into_owned()
    }

    fn free_energies(&self, visible: ArrayView2<f32>) -> Vec<f64> {
        Rbm::free_energies(self, visible)
    }
}

impl From<Rbm<f32>> for PretrainedLayer {
    /// The RBM's mean-field passes. The standard deviations σ of Gaussian visible units become part of
    /// the parameters: the encoder has the weights W / σ, the decoder σ W and the bias σ a.
    fn from(rbm: Rbm<f32>) -> Self {
        let (unit, output) = (rbm.hidden.unit.activation(), rbm.visible.unit.activation());
        let std = rbm.visible.std;
        let mut encoder = Layer::full(rbm.weights, rbm.hidden.bias);
        let mut decoder = transposed(&encoder, rbm.visible.bias);
        if !std.is_empty() {
            encoder.weights /= &std.view().insert_axis(Axis(1));
            decoder.weights *= &std;
            decoder.bias *= &std;
        }
        PretrainedLayer { encoder, unit, decoder, output }
    }
}
