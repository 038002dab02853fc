//! An RBM with the state of its training, which learns epoch by epoch or from data that arrive a batch at a
//! time.
//!
//! ```
//! use aerbm::{RbmLearner, RunConfig};
//! let x = aerbm::ndarray::Array2::<f32>::from_shape_fn((200, 12), |(i, j)| f32::from((i + j) % 3 == 0));
//! let settings = RunConfig::preset("rbm")?.with("model.n_hidden=8")?;
//! let RunConfig::Rbm(settings) = settings else { unreachable!("the preset is of an RBM") };
//! let mut learner = RbmLearner::new(&settings, &x, 1)?;
//! let first = learner.step(&x)?;
//! for _ in 0..200 {
//!     learner.step(&x)?;
//! }
//! assert!(learner.step(&x)? < first);
//! let trained = learner.trained();
//! assert_eq!(trained.model.n_visible(), 12);
//! # Ok::<(), aerbm::Error>(())
//! ```

use std::time::Instant;

use mnist_io::ImageShape;
use ndarray::ArrayView2;
use nn_core::{EpochRecord, Metric, Samples, TensorMap};
use rbm_core::{Rbm, Training};
use study::stage::Key;

use crate::config::{ConfigError, RbmSettings, RunConfig};
use crate::record::{Epoch, Record};
use crate::{Error, Model, Trained};

/// An RBM in training, on data that are in memory.
#[derive(Debug, Clone)]
pub struct RbmLearner {
    rbm: Rbm<f32>,
    training: Training<f32>,
    record: Record,
}

impl RbmLearner {
    /// Creates an RBM for `data` (n × visible), which it does not learn from yet; it only takes what its
    /// settings derive from data, such as standard deviations. Every random draw follows from `seed`.
    ///
    /// # Errors
    /// [`Error::Training`] for settings out of range, or data that do not suit the visible units.
    pub fn new(settings: &RbmSettings, data: &dyn Samples<f32>, seed: u64) -> Result<Self, Error> {
        let begun = Rbm::new(&settings.model, data, seed, 0).and_then(|rbm| {
            let training = Training::new(&rbm, &settings.training, data, seed, 0)?;
            Ok((rbm, training))
        });
        let (rbm, training) = begun.map_err(failed)?;
        let config = RunConfig::Rbm(settings.clone());
        let record = Record {
            key: Key::new("learn", &(&config, seed)).as_str().to_owned(),
            run: config.method().to_owned(),
            method: config.method().to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            seed,
            config: config.to_toml()?,
            n_visible: data.n_features(),
            image: ImageShape::of_features(data.n_features()),
            data: "array".to_owned(),
            data_sha256: None,
            source: None,
            pretraining: vec![],
            epochs: vec![],
            finals: vec![],
        };
        Ok(RbmLearner { rbm, training, record })
    }

    /// Resumes the training of a model from the [`state`](Self::state) that it had after `steps` epochs or
    /// steps. `data` are the next samples to learn from.
    ///
    /// # Errors
    /// [`Error::Kind`] if the model is not an RBM, [`Error::Config`] if the state is that of another model,
    /// and the errors of [`RbmLearner::new`].
    pub fn resume(
        trained: &Trained,
        state: &TensorMap,
        steps: usize,
        data: &dyn Samples<f32>,
    ) -> Result<Self, Error> {
        let record = trained.record.clone();
        let (Model::Rbm(rbm), RunConfig::Rbm(settings)) = (&trained.model, trained.config()?)
        else {
            return Err(Error::Kind { run: record.run, expected: "an RBM of one dense layer" });
        };
        let training = Training::new(rbm, &settings.training, data, record.seed, 0);
        let mut training = training.map_err(failed)?;
        let restored = training.restore(state, steps);
        restored.map_err(|error| ConfigError(format!("the state of training: {error}")))?;
        Ok(RbmLearner { rbm: rbm.clone(), training, record })
    }

    /// Learns one epoch on `data` (n × visible) and returns the reconstruction error: squared, in units of
    /// σ², summed over visible units, mean over samples.
    ///
    /// # Errors
    /// [`Error::Training`] for divergence; the model is then as it was before the epoch.
    pub fn epoch(&mut self, data: &dyn Samples<f32>) -> Result<f64, Error> {
        let start = Instant::now();
        let report = self.training.epoch(&mut self.rbm, data).map_err(failed)?;
        let training = EpochRecord {
            epoch: self.record.epochs.len() + 1,
            value: report.reconstruction_sse,
            metric: Metric::SSE_PER_IMAGE,
            seconds: start.elapsed().as_secs_f64(),
            samples: data.n_samples(),
        };
        self.record.epochs.push(Epoch { training, measures: vec![] });
        Ok(report.reconstruction_sse)
    }

    /// Takes one training step on all rows of `batch` (n × visible), and returns the reconstruction error of
    /// the rows before the step.
    ///
    /// # Errors
    /// [`Error::Training`] for data that do not suit the visible units, for a learning rate with a schedule,
    /// and for divergence; the model is then as it was before the step.
    pub fn step(&mut self, batch: &dyn Samples<f32>) -> Result<f64, Error> {
        self.training.step(&mut self.rbm, batch).map_err(failed)
    }

    /// Number of epochs and steps so far.
    pub fn steps(&self) -> usize {
        self.training.epochs_done()
    }

    /// The current model.
    pub fn rbm(&self) -> &Rbm<f32> {
        &self.rbm
    }

    /// The hidden states of persistent chains, chains × hidden; `None` for contrastive divergence and
    /// tempering.
    pub fn chains(&self) -> Option<ArrayView2<'_, f32>> {
        self.training.chains()
    }

    /// The state of training, without the model.
    pub fn state(&self) -> TensorMap {
        let mut state = TensorMap::new();
        self.training.store(&mut state);
        state
    }

    /// The current model, with the record of its training.
    pub fn trained(&self) -> Trained {
        Trained { model: Model::Rbm(self.rbm.clone()), record: self.record.clone() }
    }
}

fn failed(source: nn_core::TrainingError) -> Error {
    Error::training("rbm", source)
}
