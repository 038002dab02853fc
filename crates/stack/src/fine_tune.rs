use ae_core::Shift;
use ndarray::ArrayView2;
use nn_core::{
    InvalidSetting, Observer, Regularisation, Rule, Schedule, TrainingError, observe, require,
};
use serde::{Deserialize, Serialize};

use crate::{Classifier, Dropout, FineTuning, Job as _, Unlabelled};

/// The fine-tuning of a classifier: all layers together, by backpropagation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FineTuneConfig {
    /// Number of training steps.
    pub updates: usize,
    /// Number of samples per step; the last batch of an epoch may be smaller.
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
    /// The cost of samples without labels, in addition to that of the labelled ones.
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

    pub(crate) fn regularisation(&self) -> Regularisation {
        Regularisation { max_norm: self.max_norm, ..self.weight_decay.into() }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
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

    /// The same samples with a shorter lifetime.
    #[must_use]
    pub fn reborrow<'b>(self) -> Labelled<'b>
    where
        'a: 'b,
    {
        Labelled { x: self.x.reborrow(), labels: self.labels }
    }

    /// Rejects samples that the model cannot read, and labels that it has no class for.
    pub(crate) fn check_for(&self, model: &Classifier<f32>) -> Result<(), TrainingError> {
        let (samples, labels) = (self.x.nrows(), self.labels.len());
        if labels == 0 {
            return Err(TrainingError::NoData);
        }
        if samples != labels {
            return Err(TrainingError::Labels { samples, labels });
        }
        check_width(self.x, model)?;
        let n_classes = model.n_classes();
        match self.labels.iter().position(|label| usize::from(*label) >= n_classes) {
            None => Ok(()),
            Some(sample) => {
                Err(TrainingError::Class { sample, label: self.labels[sample], n_classes })
            }
        }
    }
}

/// Rejects samples whose width differs from the model's.
pub(crate) fn check_width(
    x: ArrayView2<f32>,
    model: &Classifier<f32>,
) -> Result<(), TrainingError> {
    let (found, expected) = (x.ncols(), model.n_inputs());
    if found == expected { Ok(()) } else { Err(TrainingError::Width { found, expected }) }
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

/// A fine-tuned classifier with its training history.
#[derive(Debug, Clone, PartialEq)]
pub struct FineTuned {
    /// The model with the lowest validation error.
    pub model: Classifier<f32>,
    /// The number of validation samples that it misclassifies.
    pub validation_errors: usize,
    /// All evaluations, in order.
    pub history: Vec<Evaluation>,
}

/// Fine-tunes `model` on `train` and keeps the state with the lowest error on `validation`. Among equals it
/// keeps the latest: a few validation samples cannot distinguish states, and the earliest has hardly been
/// trained. The observer is notified of each evaluation.
///
/// The order of samples depends on the seed and on their number alone. If the settings have a cost of
/// [unlabelled](FineTuneConfig::unlabelled) samples, it applies to the training samples themselves.
///
/// # Errors
/// [`TrainingError`] for settings out of range, no data, divergence, or if the observer stops the training.
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

/// Like [`fine_tune`], with `unlabelled` samples (n × inputs) for their cost in the settings; the labelled
/// ones may be among them. They are not read if the settings have no such cost.
///
/// # Errors
/// As [`fine_tune`], and [`InvalidSetting`] if the settings require unlabelled samples and there are none.
///
/// # Panics
/// As [`fine_tune`].
pub fn fine_tune_with_unlabelled(
    model: Classifier<f32>,
    train: Labelled<'_>,
    unlabelled: ArrayView2<'_, f32>,
    validation: Labelled<'_>,
    config: &FineTuneConfig,
    seed: u64,
    observer: Observer<'_>,
) -> Result<FineTuned, TrainingError> {
    let (train, validation) = (train.reborrow(), validation.reborrow());
    let unlabelled = unlabelled.reborrow();
    let mut tuning = FineTuning::new(model, train, unlabelled, validation, config, seed)?;
    while let Some(progress) = tuning.part_until(&mut || false)? {
        observe(observer, &progress)?;
    }
    Ok(tuning.finish())
}
