use ndarray::{ArrayView2, ArrayViewMut2, s};
use nn_core::{Activation, InvalidSetting, Layer, incoming_square_norms, require};
use numerics::elementary::vectorised;
use numerics::{Real, by_rows};
use serde::{Deserialize, Serialize};

use super::{PenaltyMemory, Term, mean_of, validate_weight};
use crate::AutoencoderConfig;

/// (λ/n) Σ ‖∂h/∂x‖²_F = (λ/n) Σ Σⱼ f′(zⱼ)² Σᵢ wᵢⱼ²: the code changes little where the data do not
/// vary (Rifai, Vincent, Muller, Glorot & Bengio, ICML 2011, equation 5, here for any elementwise
/// unit). For one hidden layer.
///
/// The penalty depends on the weights in two ways: through zⱼ, with ∂/∂zⱼ = 2 λ f′ f″ Σᵢ wᵢⱼ², and
/// directly, with ∂/∂wᵢⱼ = 2 λ wᵢⱼ (1/n) Σ f′(zⱼ)².
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contractive {
    /// λ, 0 or above.
    pub weight: f64,
}

impl Term for Contractive {
    const EXAMPLE: Self = Contractive { weight: 0.4 };

    const HAS_DIRECT_GRADIENT: bool = true;

    fn validate(&self) -> Result<(), InvalidSetting> {
        validate_weight(self.weight)
    }

    fn check_architecture(&self, model: &AutoencoderConfig) -> Result<(), InvalidSetting> {
        let expected = "one fully connected hidden layer without top_k: for others the norm of the \
            Jacobian has no closed form";
        let full = model.encoder_layers.is_empty() && model.convolution.is_none();
        let holds = full && model.top_k.is_none();
        require(holds, "training.penalty.kind", &"contractive", expected)
    }

    fn cost<F: Real>(
        &self,
        unit: Activation,
        layer: &Layer<F>,
        code: ArrayView2<F>,
        memory: &mut PenaltyMemory<F>,
    ) -> f64 {
        let PenaltyMemory { means, coefficients } = memory;
        mean_of(unit, code, means, |_, first| first * first);
        incoming_square_norms(layer.weights.view(), coefficients);
        let two = F::of(2.0 * self.weight);
        let mut cost = 0.0;
        for (square, mean) in coefficients.iter_mut().zip(means) {
            cost += square.as_f64() * mean.as_f64();
            *square *= two;
            *mean *= two;
        }
        self.weight * cost
    }

    fn add_gradient<F: Real>(
        &self,
        unit: Activation,
        memory: &PenaltyMemory<F>,
        code: &[F],
        deltas: &mut [F],
    ) {
        unit.with_derivatives(code, &memory.coefficients, deltas, |delta, c, _, second| {
            *delta += c * second;
        });
    }

    fn add_direct_gradient<F: Real>(
        &self,
        layer: &Layer<F>,
        memory: &PenaltyMemory<F>,
        gradient: &mut Layer<F>,
    ) {
        add_scaled_columns(layer.weights.view(), &memory.means, gradient.weights.view_mut());
    }
}

/// `out`ᵢⱼ ← `out`ᵢⱼ + `factors`ⱼ `a`ᵢⱼ.
fn add_scaled_columns<F: Real>(a: ArrayView2<F>, factors: &[F], out: ArrayViewMut2<F>) {
    by_rows(a.nrows(), out, |rows, mut out| {
        for (mut out, a) in out.rows_mut().into_iter().zip(a.slice(s![rows, ..]).rows()) {
            let out = out.as_slice_mut().expect("rows are contiguous");
            let a = a.to_slice().expect("rows are contiguous");
            vectorised(
                #[inline(always)]
                || {
                    for ((out, &a), &factor) in out.iter_mut().zip(a).zip(factors) {
                        *out += factor * a;
                    }
                },
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::penalty::tests::small_cost;

    #[test]
    fn cost_by_hand() {
        let squares = |h: [f64; 2]| h.map(|h| (h * (1.0 - h)).powi(2)).iter().sum::<f64>() / 2.0;
        let expected = 0.5 * (10.0 * squares([0.2, 0.4]) + 4.25 * squares([0.6, 0.9]));
        assert!((small_cost(&Contractive { weight: 0.5 }) - expected).abs() < 1e-12);
    }
}
