//! Training of autoencoders.

use ae_core::Autoencoder;
use mnist_io::{Splits, TrainingData};
use ndarray::{Array2, ArrayView2};
use nn_core::{
    Pause, Progress, Samples, TensorMap, TrainingError, reconstruction_error, restore, store,
};
use stack::{Job, ResumeError};

use super::job::ModelJob;
use crate::Error;
use crate::config::AutoencoderSettings;
use crate::data::training_samples;
use crate::denoise::{is_in_unit_interval, noisy};
use crate::model::Model;
use crate::record::Measure;

pub(super) struct AutoencoderJob<'a> {
    model: Autoencoder<f32>,
    training: ae_core::Training<f32>,
    train: Box<dyn Samples<f32> + 'a>,
    data: &'a Splits<TrainingData>,
    /// The validation samples with noise, if the model learns to remove it.
    noisy: Option<Array2<f32>>,
    /// Whether training returns the model that was best on the validation set.
    keeps_best: bool,
    /// The lowest validation error so far and its model, if the best one is kept.
    best: Option<(f64, Autoencoder<f32>)>,
}

impl<'a> AutoencoderJob<'a> {
    pub(super) fn new(
        settings: &'a AutoencoderSettings,
        seed: u64,
        data: &'a Splits<TrainingData>,
        initial: Option<Autoencoder<f32>>,
    ) -> Result<Self, TrainingError> {
        let train = training_samples(&data.train);
        let model = match initial {
            Some(model) => model,
            None => Autoencoder::new(&settings.model, train.n_features(), seed, 0)?,
        };
        let config = &settings.training;
        let training = ae_core::Training::new(&model, &settings.model, config, &*train, seed, 0)?;
        Ok(AutoencoderJob {
            model,
            training,
            train,
            data,
            noisy: config.corruption.map(|corruption| noisy(corruption, &data.validation, 0)),
            keeps_best: settings.stopping.is_some(),
            best: None,
        })
    }

    /// Squared error per pixel of `model` on the validation set: on clean samples and, if training has noise,
    /// on noisy ones.
    fn errors(&self, model: &Autoencoder<f32>) -> (f64, Option<f64>) {
        let clean = self.data.validation.images.view();
        let error = |x: ArrayView2<f32>| {
            reconstruction_error(clean, model.reconstruct(x).view()).mse_per_pixel
        };
        (error(clean), self.noisy.as_ref().map(|noisy| error(noisy.view())))
    }
}

impl Job for AutoencoderJob<'_> {
    fn part_until(&mut self, pause: Pause<'_>) -> Result<Option<Progress>, TrainingError> {
        let cost = self.training.epoch_until(&mut self.model, &*self.train, pause)?;
        Ok(cost.map(|cost| self.training.progress(cost)))
    }

    fn store(&self, map: &mut TensorMap) {
        store(&self.model, "model.", map);
        if let Some((_, best)) = &self.best {
            store(best, "best.", map);
        }
        self.training.store(map);
    }

    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), ResumeError> {
        restore(&mut self.model, "model.", map)?;
        if self.keeps_best && epochs > 0 {
            let mut best = self.model.clone();
            restore(&mut best, "best.", map)?;
            let (clean, denoised) = self.errors(&best);
            self.best = Some((denoised.unwrap_or(clean), best));
        }
        Ok(self.training.restore(map, epochs)?)
    }
}

impl ModelJob for AutoencoderJob<'_> {
    fn validation_measures(&mut self) -> Result<Vec<Measure>, Error> {
        let (clean, denoised) = self.errors(&self.model);
        let watched = denoised.unwrap_or(clean);
        if self.keeps_best && self.best.as_ref().is_none_or(|(least, _)| watched < *least) {
            self.best = Some((watched, self.model.clone()));
        }
        let measure = |metric, value, unit| Measure::new("validation", metric, value, unit);
        let mut measures = Vec::new();
        if let Some(mse) = denoised {
            measures.push(measure("denoised_mse_per_pixel", mse, "mse_per_pixel"));
            if is_in_unit_interval(&self.data.validation) {
                measures.push(measure("psnr_db", -10.0 * mse.log10(), "db"));
            }
        }
        measures.push(measure("mse_per_pixel", clean, "mse_per_pixel"));
        Ok(measures)
    }

    fn finish(self: Box<Self>) -> Model {
        Model::Autoencoder(self.best.map_or(self.model, |(_, best)| best))
    }
}
