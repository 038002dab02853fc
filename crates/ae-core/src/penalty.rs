//! What is added to the cost of a reconstruction so that the code has a property that is wanted.
//!
//! With the code h = f(z) of a batch of n samples and ρ̂ⱼ = (1/n) Σ hⱼ, the penalties are
//! - β Σⱼ KL(ρ ‖ ρ̂ⱼ), KL = ρ ln(ρ/ρ̂ⱼ) + (1 − ρ) ln((1 − ρ)/(1 − ρ̂ⱼ)): units active a share ρ of
//!   the time (Ng, *Sparse autoencoder*, 2011);
//! - (λ/n) Σ Σⱼ |hⱼ|: few units active in each sample;
//! - (λ/n) Σ ‖∂h/∂x‖²_F = (λ/n) Σ Σⱼ f′(zⱼ)² Σᵢ wᵢⱼ²: a code that does not change where the data do
//!   not (Rifai, Vincent, Muller, Glorot & Bengio, ICML 2011, equation 5, for any elementwise unit).
//!
//! The last one depends on the weights twice: through zⱼ, whose gradient is 2 λ f′ f″ Σᵢ wᵢⱼ², and
//! directly, with the gradient 2 λ wᵢⱼ (1/n) Σ f′(zⱼ)².

use ndarray::{ArrayView2, ArrayViewMut2, s};
use nn_core::{Activation, Dense, InvalidSetting, incoming_square_norms, require};
use numerics::elementary::vectorised;
use numerics::{Real, by_rows};
use serde::{Deserialize, Serialize};

/// What the code pays for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Penalty {
    /// β Σⱼ KL(ρ ‖ ρ̂ⱼ), for logistic code units.
    Kl {
        /// ρ in (0, 1).
        target: f64,
        /// β, 0 or above.
        weight: f64,
    },
    /// λ Σⱼ |hⱼ|.
    L1 {
        /// λ, 0 or above.
        weight: f64,
    },
    /// λ ‖∂h/∂x‖²_F, for one hidden layer.
    Contractive {
        /// λ, 0 or above.
        weight: f64,
    },
}

impl Penalty {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the constant out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let (Penalty::Kl { weight, .. } | Penalty::L1 { weight } | Penalty::Contractive { weight }) =
            *self;
        if let Penalty::Kl { target, .. } = *self {
            let holds = target > 0.0 && target < 1.0;
            require(holds, "training.penalty.target", &target, "a number in (0, 1)")?;
        }
        let holds = weight.is_finite() && weight >= 0.0;
        require(holds, "training.penalty.weight", &weight, "a finite number, 0 or above")
    }

    /// The penalty on a batch's code (n × code) made by `layer`; leaves in `memory` what
    /// [`Penalty::add_gradient`] and [`Penalty::add_direct_gradient`] need.
    pub(crate) fn cost<F: Real>(
        &self,
        unit: Activation,
        layer: &Dense<F>,
        code: ArrayView2<F>,
        memory: &mut PenaltyMemory<F>,
    ) -> f64 {
        let PenaltyMemory { means, coefficients } = memory;
        match *self {
            Penalty::Kl { target, weight } => {
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
            Penalty::L1 { weight } => {
                mean_of(unit, code, means, |h, _| h.abs());
                weight * means.iter().map(|mean| mean.as_f64()).sum::<f64>()
            }
            Penalty::Contractive { weight } => {
                mean_of(unit, code, means, |_, first| first * first);
                incoming_square_norms(layer.weights.view(), coefficients);
                let two = F::of(2.0 * weight);
                let mut cost = 0.0;
                for (square, mean) in coefficients.iter_mut().zip(means) {
                    cost += square.as_f64() * mean.as_f64();
                    *square *= two;
                    *mean *= two;
                }
                weight * cost
            }
        }
    }

    /// Adds what the penalty contributes to n ∂cost/∂h, before the multiplication by f′.
    pub(crate) fn add_gradient<F: Real>(
        &self,
        unit: Activation,
        memory: &PenaltyMemory<F>,
        code: &[F],
        deltas: &mut [F],
    ) {
        let coefficients = &memory.coefficients;
        match *self {
            Penalty::Kl { .. } => {
                unit.with_derivatives(code, coefficients, deltas, |delta, c, _, _| *delta += c);
            }
            Penalty::L1 { weight } => {
                let (zero, weight) = (F::zero(), F::of(weight));
                unit.with_derivatives(code, code, deltas, |delta, h, _, _| {
                    let positive = if h > zero { weight } else { zero };
                    *delta += if h < zero { -weight } else { positive };
                });
            }
            Penalty::Contractive { .. } => {
                unit.with_derivatives(code, coefficients, deltas, |delta, c, _, second| {
                    *delta += c * second;
                });
            }
        }
    }

    /// Adds ∂cost/∂W where the cost depends on W other than through the code.
    pub(crate) fn add_direct_gradient<F: Real>(
        &self,
        layer: &Dense<F>,
        memory: &PenaltyMemory<F>,
        gradient: &mut Dense<F>,
    ) {
        if matches!(self, Penalty::Contractive { .. }) {
            add_scaled_columns(layer.weights.view(), &memory.means, gradient.weights.view_mut());
        }
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

/// Mean activities are kept this far from 0 and 1, where the penalty is infinite.
const MARGIN: f64 = 1e-6;

/// The memory of a penalty: one number a code unit.
#[derive(Debug, Clone)]
pub(crate) struct PenaltyMemory<F> {
    means: Vec<F>,
    coefficients: Vec<F>,
}

impl<F: Real> PenaltyMemory<F> {
    pub(crate) fn new(n_code: usize) -> Self {
        PenaltyMemory { means: vec![F::zero(); n_code], coefficients: vec![F::zero(); n_code] }
    }
}

/// The means over samples of `of`(h, f′). Shapes: (n × code) → code.
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

    /// The penalties as they are defined, for one hidden layer of two units and two samples.
    #[test]
    fn costs_by_hand() {
        let layer = Dense { weights: array![[1.0, -2.0], [3.0, 0.5]], bias: array![0.0, 0.0] };
        let code = array![[0.2, 0.6], [0.4, 0.9]];
        let cost = |penalty: Penalty| {
            let memory = &mut PenaltyMemory::new(2);
            penalty.cost(Activation::Logistic, &layer, code.view(), memory)
        };
        let kl = |p: f64, q: f64| p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln();
        let expected = 3.0 * (kl(0.1, 0.3) + kl(0.1, 0.75));
        assert!((cost(Penalty::Kl { target: 0.1, weight: 3.0 }) - expected).abs() < 1e-12);
        assert!((cost(Penalty::L1 { weight: 2.0 }) - (0.6 + 1.5)).abs() < 1e-12);
        let squares = |h: [f64; 2]| h.map(|h| (h * (1.0 - h)).powi(2)).iter().sum::<f64>() / 2.0;
        let expected = 0.5 * (10.0 * squares([0.2, 0.4]) + 4.25 * squares([0.6, 0.9]));
        assert!((cost(Penalty::Contractive { weight: 0.5 }) - expected).abs() < 1e-12);
    }

    #[test]
    fn constants_out_of_range_are_named() {
        let error = Penalty::Kl { target: 1.0, weight: 3.0 }.validate().expect_err("always on");
        let expected = "training.penalty.target = 1: expected a number in (0, 1)";
        assert_eq!(error.to_string(), expected);
        assert!(Penalty::L1 { weight: -1.0 }.validate().is_err());
        assert!(Penalty::Contractive { weight: f64::INFINITY }.validate().is_err());
    }
}
