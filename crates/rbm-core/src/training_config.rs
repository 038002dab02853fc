use nn_core::{BlockKind, InvalidSetting, Layout, Regularisation, Rule, Schedule, require};
use serde::{Deserialize, Serialize};

use crate::{Binarisation, Units};

/// Values of the visible units in the negative phase of contrastive divergence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NegativeVisible {
    /// Their means, as in Hinton & Salakhutdinov 2006: less noise, but not a Gibbs chain.
    #[default]
    Probabilities,
    /// Draws: with many steps the gradient converges to that of the likelihood.
    Samples,
}

/// Source of the negative phase's statistics. All but the first keep chains between steps, which draw
/// from the model as long as it changes slowly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Algorithm {
    /// CD-k: Gibbs steps from the data (Hinton 2002).
    Cd {
        /// Values of the visible units in the negative phase.
        #[serde(default)]
        negative_visible: NegativeVisible,
    },
    /// PCD-k: Gibbs steps of persistent chains (Tieleman 2008).
    Pcd {
        /// Number of chains; the batch size is a good choice.
        chains: usize,
    },
    /// Fast PCD: the chains sample a model with additional fast weights, which learn quickly, decay,
    /// and push the chains away from their present states (Tieleman & Hinton 2009).
    FastPcd {
        /// Number of chains.
        chains: usize,
        /// Constant learning rate of the fast weights; in the paper, the initial learning rate.
        fast_rate: f64,
        /// Factor that the fast weights decay by at each step; 19/20 in the paper.
        fast_decay: f64,
    },
    /// Parallel tempering: every chain has replicas at higher temperatures, with which it exchanges
    /// states (Desjardins et al. 2010).
    Tempering {
        /// Number of chains.
        chains: usize,
        /// Number of temperatures, evenly spaced in β from the model (1) to independent units (0).
        temperatures: usize,
    },
}

/// Training settings. The defaults are Hinton & Salakhutdinov's (2006) for MNIST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Number of passes over the data.
    pub epochs: usize,
    /// Number of samples in a step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Binarisation of grey values.
    pub binarisation: Binarisation,
    /// Source of the negative phase.
    pub algorithm: Algorithm,
    /// k, the number of full Gibbs steps in each step of learning.
    pub gibbs_steps: usize,
    /// Rate ν of the moving averages μ and λ that the gradient is centred at (Melchior, Fischer &
    /// Wiskott 2016, with 0.01); 0 turns centring off.
    pub offset_rate: f64,
    /// Initial learning rate η.
    pub learning_rate: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Strength λ of the L2 penalty on weights, which adds −λ w to their gradient.
    pub weight_decay: f64,
    /// Strength λ of the L1 penalty on weights, which adds −λ sign(w) to their gradient.
    pub l1: f64,
    /// Learning rate of ln σ of visible units that have one, as a multiple of η; 0 keeps σ constant.
    pub variance_rate: f64,
    /// Target of the sparsity penalty for the mean activity of hidden units (guide, section 11).
    pub sparsity_target: f64,
    /// Strength λ of the sparsity penalty, 0 for none. It adds λ (target − activity) to the gradient of
    /// each hidden bias, where the activity is a moving average with rate 0.1.
    pub sparsity_cost: f64,
    /// Momentum variant.
    pub momentum_rule: MomentumRule,
    /// Momentum μ in the first epochs.
    pub initial_momentum: f64,
    /// Momentum μ after those epochs.
    pub momentum: f64,
    /// Number of epochs with the initial momentum.
    pub initial_momentum_epochs: usize,
}

/// Momentum variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MomentumRule {
    /// Polyak's heavy ball (guide, section 9).
    HeavyBall,
    /// Nesterov's accelerated gradient.
    Nesterov,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        TrainingConfig {
            epochs: 20,
            batch_size: 100,
            binarisation: Binarisation::Probabilities,
            algorithm: Algorithm::Cd { negative_visible: NegativeVisible::Probabilities },
            gibbs_steps: 1,
            offset_rate: 0.0,
            learning_rate: 0.1,
            schedule: Schedule::Constant,
            weight_decay: 2e-4,
            l1: 0.0,
            variance_rate: 0.0,
            sparsity_target: 0.1,
            sparsity_cost: 0.0,
            momentum_rule: MomentumRule::HeavyBall,
            initial_momentum: 0.5,
            momentum: 0.9,
            initial_momentum_epochs: 5,
        }
    }
}

impl TrainingConfig {
    /// The settings for data of this layout, given settings for binary units: the learning rate of
    /// [`suited_learning_rate`], and values that are not binarised.
    #[must_use]
    pub fn fitted_to(&self, layout: &Layout) -> Self {
        TrainingConfig {
            learning_rate: suited_learning_rate(layout, self.learning_rate),
            binarisation: Binarisation::Probabilities,
            ..self.clone()
        }
    }

    /// The optimizer's rule in this epoch, counted from 1.
    pub fn rule_in(&self, epoch: usize) -> Rule {
        let initial = epoch <= self.initial_momentum_epochs;
        let momentum = if initial { self.initial_momentum } else { self.momentum };
        match self.momentum_rule {
            MomentumRule::HeavyBall => Rule::Momentum { momentum },
            MomentumRule::Nesterov => Rule::Nesterov { momentum },
        }
    }

    pub(crate) fn regularisation(&self) -> Regularisation {
        Regularisation { weight_decay: self.weight_decay, l1: self.l1, ..Default::default() }
    }

    /// Checks every bound, and that the settings suit the visible units.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting that is out of its range or does not suit the units.
    pub fn validate_for(&self, visible: impl Into<Units>) -> Result<(), InvalidSetting> {
        self.validate()?;
        let visible = visible.into();
        let suits =
            visible.mean_is_probability() || self.binarisation == Binarisation::Probabilities;
        let expected = "probabilities: visible units that are not binary take the data as they are";
        require(suits, "training.binarisation", &self.binarisation.name(), expected)
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let positive = |field, value: f64| {
            let holds = value.is_finite() && value > 0.0;
            require(holds, field, &value, "a finite number above 0")
        };
        let strength = |field, value: f64| {
            let holds = value.is_finite() && value >= 0.0;
            require(holds, field, &value, "a finite number, 0 or above")
        };
        let factor = |field, value: f64| {
            require((0.0..1.0).contains(&value), field, &value, "a number in [0, 1)")
        };
        count("training.epochs", self.epochs)?;
        count("training.batch_size", self.batch_size)?;
        count("training.gibbs_steps", self.gibbs_steps)?;
        self.algorithm.validate()?;
        self.schedule.validate()?;
        factor("training.offset_rate", self.offset_rate)?;
        positive("training.learning_rate", self.learning_rate)?;
        strength("training.weight_decay", self.weight_decay)?;
        strength("training.l1", self.l1)?;
        strength("training.variance_rate", self.variance_rate)?;
        factor("training.sparsity_target", self.sparsity_target)?;
        strength("training.sparsity_cost", self.sparsity_cost)?;
        factor("training.initial_momentum", self.initial_momentum)?;
        factor("training.momentum", self.momentum)
    }
}

impl Algorithm {
    /// PCD with as many chains as the default batch has samples.
    #[must_use]
    pub const fn pcd() -> Self {
        Algorithm::Pcd { chains: 100 }
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        const RATE: &str = "training.algorithm.fast_rate";
        const DECAY: &str = "training.algorithm.fast_decay";
        const CHAINS: &str = "training.algorithm.chains";
        match *self {
            Algorithm::Cd { .. } => Ok(()),
            Algorithm::Pcd { chains } => count(CHAINS, chains),
            Algorithm::FastPcd { chains, fast_rate, fast_decay } => {
                count(CHAINS, chains)?;
                let holds = fast_rate.is_finite() && fast_rate > 0.0;
                require(holds, RATE, &fast_rate, "a finite number above 0")?;
                let holds = (0.0..1.0).contains(&fast_decay);
                require(holds, DECAY, &fast_decay, "a number in [0, 1)")
            }
            Algorithm::Tempering { chains, temperatures } => {
                count(CHAINS, chains)?;
                let holds = temperatures >= 2;
                let field = "training.algorithm.temperatures";
                require(holds, field, &temperatures, "at least 2")
            }
        }
    }
}

/// The learning rate for data of this layout, given one that suits binary units. Real values have no upper
/// bound, and their reconstructions grow with every weight, so that the rate must be one or two orders of
/// magnitude lower (Hinton 2012, section 13.2): it is divided by √(10 d), between 10 and 100, for d columns
/// of real numbers. Values in [0, 1] and categories leave it unchanged.
#[must_use]
pub fn suited_learning_rate(layout: &Layout, for_binary: f64) -> f64 {
    match layout.n_of(BlockKind::Real) {
        0 => for_binary,
        n => for_binary / (10.0 * n as f64).sqrt().clamp(10.0, 100.0),
    }
}

fn count(field: &'static str, value: usize) -> Result<(), InvalidSetting> {
    require(value >= 1, field, &value, "at least 1")
}
