//! The two families behind one face: a job trains, a model is what comes out.

use ae_core::{Autoencoder, Corruption};
use mnist_io::{Dataset, Splits, TrainingData};
use ndarray::{Array2, ArrayView2};
use nn_core::{
    Loss, Parameters as _, RestoreError, Samples, TensorMap, TrainingError, reconstruction_error,
    restore, store,
};
use rbm_core::Rbm;
use stack::Dbn;

use super::rbm_job::{DbnJob, RbmJob, rbm_measures};
use super::record::{Cost, Unit};
use super::{Measure, Record, Spec};
use crate::config::RunConfig;
use crate::data::training_samples;
use crate::denoise::{noisy, quality};

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
    pub(crate) fn measures(&self, config: &RunConfig, split: &str, set: &Dataset) -> Vec<Measure> {
        let x = set.images.view();
        let mut measures = self.reconstruction_measures(split, x);
        match (self, config) {
            (Model::Autoencoder(model), RunConfig::Autoencoder(settings)) => {
                measures.extend(code_measures(model, split, x));
                if let Some(corruption) = settings.training.corruption {
                    measures.extend(denoising_measures(self, corruption, split, set));
                }
            }
            (Model::Rbm(rbm), _) => measures.extend(rbm_measures(rbm, split, x)),
            _ => (),
        }
        measures
    }

    /// How far reconstructions are from what they are of.
    pub(crate) fn reconstruction_measures(&self, split: &str, x: ArrayView2<f32>) -> Vec<Measure> {
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

    /// The code, or hidden probabilities. Shapes: (n × visible) → (n × hidden).
    pub(crate) fn encode(&self, x: ArrayView2<f32>) -> Array2<f32> {
        match self {
            Model::Autoencoder(model) => model.encode(x),
            Model::Rbm(rbm) => rbm.encode(x),
            Model::Dbn(dbn) => dbn.encode(x),
        }
    }

    pub(super) fn is_finite(&self) -> bool {
        match self {
            Model::Autoencoder(model) => model.all_finite(),
            Model::Rbm(rbm) => rbm.all_finite(),
            Model::Dbn(dbn) => dbn.layers.iter().all(nn_core::Parameters::all_finite),
        }
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

/// What the code is like.
fn code_measures(model: &Autoencoder<f32>, split: &str, x: ArrayView2<f32>) -> Vec<Measure> {
    let code = model.code_statistics(x);
    let mut measures = vec![
        Measure::new(split, "code_mean_activity", code.mean_activity, "activity"),
        Measure::new(split, "code_dead_units", code.dead_units as f64, "units"),
        Measure::new(split, "code_jacobian_norm", code.mean_jacobian_norm, "norm"),
    ];
    if let Some(saturated) = code.saturated_pct {
        measures.push(Measure::new(split, "code_saturated_pct", saturated, "pct"));
    }
    measures
}

/// How well noise of the kind that the model was trained against is removed, beside doing nothing.
fn denoising_measures(
    model: &Model,
    corruption: Corruption,
    split: &str,
    set: &Dataset,
) -> Vec<Measure> {
    let noisy = noisy(corruption, set, 0);
    let mut measures = Vec::new();
    let mut add = |psnr: &str, ssim: &str, found: &Array2<f32>| {
        let quality = quality(set.images.view(), found.view(), set.shape);
        measures.push(Measure::new(split, psnr, quality.psnr_db, "db"));
        measures.extend(quality.ssim.map(|value| Measure::new(split, ssim, value, "ssim")));
    };
    add("noisy_psnr_db", "noisy_ssim", &noisy);
    add("psnr_db", "ssim", &model.reconstruct(noisy.view()));
    measures
}

/// A model in training.
pub(super) trait Job {
    /// Trains one epoch.
    fn epoch(&mut self) -> Result<Cost, TrainingError>;
    /// What is measured after each epoch, that by which models are chosen first.
    fn validation_measures(&mut self) -> anyhow::Result<Vec<Measure>>;
    /// All that a checkpoint needs.
    fn store(&self, map: &mut TensorMap);
    /// Goes on from a checkpoint after so many epochs.
    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), RestoreError>;
    /// The model.
    fn finish(self: Box<Self>) -> Model;
}

/// A job before its first epoch; an autoencoder begins as `initial`, or at random.
pub(super) fn begin<'a>(
    spec: &Spec<'a>,
    data: &'a Splits<TrainingData>,
    initial: Option<Autoencoder<f32>>,
) -> anyhow::Result<Box<dyn Job + 'a>> {
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
            )?;
            let corruption = settings.training.corruption;
            Box::new(AutoencoderJob {
                model,
                training,
                loss: settings.model.loss(),
                train,
                data,
                noisy: corruption.map(|corruption| noisy(corruption, &data.validation, 0)),
                keeps_best: settings.stopping.is_some(),
                best: None,
            })
        }
        RunConfig::Rbm(settings) => Box::new(RbmJob::new(settings, spec.seed, data)?),
        RunConfig::Dbn(settings) => {
            let train = data.train.in_memory()?.images.view();
            Box::new(DbnJob::new(settings, spec.seed, train, &data.validation)?)
        }
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
    train: Box<dyn Samples<f32> + 'a>,
    data: &'a Splits<TrainingData>,
    /// The validation images with noise, where the model learns to remove it.
    noisy: Option<Array2<f32>>,
    /// Whether the model that is best on the validation set is what comes out.
    keeps_best: bool,
    /// The lowest validation error so far and its model, if that is kept.
    best: Option<(f64, Autoencoder<f32>)>,
}

impl AutoencoderJob<'_> {
    /// Squared error per pixel of `model` on the validation set, from clean images and, where there
    /// is noise, from noisy ones.
    fn errors(&self, model: &Autoencoder<f32>) -> (f64, Option<f64>) {
        let clean = self.data.validation.images.view();
        let error = |x: ArrayView2<f32>| {
            reconstruction_error(clean, model.reconstruct(x).view()).mse_per_pixel
        };
        (error(clean), self.noisy.as_ref().map(|noisy| error(noisy.view())))
    }
}

impl Job for AutoencoderJob<'_> {
    fn epoch(&mut self) -> Result<Cost, TrainingError> {
        let value = self.training.epoch(&mut self.model, &*self.train)?;
        let unit = match self.loss {
            Loss::SquaredError => Unit::SsePerImage,
            Loss::MeanSquaredError => Unit::MsePerPixel,
            Loss::CrossEntropy => Unit::Nats,
        };
        Ok(Cost::Minimised { value, unit })
    }

    fn validation_measures(&mut self) -> anyhow::Result<Vec<Measure>> {
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

    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), RestoreError> {
        restore(&mut self.model, "model.", map)?;
        if self.keeps_best && epochs > 0 {
            let mut best = self.model.clone();
            restore(&mut best, "best.", map)?;
            let (clean, denoised) = self.errors(&best);
            self.best = Some((denoised.unwrap_or(clean), best));
        }
        self.training.restore(map, epochs)
    }

    fn finish(self: Box<Self>) -> Model {
        Model::Autoencoder(self.best.map_or(self.model, |(_, best)| best))
    }
}
