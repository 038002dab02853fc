//! The partition function of small models, exactly.
//!
//! Z = Σ_v Σ_h e^(−E(v, h)). One layer is summed in closed form, the other, the smaller, by going
//! through its states: ln Z = ln Σ_h exp(b·h + Σᵢ ln(1 + e^(aᵢ + Σⱼ Wᵢⱼ hⱼ))), or the same with
//! the layers' parts exchanged.

use ndarray::Array2;
use numerics::{Real, log_add_exp, log_sum_exp};
use thiserror::Error;

use crate::Rbm;

/// The most units of the smaller layer: 2²⁵ states are half a minute's work.
pub const MAX_ENUMERATED: usize = 25;

/// Both layers are too large for log Z to be computed by enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "exact log Z goes through the states of the smaller layer, at most 2^{MAX_ENUMERATED}; \
     this model has {n_visible} visible and {n_hidden} hidden units"
)]
pub struct IntractableError {
    /// Visible units.
    pub n_visible: usize,
    /// Hidden units.
    pub n_hidden: usize,
}

/// ln Z in nats.
///
/// # Errors
/// [`IntractableError`] if both layers have more than [`MAX_ENUMERATED`] units.
pub fn log_z<F: Real>(rbm: &Rbm<F>) -> Result<f64, IntractableError> {
    let (n_visible, n_hidden) = (rbm.n_visible(), rbm.n_hidden());
    if n_visible.min(n_hidden) > MAX_ENUMERATED {
        return Err(IntractableError { n_visible, n_hidden });
    }
    // −F(v) is the log of v's unnormalised probability; exchanging the layers gives that of h.
    Ok(if n_visible <= n_hidden {
        sum_over_visible(rbm)
    } else {
        sum_over_visible(&rbm.exchanged())
    })
}

fn sum_over_visible<F: Real>(rbm: &Rbm<F>) -> f64 {
    const BLOCK: usize = 1 << 12;
    let n_states = 1_usize << rbm.n_visible();
    let mut total = f64::NEG_INFINITY;
    for first in (0..n_states).step_by(BLOCK) {
        let states = states(first..n_states.min(first + BLOCK), rbm.n_visible());
        let negative: Vec<f64> = rbm.free_energies(states.view()).iter().map(|f| -f).collect();
        total = log_add_exp(total, log_sum_exp(&negative));
    }
    total
}

/// The states with these numbers, one a row; bit i of the number is unit i.
fn states<F: Real>(numbers: std::ops::Range<usize>, n_units: usize) -> Array2<F> {
    let first = numbers.start;
    Array2::from_shape_fn((numbers.len(), n_units), |(row, unit)| {
        if (first + row) >> unit & 1 == 1 { F::one() } else { F::zero() }
    })
}

impl<F: Real> Rbm<F> {
    /// The same model with visible and hidden units exchanged.
    #[must_use]
    pub fn exchanged(&self) -> Self {
        Rbm {
            weights: self.weights.t().as_standard_layout().into_owned(),
            visible_bias: self.hidden_bias.clone(),
            hidden_bias: self.visible_bias.clone(),
        }
    }
}
