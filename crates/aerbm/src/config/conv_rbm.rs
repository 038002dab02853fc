//! Settings of convolutional RBMs and convolutional deep belief networks.

use mnist_io::{ImageShape, SplitRule};
use nn_core::{BlockKind, InvalidSetting, Layout, TrainingError, require};
use rbm_core::convolutional;
use serde::{Deserialize, Serialize};
use stack::{ConvRbmPretraining, Pretraining as _};

use super::kind::{RunKind, of_training};
use super::memory::Memory;
use super::parse::ConfigError;
use super::rbm::LikelihoodSettings;

/// The settings of a run of convolutional RBMs. A single layer is a convolutional RBM; several are a
/// convolutional deep belief network.
///
/// ```toml
/// kind = "conv-rbm"
/// split = "study"
///
/// [[layers]]
/// model = { maps = 24, kernel = 7, pool = 2 }
/// training = { epochs = 3 }
///
/// [[layers]]
/// model = { maps = 40, kernel = 4, pool = 2 }
/// training = { epochs = 5 }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvRbmSettings {
    /// Split of the training samples into training and validation parts.
    pub split: SplitRule,
    /// Architecture and training of each RBM, from the data up. If the input of the first is not set, it is
    /// that of the data's images; those of the others follow.
    pub layers: Vec<ConvRbmPretraining>,
    /// Settings of the likelihood estimate of a single RBM.
    pub likelihood: LikelihoodSettings,
}

impl Default for ConvRbmSettings {
    fn default() -> Self {
        ConvRbmSettings {
            split: SplitRule::default(),
            layers: vec![ConvRbmPretraining::default()],
            likelihood: LikelihoodSettings::default(),
        }
    }
}

impl ConvRbmSettings {
    /// Height, width and channels of each layer's images, from the data up.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting that does not fit the images, or the input of the first
    /// layer if it is not set.
    pub fn images(&self) -> Result<Vec<convolutional::ImageShape>, InvalidSetting> {
        let mut images = Vec::with_capacity(self.layers.len());
        let mut above = None;
        for (index, layer) in self.layers.iter().enumerate() {
            let within = |error: InvalidSetting| error.within(&format!("layers.{index}"));
            let expected = "height, width and channels of the images";
            let input = layer.input.or(above);
            require(input.is_some(), "input", &"none", expected).map_err(within)?;
            let [height, width, channels] = input.unwrap_or_default();
            let found = format!("[{height}, {width}, {channels}]");
            let expected = "the shape of the maps of the layer below";
            let follows = above.is_none() || above == input;
            require(follows, "input", &found, expected).map_err(within)?;
            let image = convolutional::ImageShape { height, width, channels };
            let pooled = layer.model.geometry(image).map_err(within)?.pooled();
            above = Some([pooled.height, pooled.width, pooled.channels]);
            images.push(image);
        }
        Ok(images)
    }
}

impl RunKind for ConvRbmSettings {
    fn method(&self) -> &'static str {
        "conv-rbm"
    }

    fn validate(&self) -> Result<(), TrainingError> {
        require(!self.layers.is_empty(), "layers", &"[]", "one layer or more")?;
        for (index, layer) in self.layers.iter().enumerate() {
            layer.validate().map_err(|error| error.within(&format!("layers.{index}")))?;
        }
        if self.layers[0].input.is_some() {
            self.images()?;
        }
        let every = self.likelihood.every;
        let expected = "0 with several layers, whose likelihood has no estimate";
        require(every == 0 || self.layers.len() == 1, "likelihood.every", &every, expected)?;
        Ok(self.likelihood.validate()?)
    }

    fn split(&self) -> SplitRule {
        self.split
    }

    fn epochs(&self) -> usize {
        self.layers.iter().map(|layer| layer.training.epochs).sum()
    }

    fn batch_size(&self) -> usize {
        self.layers.first().map_or(1, |layer| layer.training.batch_size)
    }

    fn memory(&self, n_visible: usize) -> Memory {
        let mut memory = Memory::default();
        let mut channels = 1;
        for (index, layer) in self.layers.iter().enumerate() {
            let maps = layer.model.maps;
            let setting = format!("layers.{index}.model.maps");
            memory.add_weights(&setting, layer.model.kernel.saturating_pow(2) * channels, maps);
            memory.add_states(&setting, layer.training.batch_size, n_visible.saturating_mul(maps));
            channels = maps;
        }
        memory
    }

    /// Kernels are at every position of the image.
    fn multiply_adds(&self, n_samples: usize, n_visible: usize) -> f64 {
        let of_a_product = n_visible as f64 * self.memory(n_visible).weights();
        of_training(self.epochs(), n_samples, of_a_product)
    }

    fn needs_memory(&self) -> bool {
        true
    }

    fn fit_to_layout(&mut self, layout: &Layout) -> Result<bool, ConfigError> {
        let is_real = layout.only() == Some(BlockKind::Real);
        if is_real && self.layers.first().is_some_and(|first| first.model.visible.has_std()) {
            return Ok(false);
        }
        Err(ConfigError(
            "a convolutional RBM takes images with values in [0, 1]; scale them to it, or, for real values, \
             set visible = \"gaussian\" in the model of the first layer"
                .to_owned(),
        ))
    }

    fn fit_to_shape(&mut self, shape: ImageShape) -> Result<bool, InvalidSetting> {
        if let Some(first) = self.layers.first_mut()
            && first.input.is_none()
        {
            let expected =
                "height, width and channels of the images, because the samples are not images";
            require(shape.is_image(), "layers.0.input", &"none", expected)?;
            first.set_image_shape([shape.height, shape.width, shape.channels]);
        }
        let images = self.images()?;
        for (layer, image) in self.layers.iter_mut().zip(images) {
            layer.set_image_shape([image.height, image.width, image.channels]);
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;

    fn settings(text: &str) -> Result<RunConfig, ConfigError> {
        RunConfig::from_table(text.parse().expect("TOML"), "test")
    }

    const TWO: &str = "kind = 'conv-rbm'\n\
        layers = [{ model = { maps = 4, kernel = 5 } }, { model = { maps = 6, kernel = 3 } }]";

    #[test]
    fn shapes_flow_from_the_data_upwards_and_survive_being_written() {
        let square = ImageShape::grey(28, 24);
        let (config, left_out) = settings(TWO).expect("valid").for_shape(square).expect("fits");
        assert!(!left_out && config.needs_memory() && config.epochs() == 20);
        let RunConfig::ConvRbm(found) = &config else { panic!("a convolutional RBM") };
        let inputs: Vec<_> = found.layers.iter().map(|layer| layer.input).collect();
        assert_eq!(inputs, [Some([28, 24, 1]), Some([12, 10, 4])]);
        let again = settings(&config.to_toml().expect("TOML")).expect("valid");
        assert_eq!(again, config);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let row = ImageShape::grey(1, 784);
        let error = settings(TWO).expect("valid").for_shape(row).expect_err("no images");
        let expected = "layers.0.input = none: expected height, width and channels of the images, because \
                        the samples are not images";
        assert_eq!(error.to_string(), expected);
        let small = ImageShape::grey(9, 9);
        let error = settings(TWO).expect("valid").for_shape(small).expect_err("too small");
        assert!(error.to_string().starts_with("layers.0.model.pool = 2"), "{error}");
        let small = ImageShape::grey(8, 8);
        let error = settings(TWO).expect("valid").for_shape(small).expect_err("too small");
        assert!(error.to_string().starts_with("layers.1.model.kernel = 3"), "{error}");
        for (text, message) in [
            ("kind = 'conv-rbm'\nlayers = []", "test: layers = []: expected one layer or more"),
            (
                "kind = 'conv-rbm'\nlayers = [{ model = { maps = 0 } }]",
                "test: layers.0.model.maps = 0",
            ),
            ("kind = 'conv-rbm'\nlayers = [{ model = { map = 3 } }]", "did you mean `maps`?"),
            ("kind = 'conv-rmb'", "did you mean `conv-rbm`?"),
            (
                "kind = 'conv-rbm'\nlayers = [{ input = [9, 9, 1] }, { input = [2, 2, 1] }]",
                "test: layers.0.model.pool",
            ),
            (&format!("{TWO}\nlikelihood = {{ every = 1 }}"), "likelihood.every = 1"),
        ] {
            let error = settings(text).expect_err("wrong").to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
