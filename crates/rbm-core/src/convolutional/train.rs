use ndarray::Array1;
use nn_core::{
    InvalidSetting, MeanCost, Minibatches, Optimizer, Parameters, Pause, RestoreError, Samples,
    Tensor, TensorMap, TensorMut, TrainingError, Unfinished, assign, has_missing, restore, store,
};
use numerics::elementary::exp;
use numerics::{Real, Stream};

use super::gibbs::independent_states;
use super::{ConvPhases, ConvRbm, ConvTrainingConfig, contrastive_divergence};
use crate::divergence::Watch;
use crate::moments::{error_of_means, means, variances};
use crate::negative::CHAINS;
use crate::train::{ACTIVITY_RATE, HIDDEN, LAST_GOOD, MEASURED_EVERY, ORDER};
use crate::{Algorithm, EpochReport, PersistentChains, TrainingConfig};

/// Training state outside the model: velocities, chains, activities, scratch memory, and the number of epochs
/// done.
#[derive(Debug, Clone)]
pub struct ConvTraining<F> {
    config: TrainingConfig,
    seed: u64,
    layer: usize,
    epochs_done: usize,
    /// The epoch in progress, if it was paused.
    unfinished: Option<Unfinished>,
    optimizer: Optimizer<F>,
    minibatches: Minibatches,
    phases: ConvPhases<F>,
    gradient: ConvRbm<F>,
    /// The model before the epoch in progress.
    last_good: ConvRbm<F>,
    /// The persistent chains, if the algorithm has any.
    chains: Option<PersistentChains<F>>,
    /// Moving averages of the maps' activities, if there is a sparsity penalty.
    activity: Option<Activity<F>>,
    watch: Watch,
}

/// Moving averages of the mean activity of each map's detection units.
#[derive(Debug, Clone)]
struct Activity<F> {
    average: Array1<F>,
    /// Scratch for the means of a batch.
    mean: Array1<F>,
}

impl<F: Real> Activity<F> {
    /// Averages that start at the probabilities of detection units without input.
    fn new(rbm: &ConvRbm<F>) -> Self {
        let units = F::of(rbm.geometry.block_len() as f64);
        let average = rbm.hidden_bias.mapv(|b| F::one() / (exp(-b) + units));
        Activity { mean: average.clone(), average }
    }
}

impl<F: Real> Parameters<F> for Activity<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        [Tensor::vector("hidden", 0, self.average.view())].into_iter()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        [TensorMut::vector("hidden", 0, self.average.view_mut())].into_iter()
    }
}

impl<F: Real> ConvTraining<F> {
    /// Prepares to train `rbm` on the images in `data` (n × h·w·c), with the streams of `seed` and `layer`.
    ///
    /// # Errors
    /// [`TrainingError`] if a setting is out of range or does not suit the units, or if the data are empty,
    /// differ in width from the model, have missing values (NaN), or are unsuitable for the visible units:
    /// outside of their bounds, or not standardised although σ = 1.
    pub fn new(
        rbm: &ConvRbm<F>,
        config: &ConvTrainingConfig,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        let visible = rbm.tiled();
        let shared = config.shared();
        config.validate_for(rbm.visible.unit.clone())?;
        if data.n_samples() == 0 {
            return Err(TrainingError::NoData);
        }
        let (found, expected) = (data.n_features(), rbm.n_visible());
        if found != expected {
            return Err(TrainingError::Width { found, expected });
        }
        if has_missing(&data)? {
            let (field, value) = ("data".into(), "images with missing pixels".to_owned());
            let expected = "complete images; fill the missing pixels first";
            return Err(InvalidSetting { field, value, expected }.into());
        }
        let means = means(&data)?;
        let variances = variances(&data, &means)?;
        visible.check_data(&data, (&means, &variances))?;
        // Biases that all pixels of a channel share can predict the channel's mean only.
        let (predicted, around) = rbm.moments_about_channels(&means, &variances);
        let batch_size = config.batch_size.min(data.n_samples());
        let chains = match config.algorithm {
            Algorithm::Pcd { chains } => {
                let stream = Stream::new(seed, CHAINS).layer(layer);
                Some(PersistentChains { hidden: independent_states(rbm, chains, stream) })
            }
            _ => None,
        };
        Ok(ConvTraining {
            seed,
            layer,
            epochs_done: 0,
            unfinished: None,
            optimizer: Optimizer::new(shared.rule_in(1), shared.regularisation(), rbm),
            minibatches: Minibatches::new(data.n_samples(), batch_size),
            phases: ConvPhases::new(rbm, batch_size),
            gradient: rbm.zeros_like(),
            last_good: rbm.clone(),
            chains,
            activity: (config.sparsity_cost > 0.0).then(|| Activity::new(rbm)),
            watch: Watch::new(error_of_means(
                &visible,
                config.binarisation,
                (&predicted, &around),
                data.n_samples(),
            )),
            config: shared,
        })
    }

    /// Number of epochs trained so far.
    pub fn epochs_done(&self) -> usize {
        self.epochs_done
    }

    /// The relative change of the weights in the last epoch: the root mean square of the change over that of
    /// the weights. If it stays high, the learning rate is too high.
    pub fn weight_change(&self, rbm: &ConvRbm<F>) -> f64 {
        crate::train::relative_change(&rbm.weights, &self.last_good.weights)
    }

    /// Trains one epoch. `data` must be the data that [`ConvTraining::new`] was given.
    ///
    /// # Errors
    /// [`TrainingError::Unreadable`] if the samples cannot be read. [`TrainingError::Diverged`] if the
    /// reconstruction error is not finite, or clearly above both the lowest so far and that of always
    /// predicting the channels' means; the model is then restored to its state before this epoch.
    pub fn epoch(
        &mut self,
        rbm: &mut ConvRbm<F>,
        data: impl Samples<F>,
    ) -> Result<EpochReport, TrainingError> {
        let report = self.epoch_until(rbm, data, &mut || false)?;
        Ok(report.expect("an epoch that is not left has a report"))
    }

    /// Trains one epoch, or continues the paused one. If `pause` returns true between two batches, the epoch
    /// pauses there and the result is `None`.
    ///
    /// # Errors
    /// As [`ConvTraining::epoch`].
    pub fn epoch_until(
        &mut self,
        rbm: &mut ConvRbm<F>,
        data: impl Samples<F>,
        pause: Pause<'_>,
    ) -> Result<Option<EpochReport>, TrainingError> {
        let epoch = self.epochs_done + 1;
        if self.unfinished.is_none() {
            assign(&mut self.last_good, rbm);
        }
        let Unfinished { batches, mut mean } = self.unfinished.take().unwrap_or_default();
        let stream = |purpose| Stream::new(self.seed, purpose).layer(self.layer).epoch(epoch);
        self.minibatches.shuffle(stream(ORDER));
        self.optimizer.rule = self.config.rule_in(epoch);
        let n_batches = self.minibatches.n_batches();
        let steps = self.config.epochs * n_batches;
        let positions = rbm.geometry.n_positions() as f64;
        for batch in batches..n_batches {
            if batch > batches && pause() {
                self.unfinished = Some(Unfinished { batches: batch, mean });
                return Ok(None);
            }
            let samples = self.minibatches.batch(batch);
            let step = self.epochs_done * n_batches + batch;
            let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
            let n = samples.len();
            let of = (self.seed, self.layer, epoch);
            self.config.binarisation.gather(&data, samples, of, self.phases.batch_mut(n))?;
            self.phases.scale_batch(n);
            let stream = stream(HIDDEN).batch(batch);
            let k = self.config.gibbs_steps;
            let cost = match (self.config.algorithm, &mut self.chains) {
                (Algorithm::Cd { negative_visible }, _) => {
                    let how = (k, negative_visible);
                    Some(contrastive_divergence(rbm, &mut self.phases, n, how, stream))
                }
                (_, chains) => {
                    let measures = batch % MEASURED_EVERY == 0 || batch + 1 == n_batches;
                    let cost = self.phases.positive_phase(rbm, n, measures);
                    if let Some(chains) = chains {
                        self.phases.negative_phase(rbm, chains, n, k, stream);
                    }
                    cost
                }
            };
            let scale = F::of(1.0 / (n as f64 * positions));
            self.phases.write_gradient(scale, &mut self.gradient);
            if let Some(cost) = cost {
                if !cost.is_finite() {
                    let tensors = (&*rbm, &self.gradient);
                    let error = TrainingError::diverged(cost, tensors, (step, n_batches), rate);
                    assign(rbm, &self.last_good);
                    return Err(error);
                }
                mean.add(cost, n);
                if step == 0 {
                    self.watch.begin(cost);
                }
            }
            if let Some(activity) = &mut self.activity {
                let Activity { average, mean } = activity;
                let mean = mean.as_slice_mut().expect("a vector is contiguous");
                self.phases.write_activity(scale, mean);
                let (rate, target) = (F::of(ACTIVITY_RATE), F::of(self.config.sparsity_target));
                let cost = F::of(self.config.sparsity_cost);
                let bias = &mut self.gradient.hidden_bias;
                for ((q, &mean), g) in average.iter_mut().zip(&*mean).zip(bias) {
                    *q += rate * (mean - *q);
                    *g += cost * (target - *q);
                }
            }
            self.optimizer.ascend(rbm, &self.gradient, rate);
        }
        let error = self.judged(rbm, &mean, (epoch, n_batches))?;
        self.epochs_done = epoch;
        Ok(Some(EpochReport { reconstruction_sse: error }))
    }

    /// Returns the reconstruction error of a successful epoch; restores the model after a diverged one.
    fn judged(
        &mut self,
        rbm: &mut ConvRbm<F>,
        mean: &MeanCost,
        (epoch, n_batches): (usize, usize),
    ) -> Result<f64, TrainingError> {
        let (steps, step) = (self.config.epochs * n_batches, epoch * n_batches - 1);
        let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
        let n_visible = rbm.n_visible();
        let judged = if rbm.all_finite() {
            self.watch.judge(mean, n_visible, (step, n_batches), self.config.learning_rate)
        } else {
            let tensors = (&*rbm, &self.gradient);
            Err(TrainingError::diverged(mean.mean(), tensors, (step, n_batches), rate))
        };
        judged.inspect_err(|_| assign(rbm, &self.last_good))
    }
}

impl ConvTraining<f32> {
    /// Adds the state that a checkpoint needs besides the model and [`ConvTraining::epochs_done`].
    pub fn store(&self, map: &mut TensorMap) {
        store(&self.optimizer, "optimizer.", map);
        self.watch.store(map);
        if let Some(unfinished) = &self.unfinished {
            unfinished.store(map);
            store(&self.last_good, LAST_GOOD, map);
        }
        if let Some(chains) = &self.chains {
            store(chains, "chains.", map);
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
        self.watch.restore(map)?;
        if let Some(chains) = &mut self.chains {
            restore(chains, "chains.", map)?;
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
