use nn_core::{
    Metric, Minibatches, Optimizer, Parameters, Pause, Progress, RestoreError, Samples, TensorMap,
    TrainingError, Unfinished, UnreadableSamples, assign, check_representable, has_missing,
    restore, store,
};
use numerics::{Purpose, Real, Stream, paced};

use crate::baseline::baseline;
use crate::examples::Examples;
use crate::{Autoencoder, AutoencoderConfig, Objective, StepMemory, TrainingConfig, gradient};

const ORDER: Purpose = Purpose::new("ae order");

/// Training state outside the model: optimizer moments, buffers and the number of epochs done.
#[derive(Debug, Clone)]
pub struct Training<F> {
    config: TrainingConfig,
    objective: Objective,
    seed: u64,
    layer: usize,
    epochs_done: usize,
    /// The epoch in progress, if it was paused.
    unfinished: Option<Unfinished>,
    optimizer: Optimizer<F>,
    minibatches: Minibatches,
    examples: Examples<F>,
    memory: StepMemory<F>,
    gradient: Autoencoder<F>,
    /// The model at the beginning of the epoch, which is restored if the cost diverges.
    last_good: Autoencoder<F>,
    /// The larger of the costs of the untrained model and of always predicting the mean.
    baseline: f32,
}

/// The multiple of the baseline above which the cost of an epoch counts as divergence. Models that learn stay
/// far below it; others soon exceed it.
const DIVERGED: f64 = 10.0;

const BASELINE: &str = "baseline_cost";

/// Prefix of the tensors of the model as it was before the paused epoch.
const LAST_GOOD: &str = "last_good.";

impl<F: Real> Training<F> {
    /// Prepares to train `model` on `data` (n × visible), with the streams of `seed` and `layer`.
    ///
    /// `data` is a reference to an array, a view, or any other [`Samples`].
    ///
    /// # Errors
    /// [`TrainingError`] if a setting is out of range, or if the data are empty, unreadable, differ in width
    /// from the model, or contain values outside the range of the output units. Missing values (NaN) are left
    /// out of the input and of the cost.
    pub fn new(
        model: &Autoencoder<F>,
        architecture: &AutoencoderConfig,
        config: &TrainingConfig,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        let objective = Objective::new(architecture, config)?;
        check_data(model, &data)?;
        let batch_size = config.batch_size.min(data.n_samples());
        let mut examples =
            Examples::new(config, batch_size, data.n_features(), has_missing(&data)?)?;
        let mut memory = StepMemory::new(model, batch_size);
        let baseline = baseline((model, &objective), &data, &mut examples, &mut memory)? as f32;
        Ok(Training {
            baseline,
            objective,
            seed,
            layer,
            epochs_done: 0,
            unfinished: None,
            optimizer: Optimizer::new(config.optimizer, config.regularisation(), model),
            minibatches: Minibatches::new(data.n_samples(), batch_size),
            examples,
            memory,
            gradient: model.zeros_like(),
            last_good: model.clone(),
            config: config.clone(),
        })
    }

    /// Number of epochs trained so far.
    pub fn epochs_done(&self) -> usize {
        self.epochs_done
    }

    /// The metric that [`Training::epoch`] returns: the cost, in the unit of the loss.
    pub fn metric(&self) -> Metric {
        self.objective.loss.metric()
    }

    /// The progress to report after an epoch that returned `cost`.
    pub fn progress(&self, cost: f64) -> Progress {
        Progress {
            epoch: self.epochs_done,
            of: self.config.epochs,
            value: cost,
            metric: self.metric(),
            samples: self.minibatches.n_samples(),
        }
    }

    /// Number of code units that the next epoch keeps, given the final number.
    fn top_k(&self, last: Option<usize>) -> Option<usize> {
        let (last, half) = (last?, self.config.epochs.div_ceil(2));
        let more = self.config.top_k_start.map_or(0, |first| first - last);
        Some(last + more * half.saturating_sub(self.epochs_done) / half)
    }

    /// Trains one epoch and returns the mean cost per sample, where the cost of each batch is measured
    /// before its step. `data` must be the data that [`Training::new`] was given.
    ///
    /// # Errors
    /// [`TrainingError::Diverged`] if the cost is not finite, or its mean exceeds ten times both that of the
    /// untrained model and that of always predicting the mean of the data; the model is then restored to its
    /// state before this epoch. [`TrainingError::Unreadable`] if the samples cannot be read.
    pub fn epoch(
        &mut self,
        model: &mut Autoencoder<F>,
        data: impl Samples<F>,
    ) -> Result<f64, TrainingError> {
        let cost = self.epoch_until(model, data, &mut || false)?;
        Ok(cost.expect("an epoch that is not left has a cost"))
    }

    /// Trains one epoch, or continues the paused one. If `pause` returns true between two batches, the epoch
    /// pauses there and the result is `None`.
    ///
    /// # Errors
    /// As [`Training::epoch`].
    pub fn epoch_until(
        &mut self,
        model: &mut Autoencoder<F>,
        data: impl Samples<F>,
        pause: Pause<'_>,
    ) -> Result<Option<f64>, TrainingError> {
        let epoch = self.epochs_done + 1;
        if self.unfinished.is_none() {
            assign(&mut self.last_good, model);
        }
        let Unfinished { batches, mut mean } = self.unfinished.take().unwrap_or_default();
        self.objective.top_k = self.top_k(model.top_k);
        let stream = |purpose| Stream::new(self.seed, purpose).layer(self.layer).epoch(epoch);
        self.minibatches.shuffle(stream(ORDER));
        let n_batches = self.minibatches.n_batches();
        let steps = self.config.epochs * n_batches;
        for batch in batches..n_batches {
            if batch > batches && pause() {
                self.unfinished = Some(Unfinished { batches: batch, mean });
                return Ok(None);
            }
            let samples = self.minibatches.batch(batch);
            let step = self.epochs_done * n_batches + batch;
            let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
            let stream = |purpose| stream(purpose).batch(batch);
            let cost = paced(|| -> Result<f64, UnreadableSamples> {
                let batch = self.examples.batch(&data, samples, stream)?;
                let memory = (&mut self.memory, &mut self.gradient);
                let optimizer = &mut self.optimizer;
                Ok(gradient::step(model, &self.objective, &batch, memory, optimizer, rate))
            })?;
            if cost.is_finite() {
                mean.add(cost, samples.len());
            }
            // Without this check, a last step that makes the model infinite would go unnoticed: no
            // cost is computed after it.
            let last = step % n_batches + 1 == n_batches;
            if !cost.is_finite() || (last && !model.all_finite()) {
                let tensors = (&*model, &self.gradient);
                let error = TrainingError::diverged(cost, tensors, (step, n_batches), rate);
                assign(model, &self.last_good);
                return Err(error);
            }
        }
        if mean.mean() > DIVERGED * f64::from(self.baseline) {
            assign(model, &self.last_good);
            return Err(TrainingError::Diverged {
                cost: mean.mean(),
                tensor: "reconstructions are far worse than the mean of the data".to_owned(),
                step: epoch * n_batches,
                epoch,
                batch: n_batches,
                learning_rate: self.config.learning_rate,
            });
        }
        self.epochs_done = epoch;
        Ok(Some(mean.mean()))
    }
}

impl Training<f32> {
    /// Adds the state of the optimizer, the baseline cost and any paused epoch to `map`. Together with the
    /// model and [`Training::epochs_done`], they make a checkpoint.
    pub fn store(&self, map: &mut TensorMap) {
        store(&self.optimizer, "optimizer.", map);
        map.insert(BASELINE.to_owned(), ndarray::arr0(self.baseline).into_dyn());
        if let Some(unfinished) = &self.unfinished {
            unfinished.store(map);
            store(&self.last_good, LAST_GOOD, map);
        }
    }

    /// Restores the state from a checkpoint taken after `epochs_done` epochs.
    ///
    /// # Errors
    /// [`RestoreError`] if a tensor is missing or has a different shape.
    pub fn restore(&mut self, map: &TensorMap, epochs_done: usize) -> Result<(), RestoreError> {
        restore(&mut self.optimizer, "optimizer.", map)?;
        // Checkpoints of earlier versions have no baseline; the restored model's is kept.
        if let Some(&baseline) = map.get(BASELINE).and_then(|tensor| tensor.first()) {
            self.baseline = baseline;
        }
        self.epochs_done = epochs_done;
        self.unfinished = Unfinished::restored(map)?;
        if self.unfinished.is_some() {
            restore(&mut self.last_good, LAST_GOOD, map)?;
        }
        let batches = self.unfinished.map_or(0, |unfinished| unfinished.batches);
        self.optimizer.steps = (epochs_done * self.minibatches.n_batches() + batches) as u64;
        Ok(())
    }
}

/// Checks that the model can be trained on these data.
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
    debug_assert!(model.all_finite(), "the parameters of a new model are finite");
    match &model.layout {
        Some(layout) => layout.check_data(data),
        None => check_representable(data, model.output_unit()),
    }
}
