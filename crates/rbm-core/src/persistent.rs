//! Persistent contrastive divergence (Tieleman 2008), whose chains continue from one step of learning to the
//! next, and fast PCD (Tieleman & Hinton 2009).
//!
//! Between two steps the chains keep their hidden states; the next step begins with v from
//! p(v | h) of the updated model. PCD-1 therefore costs as much as CD-1.

use ndarray::{Array1, Array2, s};
use nn_core::{Parameters, Tensor, TensorMut};
use numerics::elementary::vectorised;
use numerics::{Real, Stream, by_rows};

use crate::contrastive::mean_error;
use crate::{Phases, Rbm};

/// Hidden states of persistent chains, one per row.
#[derive(Debug, Clone, PartialEq)]
pub struct PersistentChains<F> {
    /// Chains × hidden.
    pub hidden: Array2<F>,
}

impl<F: Real> PersistentChains<F> {
    /// Chains that start from hidden units without input (fair coin flips for binary ones), which
    /// is close to the model while its weights are small.
    #[must_use]
    pub fn new(rbm: &Rbm<F>, n_chains: usize, stream: Stream) -> Self {
        let mut hidden = Array2::zeros((n_chains, rbm.n_hidden()));
        let bias = Array1::zeros(rbm.n_hidden());
        rbm.hidden.unit.draw_independent(bias.view(), stream, &mut hidden.view_mut());
        PersistentChains { hidden }
    }

    /// Runs every chain for `gibbs_steps` and writes the last visible states and hidden means, the
    /// latter scaled for the gradient, below the `n` samples in `phases`. Allocates nothing.
    pub(crate) fn negative_phase(
        &mut self,
        rbm: &Rbm<F>,
        phases: &mut Phases<F>,
        n: usize,
        gibbs_steps: usize,
        stream: Stream,
    ) {
        let m = self.hidden.nrows();
        let mut u = phases.u.slice_mut(s![n..n + m, ..]);
        let mut means = phases.hidden.slice_mut(s![n..n + m, ..]);
        let scale = F::of(-(n as f64) / m as f64);
        for step in 1..=gibbs_steps {
            let (for_visible, for_hidden) =
                (stream.sublayer(2 * step + 1), stream.sublayer(2 * step));
            rbm.sample_u_given_h(self.hidden.view(), for_visible, u.view_mut());
            rbm.h_given_u_then(
                u.view(),
                means.view_mut(),
                self.hidden.view_mut(),
                |rows, mut h, mut states| {
                    states.assign(&h);
                    rbm.hidden.unit.draw(for_hidden, rows, &mut states);
                    rbm.hidden.unit.means(&mut h);
                    if step == gibbs_steps {
                        h *= scale;
                    }
                },
            );
        }
    }
}

/// Computes h⁺ = E[h | v⁺] for the `n` samples in `phases`.
pub(crate) fn positive_phase<F: Real>(rbm: &Rbm<F>, phases: &mut Phases<F>, n: usize) {
    let hidden = phases.hidden.slice_mut(s![..n, ..]);
    rbm.mean_h_given_u(phases.u.slice(s![..n, ..]), hidden);
}

/// The squared error of E[v | h⁺] in units of σ², summed over visible units and averaged over samples.
/// Overwrites the negative phase.
pub(crate) fn reconstruction_error<F: Real>(rbm: &Rbm<F>, phases: &mut Phases<F>, n: usize) -> f64 {
    let Phases { u, hidden, errors, .. } = phases;
    let (originals, reconstructions) = u.multi_slice_mut((s![..n, ..], s![n..2 * n, ..]));
    let (originals, errors) = (originals.view(), &mut errors[..n]);
    rbm.u_given_h_then(
        hidden.slice(s![..n, ..]),
        reconstructions,
        &mut *errors,
        |rows, mut u, errors| {
            let originals = originals.slice(s![rows, ..]);
            rbm.visible.unit.squared_errors(originals, &mut u, errors);
        },
    );
    mean_error(errors)
}

/// The fast weights of fast PCD, and the model that its chains sample: the learned model plus these.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FastWeights<F> {
    fast: Rbm<F>,
    sum: Rbm<F>,
}

impl<F: Real> FastWeights<F> {
    pub(crate) fn new(rbm: &Rbm<F>) -> Self {
        FastWeights { fast: rbm.zeros_like(), sum: rbm.clone() }
    }

    /// The model with the fast weights added.
    pub(crate) fn added_to(&mut self, rbm: &Rbm<F>) -> &Rbm<F> {
        let tensors = self.sum.tensors_mut().zip(rbm.tensors()).zip(self.fast.tensors());
        for ((sum, slow), fast) in tensors {
            by_rows(sum.values.len(), sum.values, |range, sum| {
                let (slow, fast) = (&slow.values[range.clone()], &fast.values[range]);
                vectorised(
                    #[inline(always)]
                    move || {
                        for ((sum, &slow), &fast) in sum.iter_mut().zip(slow).zip(fast) {
                            *sum = slow + fast;
                        }
                    },
                );
            });
        }
        &self.sum
    }

    /// Updates the fast weights: fast ← decay · fast + rate · gradient.
    pub(crate) fn learn(&mut self, gradient: &Rbm<F>, rate: f64, decay: f64) {
        let (rate, decay) = (F::of(rate), F::of(decay));
        for (fast, gradient) in self.fast.tensors_mut().zip(gradient.tensors()) {
            by_rows(fast.values.len(), fast.values, |range, fast| {
                let gradient = &gradient.values[range];
                vectorised(
                    #[inline(always)]
                    move || {
                        for (fast, &g) in fast.iter_mut().zip(gradient) {
                            *fast = decay * *fast + rate * g;
                        }
                    },
                );
            });
        }
    }
}

impl<F: Real> Parameters<F> for PersistentChains<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        [Tensor::matrix("hidden", 0, self.hidden.view())].into_iter()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        [TensorMut::matrix("hidden", 0, self.hidden.view_mut())].into_iter()
    }
}

impl<F: Real> Parameters<F> for FastWeights<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        self.fast.tensors()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        self.fast.tensors_mut()
    }
}
