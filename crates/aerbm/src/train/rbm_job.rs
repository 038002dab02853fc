//! Training of RBMs, alone and stacked.

use mnist_io::{Dataset, Splits, TrainingData};
use ndarray::{ArcArray2, Array2, ArrayView2};
use nn_core::{
    Metric, Pause, Progress, Samples, TensorMap, TrainingError, reconstruction_error, restore,
    store,
};
use rbm_core::{Rbm, Training};
use stack::{Begun, Dbn, Greedy, Job, RbmLayerTraining, ResumeError};

use super::job::ModelJob;
use crate::Error;
use crate::config::{DbnSettings, RbmSettings};
use crate::data::training_samples;
use crate::likelihood::{self, Subject};
use crate::mean;
use crate::model::Model;
use crate::record::Measure;

pub(super) struct RbmJob<'a> {
    rbm: Rbm<f32>,
    training: Training<f32>,
    settings: &'a RbmSettings,
    seed: u64,
    train: Box<dyn Samples<f32> + 'a>,
    /// As many training samples as there are validation samples.
    seen: ArcArray2<f32>,
    data: &'a Splits<TrainingData>,
}

/// The first training samples, as many as there are validation samples; samples in memory are not copied.
fn first_samples(
    data: &Splits<TrainingData>,
    train: &dyn Samples<f32>,
) -> Result<ArcArray2<f32>, TrainingError> {
    let n = data.validation.n_samples().min(train.n_samples());
    if let TrainingData::InMemory(train) = &data.train {
        return Ok(train.slice(0..n).images);
    }
    let mut seen = Array2::zeros((n, train.n_features()));
    train.gather(&(0..n).collect::<Vec<_>>(), seen.view_mut())?;
    Ok(seen.into_shared())
}

impl<'a> RbmJob<'a> {
    pub(super) fn new(
        settings: &'a RbmSettings,
        seed: u64,
        data: &'a Splits<TrainingData>,
    ) -> Result<Self, TrainingError> {
        let train = training_samples(&data.train);
        let rbm = Rbm::new(&settings.model, &*train, seed, 0)?;
        let training = Training::new(&rbm, &settings.training, &*train, seed, 0)?;
        let seen = first_samples(data, &*train)?;
        Ok(RbmJob { rbm, training, settings, seed, train, seen, data })
    }
}

impl Job for RbmJob<'_> {
    fn part_until(&mut self, pause: Pause<'_>) -> Result<Option<Progress>, TrainingError> {
        let report = self.training.epoch_until(&mut self.rbm, &*self.train, pause)?;
        Ok(report.map(|report| Progress {
            epoch: self.training.epochs_done(),
            of: self.settings.training.epochs,
            value: report.reconstruction_sse,
            metric: Metric::SSE_PER_IMAGE,
            samples: self.train.n_samples(),
        }))
    }

    fn store(&self, map: &mut TensorMap) {
        store(&self.rbm, "model.", map);
        self.training.store(map);
    }

    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), ResumeError> {
        restore(&mut self.rbm, "model.", map)?;
        Ok(self.training.restore(map, epochs)?)
    }
}

impl ModelJob for RbmJob<'_> {
    fn validation_measures(&mut self) -> Result<Vec<Measure>, Error> {
        let x = self.data.validation.images.view();
        let error = reconstruction_error(x, self.rbm.reconstruct(x).view());
        // The gap in free energy between unseen and seen samples grows with overfitting (Hinton 2012,
        // section 6).
        let seen = mean(&self.rbm.free_energies(self.seen.view()));
        let gap = mean(&self.rbm.free_energies(x)) - seen;
        let mut measures = vec![
            Measure::new("validation", "mse_per_pixel", error.mse_per_pixel, "mse_per_pixel"),
            Measure::new("validation", "free_energy_gap_nats", gap, "nats"),
            Measure::new("train", "weight_change", self.training.weight_change(&self.rbm), "1"),
        ];
        let RbmSettings { likelihood, training, .. } = self.settings;
        if likelihood.every > 0 && self.training.epochs_done().is_multiple_of(likelihood.every) {
            let binarisation = training.binarisation;
            let subject = Subject { rbm: &self.rbm, binarisation, settings: likelihood };
            let data = self.data.in_memory()?;
            measures.extend(likelihood::of_validation(&subject, &data, self.seed)?);
        }
        Ok(measures)
    }

    fn finish(self: Box<Self>) -> Model {
        Model::Rbm(self.rbm)
    }
}

/// Greedy training of a deep belief network.
pub(super) struct DbnJob<'a> {
    stack: Greedy<'a, Rbm<f32>>,
    validation: &'a Dataset,
}

impl<'a> DbnJob<'a> {
    pub(super) fn new(
        settings: &'a DbnSettings,
        seed: u64,
        train: ArrayView2<'a, f32>,
        validation: &'a Dataset,
    ) -> Result<Self, TrainingError> {
        let mut stack = Greedy::new(train, settings.layers.len(), move |inputs, layer| {
            let (model, training) = (settings.model_of(layer), settings.training_of(layer));
            let begun = RbmLayerTraining::new(&model, training, inputs, seed, layer);
            let training = begun.map_err(|error| match error {
                TrainingError::Setting(setting) => {
                    setting.in_place_of("training", settings.table_of(layer)).into()
                }
                other => other,
            })?;
            Ok(Begun::Training(Box::new(training)))
        });
        stack.begin()?;
        Ok(DbnJob { stack, validation })
    }

    /// The finished layers, and the one in training.
    fn dbn(&self) -> Dbn {
        let layers = self.stack.layers().iter().cloned().chain(self.stack.unfinished());
        Dbn { layers: layers.collect() }
    }
}

impl Job for DbnJob<'_> {
    fn part_until(&mut self, pause: Pause<'_>) -> Result<Option<Progress>, TrainingError> {
        self.stack.epoch_until(pause)
    }

    fn store(&self, map: &mut TensorMap) {
        self.stack.store(map);
    }

    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), ResumeError> {
        self.stack.restore(map, epochs)?;
        Ok(self.stack.begin()?)
    }
}

impl ModelJob for DbnJob<'_> {
    fn validation_measures(&mut self) -> Result<Vec<Measure>, Error> {
        let x = self.validation.images.view();
        let error = reconstruction_error(x, self.dbn().reconstruct(x).view());
        Ok(vec![Measure::new("validation", "mse_per_pixel", error.mse_per_pixel, "mse_per_pixel")])
    }

    fn finish(self: Box<Self>) -> Model {
        Model::Dbn(self.dbn())
    }
}
