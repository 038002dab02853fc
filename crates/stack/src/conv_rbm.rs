use ndarray::{Array2, ArrayView2};
use nn_core::{
    Activation, Connection, Convolution, ConvolutionConfig, InvalidSetting, Layer, Metric, Pause,
    Pooling, Progress, RestoreError, TensorMap, TrainingError, require, restore, store,
};
use rbm_core::Unit;
use rbm_core::convolutional::{
    ConvRbm, ConvRbmConfig, ConvTraining, ConvTrainingConfig, ImageShape,
};
use serde::{Deserialize, Serialize};

use crate::layer::way_back;
use crate::{Begun, LayerTraining, LayerUnits, PretrainedLayer, Pretraining};

/// Pretraining by convolutional RBMs (Lee et al. 2009), which have their own number of units.
///
/// The layers above the first have probabilities as inputs, so they have binary visible units.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvRbmPretraining {
    /// The architecture.
    pub model: ConvRbmConfig,
    /// The training.
    pub training: ConvTrainingConfig,
    /// Height, width and channels of the images; `None` takes those of the data or of the layer below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<[usize; 3]>,
}

impl ConvRbmPretraining {
    /// The architecture of a layer at this position, counted from 0.
    #[must_use]
    pub fn of_layer(&self, layer: usize) -> ConvRbmConfig {
        if layer == 0 { self.model } else { self.model.above_data() }
    }

    /// Begins an RBM on `inputs` (n × inputs) as a layer of a stack: of pretrained layers, or of RBMs. The
    /// random streams are those of `seed` and of the layer's position in the stack, counted from 0.
    ///
    /// # Errors
    /// [`TrainingError`] for invalid settings, or inputs that are not images of the shape that is set.
    pub fn begin_rbm<L: From<ConvRbm<f32>>>(
        &self,
        inputs: ArrayView2<f32>,
        seed: u64,
        layer: usize,
    ) -> Result<Begun<L>, TrainingError> {
        let shape = self.shape_of(inputs.ncols())?;
        let rbm = ConvRbm::new(&self.of_layer(layer), shape, inputs, seed, layer)?;
        let training = ConvTraining::new(&rbm, &self.training, inputs, seed, layer)?;
        let epochs = self.training.epochs;
        Ok(Begun::Training(Box::new(ConvRbmLayerTraining { rbm, training, epochs })))
    }

    fn shape_of(&self, n_inputs: usize) -> Result<ImageShape, InvalidSetting> {
        let [height, width, channels] = self.convolution_config().of_inputs(n_inputs)?.input;
        Ok(ImageShape { height, width, channels })
    }

    fn convolution_config(&self) -> ConvolutionConfig {
        let ConvRbmConfig { maps, kernel, pool, .. } = self.model;
        let pool = Pooling::Max(pool);
        ConvolutionConfig { input: self.input, maps, kernel, stride: 1, padding: 0, pool }
    }
}

impl Pretraining for ConvRbmPretraining {
    fn validate(&self) -> Result<(), InvalidSetting> {
        self.model.validate()?;
        self.training.validate_for(self.model.visible)?;
        self.convolution_config().validate()?;
        if let Some([height, width, channels]) = self.input {
            self.model.geometry(ImageShape { height, width, channels })?;
        }
        let unit = self.model.visible;
        let has_output = unit != Unit::Spin;
        require(has_output, "model.visible", &"spin", "binary or gaussian units in a stack")
    }

    fn units(&self) -> LayerUnits {
        LayerUnits { unit: Activation::Logistic, output: self.model.visible.activation() }
    }

    fn convolution(&self) -> Option<ConvolutionConfig> {
        Some(self.convolution_config())
    }

    fn set_image_shape(&mut self, shape: [usize; 3]) {
        self.input = Some(shape);
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
        _: usize,
        seed: u64,
        layer: usize,
    ) -> Result<Begun, TrainingError> {
        self.begin_rbm(inputs, seed, layer)
    }
}

/// A convolutional RBM in training as a layer of a stack.
#[derive(Debug)]
struct ConvRbmLayerTraining {
    rbm: ConvRbm<f32>,
    training: ConvTraining<f32>,
    epochs: usize,
}

impl<L: From<ConvRbm<f32>>> LayerTraining<L> for ConvRbmLayerTraining {
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

impl From<ConvRbm<f32>> for PretrainedLayer {
    /// The encoder is a logistic convolution with max-pooling: in place of the log-sum-exp of a block's
    /// inputs, whose logistic function is the pooled probability, it takes their maximum. The decoder is
    /// the RBM's mean-field pass from pooled probabilities, in which the units of a block share equally.
    fn from(rbm: ConvRbm<f32>) -> Self {
        let ImageShape { height, width, channels } = rbm.geometry.image();
        let (kernel, pool) = (rbm.geometry.kernel(), rbm.geometry.pool());
        let convolution = Convolution {
            input: [height, width, channels],
            maps: rbm.geometry.maps(),
            kernel,
            stride: 1,
            padding: 0,
            pool: Pooling::Max(pool),
        };
        let (weights, bias) = rbm.convolution();
        let encoder = Layer { weights, bias, connection: Connection::Convolution(convolution) };
        let (n_inputs, n_features) = (encoder.n_inputs(), encoder.n_outputs());
        let mut decoder = Layer::connected(way_back(&convolution), n_features, n_inputs);
        decoder.weights = spread(&rbm, (kernel, pool, channels));
        decoder.bias.assign(&rbm.visible.bias);
        if !rbm.visible.std.is_empty() {
            decoder.bias *= &rbm.visible.std;
        }
        let output = rbm.visible.unit.activation();
        PretrainedLayer { encoder, unit: Activation::Logistic, decoder, output }
    }
}

/// The weights from a pooled unit to all pixels that the units of its block see, which share its value
/// equally. Shape: maps × (side · side · channels) with side = kernel + pool − 1.
fn spread(rbm: &ConvRbm<f32>, (kernel, pool, channels): (usize, usize, usize)) -> Array2<f32> {
    let side = kernel + pool - 1;
    let share = 1.0 / (pool * pool) as f32;
    let mut spread = Array2::zeros((rbm.weights.ncols(), side * side * channels));
    for (place, weights) in rbm.weights.rows().into_iter().enumerate() {
        let (y, x, channel) =
            (place / channels / kernel, place / channels % kernel, place % channels);
        let std = rbm.visible.std.get(channel).copied().unwrap_or(1.0);
        for unit in 0..pool * pool {
            let pixel = (y + unit / pool) * side + x + unit % pool;
            spread.column_mut(pixel * channels + channel).scaled_add(share * std, &weights);
        }
    }
    spread
}
