//! The partition function of small models, and draws from them, exactly.
//!
//! Z = Σ_v Σ_h e^(−E(v, h)). One layer is summed in closed form, the other, a small one of binary
//! units, by going through its states: ln Z = ln Σ_h exp(b·h + Σᵢ ln(1 + e^(aᵢ + Σⱼ Wᵢⱼ hⱼ))), or
//! the same with the layers' parts exchanged.

use ndarray::{Array1, Array2};
use numerics::{Real, Stream, log_add_exp, log_sum_exp};
use rand::distr::{Distribution, weighted::WeightedIndex};
use thiserror::Error;

use crate::{Rbm, Unit};

/// The most units of the layer whose states are gone through: 2²⁵ states are half a minute's work.
pub const MAX_ENUMERATED: usize = 25;

/// The most units of it for exact draws, which keep the probability of every state in memory.
const MAX_DRAWN: usize = 20;

/// No layer is binary and so small that its states can be enumerated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "exact log Z goes through the states of a layer of binary units, at most 2^{MAX_ENUMERATED}; \
     this model has {n_visible} {visible} visible and {n_hidden} {hidden} hidden units"
)]
pub struct IntractableError {
    /// Visible units.
    pub n_visible: usize,
    /// Their kind.
    pub visible: &'static str,
    /// Hidden units.
    pub n_hidden: usize,
    /// Their kind.
    pub hidden: &'static str,
}

/// ln Z in nats.
///
/// # Errors
/// [`IntractableError`] if no layer is binary and of at most [`MAX_ENUMERATED`] units.
pub fn log_z<F: Real>(rbm: &Rbm<F>) -> Result<f64, IntractableError> {
    let visible = enumerable(rbm.visible, rbm.n_visible(), MAX_ENUMERATED);
    let hidden = enumerable(rbm.hidden, rbm.n_hidden(), MAX_ENUMERATED);
    // −F(v) is the log of v's unnormalised probability; exchanging the layers gives that of h.
    match (visible, hidden) {
        (Some(visible), Some(hidden)) if visible <= hidden => Ok(sum_over_visible(rbm)),
        (_, Some(_)) => Ok(sum_over_visible(&rbm.exchanged())),
        (Some(_), None) => Ok(sum_over_visible(rbm)),
        (None, None) => Err(rbm.intractable()),
    }
}

/// Independent draws of v from the model, one a row, in units of σ: h from p(h), known for every
/// state, then v from p(v | h).
///
/// # Errors
/// [`IntractableError`] if the hidden units are not binary, or more than 20.
pub fn sample_exactly<F: Real>(
    rbm: &Rbm<F>,
    n: usize,
    stream: Stream,
) -> Result<Array2<F>, IntractableError> {
    let n_hidden = rbm.n_hidden();
    enumerable(rbm.hidden, n_hidden, MAX_DRAWN).ok_or_else(|| rbm.intractable())?;
    let exchanged = rbm.exchanged();
    let mut log_p = Vec::with_capacity(1 << n_hidden);
    for_blocks_of_states(n_hidden, |states| {
        log_p.extend(exchanged.free_energies(states.view()).iter().map(|f| -f));
    });
    let log_z = log_sum_exp(&log_p);
    let p = log_p.iter().map(|log_p| (log_p - log_z).exp());
    let distribution = WeightedIndex::new(p).expect("probabilities add up to one");
    let mut rng = stream.rng();
    let mut hidden = Array2::zeros((n, n_hidden));
    for mut row in hidden.rows_mut() {
        let state = distribution.sample(&mut rng);
        for (unit, value) in row.iter_mut().enumerate() {
            *value = bit(state, unit);
        }
    }
    let mut visible = Array2::zeros((n, rbm.n_visible()));
    rbm.sample_v_given_h(hidden.view(), stream.sublayer(1), visible.view_mut());
    Ok(visible)
}

fn sum_over_visible<F: Real>(rbm: &Rbm<F>) -> f64 {
    let mut total = f64::NEG_INFINITY;
    for_blocks_of_states(rbm.n_visible(), |states| {
        let negative: Vec<f64> = rbm.free_energies(states.view()).iter().map(|f| -f).collect();
        total = log_add_exp(total, log_sum_exp(&negative));
    });
    total
}

/// The number of units of a layer whose states can be gone through.
fn enumerable(unit: Unit, n: usize, most: usize) -> Option<usize> {
    (unit == Unit::Binary && n <= most).then_some(n)
}

/// Calls `each` with all states of binary units, one a row, some thousands at a time.
fn for_blocks_of_states<F: Real>(n_units: usize, mut each: impl FnMut(&Array2<F>)) {
    const BLOCK: usize = 1 << 12;
    let n_states = 1_usize << n_units;
    for first in (0..n_states).step_by(BLOCK) {
        let n = BLOCK.min(n_states - first);
        each(&Array2::from_shape_fn((n, n_units), |(row, unit)| bit(first + row, unit)));
    }
}

/// The state of a unit in the state of this number.
fn bit<F: Real>(state: usize, unit: usize) -> F {
    if state >> unit & 1 == 1 { F::one() } else { F::zero() }
}

impl<F: Real> Rbm<F> {
    /// The model with visible and hidden units exchanged, u for v.
    #[must_use]
    pub fn exchanged(&self) -> Self {
        let n_std = if self.hidden == Unit::Gaussian { self.n_hidden() } else { 0 };
        Rbm {
            weights: self.weights.t().as_standard_layout().into_owned(),
            visible_bias: self.hidden_bias.clone(),
            hidden_bias: self.visible_bias.clone(),
            visible_std: Array1::ones(n_std),
            visible: self.hidden,
            hidden: self.visible,
        }
    }

    fn intractable(&self) -> IntractableError {
        IntractableError {
            n_visible: self.n_visible(),
            visible: self.visible.name(),
            n_hidden: self.n_hidden(),
            hidden: self.hidden.name(),
        }
    }
}
