use nn_core::{Activation, Initialiser, InvalidSetting, Loss, Rule, Schedule, require};
use serde::{Deserialize, Serialize};

/// What the visible values are; decides output unit and loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataKind {
    /// Bits, or intensities in [0, 1]: logistic units, cross-entropy.
    Binary,
    /// Any real numbers: identity units, squared error.
    Real,
}

/// The architecture of an autoencoder with one hidden layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoencoderConfig {
    /// Hidden units: the size of the code.
    pub n_hidden: usize,
    /// What the hidden units do.
    pub hidden: Activation,
    /// What the data are.
    pub data: DataKind,
    /// The output unit, where it is not to follow from `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Activation>,
    /// The loss, where it is not to follow from the output unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Whether the decoder's weights are the encoder's, transposed.
    pub tied: bool,
    /// How weights begin; `None` takes what suits the units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initialiser: Option<Initialiser>,
}

impl Default for AutoencoderConfig {
    fn default() -> Self {
        AutoencoderConfig {
            n_hidden: 256,
            hidden: Activation::Logistic,
            data: DataKind::Binary,
            output: None,
            loss: None,
            tied: false,
            initialiser: None,
        }
    }
}

impl AutoencoderConfig {
    /// The output unit: as set, or as it follows from the data.
    pub fn output_unit(&self) -> Activation {
        self.output.unwrap_or(match self.data {
            DataKind::Binary => Activation::Logistic,
            DataKind::Real => Activation::Identity,
        })
    }

    /// The loss: as set, or as it follows from the output unit.
    pub fn loss(&self) -> Loss {
        self.loss.unwrap_or_else(|| Loss::suited_to(self.output_unit()))
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        require(self.n_hidden >= 1, "model.n_hidden", &self.n_hidden, "at least 1")?;
        self.loss().validate(self.output_unit())?;
        self.initialiser.map_or(Ok(()), |initialiser| initialiser.validate())
    }
}

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
        let decay = self.weight_decay;
        require(self.epochs >= 1, "training.epochs", &self.epochs, "at least 1")?;
        require(self.batch_size >= 1, "training.batch_size", &self.batch_size, "at least 1")?;
        require(
            rate.is_finite() && rate > 0.0,
            "training.learning_rate",
            &rate,
            "a finite number above 0",
        )?;
        require(
            decay.is_finite() && decay >= 0.0,
            "training.weight_decay",
            &decay,
            "a finite number, 0 or above",
        )?;
        self.optimizer.validate()
    }
}
