//! Settings of autoencoders.

use ae_core::{AutoencoderConfig, Corruption, Objective};
use mnist_io::{ImageShape, SplitRule};
use nn_core::{BlockKind, InvalidSetting, Layout, TrainingError, require};
use serde::{Deserialize, Serialize};
use stack::{DeepPretraining, LayerPretraining};

use super::kind::RunKind;
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
    /// The architecture. The input of a convolution that is not set is that of the data's images.
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

    fn memory(&self, n_visible: usize) -> Memory {
        let mut memory = Memory::default();
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
            memory.add_states("training.batch_size", self.training.batch_size, layer.1);
            below = layer;
        }
        memory
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
