use ndarray::Array1;
use nn_core::{
    InvalidSetting, MeanCost, Minibatches, Optimizer, Parameters as _, RestoreError, Samples,
    TensorMap, TrainingError, assign, check_unit_interval, require, restore, store,
};
use numerics::{Purpose, Real, Stream};

use crate::annealing::require_binary_hidden;
use crate::model::{means, variances};
use crate::negative::Negative;
use crate::persistent::{positive_phase, reconstruction_error};
use crate::variance::VarianceGradient;
use crate::{
    Algorithm, Binarisation, Offsets, Phases, Rbm, TrainingConfig, Unit, contrastive_divergence,
};

const ORDER: Purpose = Purpose::new("rbm order");
const HIDDEN: Purpose = Purpose::new("cd hidden");

/// Batches between two looks at the reconstruction error, where it is not a by-product.
const BETWEEN_LOOKS: usize = 10;

/// The rate of the moving average of hidden activities that the sparsity target is held against.
const ACTIVITY_RATE: f64 = 0.1;

/// An epoch's error this many times that of the data's means, and the lowest so far, is no chance:
/// of few samples the errors differ that much by themselves.
fn worse(n_samples: usize) -> f64 {
    (1.0 + 3.0 / (n_samples as f64).sqrt()).max(1.2)
}

/// Below this excess for each visible unit, an error is no sign of divergence: data that hardly vary
/// leave next to none, and a model of drawn states a little more.
const NOTICEABLE: f64 = 0.01;

const LOWEST_ERROR: &str = "lowest_error";

/// What lives beside an RBM while it is trained: velocities, chains, offsets, memory, and how far it
/// is.
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
    /// The model before the epoch in progress.
    last_good: Rbm<F>,
    negative: Negative<F>,
    /// μ and λ, if the gradient is centred.
    offsets: Option<Offsets<F>>,
    /// Moving averages of hidden activities, if there is a sparsity target; the visible part is not
    /// used.
    activity: Option<Offsets<F>>,
    variance: Option<VarianceGradient<F>>,
    /// The reconstruction error of always answering with the means of the data.
    error_of_means: f64,
    /// The lowest error so far: of the first batch, then of epochs.
    lowest_error: f32,
}

/// What an epoch of training tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochReport {
    /// Squared error of the one-step reconstruction, summed over visible units in units of σ, mean
    /// over samples; of a tenth of the batches where chains are persistent. Not what is minimised,
    /// but zero only for a model that loses nothing.
    pub reconstruction_sse: f64,
}

impl<F: Real> Training<F> {
    /// Prepares to train `rbm` on `data` (n × visible, in their own units), with the streams of
    /// `seed` and `layer`.
    ///
    /// # Errors
    /// If a setting is out of range or does not suit the units, or the data are empty, of another
    /// width, outside [0, 1] for units that are bounded by these or not standardised for Gaussian ones with σ = 1.
    pub fn new(
        rbm: &Rbm<F>,
        config: &TrainingConfig,
        data: impl Samples<F>,
        seed: u64,
        layer: usize,
    ) -> Result<Self, TrainingError> {
        config.validate_for(rbm.visible)?;
        if data.n_samples() == 0 {
            return Err(TrainingError::NoData);
        }
        let found = data.n_features();
        if found != rbm.n_visible() {
            return Err(TrainingError::Width { found, expected: rbm.n_visible() });
        }
        let means = means(&data)?;
        let variances = variances(&data, &means)?;
        check_data(rbm, &data, (&means, &variances))?;
        if matches!(config.algorithm, Algorithm::Tempering { .. }) {
            require_binary_hidden(rbm.hidden)?;
        }
        let batch_size = config.batch_size.min(data.n_samples());
        let negative = Negative::new(rbm, config.algorithm, &data, (seed, layer))?;
        let variance = (config.variance_rate > 0.0)
            .then(|| VarianceGradient::new(rbm, config.variance_rate, batch_size))
            .transpose()?;
        let averages = || {
            let mut hidden = Array1::zeros(rbm.n_hidden());
            let mut row = hidden.view_mut().insert_axis(ndarray::Axis(0));
            rbm.hidden.parameters(rbm.hidden_bias.view(), &mut row);
            rbm.hidden.means(&mut row);
            let visible = means.mapv(F::of);
            let visible =
                if rbm.visible == Unit::Gaussian { visible / &rbm.visible_std } else { visible };
            Offsets::new(visible, hidden)
        };
        Ok(Training {
            seed,
            layer,
            epochs_done: 0,
            optimizer: Optimizer::new(config.rule_in(1), config.regularisation(), rbm),
            minibatches: Minibatches::new(data.n_samples(), batch_size),
            phases: Phases::with_chains(rbm, batch_size, negative.n_chains().max(batch_size)),
            gradient: rbm.zeros_like(),
            last_good: rbm.clone(),
            negative,
            offsets: (config.offset_rate > 0.0).then(averages),
            activity: (config.sparsity_cost > 0.0).then(averages),
            variance,
            error_of_means: error_of_means(
                rbm,
                config.binarisation,
                (&means, &variances),
                data.n_samples(),
            ),
            lowest_error: f32::INFINITY,
            config: config.clone(),
        })
    }

    /// Epochs trained so far.
    pub fn epochs_done(&self) -> usize {
        self.epochs_done
    }

    /// How much the last epoch changed the weights: the root mean square of the change over that of
    /// the weights. Where it stays high, the rate is too high (Hinton 2012, section 7).
    pub fn weight_change(&self, rbm: &Rbm<F>) -> f64 {
        let (mut change, mut size) = (0.0, 0.0);
        for (&now, &before) in rbm.weights.iter().zip(&self.last_good.weights) {
            change += (now - before).as_f64().powi(2);
            size += now.as_f64().powi(2);
        }
        if size > 0.0 { (change / size).sqrt() } else { 0.0 }
    }

    /// Trains one epoch. The `data` must be those that the training was made for.
    ///
    /// # Errors
    /// [`TrainingError::Unreadable`] if the samples cannot be read. [`TrainingError::Diverged`] if the
    /// reconstruction error is not finite, or clearly above both the lowest so far and that of always
    /// answering with the data's means (binary units do not overflow when learning fails); the model
    /// is then as it was before this epoch.
    pub fn epoch(
        &mut self,
        rbm: &mut Rbm<F>,
        data: impl Samples<F>,
    ) -> Result<EpochReport, TrainingError> {
        let epoch = self.epochs_done + 1;
        assign(&mut self.last_good, rbm);
        let stream = |purpose| Stream::new(self.seed, purpose).layer(self.layer).epoch(epoch);
        self.minibatches.shuffle(stream(ORDER));
        self.optimizer.rule = self.config.rule_in(epoch);
        let n_batches = self.minibatches.n_batches();
        let steps = self.config.epochs * n_batches;
        let mut mean = MeanCost::default();
        for (batch, samples) in self.minibatches.iter().enumerate() {
            let step = self.epochs_done * n_batches + batch;
            let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
            let n = samples.len();
            let mut visible = self.phases.positive_visible(n);
            let binarisation = self.config.binarisation;
            let of = (self.seed, self.layer, epoch);
            binarisation.gather(&data, samples, of, visible.view_mut())?;
            if rbm.visible == Unit::Gaussian {
                visible /= &rbm.visible_std;
            }
            let stream = stream(HIDDEN).batch(batch);
            let (m, cost) = match (self.config.algorithm, &mut self.negative) {
                (Algorithm::Cd { negative_visible }, _) => {
                    let how = (self.config.gibbs_steps, negative_visible);
                    let phases = &mut self.phases;
                    (n, Some(contrastive_divergence(rbm, phases, n, how, stream)))
                }
                (_, negative) => {
                    positive_phase(rbm, &mut self.phases, n);
                    let looks = batch % BETWEEN_LOOKS == 0 || batch + 1 == n_batches;
                    let cost = looks.then(|| reconstruction_error(rbm, &mut self.phases, n));
                    let k = self.config.gibbs_steps;
                    negative.run(rbm, &mut self.phases, n, (k, batch), stream);
                    (negative.n_chains(), cost)
                }
            };
            let finite = cost.is_none_or(f64::is_finite);
            // Otherwise the weights' gradient is a product that need not be stored.
            let stored = !finite || self.offsets.is_some() || self.negative.learns();
            if stored {
                self.phases.set_weights_gradient(n, m, &mut self.gradient);
            }
            self.phases.set_bias_gradients(n, m, &mut self.gradient);
            if let Some(cost) = cost {
                if !finite {
                    let tensors = (&*rbm, &self.gradient);
                    let error = TrainingError::diverged(cost, tensors, (step, n_batches), rate);
                    assign(rbm, &self.last_good);
                    return Err(error);
                }
                mean.add(cost, n);
                if step == 0 {
                    self.lowest_error = cost as f32;
                }
            }
            if let Some(variance) = &mut self.variance {
                let rate = self.config.variance_rate;
                variance.write(rbm, &self.phases, n, rate, &mut self.gradient);
            }
            let (positive_visible, positive_hidden) = self.phases.positive(n);
            if let Some(offsets) = &mut self.offsets {
                offsets.update(positive_visible, positive_hidden, self.config.offset_rate);
                offsets.centre(&mut self.gradient);
            }
            if let Some(activity) = &mut self.activity {
                activity.update(positive_visible, positive_hidden, ACTIVITY_RATE);
                let target = F::of(self.config.sparsity_target);
                let cost = F::of(self.config.sparsity_cost);
                let bias = &mut self.gradient.hidden_bias;
                bias.zip_mut_with(&activity.hidden, |g, &q| *g += cost * (target - q));
            }
            if stored {
                self.optimizer.ascend(rbm, &self.gradient, rate);
            } else {
                let gradients = self.phases.gradients(n, m, &self.gradient);
                self.optimizer.ascend_by(rbm, gradients, rate);
            }
            self.negative.learn(&self.gradient);
            if let Some(variance) = &self.variance {
                variance.keep_above_floor(rbm);
            }
        }
        let error = self.judged(rbm, &mean, (epoch, n_batches))?;
        self.lowest_error = self.lowest_error.min(error as f32);
        self.epochs_done = epoch;
        Ok(EpochReport { reconstruction_sse: error })
    }

    /// The reconstruction error of an epoch that went well; else the model is taken back.
    fn judged(
        &self,
        rbm: &mut Rbm<F>,
        mean: &MeanCost,
        (epoch, n_batches): (usize, usize),
    ) -> Result<f64, TrainingError> {
        let (error, step) = (mean.mean(), epoch * n_batches - 1);
        // The last step is looked at by no later one.
        if !rbm.all_finite() {
            let steps = self.config.epochs * n_batches;
            let rate = self.config.learning_rate * self.config.schedule.factor(step, steps);
            let tensors = (&*rbm, &self.gradient);
            let diverged = TrainingError::diverged(error, tensors, (step, n_batches), rate);
            assign(rbm, &self.last_good);
            return Err(diverged);
        }
        let bound = self.error_of_means.max(f64::from(self.lowest_error));
        let excess = (error - bound) / rbm.n_visible() as f64;
        if error > worse(mean.n_samples()) * bound && excess > NOTICEABLE {
            assign(rbm, &self.last_good);
            return Err(TrainingError::Diverged {
                cost: error,
                tensor: "reconstructions are worse than the mean of the data".to_owned(),
                step: step + 1,
                epoch,
                batch: n_batches,
                learning_rate: self.config.learning_rate,
            });
        }
        Ok(error)
    }
}

/// Refuses data that the visible units cannot stand for, with the remedy.
fn check_data<F: Real>(
    rbm: &Rbm<F>,
    data: &impl Samples<F>,
    (means, variances): (&Array1<f64>, &Array1<f64>),
) -> Result<(), TrainingError> {
    match rbm.visible {
        Unit::Binary => check_unit_interval(data, "binary visible"),
        Unit::TruncatedExponential => check_unit_interval(data, "truncated exponential visible"),
        Unit::Gaussian if rbm.visible_std.iter().all(|&std| std == F::one()) => {
            Ok(check_spread(means, variances)?)
        }
        Unit::Gaussian => Ok(()),
    }
}

/// The mean squared error, summed over visible units in units of σ, of answering with their means;
/// with one more sample that nothing foretells, so that it is above zero for constant data.
fn error_of_means<F: Real>(
    rbm: &Rbm<F>,
    binarisation: Binarisation,
    (means, variances): (&Array1<f64>, &Array1<f64>),
    n_samples: usize,
) -> f64 {
    let (error, unforetold) = match (rbm.visible, binarisation) {
        (Unit::Binary, Binarisation::Probabilities) | (Unit::TruncatedExponential, _) => {
            (variances.sum(), 0.25)
        }
        (Unit::Binary, _) => (means.iter().map(|mean| mean * (1.0 - mean)).sum(), 0.25),
        (Unit::Gaussian, _) => {
            let std = rbm.visible_std.iter().map(|std| std.as_f64());
            (variances.iter().zip(std).map(|(variance, std)| variance / (std * std)).sum(), 1.0)
        }
    };
    let n = n_samples as f64;
    (n * error + unforetold * means.len() as f64) / (n + 1.0)
}

/// Passes for data with mean near 0 and variance near 1. Constant columns have no spread, so that
/// standardised data may have somewhat less.
fn check_spread(means: &Array1<f64>, variances: &Array1<f64>) -> Result<(), InvalidSetting> {
    let n = means.len() as f64;
    let mean = means.sum() / n;
    let between = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / n;
    let variance = variances.sum() / n + between;
    require(
        mean.abs() < 0.5 && (0.25..4.0).contains(&variance),
        "model.variance",
        &format!("unit, for data with mean {mean:.3} and variance {variance:.3}"),
        "data; or standardise the data to mean 0 and variance 1",
    )
}

impl Training<f32> {
    /// Adds what a checkpoint needs beside the model and [`Training::epochs_done`].
    pub fn store(&self, map: &mut TensorMap) {
        store(&self.optimizer, "optimizer.", map);
        self.negative.store(map);
        let lowest = ndarray::arr0(self.lowest_error).into_dyn();
        map.insert(LOWEST_ERROR.to_owned(), lowest);
        if let Some(offsets) = &self.offsets {
            store(offsets, "offsets.", map);
        }
        if let Some(activity) = &self.activity {
            store(activity, "activity.", map);
        }
    }

    /// Goes on from a checkpoint taken after `epochs_done` epochs.
    ///
    /// # Errors
    /// [`RestoreError`] if a tensor is missing or of another shape.
    pub fn restore(&mut self, map: &TensorMap, epochs_done: usize) -> Result<(), RestoreError> {
        restore(&mut self.optimizer, "optimizer.", map)?;
        self.negative.restore(map)?;
        let missing = || RestoreError::Missing(LOWEST_ERROR.to_owned());
        let lowest = map.get(LOWEST_ERROR).and_then(|tensor| tensor.first()).ok_or_else(missing)?;
        self.lowest_error = *lowest;
        if let Some(offsets) = &mut self.offsets {
            restore(offsets, "offsets.", map)?;
        }
        if let Some(activity) = &mut self.activity {
            restore(activity, "activity.", map)?;
        }
        self.epochs_done = epochs_done;
        self.optimizer.steps = (epochs_done * self.minibatches.n_batches()) as u64;
        Ok(())
    }
}
