use ndarray::{Array2, s};
use nn_core::{
    Activation, Loss, MeanCost, Minibatches, Optimizer, Parameters, RestoreError, Samples,
    TensorMap, TrainingError, Workspace, restore, store,
};
use numerics::{Purpose, Real, Stream};

use crate::{Autoencoder, AutoencoderConfig, TrainingConfig, cost_and_gradient};

const ORDER: Purpose = Purpose::new("ae order");

/// What lives beside an autoencoder while it is trained: moments, memory, and how far it is.
#[derive(Debug, Clone)]
pub struct Training<F> {
    config: TrainingConfig,
    loss: Loss,
    seed: u64,
    layer: usize,
    epochs_done: usize,
    optimizer: Optimizer<F>,
    minibatches: Minibatches,
    batch: Array2<F>,
    workspace: Workspace<F>,
    gradient: Autoencoder<F>,
}

impl<F: Real> Training<F> {
    /// Prepares to train `model` on `data` (n × visible), with the streams of `seed` and `layer`.
    ///
    /// # Errors
    /// If a setting is out of range, the data are empty, unreadable, of another width, or hold values
    /// that the output units cannot give back.
    pub fn new(
        model: &Autoencoder<F>,
        architecture: &AutoencoderConfig,
        config: &TrainingConfig,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        architecture.validate()?;
        config.validate()?;
        check_data(model, &data)?;
        let batch_size = config.batch_size.min(data.n_samples());
        Ok(Training {
            loss: architecture.loss(),
            seed,
            layer,
            epochs_done: 0,
            optimizer: Optimizer::new(config.optimizer, config.weight_decay, model),
            minibatches: Minibatches::new(data.n_samples(), batch_size),
            batch: Array2::zeros((batch_size, data.n_features())),
            workspace: Workspace::new(model, batch_size),
            gradient: model.zeros_like(),
            config: config.clone(),
        })
    }

    /// Epochs trained so far.
    pub fn epochs_done(&self) -> usize {
        self.epochs_done
    }

    /// Trains one epoch and returns the mean cost of a sample over it, each batch measured before
    /// its step. The `data` must be those that the training was made for.
    ///
    /// # Errors
    /// [`TrainingError::Diverged`] if the cost is not finite, [`TrainingError::Unreadable`] if
    /// the samples cannot be read; the step is then not taken.
    pub fn epoch(
        &mut self,
        model: &mut Autoencoder<F>,
        data: impl Samples<F>,
    ) -> Result<f64, TrainingError> {
        let epoch = self.epochs_done + 1;
        let order = Stream::new(self.seed, ORDER).layer(self.layer).epoch(epoch);
        self.minibatches.shuffle(order);
        let n_batches = self.minibatches.n_batches();
        let steps = self.config.epochs * n_batches;
        let mut mean = MeanCost::default();
        for (batch, samples) in self.minibatches.iter().enumerate() {
            let step = self.epochs_done * n_batches + batch;
            let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
            data.gather(samples, self.batch.slice_mut(s![..samples.len(), ..]))?;
            let x = self.batch.slice(s![..samples.len(), ..]);
            let (workspace, gradient) = (&mut self.workspace, &mut self.gradient);
            let cost = cost_and_gradient(model, self.loss, x, x, workspace, gradient);
            if !cost.is_finite() {
                let batch = batch + 1;
                return Err(TrainingError::Diverged { cost, epoch, batch, learning_rate: rate });
            }
            self.optimizer.descend(model, gradient, rate);
            mean.add(cost, samples.len());
        }
        self.epochs_done = epoch;
        Ok(mean.mean())
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

fn check_data<F: Real>(
    model: &Autoencoder<F>,
    data: &impl Samples<F>,
) -> Result<(), TrainingError> {
    if data.n_samples() == 0 {
        return Err(TrainingError::NoData);
    }
    let found = data.n_features();
    if found != model.n_visible() {
        return Err(TrainingError::Width { found, expected: model.n_visible() });
    }
    debug_assert!(model.all_finite(), "a model begins finite");
    if model.units.last() == Some(&Activation::Logistic) {
        nn_core::check_unit_interval(data, "logistic output")?;
    }
    Ok(())
}
