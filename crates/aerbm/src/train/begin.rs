//! The job of each kind of model.

use ae_core::Autoencoder;
use mnist_io::{Splits, TrainingData};
use nn_core::TrainingError;

use super::autoencoder_job::AutoencoderJob;
use super::conv_rbm_job::ConvRbmJob;
use super::job::ModelJob;
use super::rbm_job::{DbnJob, RbmJob};
use crate::Error;
use crate::config::RunConfig;
use crate::record::Spec;

/// A job before its first epoch. An autoencoder starts as `initial`, or with random weights.
pub(super) fn begin<'a>(
    spec: &Spec<'a>,
    data: &'a Splits<TrainingData>,
    initial: Option<Autoencoder<f32>>,
) -> Result<Box<dyn ModelJob + 'a>, Error> {
    let failed = |source: TrainingError| Error::training(spec.run, source);
    Ok(match spec.config {
        RunConfig::Autoencoder(settings) => {
            Box::new(AutoencoderJob::new(settings, spec.seed, data, initial).map_err(failed)?)
        }
        RunConfig::Rbm(settings) => {
            Box::new(RbmJob::new(settings, spec.seed, data).map_err(failed)?)
        }
        RunConfig::Dbn(settings) => {
            let train = data.train.in_memory()?.images.view();
            Box::new(DbnJob::new(settings, spec.seed, train, &data.validation).map_err(failed)?)
        }
        RunConfig::ConvRbm(settings) => Box::new(ConvRbmJob::new(settings, spec, data)?),
    })
}
