//! Gibbs sampling: h from p(h | v), then v from p(v | h), repeated. The joint distribution is
//! stationary under it, so chains that run for long enough draw from the model.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};
use numerics::{Purpose, Real, Stream};

use crate::Rbm;

pub(crate) const HIDDEN: Purpose = Purpose::new("gibbs hidden");
pub(crate) const VISIBLE: Purpose = Purpose::new("gibbs visibl");

/// Parallel Markov chains ("fantasy particles"), one per row.
#[derive(Debug, Clone, PartialEq)]
pub struct Chains<F> {
    /// The visible states in units of σ, chains × visible.
    pub(crate) u: Array2<F>,
    /// E[v | h] / σ for the hidden states below.
    pub(crate) u_mean: Array2<F>,
    /// The hidden states that the visible ones were drawn from, chains × hidden.
    hidden: Array2<F>,
}

impl<F: Real> Chains<F> {
    /// Chains that start from these visible states, one per row.
    #[must_use]
    pub fn from_visible(rbm: &Rbm<F>, visible: ArrayView2<F>) -> Self {
        Chains::from_u(rbm, rbm.visible.scaled(visible).into_owned())
    }

    /// Chains that start from independent units without bias: fair coin flips for discrete units,
    /// normal or uniform draws for continuous ones.
    #[must_use]
    pub fn from_noise(rbm: &Rbm<F>, n_chains: usize, stream: Stream) -> Self {
        let mut u = Array2::zeros((n_chains, rbm.n_visible()));
        let bias = ndarray::Array1::zeros(rbm.n_visible());
        rbm.visible.unit.draw_independent(bias.view(), stream, &mut u.view_mut());
        Chains::from_u(rbm, u)
    }

    pub(crate) fn from_u(rbm: &Rbm<F>, u: Array2<F>) -> Self {
        let hidden = Array2::zeros((u.nrows(), rbm.n_hidden()));
        Chains { u_mean: u.clone(), u, hidden }
    }

    /// Number of chains.
    pub fn n_chains(&self) -> usize {
        self.u.nrows()
    }

    /// The visible states. Shape: chains × visible.
    pub fn visible(&self, rbm: &Rbm<F>) -> CowArray<'_, F, Ix2> {
        rbm.visible.unscaled(self.u.view())
    }

    /// E[v | h] for the last hidden states: smoother images than the states. Shape: chains × visible.
    pub fn visible_mean(&self, rbm: &Rbm<F>) -> CowArray<'_, F, Ix2> {
        rbm.visible.unscaled(self.u_mean.view())
    }

    /// The hidden states that the visible ones were drawn from; zeros before the first step. Shape:
    /// chains × hidden.
    pub fn hidden(&self) -> ArrayView2<'_, F> {
        self.hidden.view()
    }
}

/// Runs every chain for one step; `step` numbers it within the streams of `seed`.
///
/// # Panics
/// If the chains differ in shape from the model.
pub fn gibbs_step<F: Real>(rbm: &Rbm<F>, chains: &mut Chains<F>, seed: u64, step: usize) {
    let hidden = Stream::new(seed, HIDDEN).epoch(step);
    rbm.sample_h_given_u(chains.u.view(), hidden, chains.hidden.view_mut());
    let stream = Stream::new(seed, VISIBLE).epoch(step);
    rbm.u_given_h_then(
        chains.hidden.view(),
        chains.u_mean.view_mut(),
        chains.u.view_mut(),
        |rows, mut mean, mut u| {
            u.assign(&mean);
            rbm.visible.unit.draw(stream, rows, &mut u);
            rbm.visible.unit.means(&mut mean);
        },
    );
}
