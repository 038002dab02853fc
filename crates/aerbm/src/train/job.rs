//! Models in training behind one interface.

use ae_core::Autoencoder;
use mnist_io::{Splits, TrainingData};
use ndarray::{Array2, ArrayView2};
use nn_core::{Metric, Samples, TensorMap, TrainingError, reconstruction_error, restore, store};

use stack::ResumeError;

use super::rbm_job::{DbnJob, RbmJob};
use crate::Error;
use crate::config::RunConfig;
use crate::data::training_samples;
use crate::denoise::noisy;
use crate::model::Model;
use crate::record::{Measure, Spec};

/// A model in training.
pub(super) trait Job {
    /// Trains one epoch and returns its mean cost.
    fn epoch(&mut self) -> Result<f64, TrainingError>;
    /// The quantity that [`epoch`](Self::epoch) returns.
    fn metric(&self) -> Metric;
    /// The measurements after each epoch. The first one decides which model is best.
    fn validation_measures(&mut self) -> Result<Vec<Measure>, Error>;
    /// Adds the state of training, for a checkpoint.
    fn store(&self, map: &mut TensorMap);
    /// Restores the state of a checkpoint after this many epochs.
    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), ResumeError>;
    /// The model.
    fn finish(self: Box<Self>) -> Model;
}

/// A job before its first epoch. An autoencoder starts as `initial`, or with random weights.
pub(super) fn begin<'a>(
    spec: &Spec<'a>,
    data: &'a Splits<TrainingData>,
    initial: Option<Autoencoder<f32>>,
) -> Result<Box<dyn Job + 'a>, Error> {
    let failed = |source: TrainingError| Error::training(spec.run, source);
    let train = training_samples(&data.train);
    Ok(match spec.config {
        RunConfig::Autoencoder(settings) => {
            let model = match initial {
                Some(model) => model,
                None => Autoencoder::new(&settings.model, train.n_features(), spec.seed, 0)?,
            };
            let training = ae_core::Training::new(
                &model,
                &settings.model,
                &settings.training,
                &*train,
                spec.seed,
                0,
            )
            .map_err(failed)?;
            let corruption = settings.training.corruption;
            Box::new(AutoencoderJob {
                model,
                training,
                metric: settings.model.loss().metric(),
                train,
                data,
                noisy: corruption.map(|corruption| noisy(corruption, &data.validation, 0)),
                keeps_best: settings.stopping.is_some(),
                best: None,
            })
        }
        RunConfig::Rbm(settings) => {
            Box::new(RbmJob::new(settings, spec.seed, data).map_err(failed)?)
        }
        RunConfig::Dbn(settings) => {
            let train = data.train.in_memory()?.images.view();
            Box::new(DbnJob::new(settings, spec.seed, train, &data.validation).map_err(failed)?)
        }
    })
}

struct AutoencoderJob<'a> {
    model: Autoencoder<f32>,
    training: ae_core::Training<f32>,
    metric: Metric,
    train: Box<dyn Samples<f32> + 'a>,
    data: &'a Splits<TrainingData>,
    /// The validation samples with noise, if the model learns to remove it.
    noisy: Option<Array2<f32>>,
    /// Whether training returns the model that was best on the validation set.
    keeps_best: bool,
    /// The lowest validation error so far and its model, if the best one is kept.
    best: Option<(f64, Autoencoder<f32>)>,
}

impl AutoencoderJob<'_> {
    /// Squared error per pixel of `model` on the validation set: of clean samples and, if there is
    /// noise in training, of noisy ones.
    fn errors(&self, model: &Autoencoder<f32>) -> (f64, Option<f64>) {
        let clean = self.data.validation.images.view();
        let error = |x: ArrayView2<f32>| {
            reconstruction_error(clean, model.reconstruct(x).view()).mse_per_pixel
        };
        (error(clean), self.noisy.as_ref().map(|noisy| error(noisy.view())))
    }
}

impl Job for AutoencoderJob<'_> {
    fn epoch(&mut self) -> Result<f64, TrainingError> {
        self.training.epoch(&mut self.model, &*self.train)
    }

    fn metric(&self) -> Metric {
        self.metric.clone()
    }

    fn validation_measures(&mut self) -> Result<Vec<Measure>, Error> {
        let (clean, denoised) = self.errors(&self.model);
        let watched = denoised.unwrap_or(clean);
        if self.keeps_best && self.best.as_ref().is_none_or(|(least, _)| watched < *least) {
            self.best = Some((watched, self.model.clone()));
        }
        let measure = |metric, value, unit| Measure::new("validation", metric, value, unit);
        let denoised = denoised.into_iter().flat_map(|mse| {
            [
                measure("denoised_mse_per_pixel", mse, "mse_per_pixel"),
                measure("psnr_db", -10.0 * mse.log10(), "db"),
            ]
        });
        Ok(denoised.chain([measure("mse_per_pixel", clean, "mse_per_pixel")]).collect())
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

    fn finish(self: Box<Self>) -> Model {
        Model::Autoencoder(self.best.map_or(self.model, |(_, best)| best))
    }
}
