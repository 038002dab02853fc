//! Gibbs sampling: h from p(h | v), then v from p(v | h), again and again. The joint distribution
//! does not change under it, so that chains left to run draw from the model.

use ndarray::Array2;
use nn_core::{Parameters, Tensor, TensorMut};
use numerics::{Purpose, Real, Stream};

use crate::{Rbm, Unit};

const HIDDEN: Purpose = Purpose::new("gibbs hidden");
const VISIBLE: Purpose = Purpose::new("gibbs visibl");

/// Parallel Markov chains, one a row: fantasy particles.
#[derive(Debug, Clone, PartialEq)]
pub struct Chains<F> {
    /// The visible states, chains × visible.
    pub visible: Array2<F>,
    /// The hidden states that they were drawn from, chains × hidden.
    pub hidden: Array2<F>,
    /// p(v | h) for those hidden states: what to look at, smoother than the states.
    pub visible_mean: Array2<F>,
}

impl<F: Real> Chains<F> {
    /// Chains that start from these visible states.
    #[must_use]
    pub fn from_visible(rbm: &Rbm<F>, visible: Array2<F>) -> Self {
        let hidden = Array2::zeros((visible.nrows(), rbm.n_hidden()));
        Chains { visible_mean: visible.clone(), visible, hidden }
    }

    /// Chains that start from fair coin flips; from normal draws for Gaussian units, from uniform ones
    /// for truncated exponential ones.
    #[must_use]
    pub fn from_noise(rbm: &Rbm<F>, n_chains: usize, stream: Stream) -> Self {
        let mut visible = Array2::zeros((n_chains, rbm.n_visible()));
        if rbm.visible == Unit::Binary {
            visible.fill(F::of(0.5));
        }
        rbm.visible.draw(stream, 0..n_chains, &mut visible.view_mut());
        Chains::from_visible(rbm, visible)
    }
}

/// One step of every chain; `step` numbers it within the seed's streams.
///
/// # Panics
/// If the chains are of another shape than the model.
pub fn gibbs_step<F: Real>(rbm: &Rbm<F>, chains: &mut Chains<F>, seed: u64, step: usize) {
    let hidden = Stream::new(seed, HIDDEN).epoch(step);
    rbm.sample_h_given_v(chains.visible.view(), hidden, chains.hidden.view_mut());
    let stream = Stream::new(seed, VISIBLE).epoch(step);
    rbm.v_given_h_then(
        chains.hidden.view(),
        chains.visible_mean.view_mut(),
        chains.visible.view_mut(),
        |rows, mut mean, mut visible| {
            visible.assign(&mean);
            rbm.visible.draw(stream, rows, &mut visible);
            rbm.visible.means(&mut mean);
        },
    );
}

impl<F: Real> Parameters<F> for Chains<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        [
            Tensor::matrix("visible", 0, self.visible.view()),
            Tensor::matrix("hidden", 0, self.hidden.view()),
            Tensor::matrix("visible_mean", 0, self.visible_mean.view()),
        ]
        .into_iter()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        [
            TensorMut::matrix("visible", 0, self.visible.view_mut()),
            TensorMut::matrix("hidden", 0, self.hidden.view_mut()),
            TensorMut::matrix("visible_mean", 0, self.visible_mean.view_mut()),
        ]
        .into_iter()
    }
}
