use ndarray::ArrayView2;
use nn_core::{Activation, InvalidSetting, Layer};
use numerics::Real;
use serde::{Deserialize, Serialize};

use super::{PenaltyMemory, Term, mean_of, validate_weight};

/// (λ/n) Σ Σⱼ |hⱼ|: few units are active in each sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct L1 {
    /// λ, 0 or above.
    pub weight: f64,
}

impl Term for L1 {
    const EXAMPLE: Self = L1 { weight: 0.3 };

    fn validate(&self) -> Result<(), InvalidSetting> {
        validate_weight(self.weight)
    }

    fn cost<F: Real>(
        &self,
        unit: Activation,
        _layer: &Layer<F>,
        code: ArrayView2<F>,
        memory: &mut PenaltyMemory<F>,
    ) -> f64 {
        mean_of(unit, code, &mut memory.means, |h, _| h.abs());
        self.weight * memory.means.iter().map(|mean| mean.as_f64()).sum::<f64>()
    }

    fn add_gradient<F: Real>(
        &self,
        unit: Activation,
        _memory: &PenaltyMemory<F>,
        code: &[F],
        deltas: &mut [F],
    ) {
        let (zero, weight) = (F::zero(), F::of(self.weight));
        unit.with_derivatives(code, code, deltas, |delta, h, _, _| {
            let positive = if h > zero { weight } else { zero };
            *delta += if h < zero { -weight } else { positive };
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::penalty::tests::small_cost;

    #[test]
    fn cost_by_hand() {
        assert!((small_cost(&L1 { weight: 2.0 }) - (0.6 + 1.5)).abs() < 1e-12);
    }
}
