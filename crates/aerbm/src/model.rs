//! Trained models of every kind behind one interface.

mod autoencoder;
mod dbn;
mod kind;
mod rbm;

use std::path::Path;

use ae_core::Autoencoder;
use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Convolution, Layer, RestoreError, TensorMap, restore};
use numerics::{Purpose, Stream};
use rbm_core::Rbm;
use stack::{ConvDbn, Dbn, Generative, layer_prefix};
use study::tensor_file::TensorFileError;

use crate::config::RunConfig;
use crate::record::Record;
use crate::{Error, stored};
use kind::ModelKind;

const CHAINS: Purpose = Purpose::new("new samples");

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// An autoencoder.
    Autoencoder(Autoencoder<f32>),
    /// A restricted Boltzmann machine.
    Rbm(Rbm<f32>),
    /// A deep belief network.
    Dbn(Dbn),
    /// A convolutional deep belief network; with a single layer, a convolutional RBM.
    ConvDbn(ConvDbn),
}

impl Model {
    fn kind(&self) -> &dyn ModelKind {
        match self {
            Model::Autoencoder(model) => model,
            Model::Rbm(model) => model,
            Model::Dbn(model) => model,
            Model::ConvDbn(model) => model,
        }
    }

    /// Number of inputs.
    pub fn n_visible(&self) -> usize {
        self.kind().n_visible()
    }

    /// Encodes and decodes; for an RBM, this is the mean-field pass. Pooled units of a convolutional RBM are
    /// decoded with the positions within their blocks that `x` suggests. Missing values (NaN) give no input.
    /// Shapes: (n × visible) → the same.
    ///
    /// # Panics
    /// If the width of the rows differs from the number of inputs of the model.
    pub fn reconstruct(&self, x: ArrayView2<f32>) -> Array2<f32> {
        self.kind().reconstruct(x)
    }

    /// The weights of the first layer: visible × hidden, or kernel² · channels × maps for a convolution.
    pub fn filters(&self) -> ArrayView2<'_, f32> {
        self.kind().filters()
    }

    /// The convolutions of the layers from the data upwards, up to the first layer that is not a convolution.
    pub fn convolutions(&self) -> Vec<Convolution> {
        self.kind().convolutions()
    }

    /// The outputs of the layer with this index, counted from the data, for samples `x`; those of the last
    /// layer are the code that [`encode`](Self::encode) returns. Missing values (NaN) give no input. Shapes:
    /// (n × visible) → (n × outputs).
    ///
    /// # Panics
    /// If the encoder has no such layer, or the width of the rows differs from the number of inputs of the
    /// model.
    pub fn features(&self, x: ArrayView2<f32>, layer: usize) -> Array2<f32> {
        self.kind().features(x, layer)
    }

    /// The model as one that samples can be drawn from; `None` for an autoencoder, which has no distribution.
    pub fn generative(&self) -> Option<Box<dyn Generative>> {
        self.kind().generative()
    }

    /// The code; for an RBM, hidden probabilities, and for a convolutional RBM, pooled ones. Missing values
    /// (NaN) give no input. Shapes: (n × visible) → (n × hidden).
    ///
    /// # Panics
    /// If the width of the rows differs from the number of inputs of the model.
    pub fn encode(&self, x: ArrayView2<f32>) -> Array2<f32> {
        self.kind().encode(x)
    }

    /// Whether every parameter is a finite number.
    pub fn is_finite(&self) -> bool {
        self.kind().is_finite()
    }

    /// Number of weights and biases.
    pub fn n_parameters(&self) -> usize {
        self.kind().n_parameters()
    }

    /// The bounds of the values that the visible units take.
    pub(crate) fn value_bounds(&self) -> (f64, f64) {
        self.kind().value_bounds()
    }

    /// Adds the parameters to `map`.
    pub fn store(&self, map: &mut TensorMap) {
        self.kind().store(map);
    }

    /// Draws `n` samples, each at the end of a chain of `steps` Gibbs steps that starts from fair coin flips;
    /// the lowest layer gives expectations. Returns `None` for an autoencoder, which has no distribution.
    /// Shape: n × visible.
    pub fn sample(&self, n: usize, steps: usize, seed: u64) -> Option<Array2<f32>> {
        let model = self.generative()?;
        Some(crate::with_threads(|| {
            let mut chains = model.chains_from_noise(n, Stream::new(seed, CHAINS));
            for step in 1..=steps {
                chains.gibbs_step(seed, step);
            }
            chains.draw_down(seed, steps)
        }))
    }

    /// The layers from the data up to the code, each with its activation. Those of a convolutional RBM take
    /// the maximum of a block in place of its log-sum-exp.
    pub fn encoder_layers(&self) -> Vec<(Layer<f32>, Activation)> {
        self.kind().encoder_layers()
    }

    /// Restores the model of a record from its tensors, which were read from the file at `path`.
    pub(crate) fn restore(
        record: &Record,
        tensors: &TensorMap,
        path: &Path,
    ) -> Result<Self, Error> {
        let damaged = |reason| TensorFileError::Damaged { path: path.to_owned(), reason };
        let settings = record.settings().map_err(|error| damaged(error.to_string()))?;
        stored::check_model(record, &settings, tensors).map_err(damaged)?;
        let misfit = |error: RestoreError| damaged(error.to_string());
        Ok(match settings {
            RunConfig::Autoencoder(settings) => {
                let mut model = Autoencoder::new(&settings.model, record.n_visible, 0, 0)?;
                restore(&mut model, "", tensors).map_err(misfit)?;
                Model::Autoencoder(model)
            }
            RunConfig::Rbm(settings) => {
                let mut rbm = settings.model.zeros(record.n_visible);
                restore(&mut rbm, "", tensors).map_err(misfit)?;
                Model::Rbm(rbm)
            }
            RunConfig::Dbn(settings) => {
                let mut n_visible = record.n_visible;
                let mut layers = Vec::new();
                for layer in 0..settings.layers.len() {
                    let mut rbm = settings.model_of(layer).zeros(n_visible);
                    restore(&mut rbm, &layer_prefix(layer), tensors).map_err(misfit)?;
                    n_visible = rbm.n_hidden();
                    layers.push(rbm);
                }
                Model::Dbn(Dbn { layers })
            }
            RunConfig::ConvRbm(settings) => {
                let mut layers = Vec::new();
                for (layer, image) in settings.images()?.into_iter().enumerate() {
                    let mut rbm = settings.layers[layer].of_layer(layer).zeros(image)?;
                    restore(&mut rbm, &layer_prefix(layer), tensors).map_err(misfit)?;
                    layers.push(rbm);
                }
                Model::ConvDbn(ConvDbn { layers })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trained;

    /// A model of one epoch on images of 8 × 8 pixels.
    fn fitted(preset: &str, assignments: &[&str]) -> Trained {
        let x = Array2::from_shape_fn((40, 64), |(i, j)| f32::from((i + j) % 3 == 0));
        let config = RunConfig::preset(preset).expect("a preset");
        let config = assignments.iter().try_fold(config, |config, text| config.with(text));
        crate::fit(&config.expect("settings"), &x, 1).expect("it converges")
    }

    fn models() -> Vec<(&'static str, Trained)> {
        let brief = "training.epochs=1";
        let layer =
            "layers=[{ model = { maps = 3, kernel = 3, pool = 2 }, training = { epochs = 1 } }]";
        vec![
            ("rbm", fitted("rbm", &["model.n_hidden=5", brief])),
            ("dbn", fitted("dbn", &["layers=[6, 5]", brief, "top.epochs=1"])),
            ("conv-rbm", fitted("conv-rbm", &[layer])),
            (
                "autoencoder",
                fitted("autoencoder", &["model.n_hidden=5", "model.encoder_layers=[7]", brief]),
            ),
            (
                "k-sparse",
                fitted(
                    "k-sparse",
                    &["model.top_k=2", "model.encode_top_k=4", "model.n_hidden=9", brief],
                ),
            ),
        ]
    }

    #[test]
    fn the_features_of_the_last_layer_are_the_code() {
        let mut x = Array2::from_shape_fn((11, 64), |(i, j)| f32::from((i * 5 + j) % 4 == 0));
        for (name, Trained { model, .. }) in models() {
            let last = model.encoder_layers().len() - 1;
            assert_eq!(model.features(x.view(), last), model.encode(x.view()), "{name}");
        }
        x.column_mut(3).fill(f32::NAN);
        let zeros = nn_core::observed(x.view());
        for (name, Trained { model, .. }) in models() {
            let n_layers = model.encoder_layers().len();
            assert_eq!(model.features(x.view(), n_layers - 1), model.encode(x.view()), "{name}");
            for layer in 0..n_layers {
                let found = model.features(x.view(), layer);
                assert!(found.iter().all(|value| value.is_finite()), "{name}, layer {layer}");
                assert_eq!(found, model.features(zeros.view(), layer), "{name}, layer {layer}");
            }
        }
    }
}
