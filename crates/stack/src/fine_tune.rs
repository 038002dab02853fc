use ae_core::Shift;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use nn_core::{
    InvalidSetting, MeanCost, Metric, Minibatches, Observer, Optimizer, Progress, Regularisation,
    Rule, Schedule, TrainingError, gather, observe, require,
};
use numerics::{Purpose, Stream, by_rows};
use serde::{Deserialize, Serialize};

use crate::classification::{ClassifierMemory, NotFinite, classification_step};
use crate::dropout::{DropoutDraw, leave_out};
use crate::shifted::Shifted;
use crate::virtual_adversarial::UnlabelledSamples;
use crate::{Classifier, Dropout, Unlabelled};

const ORDER: Purpose = Purpose::new("tune order");
const DROPOUT: Purpose = Purpose::new("dropout");
const SHIFT: Purpose = Purpose::new("tune shift");

/// The fine-tuning of a classifier: all layers together, by backpropagation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FineTuneConfig {
    /// Steps of training.
    pub updates: usize,
    /// Samples in a step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// The initial learning rate.
    pub learning_rate: f64,
    /// The schedule of the learning rate over the updates.
    pub schedule: Schedule,
    /// The L2 penalty on weights.
    pub weight_decay: f64,
    /// The rule that turns gradients into steps.
    pub optimizer: Rule,
    /// Dropout during training.
    #[serde(skip_serializing_if = "Dropout::is_none")]
    pub dropout: Dropout,
    /// Random shifts of the images that the network learns from, which are drawn anew for each step. A
    /// convolution in the first layer gives the shape of the images; otherwise the shift does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<Shift>,
    /// The largest norm of the weights into a unit; longer weight vectors are scaled down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_norm: Option<f64>,
    /// The learning-rate multiplier of each layer, from the data upwards; 1 for layers that are not
    /// listed. Files of earlier versions call it `rate_factors`.
    #[serde(alias = "rate_factors", skip_serializing_if = "Vec::is_empty")]
    pub learning_rate_multipliers: Vec<f64>,
    /// The number of steps at the beginning that train the output layer alone. Files of earlier
    /// versions call it `readout_first`.
    #[serde(alias = "readout_first", skip_serializing_if = "is_zero")]
    pub output_layer_first: usize,
    /// The cost of samples without labels, beside that of the labelled ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlabelled: Option<Unlabelled>,
    /// The number of evaluations on the validation set, evenly spaced over the updates. The model with
    /// the lowest validation error is kept (early stopping).
    pub evaluations: usize,
}

impl Default for FineTuneConfig {
    fn default() -> Self {
        FineTuneConfig {
            updates: 5_000,
            batch_size: 100,
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            weight_decay: 0.0,
            optimizer: Rule::adam(),
            dropout: Dropout::default(),
            shift: None,
            max_norm: None,
            learning_rate_multipliers: Vec::new(),
            output_layer_first: 0,
            unlabelled: None,
            evaluations: 20,
        }
    }
}

impl FineTuneConfig {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let count = |field, value: usize| require(value >= 1, field, &value, "at least 1");
        count("fine_tuning.updates", self.updates)?;
        count("fine_tuning.batch_size", self.batch_size)?;
        count("fine_tuning.evaluations", self.evaluations)?;
        let (rate, decay) = (self.learning_rate, self.weight_decay);
        let rate_holds = rate.is_finite() && rate > 0.0;
        require(rate_holds, "fine_tuning.learning_rate", &rate, "a finite number above 0")?;
        let decay_holds = decay.is_finite() && decay >= 0.0;
        require(decay_holds, "fine_tuning.weight_decay", &decay, "a finite number, 0 or above")?;
        let norm = self.max_norm.unwrap_or(1.0);
        let norm_holds = norm.is_finite() && norm > 0.0;
        require(norm_holds, "fine_tuning.max_norm", &norm, "a finite number above 0")?;
        for multiplier in &self.learning_rate_multipliers {
            let holds = multiplier.is_finite() && *multiplier >= 0.0;
            let field = "fine_tuning.learning_rate_multipliers";
            require(holds, field, multiplier, "finite numbers, 0 or above")?;
        }
        let (first, updates) = (self.output_layer_first, self.updates);
        let expected = "at most fine_tuning.updates";
        require(first <= updates, "fine_tuning.output_layer_first", &first, expected)?;
        self.dropout.validate().map_err(|error| error.within("fine_tuning"))?;
        let shift = self.shift.map_or(Ok(()), |shift| shift.validate());
        shift.map_err(|error| error.within("fine_tuning"))?;
        let unlabelled = self.unlabelled.map_or(Ok(()), |unlabelled| unlabelled.validate());
        unlabelled.map_err(|error| error.within("fine_tuning"))?;
        self.schedule.validate()?;
        self.optimizer.validate()
    }

    fn regularisation(&self) -> Regularisation {
        Regularisation { max_norm: self.max_norm, ..self.weight_decay.into() }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

fn leave_out_inputs(p: f64, stream: Stream, x: ArrayViewMut2<f32>) {
    by_rows(x.nrows(), x, |rows, mut x| {
        for (sample, mut row) in rows.zip(x.rows_mut()) {
            leave_out(p, stream, sample, row.as_slice_mut().expect("rows are contiguous"));
        }
    });
}

/// Samples with their labels.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// The samples, n × inputs.
    pub x: ArrayView2<'a, f32>,
    /// The n labels, counted from 0.
    pub labels: &'a [u8],
}

impl<'a> Labelled<'a> {
    /// Samples (n × inputs) with n labels.
    pub fn new(x: impl Into<ArrayView2<'a, f32>>, labels: &'a [u8]) -> Self {
        Labelled { x: x.into(), labels }
    }
}

/// One evaluation on the validation set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps taken so far.
    pub updates: usize,
    /// The mean cost in nats of the training samples since the last evaluation.
    pub training_cost: f64,
    /// The number of misclassified validation samples.
    pub validation_errors: usize,
}

/// A fine-tuned classifier with the course of its training.
#[derive(Debug, Clone, PartialEq)]
pub struct FineTuned {
    /// The model with the lowest validation error.
    pub model: Classifier<f32>,
    /// The number of validation samples that it misclassifies.
    pub validation_errors: usize,
    /// All evaluations, in order.
    pub history: Vec<Evaluation>,
}

/// Fine-tunes `model` on `train` and keeps the state with the lowest error on `validation`. Of equals it is the
/// latest: a few validation samples cannot tell states apart, and the first of them has hardly been trained. The
/// observer is told of each evaluation.
///
/// The order of samples depends on the seed and on their number alone. If the settings have a cost of
/// [unlabelled](FineTuneConfig::unlabelled) samples, it is that of the training samples themselves.
///
/// # Errors
/// [`TrainingError`] for settings out of range, no data, divergence, or if the observer breaks off.
///
/// # Panics
/// If samples and labels differ in number, or the samples' width is not the model's.
pub fn fine_tune(
    model: Classifier<f32>,
    train: Labelled<'_>,
    validation: Labelled<'_>,
    config: &FineTuneConfig,
    seed: u64,
    observer: Observer<'_>,
) -> Result<FineTuned, TrainingError> {
    fine_tune_with_unlabelled(model, train, train.x, validation, config, seed, observer)
}

/// As [`fine_tune`], with `unlabelled` samples (n × inputs) for the cost that the settings have of them;
/// the labelled ones may be among them. They are not read if the settings have no such cost.
///
/// # Errors
/// As [`fine_tune`], and [`InvalidSetting`] if the settings want unlabelled samples and there are
/// none.
///
/// # Panics
/// As [`fine_tune`].
pub fn fine_tune_with_unlabelled(
    mut model: Classifier<f32>,
    train: Labelled<'_>,
    unlabelled: ArrayView2<'_, f32>,
    validation: Labelled<'_>,
    config: &FineTuneConfig,
    seed: u64,
    observer: Observer<'_>,
) -> Result<FineTuned, TrainingError> {
    config.validate()?;
    let mut unlabelled = match config.unlabelled {
        Some(Unlabelled::VirtualAdversarial(settings)) if settings.has_effect() => {
            let expected = "no value, as there are no unlabelled samples";
            let field = "fine_tuning.unlabelled";
            require(unlabelled.nrows() > 0, field, &"virtual-adversarial", expected)?;
            Some(UnlabelledSamples::new(settings, unlabelled, train.labels, &model, seed))
        }
        _ => None,
    };
    if train.labels.is_empty() || validation.labels.is_empty() {
        return Err(TrainingError::NoData);
    }
    let batch_size = config.batch_size.min(train.labels.len());
    let new_optimizer =
        |model: &Classifier<f32>| Optimizer::new(config.optimizer, config.regularisation(), model);
    let mut optimizer = new_optimizer(&model);
    if config.output_layer_first > 0 {
        optimizer.rate_factors = vec![0.0; model.units.len()];
    }
    let dropout = Some(config.dropout).filter(|dropout| !dropout.is_none());
    let rows = batch_size + unlabelled.as_ref().map_or(0, UnlabelledSamples::n_rows);
    let mut memory = ClassifierMemory::new(&model, rows);
    let mut minibatches = Minibatches::new(train.labels.len(), batch_size);
    let mut x = Array2::zeros((rows, train.x.ncols()));
    let mut shifted = Shifted::new(config.shift, &model, batch_size)?;
    let mut labels = Vec::with_capacity(batch_size);
    let mut best = (usize::MAX, model.clone());
    let mut history = Vec::with_capacity(config.evaluations);
    let (mut updates, mut epoch) = (0, 0);
    let mut since_evaluation = MeanCost::default();
    while updates < config.updates {
        epoch += 1;
        minibatches.shuffle(Stream::new(seed, ORDER).epoch(epoch));
        for (batch, samples) in minibatches.iter().take(config.updates - updates).enumerate() {
            if updates == config.output_layer_first {
                optimizer = new_optimizer(&model);
                optimizer.rate_factors.clone_from(&config.learning_rate_multipliers);
            }
            let n = samples.len();
            gather(train.x, samples, x.slice_mut(s![..n, ..]));
            if let Some(shifted) = &mut shifted {
                shifted.apply(
                    Stream::new(seed, SHIFT).epoch(epoch).batch(batch),
                    x.slice_mut(s![..n, ..]),
                );
            }
            let stream = Stream::new(seed, DROPOUT).epoch(epoch).batch(batch);
            if config.dropout.input > 0.0 {
                leave_out_inputs(config.dropout.input, stream, x.slice_mut(s![..n, ..]));
            }
            labels.clear();
            labels.extend(samples.iter().map(|&sample| train.labels[sample]));
            let rate = config.learning_rate * config.schedule.factor(updates, config.updates);
            let draw = dropout.map(|dropout| DropoutDraw { dropout, stream });
            let step = match &mut unlabelled {
                Some(unlabelled) => {
                    let (batch, steps) = ((x.view_mut(), &labels[..]), (&mut optimizer, rate));
                    unlabelled.step(&mut model, batch, &mut memory, steps, draw)
                }
                None => classification_step(
                    &mut model,
                    x.slice(s![..n, ..]),
                    &labels,
                    &mut memory,
                    &mut optimizer,
                    rate,
                    draw,
                ),
            };
            let cost = step.map_err(|NotFinite { cost }| {
                let place = (updates, minibatches.n_batches());
                TrainingError::diverged(cost, (&model, &memory.gradient), place, rate)
            })?;
            since_evaluation.add(cost, n);
            updates += 1;
            // Evaluate at the ends of `evaluations` equal parts of the updates.
            let due = updates * config.evaluations / config.updates;
            if due > history.len() {
                let average = dropout.map(|dropout| model.on_average(dropout));
                let found = average.as_ref().unwrap_or(&model);
                let validation_errors = found.count_errors(validation.x, validation.labels);
                if validation_errors <= best.0 {
                    best.0 = validation_errors;
                    best.1.clone_from(found);
                }
                let training_cost = since_evaluation.mean();
                history.push(Evaluation { updates, training_cost, validation_errors });
                let progress = Progress {
                    epoch: history.len(),
                    of: config.evaluations.min(config.updates),
                    value: validation_errors as f64 * 100.0 / validation.labels.len() as f64,
                    metric: Metric::ERROR_PCT,
                    samples: std::mem::take(&mut since_evaluation).n_samples(),
                };
                observe(observer, &progress)?;
            }
        }
    }
    Ok(FineTuned { model: best.1, validation_errors: best.0, history })
}
