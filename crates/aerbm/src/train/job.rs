//! The two families behind one face: a job trains, a model is what comes out.

use ae_core::Autoencoder;
use mnist_io::Splits;
use ndarray::{Array2, ArrayView2};
use nn_core::{Loss, RestoreError, TensorMap, TrainingError, reconstruction_error, restore, store};
use rbm_core::Rbm;
use stack::Dbn;

use super::rbm_job::{DbnJob, RbmJob, rbm_measures};
use super::record::{Cost, Unit};
use super::{Measure, Record, Spec};
use crate::config::RunConfig;

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Model {
    Autoencoder(Autoencoder<f32>),
    Rbm(Rbm<f32>),
    Dbn(Dbn),
}

impl Model {
    /// Encodes and decodes; for an RBM the mean-field pass. Shapes: (n × visible) → the same.
    pub(crate) fn reconstruct(&self, x: ArrayView2<f32>) -> Array2<f32> {
        match self {
            Model::Autoencoder(model) => model.reconstruct(x),
            Model::Rbm(rbm) => rbm.reconstruct(x),
            Model::Dbn(dbn) => dbn.reconstruct(x),
        }
    }

    /// The weights between data and first hidden layer, visible × hidden.
    pub(crate) fn filters(&self) -> ArrayView2<'_, f32> {
        match self {
            Model::Autoencoder(model) => model.encoder[0].weights.view(),
            Model::Rbm(rbm) => rbm.weights.view(),
            Model::Dbn(dbn) => dbn.layers[0].weights.view(),
        }
    }

    /// The model as one that samples can be drawn from, if it has a distribution.
    pub(crate) fn generative(&self) -> Option<Dbn> {
        match self {
            Model::Autoencoder(_) => None,
            Model::Rbm(rbm) => Some(Dbn { layers: vec![rbm.clone()] }),
            Model::Dbn(dbn) => Some(dbn.clone()),
        }
    }

    /// All that is measured of a finished model on a set.
    pub(crate) fn measures(&self, split: &str, x: ArrayView2<f32>) -> Vec<Measure> {
        let error = reconstruction_error(x, self.reconstruct(x).view());
        let mut measures = vec![
            Measure::new(split, "mse_per_pixel", error.mse_per_pixel, "mse_per_pixel"),
            Measure::new(split, "sse_per_image", error.sse_per_image, "sse_per_image"),
        ];
        if error.bce_nats_per_image.is_finite() {
            let value = error.bce_nats_per_image;
            measures.push(Measure::new(split, "bce_nats_per_image", value, "nats"));
        }
        if let Model::Rbm(rbm) = self {
            measures.extend(rbm_measures(rbm, split, x));
        }
        measures
    }

    pub(crate) fn store(&self, map: &mut TensorMap) {
        match self {
            Model::Autoencoder(model) => store(model, "", map),
            Model::Rbm(rbm) => store(rbm, "", map),
            Model::Dbn(dbn) => dbn.layers.iter().enumerate().for_each(|(layer, rbm)| {
                store(rbm, &layer_prefix(layer), map);
            }),
        }
    }

    /// The model of a record and its tensors.
    pub(crate) fn restore(record: &Record, tensors: &TensorMap) -> anyhow::Result<Self> {
        let table = record.config.parse::<toml::Table>()?;
        Ok(match RunConfig::from_table(table, &record.run)? {
            RunConfig::Autoencoder(settings) => {
                let mut model = Autoencoder::new(&settings.model, record.n_visible, 0, 0)?;
                restore(&mut model, "", tensors)?;
                Model::Autoencoder(model)
            }
            RunConfig::Rbm(settings) => {
                let mut rbm = settings.model.zeros(record.n_visible);
                restore(&mut rbm, "", tensors)?;
                Model::Rbm(rbm)
            }
            RunConfig::Dbn(settings) => {
                let mut n_visible = record.n_visible;
                let mut layers = Vec::new();
                for layer in 0..settings.layers.len() {
                    let mut rbm = settings.model_of(layer).zeros(n_visible);
                    restore(&mut rbm, &layer_prefix(layer), tensors)?;
                    n_visible = rbm.n_hidden();
                    layers.push(rbm);
                }
                Model::Dbn(Dbn { layers })
            }
        })
    }
}

/// A model in training.
pub(super) trait Job {
    /// Trains one epoch.
    fn epoch(&mut self) -> Result<Cost, TrainingError>;
    /// What is measured after each epoch.
    fn validation_measures(&self) -> anyhow::Result<Vec<Measure>>;
    /// All that a checkpoint needs.
    fn store(&self, map: &mut TensorMap);
    /// Goes on from a checkpoint after so many epochs.
    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), RestoreError>;
    /// The model.
    fn finish(self: Box<Self>) -> Model;
}

/// A job before its first epoch.
pub(super) fn begin<'a>(
    spec: &Spec<'a>,
    data: &'a Splits,
) -> Result<Box<dyn Job + 'a>, TrainingError> {
    let x = data.train.images.view();
    Ok(match spec.config {
        RunConfig::Autoencoder(settings) => {
            let model = Autoencoder::new(&settings.model, x.ncols(), spec.seed, 0)?;
            let training = ae_core::Training::new(
                &model,
                &settings.model,
                &settings.training,
                x,
                spec.seed,
                0,
            )?;
            Box::new(AutoencoderJob { model, training, loss: settings.model.loss(), data })
        }
        RunConfig::Rbm(settings) => Box::new(RbmJob::new(settings, spec.seed, data)?),
        RunConfig::Dbn(settings) => Box::new(DbnJob::new(settings, spec.seed, data)?),
    })
}

/// The names of a layer's tensors begin with this.
pub(super) fn layer_prefix(layer: usize) -> String {
    format!("layer{layer}.")
}

struct AutoencoderJob<'a> {
    model: Autoencoder<f32>,
    training: ae_core::Training<f32>,
    loss: Loss,
    data: &'a Splits,
}

impl Job for AutoencoderJob<'_> {
    fn epoch(&mut self) -> Result<Cost, TrainingError> {
        let value = self.training.epoch(&mut self.model, self.data.train.images.view())?;
        let unit = match self.loss {
            Loss::SquaredError => Unit::SsePerImage,
            Loss::MeanSquaredError => Unit::MsePerPixel,
            Loss::CrossEntropy => Unit::Nats,
        };
        Ok(Cost::Minimised { value, unit })
    }

    fn validation_measures(&self) -> anyhow::Result<Vec<Measure>> {
        let x = self.data.validation.images.view();
        let error = reconstruction_error(x, self.model.reconstruct(x).view());
        Ok(vec![Measure::new("validation", "mse_per_pixel", error.mse_per_pixel, "mse_per_pixel")])
    }

    fn store(&self, map: &mut TensorMap) {
        store(&self.model, "model.", map);
        self.training.store(map);
    }

    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), RestoreError> {
        restore(&mut self.model, "model.", map)?;
        self.training.restore(map, epochs)
    }

    fn finish(self: Box<Self>) -> Model {
        Model::Autoencoder(self.model)
    }
}
