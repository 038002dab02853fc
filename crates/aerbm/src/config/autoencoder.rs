//! Settings of autoencoders.

use ae_core::{AutoencoderConfig, Corruption, Objective};
use mnist_io::{ImageShape, SplitRule};
use nn_core::{
    BlockKind, Convolution, ConvolutionConfig, InvalidSetting, Layout, TrainingError, require,
};
use serde::{Deserialize, Serialize};
use stack::{DeepPretraining, LayerPretraining};

use super::kind::{RunKind, of_training};
use super::memory::Memory;
use super::parse::ConfigError;
use super::stopping::Stopping;

/// An autoencoder's settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoencoderSettings {
    /// Split of the training samples into training and validation parts.
    #[serde(alias = "partition")]
    pub split: SplitRule,
    /// The architecture. If the input of a convolution is not set, it is that of the data's images.
    pub model: AutoencoderConfig,
    /// Training settings.
    pub training: ae_core::TrainingConfig,
    /// Early stopping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopping: Option<Stopping>,
    /// Pretraining of the layers; without it their weights are random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretraining: Option<Box<DeepPretraining>>,
}

/// The sizes of a convolutional autoencoder that determine its work.
struct ConvolutionSizes {
    /// Number of weights of the encoder and of the decoder.
    weights: [f64; 2],
    /// Number of positions of the kernels of each.
    positions: [usize; 2],
}

impl ConvolutionSizes {
    /// The sizes for samples of `n_visible` values. If the input is not set, it is the image shape that such
    /// samples are taken to have; if that does not fit, the kernels count as if they were at one position.
    fn new(config: &ConvolutionConfig, n_visible: usize) -> Self {
        let ImageShape { height, width, channels } = ImageShape::of_features(n_visible);
        let input = config.input.unwrap_or([height, width, channels]);
        let known = ConvolutionConfig { input: Some(input), ..*config }.known().ok();
        let positions = |convolution: Convolution| {
            convolution.patches().rows() * convolution.patches().columns()
        };
        let weights =
            |kernel: usize| (kernel as f64).powi(2) * input[2] as f64 * config.maps as f64;
        let of_encoder = weights(config.kernel);
        let up = known.map_or(1, positions);
        let (of_decoder, down) = match known.map(|up| (up, up.unpooled())) {
            Some((_, Some(back))) => (weights(back.kernel), positions(back)),
            // Each pixel has its own weight from the mean of a map.
            Some((up, None)) => (up.n_outputs() as f64 * n_visible as f64, 1),
            None => (of_encoder, 1),
        };
        ConvolutionSizes { weights: [of_encoder, of_decoder], positions: [up, down] }
    }
}

impl RunKind for AutoencoderSettings {
    fn method(&self) -> &'static str {
        "autoencoder"
    }

    fn validate(&self) -> Result<(), TrainingError> {
        Objective::new(&self.model, &self.training)?;
        self.stopping.map_or(Ok(()), Stopping::validate)?;
        self.pretraining.as_ref().map_or(Ok(()), |layers| layers.validate(&self.model))
    }

    fn split(&self) -> SplitRule {
        self.split
    }

    fn epochs(&self) -> usize {
        self.training.epochs
    }

    fn batch_size(&self) -> usize {
        self.training.batch_size
    }

    fn memory(&self, n_visible: usize) -> Memory {
        let mut memory = Memory::default();
        let batch_size = self.training.batch_size;
        if let Some(convolution) = &self.model.convolution {
            let sizes = ConvolutionSizes::new(convolution, n_visible);
            for weights in sizes.weights {
                memory.add_kernels("model.convolution.maps", weights);
            }
            let detected = sizes.positions[0].saturating_mul(convolution.maps);
            memory.add_states("training.batch_size", batch_size, detected);
            memory.add_states("training.batch_size", batch_size, n_visible);
            return memory;
        }
        let AutoencoderConfig { n_hidden, encoder_layers, decoder_layers, .. } = &self.model;
        let mirrored = encoder_layers.iter().rev().copied().collect();
        let (decoder_setting, decoder) = match decoder_layers {
            Some(layers) => ("model.decoder_layers", layers),
            None => ("model.encoder_layers", &mirrored),
        };
        let layers = encoder_layers.iter().map(|&units| ("model.encoder_layers", units));
        let layers = layers.chain([("model.n_hidden", *n_hidden)]);
        let layers = layers.chain(decoder.iter().map(|&units| (decoder_setting, units)));
        let mut below = ("training.batch_size", n_visible);
        for layer in layers.chain([below]) {
            let wider = if layer.1 > below.1 { layer.0 } else { below.0 };
            memory.add_weights(wider, below.1, layer.1);
            memory.add_states("training.batch_size", batch_size, layer.1);
            below = layer;
        }
        memory
    }

    fn multiply_adds(&self, n_samples: usize, n_visible: usize) -> f64 {
        let of_a_product = match &self.model.convolution {
            Some(convolution) => {
                let ConvolutionSizes { weights, positions } =
                    ConvolutionSizes::new(convolution, n_visible);
                weights.iter().zip(positions).map(|(weights, n)| weights * n as f64).sum()
            }
            None => self.memory(n_visible).weights(),
        };
        let mut work = of_training(self.epochs(), n_samples, of_a_product);
        if let Some(pretraining) = &self.pretraining {
            let mut n_inputs = n_visible;
            for layer in pretraining.plan(&self.model) {
                work += layer.multiply_adds_of_learning(n_inputs, n_samples);
                n_inputs = layer.n_features();
            }
        }
        work
    }

    fn needs_memory(&self) -> bool {
        self.pretraining.is_some()
    }

    fn stopping(&self) -> Stopping {
        self.stopping.unwrap_or_default()
    }

    fn fit_to_layout(&mut self, layout: &Layout) -> Result<bool, ConfigError> {
        let is_real = layout.only() == Some(BlockKind::Real);
        if is_real && self.model.output_unit().bounds().is_none() {
            return Ok(false);
        }
        let model = &mut self.model;
        // Settings that a run on such data recorded already suit them.
        if model.layout.as_ref() == Some(layout) && model.output.is_none() && model.loss.is_none() {
            return Ok(false);
        }
        (model.output, model.loss, model.layout) = (None, None, Some(layout.clone()));
        if let Some(Corruption::Gaussian { clip, .. }) = &mut self.training.corruption {
            *clip = false;
        }
        if let Some(pretraining) = &mut self.pretraining {
            pretraining.layers.fit_to(layout);
        }
        Ok(true)
    }

    fn fit_to_shape(&mut self, shape: ImageShape) -> Result<bool, InvalidSetting> {
        if let Some(convolution) = &mut self.model.convolution
            && convolution.input.is_none()
        {
            let expected =
                "height, width and channels of the images, because the samples are not images";
            require(shape.is_image(), "model.convolution.input", &"none", expected)?;
            convolution.input = Some([shape.height, shape.width, shape.channels]);
            convolution.validate().map_err(|error| error.within("model"))?;
        }
        let layers =
            self.pretraining.as_mut().map(|way| [Some(&mut way.layers), way.code.as_mut()]);
        let layers = layers.into_iter().flatten().flatten().filter_map(|way| match way {
            LayerPretraining::Autoencoder(way) => Some(&mut way.training),
            _ => None,
        });
        let mut left_out = false;
        for training in layers.chain([&mut self.training]) {
            let Some(shift) = &mut training.shift else { continue };
            if !shape.is_image() {
                (training.shift, left_out) = (None, true);
                continue;
            }
            *shift = shift.of_images([shape.height, shape.width, shape.channels]);
            shift.shape(shape.n_values()).map_err(|error| error.within("training"))?;
        }
        Ok(left_out)
    }
}
