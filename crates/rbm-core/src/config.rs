use nn_core::{InvalidSetting, Schedule, require};
use serde::{Deserialize, Serialize};

/// The architecture of an RBM with binary units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RbmConfig {
    /// Hidden units.
    pub n_hidden: usize,
    /// Standard deviation of the normal distribution that weights begin from; 0.01 in Hinton's
    /// practical guide, section 8.
    pub weight_std: f64,
    /// Whether visible biases begin at the log-odds of the visible units' means over the training
    /// set (guide, section 8.1) rather than at zero.
    pub visible_bias_from_data: bool,
}

impl Default for RbmConfig {
    fn default() -> Self {
        RbmConfig { n_hidden: 500, weight_std: 0.01, visible_bias_from_data: false }
    }
}

impl RbmConfig {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let std = self.weight_std;
        require(self.n_hidden >= 1, "model.n_hidden", &self.n_hidden, "at least 1")?;
        require(
            std.is_finite() && std >= 0.0,
            "model.weight_std",
            &std,
            "a finite number, 0 or above",
        )
    }
}

/// What the visible units are in the negative phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NegativeVisible {
    /// Their probabilities, as in Hinton & Salakhutdinov 2006: less noise, but no Gibbs chain.
    Probabilities,
    /// Draws: with many steps the gradient is that of the likelihood.
    Samples,
}

/// How an RBM is trained: contrastive divergence with momentum. The defaults are Hinton &
/// Salakhutdinov's (2006) for MNIST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the data.
    pub epochs: usize,
    /// Samples a step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// k of CD-k: full Gibbs steps from the data to the negative phase.
    pub gibbs_steps: usize,
    /// What the visible units are in the negative phase.
    pub negative_visible: NegativeVisible,
    /// η at the start.
    pub learning_rate: f64,
    /// How η changes over the epochs.
    pub schedule: Schedule,
    /// L2 penalty on weights.
    pub weight_decay: f64,
    /// μ in the first epochs.
    pub initial_momentum: f64,
    /// μ from then on.
    pub momentum: f64,
    /// How many epochs the initial momentum lasts.
    pub initial_momentum_epochs: usize,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        TrainingConfig {
            epochs: 20,
            batch_size: 100,
            gibbs_steps: 1,
            negative_visible: NegativeVisible::Probabilities,
            learning_rate: 0.1,
            schedule: Schedule::Constant,
            weight_decay: 2e-4,
            initial_momentum: 0.5,
            momentum: 0.9,
            initial_momentum_epochs: 5,
        }
    }
}

impl TrainingConfig {
    /// μ in this epoch, from 1.
    pub fn momentum_in(&self, epoch: usize) -> f64 {
        if epoch <= self.initial_momentum_epochs { self.initial_momentum } else { self.momentum }
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let count = |field, value: usize| require(value >= 1, field, &value, "at least 1");
        count("training.epochs", self.epochs)?;
        count("training.batch_size", self.batch_size)?;
        count("training.gibbs_steps", self.gibbs_steps)?;
        let rate = self.learning_rate;
        require(
            rate.is_finite() && rate > 0.0,
            "training.learning_rate",
            &rate,
            "a finite number above 0",
        )?;
        let decay = self.weight_decay;
        require(
            decay.is_finite() && decay >= 0.0,
            "training.weight_decay",
            &decay,
            "a finite number, 0 or above",
        )?;
        self.schedule.validate()?;
        let factor = |field, value: f64| {
            require((0.0..1.0).contains(&value), field, &value, "a number in [0, 1)")
        };
        factor("training.initial_momentum", self.initial_momentum)?;
        factor("training.momentum", self.momentum)
    }
}
