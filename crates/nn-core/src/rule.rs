use numerics::Real;
use serde::{Deserialize, Serialize};

use crate::{InvalidSetting, require};

/// How a gradient g becomes a step of the parameters w, at learning rate η.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// w ← w − η g
    Sgd {},
    /// v ← μ v − η g, w ← w + v (Polyak's heavy ball, as in Hinton's practical guide).
    Momentum {
        /// μ in [0, 1).
        momentum: f64,
    },
    /// v ← μ v − η g, w ← w + μ v − η g (Nesterov's, in the form of Bengio et al. 2013).
    Nesterov {
        /// μ in [0, 1).
        momentum: f64,
    },
    /// s ← ρ s + (1 − ρ) g², w ← w − η g / (√s + ε), s from 0 (Tieleman & Hinton 2012).
    RmsProp {
        /// ρ in [0, 1).
        decay: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// s ← ρ s + (1 − ρ) g², w ← w − η g / √(s + ε), s from 1: `RMSProp` as `TensorFlow` 1 had it.
    RmsPropTf1 {
        /// ρ in [0, 1).
        decay: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// m ← β₁ m + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², w ← w − η m̂ / (√ŝ + ε) with m̂ and ŝ
    /// corrected for their start at 0 (Kingma & Ba 2015).
    Adam {
        /// β₁ in [0, 1).
        beta1: f64,
        /// β₂ in [0, 1).
        beta2: f64,
        /// ε > 0.
        epsilon: f64,
    },
}

impl Rule {
    /// Adam with the constants of its paper.
    #[must_use]
    pub const fn adam() -> Self {
        Rule::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first constant out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let factor = |field, value: f64| {
            require((0.0..1.0).contains(&value), field, &value, "a number in [0, 1)")
        };
        let positive = |field, value: f64| {
            let holds = value.is_finite() && value > 0.0;
            require(holds, field, &value, "a finite number above 0")
        };
        match *self {
            Rule::Sgd {} => Ok(()),
            Rule::Momentum { momentum } | Rule::Nesterov { momentum } => {
                factor("training.optimizer.momentum", momentum)
            }
            Rule::RmsProp { decay, epsilon } | Rule::RmsPropTf1 { decay, epsilon } => {
                factor("training.optimizer.decay", decay)?;
                positive("training.optimizer.epsilon", epsilon)
            }
            Rule::Adam { beta1, beta2, epsilon } => {
                factor("training.optimizer.beta1", beta1)?;
                factor("training.optimizer.beta2", beta2)?;
                positive("training.optimizer.epsilon", epsilon)
            }
        }
    }

    /// The value that the running mean square starts from.
    pub(crate) fn initial_square<F: Real>(&self) -> F {
        if matches!(self, Rule::RmsPropTf1 { .. }) { F::one() } else { F::zero() }
    }

    pub(crate) fn keeps_mean(&self) -> bool {
        matches!(self, Rule::Momentum { .. } | Rule::Nesterov { .. } | Rule::Adam { .. })
    }

    pub(crate) fn keeps_square(&self) -> bool {
        matches!(self, Rule::RmsProp { .. } | Rule::RmsPropTf1 { .. } | Rule::Adam { .. })
    }
}
