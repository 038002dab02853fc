use nn_core::{
    MeanCost, Minibatches, Optimizer, RestoreError, Rule, Samples, TensorMap, TrainingError,
    check_unit_interval, restore, store,
};
use numerics::{Purpose, Real, Stream};

use crate::{Phases, Rbm, TrainingConfig, contrastive_divergence};

const ORDER: Purpose = Purpose::new("rbm order");
const HIDDEN: Purpose = Purpose::new("cd hidden");

/// What lives beside an RBM while it is trained: velocities, memory, and how far it is.
#[derive(Debug, Clone)]
pub struct Training<F> {
    config: TrainingConfig,
    seed: u64,
    layer: usize,
    epochs_done: usize,
    optimizer: Optimizer<F>,
    minibatches: Minibatches,
    phases: Phases<F>,
    gradient: Rbm<F>,
}

/// What an epoch of training tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochReport {
    /// Squared error of the one-step reconstruction, summed over visible units, mean over samples.
    /// Not what CD minimises, but zero only for a model that loses nothing.
    pub reconstruction_sse: f64,
}

impl<F: Real> Training<F> {
    /// Prepares to train `rbm` on `data` (n × visible), with the streams of `seed` and `layer`.
    ///
    /// # Errors
    /// If a setting is out of range, or the data are empty, unreadable, of another width, or
    /// outside [0, 1].
    pub fn new(
        rbm: &Rbm<F>,
        config: &TrainingConfig,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        config.validate()?;
        if data.n_samples() == 0 {
            return Err(TrainingError::NoData);
        }
        let found = data.n_features();
        if found != rbm.n_visible() {
            return Err(TrainingError::Width { found, expected: rbm.n_visible() });
        }
        check_unit_interval(&data, "binary visible")?;
        let batch_size = config.batch_size.min(data.n_samples());
        let rule = Rule::Momentum { momentum: config.momentum };
        Ok(Training {
            seed,
            layer,
            epochs_done: 0,
            optimizer: Optimizer::new(rule, config.weight_decay, rbm),
            minibatches: Minibatches::new(data.n_samples(), batch_size),
            phases: Phases::new(rbm, batch_size),
            gradient: Rbm::zeros(rbm.n_visible(), rbm.n_hidden()),
            config: config.clone(),
        })
    }

    /// Epochs trained so far.
    pub fn epochs_done(&self) -> usize {
        self.epochs_done
    }

    /// Trains one epoch. The `data` must be those that the training was made for.
    ///
    /// # Errors
    /// [`TrainingError::Diverged`] if the reconstruction error is not finite,
    /// [`TrainingError::Unreadable`] if the samples cannot be read; the step is then not taken.
    pub fn epoch(
        &mut self,
        rbm: &mut Rbm<F>,
        data: impl Samples<F>,
    ) -> Result<EpochReport, TrainingError> {
        let epoch = self.epochs_done + 1;
        let stream = |purpose| Stream::new(self.seed, purpose).layer(self.layer).epoch(epoch);
        self.minibatches.shuffle(stream(ORDER));
        self.optimizer.rule = Rule::Momentum { momentum: self.config.momentum_in(epoch) };
        let n_batches = self.minibatches.n_batches();
        let steps = self.config.epochs * n_batches;
        let mut mean = MeanCost::default();
        for (batch, samples) in self.minibatches.iter().enumerate() {
            let step = self.epochs_done * n_batches + batch;
            let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
            let n = samples.len();
            data.gather(samples, self.phases.positive_visible(n))?;
            let cost = contrastive_divergence(
                rbm,
                &mut self.phases,
                n,
                (self.config.gibbs_steps, self.config.negative_visible),
                stream(HIDDEN).batch(batch),
                &mut self.gradient,
            );
            if !cost.is_finite() {
                let tensors = (&*rbm, &self.gradient);
                return Err(TrainingError::diverged(cost, tensors, (step, n_batches), rate));
            }
            self.optimizer.ascend(rbm, &self.gradient, rate);
            mean.add(cost, n);
        }
        self.epochs_done = epoch;
        Ok(EpochReport { reconstruction_sse: mean.mean() })
    }
}

impl Training<f32> {
    /// Adds what a checkpoint needs beside the model and [`Training::epochs_done`].
    pub fn store(&self, map: &mut TensorMap) {
        store(&self.optimizer, "optimizer.", map);
    }

    /// Goes on from a checkpoint taken after `epochs_done` epochs.
    ///
    /// # Errors
    /// [`RestoreError`] if a tensor is missing or of another shape.
    pub fn restore(&mut self, map: &TensorMap, epochs_done: usize) -> Result<(), RestoreError> {
        restore(&mut self.optimizer, "optimizer.", map)?;
        self.epochs_done = epochs_done;
        self.optimizer.steps = (epochs_done * self.minibatches.n_batches()) as u64;
        Ok(())
    }
}
