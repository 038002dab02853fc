//! Regularisation of weights. Biases are not regularised.

use ndarray::{ArrayView2, ArrayViewMut2, s};
use numerics::elementary::{flush_to_zero, vectorised};
use numerics::{Real, by_rows};

use crate::{InvalidSetting, require};

/// Penalties and bounds on weights, which each optimizer step applies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Regularisation {
    /// L2 penalty λ: adds λ w to the gradient of each weight.
    pub weight_decay: f64,
    /// L1 penalty λ: adds λ sign(w) to the gradient of each weight.
    pub l1: f64,
    /// Largest norm of the weights into one unit. After each step, larger ones are scaled down to it
    /// (Srebro & Shraibman 2005; Hinton et al. 2012).
    pub max_norm: Option<f64>,
}

impl From<f64> for Regularisation {
    /// Weight decay without other regularisation.
    fn from(weight_decay: f64) -> Self {
        Regularisation { weight_decay, ..Default::default() }
    }
}

impl Regularisation {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        for (field, value) in
            [("training.weight_decay", self.weight_decay), ("training.l1", self.l1)]
        {
            let holds = value.is_finite() && value >= 0.0;
            require(holds, field, &value, "a finite number, 0 or above")?;
        }
        let Some(max) = self.max_norm else { return Ok(()) };
        let holds = max.is_finite() && max > 0.0;
        require(holds, "training.max_norm", &max, "a finite number above 0")
    }
}

/// Sign of `w`: −1, 0 or 1.
#[inline(always)]
pub(crate) fn sign_of<F: Real>(w: F) -> F {
    let (zero, one) = (F::zero(), F::one());
    if w > zero {
        one
    } else if w < zero {
        -one
    } else {
        zero
    }
}

/// Squared norms of the weights into each unit, `out`ⱼ = Σᵢ wᵢⱼ². Shapes: (m × n) → n.
///
/// # Panics
/// If the lengths differ.
pub fn incoming_square_norms<F: Real>(weights: ArrayView2<F>, out: &mut [F]) {
    assert_eq!(weights.ncols(), out.len(), "the number of units");
    by_rows(weights.ncols(), out, |units, out| {
        out.fill(F::zero());
        for row in weights.slice(s![.., units]).rows() {
            let row = row.to_slice().expect("rows are contiguous");
            vectorised(
                #[inline(always)]
                || {
                    for (square, &w) in out.iter_mut().zip(row) {
                        *square += w * w;
                    }
                },
            );
        }
    });
}

/// Scales the weights into each unit down to the norm `max` if they exceed it. Weights of inputs that are
/// always zero shrink with every step; negligible ones are flushed to zero.
pub(crate) fn hold_to_norm<F: Real>(mut weights: ArrayViewMut2<F>, max: F, factors: &mut [F]) {
    incoming_square_norms(weights.view(), factors);
    for factor in factors.iter_mut() {
        *factor = if *factor > max * max { max / factor.sqrt() } else { F::one() };
    }
    let factors = &*factors;
    by_rows(weights.nrows(), weights.view_mut(), |_, mut weights| {
        for mut row in weights.rows_mut() {
            let row = row.as_slice_mut().expect("rows are contiguous");
            vectorised(
                #[inline(always)]
                || {
                    for (w, &factor) in row.iter_mut().zip(factors) {
                        *w = flush_to_zero(*w * factor);
                    }
                },
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_out_of_range_are_named() {
        let error = Regularisation { max_norm: Some(0.0), ..Default::default() };
        let error = error.validate().expect_err("no weights").to_string();
        assert_eq!(error, "training.max_norm = 0: expected a finite number above 0");
        let error = Regularisation { l1: -1.0, ..Default::default() }.validate();
        assert!(error.expect_err("grows").to_string().starts_with("training.l1 = -1"));
        assert!(Regularisation::from(0.1).validate().is_ok());
    }

    #[test]
    fn square_norms_by_hand() {
        let mut norms = [9.0; 2];
        incoming_square_norms(ndarray::array![[3.0, 1.0], [4.0, -1.0]].view(), &mut norms);
        assert_eq!(norms, [25.0, 2.0]);
    }
}
