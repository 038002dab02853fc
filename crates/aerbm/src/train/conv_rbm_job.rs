//! Training of convolutional RBMs, alone and stacked.

use mnist_io::{Splits, TrainingData};
use ndarray::{ArcArray2, Array2};
use nn_core::{
    Pause, Progress, RestoreError, TensorMap, TrainingError, Unfinished, reconstruction_error,
};
use rbm_core::convolutional::ConvRbm;
use rbm_core::relative_change;
use stack::{ConvDbn, Greedy, Job, ResumeError};

use super::job::ModelJob;
use crate::config::ConvRbmSettings;
use crate::likelihood::{self, Subject};
use crate::model::Model;
use crate::record::{Measure, Spec};
use crate::{Error, mean};

/// Name of the tensor of the weights before the interrupted epoch.
const BEFORE: &str = "before.weights";

pub(super) struct ConvRbmJob<'a> {
    stack: Greedy<'a, ConvRbm<f32>>,
    settings: &'a ConvRbmSettings,
    seed: u64,
    epochs_done: usize,
    /// Whether an epoch was interrupted.
    in_epoch: bool,
    /// The weights of the layer in training before the last epoch.
    before: Array2<f32>,
    /// As many training samples as there are validation samples.
    seen: ArcArray2<f32>,
    data: &'a Splits<TrainingData>,
}

impl<'a> ConvRbmJob<'a> {
    pub(super) fn new(
        settings: &'a ConvRbmSettings,
        spec: &Spec<'_>,
        data: &'a Splits<TrainingData>,
    ) -> Result<Self, Error> {
        let (train, seed) = (data.train.in_memory()?, spec.seed);
        let failed = |source| Error::training(spec.run, source);
        let begin = move |inputs: ndarray::ArrayView2<'_, f32>, layer: usize| {
            settings.layers[layer].begin_rbm(inputs, seed, layer)
        };
        let mut stack = Greedy::new(train.images.view(), settings.layers.len(), begin);
        stack.begin().map_err(failed)?;
        let n = data.validation.n_samples().min(train.n_samples());
        let (before, seen) = (Array2::zeros((0, 0)), train.slice(0..n).images);
        Ok(ConvRbmJob {
            stack,
            settings,
            seed,
            epochs_done: 0,
            in_epoch: false,
            before,
            seen,
            data,
        })
    }

    /// The finished layers, and the one in training.
    fn dbn(&self) -> ConvDbn {
        let layers = self.stack.layers().iter().cloned().chain(self.stack.unfinished());
        ConvDbn { layers: layers.collect() }
    }

    /// Measurements of a single convolutional RBM.
    fn measures_of_one(&self, rbm: &ConvRbm<f32>) -> Result<Vec<Measure>, Error> {
        let x = self.data.validation.images.view();
        // The gap in free energy between unseen and seen samples grows with overfitting (Hinton 2012,
        // section 6).
        let seen = mean(&rbm.free_energies(self.seen.view()));
        let gap = mean(&rbm.free_energies(x)) - seen;
        let mut measures = vec![Measure::new("validation", "free_energy_gap_nats", gap, "nats")];
        let settings = &self.settings.likelihood;
        if settings.every > 0 && self.epochs_done.is_multiple_of(settings.every) {
            let binarisation = self.settings.layers[0].training.binarisation;
            let data = self.data.in_memory()?;
            let subject = Subject { rbm, binarisation, settings };
            measures.extend(likelihood::of_validation(&subject, &data, self.seed)?);
        }
        Ok(measures)
    }
}

impl Job for ConvRbmJob<'_> {
    fn part_until(&mut self, pause: Pause<'_>) -> Result<Option<Progress>, TrainingError> {
        if !self.in_epoch {
            self.stack.begin()?;
            let rbm = self.stack.unfinished().expect("the number of epochs is that of all layers");
            self.before = rbm.weights;
        }
        let progress = self.stack.epoch_until(pause)?;
        self.in_epoch = progress.is_none();
        self.epochs_done += usize::from(!self.in_epoch);
        Ok(progress)
    }

    fn store(&self, map: &mut TensorMap) {
        self.stack.store(map);
        if self.in_epoch {
            map.insert(BEFORE.to_owned(), self.before.clone().into_dyn());
        }
    }

    fn restore(&mut self, map: &TensorMap, epochs: usize) -> Result<(), ResumeError> {
        self.stack.restore(map, epochs)?;
        self.epochs_done = epochs;
        self.in_epoch = Unfinished::restored(map)?.is_some();
        if self.in_epoch {
            let before = map.get(BEFORE).and_then(|it| it.clone().into_dimensionality().ok());
            self.before = before.ok_or_else(|| RestoreError::Missing(BEFORE.to_owned()))?;
        }
        Ok(self.stack.begin()?)
    }
}

impl ModelJob for ConvRbmJob<'_> {
    fn validation_measures(&mut self) -> Result<Vec<Measure>, Error> {
        let (x, dbn) = (self.data.validation.images.view(), self.dbn());
        let error = reconstruction_error(x, dbn.reconstruct(x).view());
        let mse = error.mse_per_pixel;
        let mut measures = vec![Measure::new("validation", "mse_per_pixel", mse, "mse_per_pixel")];
        if self.settings.layers.len() == 1 {
            measures.extend(self.measures_of_one(dbn.top())?);
        }
        let change = relative_change(&dbn.top().weights, &self.before);
        measures.push(Measure::new("train", "weight_change", change, "1"));
        Ok(measures)
    }

    fn finish(self: Box<Self>) -> Model {
        Model::ConvDbn(self.dbn())
    }
}
