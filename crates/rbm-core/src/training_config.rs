use nn_core::{InvalidSetting, Regularisation, Rule, Schedule, require};
use serde::{Deserialize, Serialize};

use crate::{Binarisation, Unit};

/// What the visible units are in the negative phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NegativeVisible {
    /// Their probabilities, as in Hinton & Salakhutdinov 2006: less noise, but no Gibbs chain.
    Probabilities,
    /// Draws: with many steps the gradient is that of the likelihood.
    Samples,
}

/// Where the negative phase's statistics come from. All but the first let chains run on between
/// steps, so that they draw from the model while that changes slowly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Algorithm {
    /// CD-k: Gibbs steps from the data (Hinton 2002).
    Cd {
        /// What the visible units are in the negative phase.
        negative_visible: NegativeVisible,
    },
    /// PCD-k: Gibbs steps of persistent chains (Tieleman 2008).
    Pcd {
        /// Chains; as many as samples in a batch serve well.
        chains: usize,
    },
    /// Fast PCD: the chains' model has, added to the weights, fast weights that learn quickly and
    /// fade, and push the chains away from where they are (Tieleman & Hinton 2009).
    FastPcd {
        /// Chains.
        chains: usize,
        /// Learning rate of the fast weights, constant; the learning rate at the start, in the
        /// paper.
        fast_rate: f64,
        /// What is left of them after a step; 19/20 in the paper.
        fast_decay: f64,
    },
    /// Parallel tempering: every chain has replicas at higher temperatures, with which it exchanges
    /// states (Desjardins et al. 2010).
    Tempering {
        /// Chains.
        chains: usize,
        /// Temperatures, evenly spaced in β from the model (1) to independent units (0).
        temperatures: usize,
    },
}

/// How an RBM is trained. The defaults are Hinton & Salakhutdinov's (2006) for MNIST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the data.
    pub epochs: usize,
    /// Samples a step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// How grey values become binary ones.
    pub binarisation: Binarisation,
    /// Where the negative phase comes from.
    pub algorithm: Algorithm,
    /// k: full Gibbs steps between two steps of learning.
    pub gibbs_steps: usize,
    /// ν of the moving averages μ and λ that the gradient is centred at (Melchior, Fischer &
    /// Wiskott 2016; 0.01 there); 0 leaves it uncentred.
    pub offset_rate: f64,
    /// η at the start.
    pub learning_rate: f64,
    /// How η changes over the epochs.
    pub schedule: Schedule,
    /// L2 penalty on weights: adds −λ w to their gradient.
    pub weight_decay: f64,
    /// L1 penalty on weights: adds −λ sign(w) to their gradient.
    pub l1: f64,
    /// Learning rate of ln σ of Gaussian visible units, in parts of η; 0 leaves σ as it is.
    pub variance_rate: f64,
    /// Mean activity that hidden units are drawn towards (guide, section 11).
    pub sparsity_target: f64,
    /// The strength of that, 0 for none: adds λ (target − activity) to the gradient of each hidden
    /// unit's bias, activity being a moving average with rate 0.1.
    pub sparsity_cost: f64,
    /// Whose momentum.
    pub momentum_rule: MomentumRule,
    /// μ in the first epochs.
    pub initial_momentum: f64,
    /// μ from then on.
    pub momentum: f64,
    /// How many epochs the initial momentum lasts.
    pub initial_momentum_epochs: usize,
}

/// Whose momentum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MomentumRule {
    /// Polyak's (guide, section 9).
    HeavyBall,
    /// Nesterov's.
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
    /// The optimizer's rule in this epoch, from 1.
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

    /// Checks every bound, and what the visible units need.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range, or that does not suit the units.
    pub fn validate_for(&self, visible: Unit) -> Result<(), InvalidSetting> {
        self.validate()?;
        let suits = visible == Unit::Binary || self.binarisation == Binarisation::Probabilities;
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

fn count(field: &'static str, value: usize) -> Result<(), InvalidSetting> {
    require(value >= 1, field, &value, "at least 1")
}
