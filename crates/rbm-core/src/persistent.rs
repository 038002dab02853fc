//! Chains that run on between the steps of learning: persistent contrastive divergence (Tieleman
//! 2008), and its fast weights (Tieleman & Hinton 2009).
//!
//! Between two steps the chains keep their hidden states; the next step begins with v from
//! p(v | h) of the changed model. So PCD-1 costs what CD-1 costs.

use ndarray::{Array2, s};
use nn_core::{Parameters, Tensor, TensorMut};
use numerics::elementary::vectorised;
use numerics::{Real, Stream, by_rows};

use crate::contrastive::{mean_error, squared_errors};
use crate::{Phases, Rbm};

/// Hidden states of persistent chains, one a row.
#[derive(Debug, Clone, PartialEq)]
pub struct PersistentChains<F> {
    /// Chains × hidden.
    pub hidden: Array2<F>,
}

impl<F: Real> PersistentChains<F> {
    /// Chains that start from fair coin flips: at the small weights of a new model, from the model.
    #[must_use]
    pub fn new(rbm: &Rbm<F>, n_chains: usize, stream: Stream) -> Self {
        let mut hidden = Array2::from_elem((n_chains, rbm.n_hidden()), F::of(0.5));
        stream.bernoulli_in_place(0, hidden.as_slice_mut().expect("just made, contiguous"));
        PersistentChains { hidden }
    }

    /// Runs every chain for `gibbs_steps` and leaves the last visible states and hidden means, the
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
        let mut visible = phases.visible.slice_mut(s![n..n + m, ..]);
        let mut means = phases.hidden.slice_mut(s![n..n + m, ..]);
        let scale = F::of(-(n as f64) / m as f64);
        for step in 1..=gibbs_steps {
            let (for_visible, for_hidden) =
                (stream.sublayer(2 * step + 1), stream.sublayer(2 * step));
            rbm.sample_v_given_h(self.hidden.view(), for_visible, visible.view_mut());
            rbm.h_given_v_then(
                visible.view(),
                means.view_mut(),
                self.hidden.view_mut(),
                |rows, mut h, mut states| {
                    states.assign(&h);
                    rbm.hidden.draw(for_hidden, rows, &mut states);
                    rbm.hidden.means(&mut h);
                    if step == gibbs_steps {
                        h *= scale;
                    }
                },
            );
        }
    }
}

/// h⁺ = E[h | v⁺] of the `n` samples in `phases`.
pub(crate) fn positive_phase<F: Real>(rbm: &Rbm<F>, phases: &mut Phases<F>, n: usize) {
    let hidden = phases.hidden.slice_mut(s![..n, ..]);
    rbm.mean_h_given_v(phases.visible.slice(s![..n, ..]), hidden);
}

/// The mean squared error of E[v | h⁺], summed over visible units; overwrites the negative phase.
pub(crate) fn reconstruction_error<F: Real>(rbm: &Rbm<F>, phases: &mut Phases<F>, n: usize) -> f64 {
    let Phases { visible, hidden, errors, .. } = phases;
    let (originals, reconstructions) = visible.multi_slice_mut((s![..n, ..], s![n..2 * n, ..]));
    let (originals, errors) = (originals.view(), &mut errors[..n]);
    rbm.v_given_h_then(
        hidden.slice(s![..n, ..]),
        reconstructions,
        &mut *errors,
        |rows, mut v, errors| {
            squared_errors(originals.slice(s![rows, ..]), rbm.visible, &mut v, errors);
        },
    );
    mean_error(errors)
}

/// The fast weights of fast PCD, and the model that the chains see: the learned one plus these.
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

    /// fast ← decay · fast + rate · gradient.
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
