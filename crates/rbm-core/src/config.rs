use nn_core::{InvalidSetting, require};
use numerics::Real;
use serde::{Deserialize, Serialize};

use crate::{Rbm, Unit};

/// The architecture of an RBM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RbmConfig {
    /// Hidden units.
    pub n_hidden: usize,
    /// What the visible units are.
    pub visible: Unit,
    /// What the hidden units are.
    pub hidden: Unit,
    /// Where σ of Gaussian visible units comes from.
    pub variance: Variance,
    /// How weights begin.
    pub initial_weights: InitialWeights,
    /// Standard deviation of the weights at the beginning; 0.01 in Hinton's practical guide,
    /// section 8.
    pub weight_std: f64,
    /// Whether visible biases begin where independent units fit the training set's means, at their
    /// log-odds for binary units (guide, section 8.1), rather than at zero.
    pub visible_bias_from_data: bool,
}

/// Where σ of Gaussian visible units comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variance {
    /// σ = 1: the data must be standardised.
    #[default]
    Unit,
    /// The standard deviation of each column of the training set, which amounts to standardising
    /// it; learned from there on if `training.variance_rate` is above 0.
    Data,
}

/// How weights begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitialWeights {
    /// Independent normal draws.
    #[default]
    Gaussian,
    /// As far as there are, orthogonal vectors (Saxe et al. 2014): no two units begin alike.
    Orthogonal,
}

impl Default for RbmConfig {
    fn default() -> Self {
        RbmConfig {
            n_hidden: 500,
            visible: Unit::Binary,
            hidden: Unit::Binary,
            variance: Variance::Unit,
            initial_weights: InitialWeights::Gaussian,
            weight_std: 0.01,
            visible_bias_from_data: false,
        }
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
        )?;
        require(
            self.hidden != Unit::TruncatedExponential,
            "model.hidden",
            &"truncated-exponential",
            "binary or gaussian: truncated exponential units are for grey values of data",
        )?;
        require(
            self.visible == Unit::Gaussian || self.variance == Variance::Unit,
            "model.variance",
            &"data",
            "unit: only gaussian visible units have a variance of their own",
        )
    }

    /// A model of this architecture, all zeros: what tensors of a file are restored into.
    #[must_use]
    pub fn zeros<F: Real>(&self, n_visible: usize) -> Rbm<F> {
        Rbm::with_units(n_visible, self.n_hidden, self.visible, self.hidden)
    }
}
