use ae_core::{Autoencoder, AutoencoderConfig, Corruption, Decoder, Objective, Training};
use ndarray::{Array1, ArrayView2};
use nn_core::{
    BlockKind, ConvolutionConfig, InvalidSetting, Layer, Layout, Metric, Pause, Progress,
    RestoreError, TensorMap, TrainingError, require, restore, store,
};
use serde::{Deserialize, Serialize};

use crate::{Begun, LayerTraining, LayerUnits, PretrainedLayer, Pretraining};

/// The expectation for a setting that the plan of the stack determines.
pub(crate) const SIZE_OF_PLAN: &str = "no value: the plan of the stack gives the sizes of layers";

/// Pretraining by autoencoders with one hidden layer, whose size the plan of the stack gives.
///
/// Noise is added only while a layer is trained; the layer above learns from clean features (Vincent
/// et al. 2010, section 3). Shifts of images apply to the first layer alone, since the others have no
/// images as inputs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoencoderPretraining {
    /// The architecture.
    pub model: AutoencoderConfig,
    /// The training.
    pub training: ae_core::TrainingConfig,
    /// Layout of the data, if it determines the output layer of the first autoencoder of the stack: see
    /// [`Pretraining::fit_to`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
}

impl AutoencoderPretraining {
    /// The settings for a layer of this size at this position.
    fn of_layer(
        &self,
        n_hidden: usize,
        layer: usize,
    ) -> (AutoencoderConfig, ae_core::TrainingConfig) {
        // A convolution has its own number of units.
        let n_hidden =
            if self.model.convolution.is_some() { self.model.n_hidden } else { n_hidden };
        let model = AutoencoderConfig {
            n_hidden,
            encoder_layers: vec![],
            decoder_layers: None,
            ..self.model.clone()
        };
        let shift = self.training.shift.filter(|_| layer == 0);
        let training = ae_core::TrainingConfig { shift, ..self.training.clone() };
        match &self.layout {
            Some(layout) if layer == 0 => fitted(model, training, layout),
            _ => (model, training),
        }
    }
}

/// Settings for data of this layout: outputs and losses follow from its blocks, and noise is not clipped to
/// [0, 1].
fn fitted(
    mut model: AutoencoderConfig,
    mut training: ae_core::TrainingConfig,
    layout: &Layout,
) -> (AutoencoderConfig, ae_core::TrainingConfig) {
    (model.output, model.loss, model.layout) = (None, None, Some(layout.clone()));
    if let Some(Corruption::Gaussian { clip, .. }) = &mut training.corruption {
        *clip = false;
    }
    (model, training)
}

impl Pretraining for AutoencoderPretraining {
    fn validate(&self) -> Result<(), InvalidSetting> {
        for layer in [0, 1] {
            let (model, training) = self.of_layer(self.model.n_hidden, layer);
            Objective::new(&model, &training)?;
        }
        let (n_hidden, default) = (self.model.n_hidden, AutoencoderConfig::default());
        require(n_hidden == default.n_hidden, "model.n_hidden", &n_hidden, SIZE_OF_PLAN)?;
        let one = self.model.encoder_layers.is_empty() && self.model.decoder_layers.is_none();
        require(one, "model.encoder_layers or decoder_layers", &"set", SIZE_OF_PLAN)?;
        let k = self.model.top_k;
        let expected = "none in a stack, whose layers keep all of their units";
        require(k.is_none(), "model.top_k", &k.unwrap_or_default(), expected)
    }

    fn units(&self) -> LayerUnits {
        let (first, _) = self.of_layer(self.model.n_hidden, 0);
        LayerUnits { unit: first.code_unit(), output: first.output_unit() }
    }

    fn fit_to(&mut self, layout: &Layout) {
        let all_in_unit_interval = layout.only() == Some(BlockKind::UnitInterval);
        self.layout = (!all_in_unit_interval).then(|| layout.clone());
    }

    fn convolution(&self) -> Option<ConvolutionConfig> {
        self.model.convolution
    }

    fn has_corruption(&self) -> bool {
        self.training.corruption.is_some()
    }

    fn set_corruption(&mut self, amount: f64) {
        let corruption = &mut self.training.corruption;
        *corruption = corruption.map(|kind| kind.with_amount(amount));
    }

    fn set_image_shape(&mut self, shape: [usize; 3]) {
        if let Some(convolution) = &mut self.model.convolution {
            convolution.input = Some(shape);
        }
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
        let (config, settings) = self.of_layer(n_hidden, layer);
        let model = Autoencoder::new(&config, inputs.ncols(), seed, layer)?;
        let training = Training::new(&model, &config, &settings, inputs, seed, layer)?;
        let (epochs, metric) = (settings.epochs, config.loss().metric());
        Ok(Begun::Training(Box::new(AutoencoderLayerTraining { model, training, epochs, metric })))
    }
}

/// An autoencoder in training as a layer of a stack.
struct AutoencoderLayerTraining {
    model: Autoencoder<f32>,
    training: Training<f32>,
    epochs: usize,
    metric: Metric,
}

impl LayerTraining for AutoencoderLayerTraining {
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
        let done = self.training.epoch_until(&mut self.model, inputs, pause)?;
        Ok(done.map(|value| Progress {
            epoch: self.training.epochs_done(),
            of: self.epochs,
            value,
            metric: self.metric.clone(),
            samples: inputs.nrows(),
        }))
    }

    fn layer(&self) -> PretrainedLayer {
        self.model.clone().into()
    }

    fn store(&self, prefix: &str, map: &mut TensorMap) {
        store(&self.model, prefix, map);
        self.training.store(map);
    }

    fn restore(
        &mut self,
        prefix: &str,
        map: &TensorMap,
        epochs_done: usize,
    ) -> Result<(), RestoreError> {
        restore(&mut self.model, prefix, map)?;
        self.training.restore(map, epochs_done)
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

/// The decoder whose weights are the encoder's, transposed.
pub(crate) fn transposed(encoder: &Layer<f32>, bias: Array1<f32>) -> Layer<f32> {
    Layer::full(encoder.weights.t().as_standard_layout().into_owned(), bias)
}
