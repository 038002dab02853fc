//! Kinds of units. Each kind is one file beside this one and one row of the registry below; the rest
//! of the workspace asks a unit for its properties and never compares kinds.
//!
//! | unit | values | mean given input x | energy of a state s with bias c | log-sum |
//! |---|---|---|---|---|
//! | binary | 0 or 1 | σ(x) | −c s | ln(1 + eˣ) |
//! | Gaussian | ℝ, variance 1 | x | (s − c)² / 2 | (x² − c² + ln 2π) / 2 |
//! | spin | −1 or +1 | tanh x | −c s | ln(2 cosh x) |
//! | truncated exponential | [0, 1], density ∝ e^(x s) | 1 / (1 − e⁻ˣ) − 1 / x | −c s | ln((eˣ − 1) / x) |
//!
//! A categorical unit (`categorical.rs`) takes several columns of a layer. It is part of visible layers
//! that are mixed from several kinds, block by block (`mixed.rs`).

/// The registry of units: a kind's variant of [`Unit`], its file, and its documentation. Expands
/// `$then!` with the rows and the arguments that follow.
macro_rules! registry {
    ($then:ident! $($arguments:tt)*) => {
        $then! {
            [
                Binary(binary, "0 or 1.")
                Gaussian(gaussian, "A real number, normal with variance 1 around its input.")
                Spin(spin, "−1 or +1.")
                TruncatedExponential(truncated_exponential, "In [0, 1], with density ∝ e^(input · value).")
            ]
            $($arguments)*
        }
    };
}

macro_rules! declare {
    ([$($Kind:ident($file:ident, $doc:literal))*]) => {
        /// A kind of unit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Unit {
            $(#[doc = $doc] $Kind,)*
        }

        impl Unit {
            /// Every kind of unit.
            pub const ALL: &'static [Unit] = &[$(Unit::$Kind),*];
        }
    };
}

macro_rules! dispatch {
    ([$($Kind:ident($file:ident, $doc:literal))*] $unit:expr, $K:ident => $body:expr) => {
        match $unit {
            $(Unit::$Kind => {
                type $K = crate::units::$file::$Kind;
                $body
            })*
        }
    };
}

/// Evaluates `$body` with `$K` standing for the type of the unit's kind. The choice is made outside
/// of the body's loops, which then vectorise.
macro_rules! with_kind {
    ($unit:expr, $K:ident => $body:expr) => { registry!(dispatch! $unit, $K => $body) };
}

mod binary;
mod blocks;
mod categorical;
mod gaussian;
mod kind;
mod layer;
mod mixed;
mod rows;
mod spin;
mod truncated_exponential;

use nn_core::Activation;
use serde::{Deserialize, Serialize};

use kind::Kind;
pub use layer::Layer;
pub(crate) use mixed::Part;
pub use mixed::Units;

registry!(declare!);

#[allow(clippy::derivable_impls, reason = "rows of the registry have no attributes")]
impl Default for Unit {
    fn default() -> Self {
        Unit::Binary
    }
}

impl Unit {
    /// The unit's name in messages.
    pub fn name(self) -> &'static str {
        with_kind!(self, K => K::NAME)
    }

    /// A description of the unit's values, for tables and messages.
    pub fn values(self) -> &'static str {
        with_kind!(self, K => K::VALUES)
    }

    /// The bounds of the unit's values; infinite if there are none.
    pub fn bounds(self) -> (f64, f64) {
        with_kind!(self, K => K::BOUNDS)
    }

    /// The states of a discrete unit, ascending; `None` for a continuous one. Layers of discrete units
    /// can be enumerated for an exact partition function.
    pub fn states(self) -> Option<&'static [f64]> {
        with_kind!(self, K => K::STATES)
    }

    /// The activation function that a deterministic layer uses in place of the unit's mean. Its range is
    /// that of the unit's values.
    pub fn activation(self) -> Activation {
        with_kind!(self, K => K::ACTIVATION)
    }

    /// Whether the mean is the probability of being 1. Grey values of such visible units may be read
    /// as probabilities and binarised; their reconstructions have a cross-entropy.
    pub fn mean_is_probability(self) -> bool {
        with_kind!(self, K => K::MEAN_IS_PROBABILITY)
    }

    /// Whether a state's energy is −(bias · state). Tempering and annealed importance sampling, which scale
    /// the inputs of hidden units, require hidden units with this property.
    pub fn has_linear_energy(self) -> bool {
        with_kind!(self, K => K::LINEAR_ENERGY)
    }

    /// Whether only visible layers can have this unit.
    pub fn is_visible_only(self) -> bool {
        with_kind!(self, K => K::VISIBLE_ONLY)
    }

    /// Whether visible units of this kind each have a standard deviation σ.
    pub fn has_std(self) -> bool {
        with_kind!(self, K => K::HAS_STD)
    }

    /// The unit that replaces this visible unit in the upper layers of a stack, whose inputs are
    /// means of hidden units rather than data.
    #[must_use]
    pub fn above_data(self) -> Unit {
        with_kind!(self, K => K::ABOVE_DATA).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::log_sum_exp;

    #[test]
    fn discrete_units_sum_over_their_states() {
        for &unit in Unit::ALL {
            let Some(states) = unit.states() else { continue };
            for x in [-30.0, -1.5, -0.1, 0.0, 0.7, 4.0, 40.0_f64] {
                let terms: Vec<f64> = states.iter().map(|s| s * x).collect();
                let found = with_kind!(unit, K => K::log_sum(x, x));
                assert!((found - log_sum_exp(&terms)).abs() < 1e-12, "{unit:?} at {x}: {found}");
            }
        }
    }

    #[test]
    fn the_mean_is_the_slope_of_the_log_sum() {
        for &unit in Unit::ALL {
            for x in [-8.0, -1.5, -0.1, 0.0, 0.7, 4.0_f64] {
                let log_sum = |x: f64| with_kind!(unit, K => K::log_sum(x, 0.3));
                let slope = (log_sum(x + 1e-5) - log_sum(x - 1e-5)) / 2e-5;
                let mean = with_kind!(unit, K => K::mean(K::parameter(x)));
                assert!((mean - slope).abs() < 1e-8, "{unit:?} at {x}: {mean}, slope {slope}");
            }
        }
    }

    #[test]
    fn biases_of_means_invert_the_mean() {
        for &unit in Unit::ALL {
            for mean in [0.05, 0.5, 0.9] {
                // So many samples that those added to bound the bias are negligible.
                let bias = with_kind!(unit, K => K::bias_of_mean(mean, 1e12));
                let found: f64 = with_kind!(unit, K => K::mean(K::parameter(bias)));
                assert!((found - mean).abs() < 1e-9, "{unit:?}: {found}, wanted {mean}");
            }
            // A column that never leaves a bound.
            let (low, high) = unit.bounds();
            for mean in [low, high].into_iter().filter(|bound| bound.is_finite()) {
                assert!(with_kind!(unit, K => K::bias_of_mean(mean, 100.0)).is_finite());
            }
        }
    }

    /// The base of tempering was once n ln 2 for binary hidden units; its bits must not change.
    #[test]
    fn a_binary_unit_without_input_has_two_equal_states() {
        assert_eq!(with_kind!(Unit::Binary, K => K::log_sum(0.0, 0.0)), 2_f64.ln());
    }
}
