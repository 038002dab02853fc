use nn_core::{InvalidSetting, Regularisation, Rule, Schedule, require};
use serde::{Deserialize, Serialize};

use crate::{Corruption, Emphasis, Penalty, Shift};

/// Training settings of an autoencoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Number of passes over the data.
    pub epochs: usize,
    /// Number of samples per step. The last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Learning rate η at the start.
    pub learning_rate: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Coefficient of the L2 penalty on weights.
    pub weight_decay: f64,
    /// Coefficient of the L1 penalty on weights.
    pub l1: f64,
    /// Largest norm of the weights into a unit. `None` sets no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_norm: Option<f64>,
    /// Random shifts of images, applied before any noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<Shift>,
    /// Noise on the input of the encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corruption: Option<Corruption>,
    /// Weights of the errors at corrupted and other pixels. `None` weights all equally.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emphasis: Option<Emphasis>,
    /// Initial number of code units kept. It falls linearly to `model.top_k` over the first half of the
    /// epochs, so that fewer units are never selected (Makhzani & Frey 2014).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k_start: Option<usize>,
    /// Penalty on the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub penalty: Option<Penalty>,
    /// Optimizer.
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
        let shift = self.shift.map_or(Ok(()), |shift| shift.validate());
        shift.map_err(|error| error.within("training"))?;
        self.corruption.map_or(Ok(()), |corruption| corruption.validate())?;
        self.emphasis.map_or(Ok(()), |emphasis| emphasis.validate(self.corruption))?;
        self.penalty.map_or(Ok(()), |penalty| penalty.validate())?;
        self.optimizer.validate()
    }

    /// Penalties and bounds on the weights.
    pub fn regularisation(&self) -> Regularisation {
        let TrainingConfig { weight_decay, l1, max_norm, .. } = *self;
        Regularisation { weight_decay, l1, max_norm }
    }
}
