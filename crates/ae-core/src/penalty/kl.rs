use ndarray::ArrayView2;
use nn_core::{Activation, InvalidSetting, Layer, require};
use numerics::Real;
use serde::{Deserialize, Serialize};

use super::{PenaltyMemory, Term, mean_of, validate_weight};
use crate::AutoencoderConfig;

/// β Σⱼ KL(ρ ‖ ρ̂ⱼ), with ρ̂ⱼ = (1/n) Σ hⱼ and
/// KL(ρ ‖ ρ̂) = ρ ln(ρ/ρ̂) + (1 − ρ) ln((1 − ρ)/(1 − ρ̂)): each unit is active a fraction ρ of the time (Ng,
/// *Sparse autoencoder*, 2011). For logistic code units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kl {
    /// Target activity ρ in (0, 1).
    pub target: f64,
    /// β, 0 or above.
    pub weight: f64,
}

/// Mean activities are kept this far from 0 and 1, where the penalty is infinite.
const MARGIN: f64 = 1e-6;

impl Term for Kl {
    const EXAMPLE: Self = Kl { target: 0.1, weight: 0.7 };

    fn validate(&self) -> Result<(), InvalidSetting> {
        let holds = self.target > 0.0 && self.target < 1.0;
        require(holds, "training.penalty.target", &self.target, "a number in (0, 1)")?;
        validate_weight(self.weight)
    }

    fn check_architecture(&self, model: &AutoencoderConfig) -> Result<(), InvalidSetting> {
        let expected = "l1, or logistic code units: the activity of others is not a probability";
        let holds = model.code_unit() == Activation::Logistic;
        require(holds, "training.penalty.kind", &"kl", expected)
    }

    fn cost<F: Real>(
        &self,
        unit: Activation,
        _layer: &Layer<F>,
        code: ArrayView2<F>,
        memory: &mut PenaltyMemory<F>,
    ) -> f64 {
        let Kl { target, weight } = *self;
        let PenaltyMemory { means, coefficients } = memory;
        mean_of(unit, code, means, |h, _| h);
        let mut cost = 0.0;
        for (coefficient, mean) in coefficients.iter_mut().zip(&*means) {
            let mean = mean.as_f64().clamp(MARGIN, 1.0 - MARGIN);
            let (on, off) = (target / mean, (1.0 - target) / (1.0 - mean));
            cost += target * on.ln() + (1.0 - target) * off.ln();
            *coefficient = F::of(weight * (off - on));
        }
        weight * cost
    }

    fn add_gradient<F: Real>(
        &self,
        unit: Activation,
        memory: &PenaltyMemory<F>,
        code: &[F],
        deltas: &mut [F],
    ) {
        unit.with_derivatives(code, &memory.coefficients, deltas, |delta, c, _, _| *delta += c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::penalty::tests::small_cost;

    #[test]
    fn cost_by_hand() {
        let kl = |p: f64, q: f64| p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln();
        let expected = 3.0 * (kl(0.1, 0.3) + kl(0.1, 0.75));
        assert!((small_cost(&Kl { target: 0.1, weight: 3.0 }) - expected).abs() < 1e-12);
    }

    #[test]
    fn targets_out_of_range_are_named() {
        let error = Kl { target: 1.0, weight: 3.0 }.validate().expect_err("always on");
        let expected = "training.penalty.target = 1: expected a number in (0, 1)";
        assert_eq!(error.to_string(), expected);
    }
}
