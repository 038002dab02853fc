//! Penalties on the code: terms added to the reconstruction cost to give the code a property.
//!
//! Each kind is a file beside this one, which owns its parameters, their bounds, the architectures
//! that it combines with, its cost and its gradient. A new kind is such a file and its lines in
//! `register!` and in the `mod` declarations below; `tests/suite/gradients.rs` has a row for each.
//!
//! In all formulas h = f(z) is the code of a batch of n samples.

mod contractive;
mod kl;
mod l1;

pub use contractive::Contractive;
pub use kl::Kl;
pub use l1::L1;

use ndarray::{ArrayView2, s};
use nn_core::{Activation, InvalidSetting, Layer, require};
use numerics::{Real, by_rows};
use serde::{Deserialize, Serialize};

use crate::AutoencoderConfig;

/// One kind of penalty.
trait Term: Copy {
    /// Settings for tests that cover every kind.
    const EXAMPLE: Self;

    /// Whether the penalty depends on the weights other than through the code. If so, it implements
    /// [`Term::add_direct_gradient`].
    const HAS_DIRECT_GRADIENT: bool = false;

    /// Checks the bounds of the parameters.
    fn validate(&self) -> Result<(), InvalidSetting>;

    /// Checks that the penalty is defined for codes of this architecture.
    fn check_architecture(&self, _model: &AutoencoderConfig) -> Result<(), InvalidSetting> {
        Ok(())
    }

    /// The penalty on a batch's code (n × code), computed by `layer`. Leaves in `memory` the values
    /// that the gradients need.
    fn cost<F: Real>(
        &self,
        unit: Activation,
        layer: &Layer<F>,
        code: ArrayView2<F>,
        memory: &mut PenaltyMemory<F>,
    ) -> f64;

    /// Adds n ∂penalty/∂h of one sample to `deltas`, before they are multiplied by f′.
    fn add_gradient<F: Real>(
        &self,
        unit: Activation,
        memory: &PenaltyMemory<F>,
        code: &[F],
        deltas: &mut [F],
    );

    /// Adds the part of ∂penalty/∂W that does not go through the code.
    fn add_direct_gradient<F: Real>(
        &self,
        _layer: &Layer<F>,
        _memory: &PenaltyMemory<F>,
        _gradient: &mut Layer<F>,
    ) {
    }
}

/// Defines [`Penalty`] over the registered kinds and hands each call to its kind.
macro_rules! register {
    ($($(#[$doc:meta])* $kind:ident,)+) => {
        /// A penalty on the code. In TOML, `kind` names the variant: `{ kind = "l1", weight = 0.1 }`.
        #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum Penalty {
            $($(#[$doc])* $kind($kind),)+
        }

        impl Penalty {
            /// One penalty of each kind, for tests that cover them all.
            pub const EXAMPLES: &[Penalty] = &[$(Penalty::$kind($kind::EXAMPLE)),+];

            /// Checks the bounds of the parameters.
            ///
            /// # Errors
            /// [`InvalidSetting`] naming the parameter out of its range.
            pub fn validate(&self) -> Result<(), InvalidSetting> {
                match self { $(Penalty::$kind(term) => term.validate(),)+ }
            }

            /// Checks that the penalty is defined for codes of this architecture.
            ///
            /// # Errors
            /// [`InvalidSetting`] naming the penalty and the architecture that it needs.
            pub fn check_architecture(
                &self,
                model: &AutoencoderConfig,
            ) -> Result<(), InvalidSetting> {
                match self { $(Penalty::$kind(term) => term.check_architecture(model),)+ }
            }

            /// Whether [`Penalty::add_direct_gradient`] adds anything.
            pub(crate) fn has_direct_gradient(&self) -> bool {
                match self { $(Penalty::$kind(_) => $kind::HAS_DIRECT_GRADIENT,)+ }
            }

            /// The penalty on a batch's code (n × code), computed by `layer`. Leaves in `memory`
            /// the values that the gradients need.
            pub(crate) fn cost<F: Real>(
                &self,
                unit: Activation,
                layer: &Layer<F>,
                code: ArrayView2<F>,
                memory: &mut PenaltyMemory<F>,
            ) -> f64 {
                match self { $(Penalty::$kind(term) => term.cost(unit, layer, code, memory),)+ }
            }

            /// Adds n ∂penalty/∂h of one sample to `deltas`, before they are multiplied by f′.
            pub(crate) fn add_gradient<F: Real>(
                &self,
                unit: Activation,
                memory: &PenaltyMemory<F>,
                code: &[F],
                deltas: &mut [F],
            ) {
                match self {
                    $(Penalty::$kind(term) => term.add_gradient(unit, memory, code, deltas),)+
                }
            }

            /// Adds the part of ∂penalty/∂W that does not go through the code.
            pub(crate) fn add_direct_gradient<F: Real>(
                &self,
                layer: &Layer<F>,
                memory: &PenaltyMemory<F>,
                gradient: &mut Layer<F>,
            ) {
                match self {
                    $(Penalty::$kind(term) => term.add_direct_gradient(layer, memory, gradient),)+
                }
            }
        }
    };
}

register! {
    /// Kullback–Leibler divergence from a target activity, for logistic units.
    Kl,
    /// Sum of absolute activities.
    L1,
    /// Squared norm of the encoder's Jacobian, for one hidden layer.
    Contractive,
}

/// Checks the weight of a penalty.
fn validate_weight(weight: f64) -> Result<(), InvalidSetting> {
    let holds = weight.is_finite() && weight >= 0.0;
    require(holds, "training.penalty.weight", &weight, "a finite number, 0 or above")
}

/// Values that a penalty passes from its cost to its gradients: two numbers per code unit.
#[derive(Debug, Clone)]
pub(crate) struct PenaltyMemory<F> {
    /// Means over the batch.
    means: Vec<F>,
    /// Factors of the gradient.
    coefficients: Vec<F>,
}

impl<F: Real> PenaltyMemory<F> {
    /// Memory for codes of `n_code` units.
    pub(crate) fn new(n_code: usize) -> Self {
        PenaltyMemory { means: vec![F::zero(); n_code], coefficients: vec![F::zero(); n_code] }
    }
}

/// Means over samples of `of`(h, f′). Shapes: (n × code) → code.
fn mean_of<F: Real>(
    unit: Activation,
    code: ArrayView2<F>,
    means: &mut [F],
    of: impl Fn(F, F) -> F + Sync,
) {
    let scale = F::one() / F::of(code.nrows() as f64);
    by_rows(code.ncols(), means, |units, means| {
        means.fill(F::zero());
        for row in code.slice(s![.., units]).rows() {
            let row = row.to_slice().expect("rows are contiguous");
            unit.with_derivatives(row, row, means, |mean, h, first, _| *mean += of(h, first));
        }
        for mean in means {
            *mean *= scale;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// The cost of a penalty for two logistic code units and two samples, with the weights
    /// [[1, −2], [3, 0.5]] and the codes [[0.2, 0.6], [0.4, 0.9]].
    pub(super) fn small_cost(term: &impl Term) -> f64 {
        let layer = Layer::full(array![[1.0, -2.0], [3.0, 0.5]], array![0.0, 0.0]);
        let code = array![[0.2, 0.6], [0.4, 0.9]];
        let memory = &mut PenaltyMemory::new(2);
        term.cost(Activation::Logistic, &layer, code.view(), memory)
    }

    #[test]
    fn examples_are_valid_and_no_weight_is_negative_or_infinite() {
        for penalty in Penalty::EXAMPLES {
            assert!(penalty.validate().is_ok(), "{penalty:?}");
        }
        assert!(validate_weight(0.0).is_ok());
        for weight in [-1.0, f64::INFINITY, f64::NAN] {
            assert!(validate_weight(weight).is_err(), "{weight}");
        }
    }

    #[test]
    fn settings_are_read_by_kind_and_unknown_ones_are_refused() {
        let text = "kind = \"kl\"\ntarget = 0.05\nweight = 3.0\n";
        let kl = Penalty::Kl(Kl { target: 0.05, weight: 3.0 });
        assert_eq!(toml::from_str::<Penalty>(text), Ok(kl));
        assert_eq!(toml::to_string(&kl).as_deref(), Ok(text));
        let error = toml::from_str::<Penalty>("kind = \"l1\"\nweight = 1.0\ntarget = 0.1\n");
        let error = error.expect_err("L1 has no target").to_string();
        assert!(error.contains("unknown field `target`"), "{error}");
    }
}
