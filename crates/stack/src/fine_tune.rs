use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use nn_core::{
    InvalidSetting, MeanCost, Minibatches, Optimizer, Regularisation, Rule, Schedule,
    TrainingError, Workspace, gather, require,
};
use numerics::{Purpose, Stream, by_rows};
use serde::{Deserialize, Serialize};

use crate::classifier::{NotFinite, classification_step};
use crate::dropout::leave_out;
use crate::pretrain::Interruptible;
use crate::{Classifier, Dropout, Progress, Watch};

const ORDER: Purpose = Purpose::new("tune order");
const DROPOUT: Purpose = Purpose::new("dropout");

/// How a classifier is fine-tuned: all layers together, by backpropagation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FineTuneConfig {
    /// Steps in all.
    pub updates: usize,
    /// Samples a step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// η at the start.
    pub learning_rate: f64,
    /// How η changes over the updates.
    pub schedule: Schedule,
    /// L2 penalty on weights.
    pub weight_decay: f64,
    /// The rule that turns gradients into steps.
    pub optimizer: Rule,
    /// Units left out of a step at random.
    #[serde(skip_serializing_if = "Dropout::is_none")]
    pub dropout: Dropout,
    /// Weights that lead into a unit are scaled down when their norm exceeds this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_norm: Option<f64>,
    /// What η is multiplied by for each layer, from the data on; 1 for layers beyond these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rate_factors: Vec<f64>,
    /// The first of the steps train the read-out alone: this many.
    #[serde(skip_serializing_if = "is_zero")]
    pub readout_first: usize,
    /// How often the validation error is looked at, evenly spread; the model that was best there is
    /// kept (early stopping).
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
            max_norm: None,
            rate_factors: Vec::new(),
            readout_first: 0,
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
        for factor in &self.rate_factors {
            let holds = factor.is_finite() && *factor >= 0.0;
            require(holds, "fine_tuning.rate_factors", factor, "finite numbers, 0 or above")?;
        }
        let (first, updates) = (self.readout_first, self.updates);
        let expected = "at most as many as fine_tuning.updates";
        require(first <= updates, "fine_tuning.readout_first", &first, expected)?;
        self.dropout.validate().map_err(|error| error.within("fine_tuning"))?;
        self.schedule.validate()?;
        self.optimizer.validate()
    }

    fn regularisation(&self) -> Regularisation {
        Regularisation { max_norm: self.max_norm, ..self.weight_decay.into() }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
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
    /// n × inputs.
    pub x: ArrayView2<'a, f32>,
    /// n classes.
    pub labels: &'a [u8],
}

/// The state of affairs at one look at the validation set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps taken so far.
    pub updates: usize,
    /// Mean cost in nats of the training samples since the last look.
    pub training_cost: f64,
    /// Validation samples misclassified.
    pub validation_errors: usize,
}

/// A fine-tuned classifier and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct FineTuned {
    /// The model at its best on the validation set.
    pub model: Classifier<f32>,
    /// Its mistakes there.
    pub validation_errors: usize,
    /// Every look, in order.
    pub history: Vec<Evaluation>,
}

/// Fine-tunes `model` on `train`, keeping what is best on `validation`; the earliest of equals.
///
/// The order of samples depends on the seed and their number alone.
///
/// # Errors
/// [`TrainingError`] for settings out of range, no data, divergence, or when `watch` breaks off.
///
/// # Panics
/// If samples and labels differ in number or widths differ from the model's.
pub fn fine_tune(
    mut model: Classifier<f32>,
    train: Labelled<'_>,
    validation: Labelled<'_>,
    config: &FineTuneConfig,
    seed: u64,
    watch: Watch<'_>,
) -> Result<FineTuned, TrainingError> {
    config.validate()?;
    if train.labels.is_empty() || validation.labels.is_empty() {
        return Err(TrainingError::NoData);
    }
    let batch_size = config.batch_size.min(train.labels.len());
    let new_optimizer =
        |model: &Classifier<f32>| Optimizer::new(config.optimizer, config.regularisation(), model);
    let mut optimizer = new_optimizer(&model);
    if config.readout_first > 0 {
        optimizer.rate_factors = vec![0.0; model.units.len()];
    }
    let dropout = Some(config.dropout).filter(|dropout| !dropout.is_none());
    let mut workspace = Workspace::new(&model, batch_size);
    let mut gradient = model.zeros_like();
    let mut minibatches = Minibatches::new(train.labels.len(), batch_size);
    let mut x = Array2::zeros((batch_size, train.x.ncols()));
    let mut labels = Vec::with_capacity(batch_size);
    let mut best = (usize::MAX, model.clone());
    let mut history = Vec::with_capacity(config.evaluations);
    let (mut updates, mut epoch) = (0, 0);
    let mut since_look = MeanCost::default();
    while updates < config.updates {
        epoch += 1;
        minibatches.shuffle(Stream::new(seed, ORDER).epoch(epoch));
        for (batch, samples) in minibatches.iter().take(config.updates - updates).enumerate() {
            if updates == config.readout_first {
                optimizer = new_optimizer(&model);
                optimizer.rate_factors.clone_from(&config.rate_factors);
            }
            let n = samples.len();
            gather(train.x, samples, x.slice_mut(s![..n, ..]));
            let stream = Stream::new(seed, DROPOUT).epoch(epoch).batch(batch);
            if config.dropout.input > 0.0 {
                leave_out_inputs(config.dropout.input, stream, x.slice_mut(s![..n, ..]));
            }
            labels.clear();
            labels.extend(samples.iter().map(|&sample| train.labels[sample]));
            let batch_x = x.slice(s![..n, ..]);
            let rate = config.learning_rate * config.schedule.factor(updates, config.updates);
            let memory = (&mut workspace, &mut gradient);
            let chosen = dropout.map(|dropout| (dropout, stream));
            let by = (&mut optimizer, rate);
            let step = classification_step(&mut model, batch_x, &labels, memory, by, chosen);
            let cost = step.map_err(|NotFinite { cost }| {
                let place = (updates, minibatches.n_batches());
                TrainingError::diverged(cost, (&model, &gradient), place, rate)
            })?;
            since_look.add(cost, n);
            updates += 1;
            // Look at the ends of `evaluations` equal parts of the updates.
            let looks = updates * config.evaluations / config.updates;
            if looks > history.len() {
                let average = dropout.map(|dropout| model.on_average(dropout));
                let found = average.as_ref().unwrap_or(&model);
                let validation_errors = found.count_errors(validation.x, validation.labels);
                if validation_errors < best.0 {
                    best.0 = validation_errors;
                    best.1.clone_from(found);
                }
                let training_cost = since_look.mean();
                history.push(Evaluation { updates, training_cost, validation_errors });
                let samples = std::mem::take(&mut since_look).n_samples();
                let cost = validation_errors as f64 * 100.0 / validation.labels.len() as f64;
                let (done, of) = (history.len(), config.evaluations.min(config.updates));
                let progress = Progress { done, of, cost, metric: "error_pct", samples };
                watch(progress).continue_or_interrupted()?;
            }
        }
    }
    Ok(FineTuned { model: best.1, validation_errors: best.0, history })
}
