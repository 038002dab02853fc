use nn_core::{InvalidSetting, Regularisation, Rule, Schedule, require};
use serde::{Deserialize, Serialize};

use crate::{Corruption, Emphasis, Penalty, Shift};

/// How an autoencoder is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the data.
    pub epochs: usize,
    /// Samples a step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// η at the start.
    pub learning_rate: f64,
    /// How η changes over the epochs.
    pub schedule: Schedule,
    /// L2 penalty on weights.
    pub weight_decay: f64,
    /// L1 penalty on weights.
    pub l1: f64,
    /// The largest norm of the weights into a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_norm: Option<f64>,
    /// How far images are moved, before any noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<Shift>,
    /// Noise on what the encoder sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corruption: Option<Corruption>,
    /// How much corrupted and other pixels count, where not the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emphasis: Option<Emphasis>,
    /// How many units of a code are kept at first, where only `model.top_k` are at last: the number
    /// falls evenly over the first half of the epochs, so that fewer units are never chosen (Makhzani
    /// & Frey 2014).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k_start: Option<usize>,
    /// What the code pays for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Penalty>,
    /// The rule that turns gradients into steps.
    pub optimizer: Rule,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        TrainingConfig {
            epochs: 20,
            batch_size: 100,
            learning_rate: 2e-3,
            schedule: Schedule::Cosine,
            weight_decay: 0.0,
            l1: 0.0,
            max_norm: None,
            shift: None,
            corruption: None,
            emphasis: None,
            top_k_start: None,
            penalty: None,
            optimizer: Rule::adam(),
        }
    }
}

impl TrainingConfig {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let rate = self.learning_rate;
        require(self.epochs >= 1, "training.epochs", &self.epochs, "at least 1")?;
        require(self.batch_size >= 1, "training.batch_size", &self.batch_size, "at least 1")?;
        require(
            rate.is_finite() && rate > 0.0,
            "training.learning_rate",
            &rate,
            "a finite number above 0",
        )?;
        self.regularisation().validate()?;
        self.schedule.validate()?;
        self.shift.map_or(Ok(()), |shift| shift.validate())?;
        self.corruption.map_or(Ok(()), |corruption| corruption.validate())?;
        self.emphasis.map_or(Ok(()), |emphasis| emphasis.validate(self.corruption))?;
        self.penalty.map_or(Ok(()), |penalty| penalty.validate())?;
        self.optimizer.validate()
    }

    /// What keeps weights small.
    pub fn regularisation(&self) -> Regularisation {
        let TrainingConfig { weight_decay, l1, max_norm, .. } = *self;
        Regularisation { weight_decay, l1, max_norm }
    }
}
