//! The two families behind one face: a job trains, a model is what comes out.

use ae_core::Autoencoder;
use mnist_io::Splits;
use ndarray::{Array2, ArrayView2};
use nn_core::{Loss, RestoreError, TensorMap, TrainingError, reconstruction_error, restore, store};
use rbm_core::Rbm;

use super::record::{Cost, Unit};
use super::{Measure, Record, Spec};
use crate::config::{RbmSettings, RunConfig};
use crate::likelihood::{self, mean};

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Model {
    Autoencoder(Autoencoder<f32>),
    Rbm(Rbm<f32>),
}

impl Model {
    /// Encodes and decodes; for an RBM the mean-field pass. Shapes: (n × visible) → the same.
    pub(crate) fn reconstruct(&self, x: ArrayView2<f32>) -> Array2<f32> {
        match self {
            Model::Autoencoder(model) => model.reconstruct(x),
            Model::Rbm(rbm) => rbm.reconstruct(x),
        }
    }

    /// The weights between data and first hidden layer, visible × hidden.
    pub(crate) fn filters(&self) -> ArrayView2<'_, f32> {
        match self {
            Model::Autoencoder(model) => model.encoder[0].weights.view(),
            Model::Rbm(rbm) => rbm.weights.view(),
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
        measures
    }

    pub(crate) fn store(&self, map: &mut TensorMap) {
        match self {
            Model::Autoencoder(model) => store(model, "", map),
            Model::Rbm(rbm) => store(rbm, "", map),
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
        RunConfig::Rbm(settings) => {
            let rbm = Rbm::new(&settings.model, x, spec.seed, 0)?;
            let training = rbm_core::Training::new(&rbm, &settings.training, x, spec.seed, 0)?;
            Box::new(RbmJob { rbm, training, settings, seed: spec.seed, data })
        }
    })
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

struct RbmJob<'a> {
    rbm: Rbm<f32>,
    training: rbm_core::Training<f32>,
    settings: &'a RbmSettings,
    seed: u64,
    data: &'a Splits,
}

impl Job for RbmJob<'_> {
    fn epoch(&mut self) -> Result<Cost, TrainingError> {
        let report = self.training.epoch(&mut self.rbm, self.data.train.images.view())?;
        Ok(Cost::Reconstruction { value: report.reconstruction_sse })
    }

    fn validation_measures(&self) -> anyhow::Result<Vec<Measure>> {
        let x = self.data.validation.images.view();
        let error = reconstruction_error(x, self.rbm.reconstruct(x).view());
        // How much less probable unseen images are than seen ones: grows with overfitting
        // (Hinton 2012, section 6).
        let seen = self.data.train.rows(0..x.nrows().min(self.data.train.n_samples()));
        let gap = mean(&self.rbm.free_energies(x)) - mean(&self.rbm.free_energies(seen));
        let mut measures = vec![
            Measure::new("validation", "mse_per_pixel", error.mse_per_pixel, "mse_per_pixel"),
            Measure::new("validation", "free_energy_gap_nats", gap, "nats"),
        ];
        let RbmSettings { likelihood, training, .. } = self.settings;
        if likelihood.every > 0 && self.training.epochs_done().is_multiple_of(likelihood.every) {
            let how = (training.binarisation, &likelihood.annealing());
            measures.extend(likelihood::of_validation(&self.rbm, how, self.data, self.seed)?);
        }
        Ok(measures)
    }

    fn store(&self, map: &mut TensorMap) {
        store(&self.rbm, "model.", map);
        self.training.store(map);
    }

    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), RestoreError> {
        restore(&mut self.rbm, "model.", map)?;
        self.training.restore(map, epochs)
    }

    fn finish(self: Box<Self>) -> Model {
        Model::Rbm(self.rbm)
    }
}
