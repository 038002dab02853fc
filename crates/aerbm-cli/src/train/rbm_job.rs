//! RBMs in training, alone and stacked.

use mnist_io::Splits;
use ndarray::{ArcArray2, Array2, ArrayView2};
use nn_core::{
    RestoreError, Samples, TensorMap, TrainingError, reconstruction_error, restore, store,
};
use numerics::{Purpose, Stream};
use rbm_core::{Rbm, Training, Unit};
use stack::{Begun, Dbn, Greedy, RbmLayerTraining, ResumeError};

use super::Measure;
use super::job::{Job, Model};
use super::record::Cost;
use crate::config::{DbnSettings, RbmSettings};
use crate::data::training_samples;
use crate::likelihood::{self, mean};

const MEASURE: Purpose = Purpose::new("measure");

/// What is measured of an RBM beside what is measured of every model: the reconstruction from drawn
/// hidden states, and how active those are.
pub(super) fn rbm_measures(rbm: &Rbm<f32>, split: &str, x: ArrayView2<f32>) -> Vec<Measure> {
    let sampled = rbm.reconstruct_sampled(x, Stream::new(0, MEASURE));
    let error = reconstruction_error(x, sampled.view());
    let mut measures =
        vec![Measure::new(split, "sse_sampled_per_image", error.sse_per_image, "sse_per_image")];
    if rbm.visible == Unit::Binary {
        let value = error.bce_nats_per_image;
        measures.push(Measure::new(split, "bce_sampled_nats_per_image", value, "nats"));
    }
    if rbm.hidden == Unit::Binary {
        let activity = rbm.encode(x).mean().map_or(f64::NAN, f64::from);
        measures.push(Measure::new(split, "hidden_activity", activity, "probability"));
    }
    measures
}

pub(super) struct RbmJob<'a> {
    rbm: Rbm<f32>,
    training: Training<f32>,
    settings: &'a RbmSettings,
    seed: u64,
    train: Box<dyn Samples<f32> + 'a>,
    /// As many training samples as validate.
    seen: ArcArray2<f32>,
    data: &'a Splits,
}

/// The first training samples, as many as validate; in memory they are not copied.
fn first_samples(data: &Splits, train: &dyn Samples<f32>) -> Result<ArcArray2<f32>, TrainingError> {
    let n = data.validation.n_samples().min(train.n_samples());
    if data.train.n_samples() >= n {
        return Ok(data.train.slice(0..n).images);
    }
    let mut seen = Array2::zeros((n, train.n_features()));
    train.gather(&(0..n).collect::<Vec<_>>(), seen.view_mut())?;
    Ok(seen.into_shared())
}

impl<'a> RbmJob<'a> {
    pub(super) fn new(
        settings: &'a RbmSettings,
        seed: u64,
        data: &'a Splits,
    ) -> Result<Self, TrainingError> {
        let train = training_samples(data);
        let rbm = Rbm::new(&settings.model, &*train, seed, 0)?;
        let training = Training::new(&rbm, &settings.training, &*train, seed, 0)?;
        let seen = first_samples(data, &*train)?;
        Ok(RbmJob { rbm, training, settings, seed, train, seen, data })
    }
}

impl Job for RbmJob<'_> {
    fn epoch(&mut self) -> Result<Cost, TrainingError> {
        let report = self.training.epoch(&mut self.rbm, &*self.train)?;
        Ok(Cost::Reconstruction { value: report.reconstruction_sse })
    }

    fn validation_measures(&mut self) -> anyhow::Result<Vec<Measure>> {
        let x = self.data.validation.images.view();
        let error = reconstruction_error(x, self.rbm.reconstruct(x).view());
        // How much less probable unseen images are than seen ones: grows with overfitting
        // (Hinton 2012, section 6).
        let seen = mean(&self.rbm.free_energies(self.seen.view()));
        let gap = mean(&self.rbm.free_energies(x)) - seen;
        let mut measures = vec![
            Measure::new("validation", "mse_per_pixel", error.mse_per_pixel, "mse_per_pixel"),
            Measure::new("validation", "free_energy_gap_nats", gap, "nats"),
            Measure::new("train", "weight_change", self.training.weight_change(&self.rbm), "1"),
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

/// The RBMs of a deep belief network, one after the other.
pub(super) struct DbnJob<'a> {
    greedy: Greedy<'a, Rbm<f32>>,
    data: &'a Splits,
}

impl<'a> DbnJob<'a> {
    pub(super) fn new(
        settings: &'a DbnSettings,
        seed: u64,
        data: &'a Splits,
    ) -> Result<Self, TrainingError> {
        let x = data.train.images.view();
        let mut greedy = Greedy::new(x, settings.layers.len(), move |inputs, layer| {
            let (model, training) = (settings.model_of(layer), settings.training_of(layer));
            let training = RbmLayerTraining::new(&model, training, inputs, seed, layer)?;
            Ok(Begun::Training(Box::new(training)))
        });
        greedy.begin()?;
        Ok(DbnJob { greedy, data })
    }

    /// The finished layers, and the one in training on top.
    fn dbn(&self) -> Dbn {
        Dbn {
            layers: self.greedy.layers().iter().cloned().chain(self.greedy.unfinished()).collect(),
        }
    }
}

impl Job for DbnJob<'_> {
    fn epoch(&mut self) -> Result<Cost, TrainingError> {
        let progress = self.greedy.epoch()?.expect("a run has the epochs of its layers");
        Ok(Cost::Reconstruction { value: progress.value })
    }

    fn validation_measures(&mut self) -> anyhow::Result<Vec<Measure>> {
        let x = self.data.validation.images.view();
        let error = reconstruction_error(x, self.dbn().reconstruct(x).view());
        Ok(vec![Measure::new("validation", "mse_per_pixel", error.mse_per_pixel, "mse_per_pixel")])
    }

    fn store(&self, map: &mut TensorMap) {
        self.greedy.store(map);
    }

    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), RestoreError> {
        self.greedy.restore(map, epochs).map_err(|error| match error {
            ResumeError::Tensors(error) => error,
            ResumeError::Training(error) => panic!("settings and data were checked: {error}"),
        })
    }

    fn finish(self: Box<Self>) -> Model {
        Model::Dbn(self.dbn())
    }
}
