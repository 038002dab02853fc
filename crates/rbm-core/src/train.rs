//! Training of RBMs, an epoch at a time.

mod step;

use ndarray::{Array2, ArrayView2};
use nn_core::{
    MeanCost, Minibatches, Optimizer, Parameters as _, Pause, RestoreError, Samples, TensorMap,
    TrainingError, Unfinished, assign, has_missing, restore, store,
};
use numerics::{Purpose, Real, Stream, paced};

use crate::annealing::require_linear_hidden;
use crate::divergence::Watch;
use crate::moments::{error_of_means, means, variances};
use crate::negative::Negative;
use crate::variance::VarianceGradient;
use crate::{Algorithm, Offsets, Phases, Rbm, TrainingConfig};

pub(crate) use step::Place;

pub(crate) const ORDER: Purpose = Purpose::new("rbm order");
pub(crate) const HIDDEN: Purpose = Purpose::new("cd hidden");

/// Number of batches between two measurements of the reconstruction error, for algorithms that do not give it
/// as a by-product.
pub(crate) const MEASURED_EVERY: usize = 10;

/// Prefix of the tensors of the model as it was before the paused epoch.
pub(crate) const LAST_GOOD: &str = "last_good.";

/// Rate of the moving average of hidden activities that is compared with the sparsity target.
pub(crate) const ACTIVITY_RATE: f64 = 0.1;

/// Training state outside the model: velocities, chains, offsets, scratch memory, and the number of epochs
/// done.
#[derive(Debug, Clone)]
pub struct Training<F> {
    pub(crate) config: TrainingConfig,
    seed: u64,
    layer: usize,
    pub(crate) epochs_done: usize,
    /// The epoch in progress, if it was paused.
    unfinished: Option<Unfinished>,
    pub(crate) optimizer: Optimizer<F>,
    minibatches: Minibatches,
    pub(crate) phases: Phases<F>,
    pub(crate) gradient: Rbm<F>,
    /// The model before the epoch in progress.
    pub(crate) last_good: Rbm<F>,
    pub(crate) negative: Negative<F>,
    /// The offsets μ and λ, if the gradient is centred.
    offsets: Option<Offsets<F>>,
    /// Moving averages of hidden activities, if there is a sparsity penalty; the visible part is
    /// unused.
    activity: Option<Offsets<F>>,
    pub(crate) variance: Option<VarianceGradient<F>>,
    watch: Watch,
}

/// Report of one epoch of training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochReport {
    /// Squared error of the one-step reconstruction in units of σ², summed over visible units and averaged
    /// over samples; measured on a tenth of the batches if chains are persistent. Training does not minimise
    /// it, but it is zero only for a model that loses no information.
    pub reconstruction_sse: f64,
}

impl<F: Real> Training<F> {
    /// Prepares to train `rbm` on `data` (n × visible), with the streams of `seed` and `layer`.
    ///
    /// # Errors
    /// [`TrainingError`] if a setting is out of range or does not suit the units, or if the data are empty,
    /// differ in width from the model, or are unsuitable for the visible units: outside of their bounds, or
    /// not standardised although σ = 1. Missing values (NaN) are left out of both phases of contrastive
    /// divergence; persistent chains, which have all visible units, reject them.
    pub fn new(
        rbm: &Rbm<F>,
        config: &TrainingConfig,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        config.validate_for(rbm.visible.unit.clone())?;
        if data.n_samples() == 0 {
            return Err(TrainingError::NoData);
        }
        let found = data.n_features();
        if found != rbm.n_visible() {
            return Err(TrainingError::Width { found, expected: rbm.n_visible() });
        }
        let means = means(&data)?;
        let variances = variances(&data, &means)?;
        rbm.visible.check_data(&data, (&means, &variances))?;
        if matches!(config.algorithm, Algorithm::Tempering { .. }) {
            require_linear_hidden(&rbm.hidden.unit)?;
        }
        let batch_size = config.batch_size.min(data.n_samples());
        let negative = Negative::new(rbm, config.algorithm, &data, (seed, layer))?;
        let variance = (config.variance_rate > 0.0)
            .then(|| VarianceGradient::new(rbm, config.variance_rate, batch_size))
            .transpose()?;
        let averages = || {
            let mut visible = means.mapv(F::of);
            rbm.visible.scale(&mut visible.view_mut().insert_axis(ndarray::Axis(0)));
            Offsets::new(visible, rbm.hidden.independent_means())
        };
        let phases = Phases::with_chains(rbm, batch_size, negative.n_chains().max(batch_size));
        let mut training = Training {
            seed,
            layer,
            epochs_done: 0,
            unfinished: None,
            optimizer: Optimizer::new(config.rule_in(1), config.regularisation(), rbm),
            minibatches: Minibatches::new(data.n_samples(), batch_size),
            phases,
            gradient: rbm.zeros_like(),
            last_good: rbm.clone(),
            negative,
            offsets: (config.offset_rate > 0.0).then(averages),
            activity: (config.sparsity_cost > 0.0).then(averages),
            variance,
            watch: Watch::new(error_of_means(
                &rbm.visible,
                config.binarisation,
                (&means, &variances),
                data.n_samples(),
            )),
            config: config.clone(),
        };
        if has_missing(&data)? {
            training.require_cd_for_missing()?;
            training.phases.expect_missing(batch_size);
        }
        Ok(training)
    }

    /// The hidden states of persistent chains, chains × hidden; `None` for contrastive divergence and
    /// tempering.
    pub fn chains(&self) -> Option<ArrayView2<'_, F>> {
        match &self.negative {
            Negative::Persistent(chains) | Negative::Fast { chains, .. } => {
                Some(chains.hidden.view())
            }
            Negative::Data | Negative::Tempering(_) => None,
        }
    }

    /// Number of epochs trained so far.
    pub fn epochs_done(&self) -> usize {
        self.epochs_done
    }

    /// The relative change of the weights in the last epoch: the root mean square of the change over
    /// that of the weights. If it stays high, the learning rate is too high (Hinton 2012, section 7).
    pub fn weight_change(&self, rbm: &Rbm<F>) -> f64 {
        relative_change(&rbm.weights, &self.last_good.weights)
    }

    /// Trains one epoch on `data`, usually those that [`Training::new`] was given.
    ///
    /// # Errors
    /// [`TrainingError::Unreadable`] if the samples cannot be read. [`TrainingError::Diverged`] if the
    /// reconstruction error is not finite, or clearly above both the lowest so far and that of always
    /// predicting the data's means (the sign of failed learning in bounded units, which do not
    /// overflow); the model is then restored to its state before this epoch.
    pub fn epoch(
        &mut self,
        rbm: &mut Rbm<F>,
        data: impl Samples<F>,
    ) -> Result<EpochReport, TrainingError> {
        let report = self.epoch_until(rbm, data, &mut || false)?;
        Ok(report.expect("an epoch that is not left has a report"))
    }

    /// Trains one epoch, or continues the paused one. If `pause` returns true between two batches, the epoch
    /// pauses there and the result is `None`.
    ///
    /// # Errors
    /// As [`Training::epoch`].
    pub fn epoch_until(
        &mut self,
        rbm: &mut Rbm<F>,
        data: impl Samples<F>,
        pause: Pause<'_>,
    ) -> Result<Option<EpochReport>, TrainingError> {
        let epoch = self.epochs_done + 1;
        let n = data.n_samples();
        if n != self.minibatches.n_samples() {
            let batch_size = self.config.batch_size.min(n);
            self.minibatches = Minibatches::new(n, batch_size);
            self.make_room(rbm, batch_size)?;
        }
        let Unfinished { batches, mut mean } = self.begun(rbm);
        let order = Stream::new(self.seed, ORDER).layer(self.layer).epoch(epoch);
        self.minibatches.shuffle(order);
        self.optimizer.rule = self.config.rule_in(epoch);
        let n_batches = self.minibatches.n_batches();
        // The order is taken out while batches change the rest of the state.
        let minibatches = std::mem::take(&mut self.minibatches);
        let learned = self.learn_batches(rbm, &data, &minibatches, (batches, &mut mean), pause);
        self.minibatches = minibatches;
        if !learned? {
            return Ok(None);
        }
        let error = self.judged(rbm, &mean, (epoch, n_batches))?;
        self.epochs_done = epoch;
        Ok(Some(EpochReport { reconstruction_sse: error }))
    }

    /// Learns from the batches of an epoch, from number `first` on, until `pause` returns true between two of
    /// them. Returns whether the epoch is finished.
    fn learn_batches(
        &mut self,
        rbm: &mut Rbm<F>,
        data: &impl Samples<F>,
        minibatches: &Minibatches,
        (first, mean): (usize, &mut MeanCost),
        pause: Pause<'_>,
    ) -> Result<bool, TrainingError> {
        let (epoch, n_batches) = (self.epochs_done + 1, minibatches.n_batches());
        for batch in first..n_batches {
            if batch > first && pause() {
                self.unfinished = Some(Unfinished { batches: batch, mean: *mean });
                return Ok(false);
            }
            let (samples, place) = (minibatches.batch(batch), Place { epoch, batch, n_batches });
            let cost = paced(|| self.learn(rbm, data, samples, place))?;
            if let Some(cost) = cost {
                mean.add(cost, samples.len());
                if place.step() == 0 {
                    self.watch.begin(cost);
                }
            }
        }
        Ok(true)
    }

    /// The completed part of the epoch. At its beginning, the model is saved for a later restore.
    fn begun(&mut self, rbm: &Rbm<F>) -> Unfinished {
        self.unfinished.take().unwrap_or_else(|| {
            assign(&mut self.last_good, rbm);
            Unfinished::default()
        })
    }

    /// Returns the reconstruction error of a successful epoch; restores the model after a diverged one.
    fn judged(
        &mut self,
        rbm: &mut Rbm<F>,
        mean: &MeanCost,
        (epoch, n_batches): (usize, usize),
    ) -> Result<f64, TrainingError> {
        let (n_visible, step) = (rbm.n_visible(), epoch * n_batches - 1);
        let judged = if rbm.all_finite() {
            self.watch.judge(mean, n_visible, (step, n_batches), self.config.learning_rate)
        } else {
            // No later step would detect that the last one broke the model.
            let steps = self.config.epochs * n_batches;
            let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
            let tensors = (&*rbm, &self.gradient);
            Err(TrainingError::diverged(mean.mean(), tensors, (step, n_batches), rate))
        };
        judged.inspect_err(|_| assign(rbm, &self.last_good))
    }
}

/// The root mean square of the change of weights over that of the weights; 0 for weights of zero.
#[must_use]
pub fn relative_change<F: Real>(now: &Array2<F>, before: &Array2<F>) -> f64 {
    let (mut change, mut size) = (0.0, 0.0);
    for (&now, &before) in now.iter().zip(before) {
        change += (now - before).as_f64().powi(2);
        size += now.as_f64().powi(2);
    }
    if size > 0.0 { (change / size).sqrt() } else { 0.0 }
}

impl Training<f32> {
    /// Adds the state that a checkpoint needs besides the model and [`Training::epochs_done`].
    pub fn store(&self, map: &mut TensorMap) {
        store(&self.optimizer, "optimizer.", map);
        self.negative.store(map);
        self.watch.store(map);
        if let Some(unfinished) = &self.unfinished {
            unfinished.store(map);
            store(&self.last_good, LAST_GOOD, map);
        }
        if let Some(offsets) = &self.offsets {
            store(offsets, "offsets.", map);
        }
        if let Some(activity) = &self.activity {
            store(activity, "activity.", map);
        }
    }

    /// Restores the state of a checkpoint taken after `epochs_done` epochs.
    ///
    /// # Errors
    /// [`RestoreError`] if a tensor is missing or has a different shape.
    pub fn restore(&mut self, map: &TensorMap, epochs_done: usize) -> Result<(), RestoreError> {
        restore(&mut self.optimizer, "optimizer.", map)?;
        self.negative.restore(map)?;
        self.watch.restore(map)?;
        if let Some(offsets) = &mut self.offsets {
            restore(offsets, "offsets.", map)?;
        }
        if let Some(activity) = &mut self.activity {
            restore(activity, "activity.", map)?;
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
