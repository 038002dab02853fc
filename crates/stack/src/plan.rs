//! Plans of stacks: the layers with their sizes before they are learned.

use nn_core::{Convolution, ConvolutionConfig, InvalidSetting, require};
use serde::{Deserialize, Serialize};

use crate::{LayerPretraining, LayerUnits, PretrainedLayer};

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

    /// Multiply-adds of one product of a sample of `n_inputs` values with the weights.
    #[must_use]
    pub fn multiply_adds(&self, n_inputs: usize) -> f64 {
        let Some(convolution) = self.known_convolution() else {
            return n_inputs as f64 * self.n_hidden as f64;
        };
        let patches = convolution.patches();
        let positions = patches.rows() * patches.columns();
        let of_a_position = convolution.kernel.pow(2) * convolution.input[2] * convolution.maps;
        positions as f64 * of_a_position as f64
    }

    /// Multiply-adds of learning the layer from `n_samples` samples of `n_inputs` values, as an estimate.
    #[must_use]
    pub fn multiply_adds_of_learning(&self, n_inputs: usize, n_samples: usize) -> f64 {
        let way = &self.pretraining;
        if !way.needs_data() {
            return 0.0;
        }
        let (d, n) = (n_inputs as f64, n_samples as f64);
        if way.epochs() == 0 {
            // A kind that is computed at once: the covariance and its eigenvectors.
            return n * d * d + 10.0 * d.powi(3);
        }
        let samples = way.epochs() as f64 * n;
        samples * way.products_per_sample() as f64 * self.multiply_adds(n_inputs)
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

/// Sets the open input of every convolution of a stack to the shape of the images below it: that of the data
/// (height, width, channels; `None` if they are not images), or of the maps of a convolution below.
///
/// # Errors
/// [`InvalidSetting`] naming the input, if a convolution has no images below it or images of a different
/// shape, or the first setting that does not fit them.
pub fn fit_to_images<'a>(
    layers: impl IntoIterator<Item = &'a mut LayerPretraining>,
    images: Option<[usize; 3]>,
) -> Result<(), InvalidSetting> {
    let mut shape = images;
    for layer in layers {
        let Some(convolution) = layer.convolution() else {
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
        let convolution = ConvolutionConfig { input, ..convolution };
        shape = Some(convolution.known()?.output());
        layer.set_image_shape(convolution.input.unwrap_or_default());
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
        // An input that is already set is kept if it is the same.
        let mut again = stack.clone();
        fit_to_images(&mut again, Some([28, 28, 1])).expect("they fit");
        assert_eq!(again, stack);
    }

    #[test]
    fn the_work_of_a_layer_grows_with_its_epochs_and_its_weights() {
        let planned = |text: &str| {
            let mut layers = layers(text);
            fit_to_images(&mut layers, Some([28, 28, 1])).expect("it fits");
            PlannedLayer::new(layers.remove(0), 100)
        };
        let rbm = planned(r#"[{"kind": "rbm", "training": {"epochs": 2, "gibbs_steps": 3}}]"#);
        assert_eq!(rbm.multiply_adds_of_learning(784, 10), 2.0 * 10.0 * 9.0 * 78_400.0);
        let autoencoder = planned(r#"[{"kind": "autoencoder", "training": {"epochs": 4}}]"#);
        assert_eq!(autoencoder.multiply_adds_of_learning(784, 10), 4.0 * 10.0 * 5.0 * 78_400.0);
        let random = r#"[{"kind": "random", "convolution": {"maps": 32, "kernel": 5, "pool": 2}}]"#;
        let random = planned(random);
        assert_eq!(random.multiply_adds_of_learning(784, 10), 0.0);
        assert_eq!(random.multiply_adds(784), 24.0 * 24.0 * 25.0 * 32.0);
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
