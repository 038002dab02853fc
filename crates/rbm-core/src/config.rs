use nn_core::{BlockKind, InvalidSetting, Layout, require};
use numerics::Real;
use serde::{Deserialize, Serialize};

use crate::{Rbm, Unit, Units};

/// The architecture of an RBM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RbmConfig {
    /// Number of hidden units.
    pub n_hidden: usize,
    /// Kind of the visible units; with a layout, of those for values in [0, 1].
    pub visible: Unit,
    /// Layout of the rows of a table. Real numbers then have Gaussian units, and each category is one
    /// categorical unit. `None` means that all visible units are of the kind `visible`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// Kind of the hidden units.
    pub hidden: Unit,
    /// Initial variance of visible units that have one.
    pub variance: Variance,
    /// Weight initialisation.
    pub initial_weights: InitialWeights,
    /// Standard deviation of the initial weights; 0.01 in Hinton's practical guide, section 8.
    pub weight_std: f64,
    /// Whether the initial visible biases reproduce the training set's means (for binary units, their
    /// log-odds; guide, section 8.1) instead of being zero. Binary units of data whose mean is below 2 %
    /// always get such biases: from zero, half of all units are on in the first reconstructions, and the
    /// steps away from that state saturate the hidden units.
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
            layout: None,
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
        if let Some(layout) = &self.layout {
            layout.validate()?;
            let bits = layout
                .blocks
                .iter()
                .any(|block| matches!(block.kind, BlockKind::UnitInterval | BlockKind::Binary));
            let holds = !bits || self.visible.bounds() == (0.0, 1.0);
            let expected = "units with values in [0, 1], which some columns of the layout have";
            require(holds, "model.visible", &self.visible.name(), expected)?;
        }
        require(
            self.visible_units().has_std() || self.variance == Variance::Unit,
            "model.variance",
            &"data",
            "unit, because these visible units have no variance of their own",
        )
    }

    /// The visible units: those that suit the layout, or all of the kind `visible`.
    #[must_use]
    pub fn visible_units(&self) -> Units {
        match &self.layout {
            Some(layout) => Units::of_layout(layout, self.visible),
            None => Units::Same(self.visible),
        }
    }

    /// The configuration for data of this layout: visible units that suit its blocks, with the means and
    /// standard deviations of the data.
    #[must_use]
    pub fn fitted_to(&self, layout: &Layout) -> Self {
        let in_unit_interval = self.visible.bounds() == (0.0, 1.0);
        let fitted = RbmConfig {
            layout: Some(layout.clone()),
            visible: if in_unit_interval { self.visible } else { Unit::Binary },
            visible_bias_from_data: true,
            ..self.clone()
        };
        let has_std = fitted.visible_units().has_std();
        let variance = if has_std { Variance::Data } else { Variance::Unit };
        RbmConfig { variance, ..fitted }
    }

    /// The configuration of a layer above this one in a stack, whose inputs are means of hidden units.
    #[must_use]
    pub fn above_data(&self) -> Self {
        let (visible, variance) = match self.layout {
            Some(_) => (Unit::Binary, Variance::Unit),
            None => (self.visible.above_data(), self.variance),
        };
        RbmConfig { visible, variance, layout: None, ..self.clone() }
    }

    /// A model of this architecture with all parameters zero, for restoring the tensors of a file.
    #[must_use]
    pub fn zeros<F: Real>(&self, n_visible: usize) -> Rbm<F> {
        Rbm::with_units(n_visible, self.n_hidden, self.visible_units(), self.hidden)
    }
}
