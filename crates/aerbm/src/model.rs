//! Trained models of either family behind one interface.

use std::path::Path;

use ae_core::Autoencoder;
use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Layer, Parameters as _, RestoreError, TensorMap, restore, store};
use numerics::{Purpose, Stream};
use rbm_core::Rbm;
use stack::{Dbn, PretrainedLayer, layer_prefix};
use study::tensor_file::TensorFileError;

use crate::config::RunConfig;
use crate::record::Record;
use crate::{Error, stored};

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
}

impl Model {
    /// Encodes and decodes; of an RBM, the mean-field pass. Shapes: (n × visible) → the same.
    pub fn reconstruct(&self, x: ArrayView2<f32>) -> Array2<f32> {
        match self {
            Model::Autoencoder(model) => model.reconstruct(x),
            Model::Rbm(rbm) => rbm.reconstruct(x),
            Model::Dbn(dbn) => dbn.reconstruct(x),
        }
    }

    /// The weights between data and first hidden layer, visible × hidden.
    pub fn filters(&self) -> ArrayView2<'_, f32> {
        match self {
            Model::Autoencoder(model) => model.encoder[0].weights.view(),
            Model::Rbm(rbm) => rbm.weights.view(),
            Model::Dbn(dbn) => dbn.layers[0].weights.view(),
        }
    }

    /// The model as a deep belief network, from which samples can be drawn; none for an autoencoder,
    /// which has no distribution.
    pub fn generative(&self) -> Option<Dbn> {
        match self {
            Model::Autoencoder(_) => None,
            Model::Rbm(rbm) => Some(Dbn { layers: vec![rbm.clone()] }),
            Model::Dbn(dbn) => Some(dbn.clone()),
        }
    }

    /// The code, or hidden probabilities. Shapes: (n × visible) → (n × hidden).
    pub fn encode(&self, x: ArrayView2<f32>) -> Array2<f32> {
        match self {
            Model::Autoencoder(model) => model.encode(x),
            Model::Rbm(rbm) => rbm.encode(x),
            Model::Dbn(dbn) => dbn.encode(x),
        }
    }

    /// Whether every parameter is a finite number.
    pub fn is_finite(&self) -> bool {
        match self {
            Model::Autoencoder(model) => model.all_finite(),
            Model::Rbm(rbm) => rbm.all_finite(),
            Model::Dbn(dbn) => dbn.layers.iter().all(nn_core::Parameters::all_finite),
        }
    }

    /// Adds the parameters to `map`.
    pub fn store(&self, map: &mut TensorMap) {
        match self {
            Model::Autoencoder(model) => store(model, "", map),
            Model::Rbm(rbm) => store(rbm, "", map),
            Model::Dbn(dbn) => dbn.layers.iter().enumerate().for_each(|(layer, rbm)| {
                store(rbm, &layer_prefix(layer), map);
            }),
        }
    }

    /// Draws `n` samples, each at the end of a chain of `steps` Gibbs steps that starts from fair coin
    /// flips; the lowest layer gives expectations. None for an autoencoder, which has no distribution.
    /// Shape: n × visible.
    pub fn sample(&self, n: usize, steps: usize, seed: u64) -> Option<Array2<f32>> {
        let dbn = self.generative()?;
        Some(crate::with_threads(|| {
            let mut chains = dbn.chains_from_noise(n, Stream::new(seed, CHAINS));
            for step in 1..=steps {
                dbn.gibbs_step(&mut chains, seed, step);
            }
            dbn.draw_down(&chains, seed, steps)
        }))
    }

    /// The layers from the data up to the code, each with its activation.
    pub fn encoder_layers(&self) -> Vec<(Layer<f32>, Activation)> {
        let pretrained = |rbm: &Rbm<f32>| {
            let layer = PretrainedLayer::from(rbm.clone());
            (layer.encoder, layer.unit)
        };
        match self {
            Model::Autoencoder(model) => {
                model.encoder.iter().cloned().zip(model.units.iter().copied()).collect()
            }
            Model::Rbm(rbm) => vec![pretrained(rbm)],
            Model::Dbn(dbn) => dbn.layers.iter().map(pretrained).collect(),
        }
    }

    /// The model of a record and its tensors, which were read from the file at `path`.
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
        })
    }
}
