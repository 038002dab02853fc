use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{
    Dense, InvalidSetting, Metric, Progress, RestoreError, TensorMap, TrainingError, require,
    restore, store,
};
use rbm_core::{Rbm, RbmConfig, Training};
use serde::{Deserialize, Serialize};

use crate::autoencoder::{SIZE_OF_PLAN, transposed};
use crate::{Begun, Layer, LayerTraining, LayerUnits, PretrainedLayer, Pretraining};

/// Pretraining by RBMs, whose size the plan of the stack gives.
///
/// Truncated exponential visible units stand for grey values of the data. The layers above the first
/// have probabilities as inputs, so that they have binary visible units instead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RbmPretraining {
    /// The architecture.
    pub model: RbmConfig,
    /// The training.
    pub training: rbm_core::TrainingConfig,
}

impl Pretraining for RbmPretraining {
    fn validate(&self) -> Result<(), InvalidSetting> {
        self.model.validate()?;
        self.training.validate_for(self.model.visible)?;
        let (n_hidden, default) = (self.model.n_hidden, RbmConfig::default());
        require(n_hidden == default.n_hidden, "model.n_hidden", &n_hidden, SIZE_OF_PLAN)
    }

    fn units(&self) -> LayerUnits {
        let (hidden, visible) = (self.model.hidden, self.model.visible);
        LayerUnits { unit: hidden.activation(), output: visible.activation() }
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

    fn begin(
        &self,
        inputs: ArrayView2<f32>,
        n_hidden: usize,
        seed: u64,
        layer: usize,
    ) -> Result<Begun, TrainingError> {
        let of_data = self.model.visible;
        let visible = if layer == 0 { of_data } else { of_data.above_data() };
        let config = RbmConfig { n_hidden, visible, ..self.model.clone() };
        let training = RbmLayerTraining::new(&config, &self.training, inputs, seed, layer)?;
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

    fn epoch(&mut self, inputs: ArrayView2<f32>) -> Result<Progress, TrainingError> {
        let report = self.training.epoch(&mut self.rbm, inputs)?;
        Ok(Progress {
            epoch: self.training.epochs_done(),
            of: self.epochs,
            value: report.reconstruction_sse,
            metric: Metric::SSE_PER_IMAGE,
            samples: inputs.nrows(),
        })
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

impl Layer for Rbm<f32> {
    fn encode(&self, inputs: ArrayView2<f32>) -> Array2<f32> {
        Rbm::encode(self, inputs)
    }
}

impl From<Rbm<f32>> for PretrainedLayer {
    /// The RBM's mean-field passes. The standard deviations σ of Gaussian visible units become part of
    /// the parameters: the encoder has the weights W / σ, the decoder σ W and the bias σ a.
    fn from(rbm: Rbm<f32>) -> Self {
        let (unit, output) = (rbm.hidden.unit.activation(), rbm.visible.unit.activation());
        let std = rbm.visible.std;
        let mut encoder = Dense { weights: rbm.weights, bias: rbm.hidden.bias };
        let mut decoder = transposed(&encoder, rbm.visible.bias);
        if !std.is_empty() {
            encoder.weights /= &std.view().insert_axis(Axis(1));
            decoder.weights *= &std;
            decoder.bias *= &std;
        }
        PretrainedLayer { encoder, unit, decoder, output }
    }
}
