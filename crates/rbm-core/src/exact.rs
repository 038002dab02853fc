//! The exact partition function of small models, and exact draws from them.
//!
//! Z = Σ_v Σ_h e^(−E(v, h)). One layer is summed in closed form; the other, a small one of discrete
//! units, by enumerating its states. For binary units
//! ln Z = ln Σ_h exp(b·h + Σᵢ ln(1 + e^(aᵢ + Σⱼ Wᵢⱼ hⱼ))), or the same with the layers exchanged.

use ndarray::Array2;
use numerics::{Real, Stream, log_add_exp, log_sum_exp};
use rand::distr::{Distribution, weighted::WeightedIndex};
use thiserror::Error;

use crate::{Layer, Rbm};

/// Base-2 logarithm of the largest number of states that are enumerated. 2²⁵ states take half a minute.
pub const MAX_ENUMERATED: usize = 25;

/// The same for exact draws, which keep the probability of every state in memory.
pub(crate) const MAX_DRAWN: usize = 20;

/// Neither layer is discrete and small enough for its states to be enumerated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the exact partition function is a sum over the states of one layer of discrete units, at most \
     2^{MAX_ENUMERATED} states; this model has {n_visible} {visible} visible and {n_hidden} {hidden} \
     hidden units"
)]
pub struct IntractableError {
    /// Number of visible units.
    pub n_visible: usize,
    /// Their kind.
    pub visible: &'static str,
    /// Number of hidden units.
    pub n_hidden: usize,
    /// Their kind.
    pub hidden: &'static str,
}

/// ln Z in nats.
///
/// # Errors
/// [`IntractableError`] if no layer is discrete with at most 2^[`MAX_ENUMERATED`] states.
pub fn log_z<F: Real>(rbm: &Rbm<F>) -> Result<f64, IntractableError> {
    let visible = n_states(&rbm.visible, MAX_ENUMERATED);
    let hidden = n_states(&rbm.hidden, MAX_ENUMERATED);
    // −F(v) is the log of v's unnormalised probability; exchanging the layers gives that of h.
    match (visible, hidden) {
        (Some(visible), Some(hidden)) if visible <= hidden => Ok(sum_over_visible(rbm)),
        (_, Some(_)) => Ok(sum_over_visible(&rbm.exchanged())),
        (Some(_), None) => Ok(sum_over_visible(rbm)),
        (None, None) => Err(rbm.intractable()),
    }
}

/// Independent draws of v from the model, one per row: h from p(h), which is known for every state, then v
/// from p(v | h).
///
/// # Errors
/// [`IntractableError`] if the hidden units are not discrete, or have more than 2²⁰ states.
pub fn sample_exactly<F: Real>(
    rbm: &Rbm<F>,
    n: usize,
    stream: Stream,
) -> Result<Array2<F>, IntractableError> {
    let n_hidden = rbm.n_hidden();
    let n_states = n_states(&rbm.hidden, MAX_DRAWN).ok_or_else(|| rbm.intractable())?;
    let exchanged = rbm.exchanged();
    let mut log_p = Vec::with_capacity(n_states);
    for_blocks_of_states(&exchanged.visible, |states| {
        log_p.extend(exchanged.free_energies(states.view()).iter().map(|f| -f));
    });
    let log_z = log_sum_exp(&log_p);
    let p = log_p.iter().map(|log_p| (log_p - log_z).exp());
    let distribution = WeightedIndex::new(p).expect("probabilities add up to one");
    let mut rng = stream.rng();
    let mut hidden = Array2::zeros((n, n_hidden));
    for mut row in hidden.rows_mut() {
        let state = distribution.sample(&mut rng);
        rbm.hidden.unit.write_state(state, row.as_slice_mut().expect("rows are contiguous"));
    }
    let mut visible = Array2::zeros((n, rbm.n_visible()));
    rbm.sample_v_given_h(hidden.view(), stream.sublayer(1), visible.view_mut());
    Ok(visible)
}

fn sum_over_visible<F: Real>(rbm: &Rbm<F>) -> f64 {
    let mut total = f64::NEG_INFINITY;
    for_blocks_of_states(&rbm.visible, |states| {
        let negative: Vec<f64> = rbm.free_energies(states.view()).iter().map(|f| -f).collect();
        total = log_add_exp(total, log_sum_exp(&negative));
    });
    total
}

/// The number of a layer's states; `None` if it is not discrete or has more than 2^`most`.
pub(crate) fn n_states<F: Real>(layer: &Layer<F>, most: usize) -> Option<usize> {
    layer.unit.n_states(layer.n_units()).filter(|&n| n <= 1 << most)
}

/// Calls `each` with all states of a discrete layer, one per row, a few thousand at a time.
pub(crate) fn for_blocks_of_states<F: Real>(layer: &Layer<F>, mut each: impl FnMut(&Array2<F>)) {
    const BLOCK: usize = 1 << 12;
    let n_states = n_states(layer, MAX_ENUMERATED).unwrap_or(0);
    for first in (0..n_states).step_by(BLOCK) {
        let n = BLOCK.min(n_states - first);
        let mut states = Array2::zeros((n, layer.n_units()));
        for (state, mut row) in (first..).zip(states.rows_mut()) {
            layer.unit.write_state(state, row.as_slice_mut().expect("rows are contiguous"));
        }
        each(&states);
    }
}

impl<F: Real> Rbm<F> {
    /// The model with visible and hidden units exchanged. Its hidden units represent v / σ.
    #[must_use]
    pub fn exchanged(&self) -> Self {
        Rbm {
            weights: self.weights.t().as_standard_layout().into_owned(),
            visible: self.hidden.clone(),
            hidden: Layer::new(self.visible.unit.clone(), self.visible.bias.clone()),
        }
    }

    fn intractable(&self) -> IntractableError {
        IntractableError {
            n_visible: self.n_visible(),
            visible: self.visible.unit.name(),
            n_hidden: self.n_hidden(),
            hidden: self.hidden.unit.name(),
        }
    }
}
