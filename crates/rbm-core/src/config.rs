use nn_core::{InvalidSetting, require};
use numerics::Real;
use serde::{Deserialize, Serialize};

use crate::{Rbm, Unit};

/// The architecture of an RBM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RbmConfig {
    /// Number of hidden units.
    pub n_hidden: usize,
    /// Kind of the visible units.
    pub visible: Unit,
    /// Kind of the hidden units.
    pub hidden: Unit,
    /// Initial variance of visible units that have one.
    pub variance: Variance,
    /// Weight initialisation.
    pub initial_weights: InitialWeights,
    /// Standard deviation of the initial weights; 0.01 in Hinton's practical guide, section 8.
    pub weight_std: f64,
    /// Whether the initial visible biases reproduce the training set's means (for binary units, their
    /// log-odds; guide, section 8.1) instead of being zero.
    pub visible_bias_from_data: bool,
}

/// Initial variance of visible units that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variance {
    /// σ = 1: the data must be standardised.
    #[default]
    Unit,
    /// σ is the standard deviation of each column of the training set, which amounts to standardising
    /// the data. It is learned from there on if `training.variance_rate` is above 0.
    Data,
}

/// Weight initialisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitialWeights {
    /// Independent normal draws.
    #[default]
    Gaussian,
    /// Orthogonal vectors, as many as the smaller layer has units (Saxe et al. 2014): no two of those
    /// units start alike.
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
            !self.hidden.is_visible_only(),
            "model.hidden",
            &self.hidden.name(),
            "another kind: these units can only be visible",
        )?;
        require(
            self.visible.has_std() || self.variance == Variance::Unit,
            "model.variance",
            &"data",
            "unit, because these visible units have no variance of their own",
        )
    }

    /// A model of this architecture, all zeros, to restore the tensors of a file into.
    #[must_use]
    pub fn zeros<F: Real>(&self, n_visible: usize) -> Rbm<F> {
        Rbm::with_units(n_visible, self.n_hidden, self.visible, self.hidden)
    }
}
