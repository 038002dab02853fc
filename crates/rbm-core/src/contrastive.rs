//! Contrastive divergence (Hinton 2002).
//!
//! The log-likelihood's gradient is ∂ ln p(v) / ∂W = ⟨v h⟩_data − ⟨v h⟩_model. CD-k takes the
//! second term from k Gibbs steps that start at the data. As in Hinton's practical guide, section
//! 3, the statistics use the means of the hidden units, and draws of them drive the reconstruction; the
//! visible units of the negative phase are means or draws, depending on [`NegativeVisible`].
//!
//! A missing value is left out of both phases: its unit is absent from the model of that sample, as in
//! Salakhutdinov, Mnih & Hinton 2007. The gradient is still the mean over all samples of the batch, so each
//! observed value counts the same.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, s};
use nn_core::{Kind, Parameters, TensorGradient, any_missing};
use numerics::{Real, Stream};

use crate::{NegativeVisible, Rbm};

/// The statistics of one step of learning: the positive and the negative phase.
///
/// Both phases lie in one matrix, the n samples of the batch above the m of the negative phase, so
/// that the gradient of the weights is a single product:
/// [u⁺; u⁻]ᵀ [h⁺; −(n/m) h⁻] / n = u⁺ᵀ h⁺ / n − u⁻ᵀ h⁻ / m, with u = v / σ.
#[derive(Debug, Clone)]
pub struct Phases<F> {
    /// [u⁺; u⁻], (n + m) × visible.
    pub(crate) u: Array2<F>,
    /// [h⁺; −(n/m) h⁻], (n + m) × hidden.
    pub(crate) hidden: Array2<F>,
    /// The drawn hidden states of the batch, n × hidden.
    hidden_states: Array2<F>,
    /// Squared reconstruction error of each sample, in units of σ².
    pub(crate) errors: Vec<F>,
    /// 1 for each observed and 0 for each missing value of the batch. `None` if no value of the data is
    /// missing.
    pub(crate) observed: Option<Array2<F>>,
}

impl<F: Real> Phases<F> {
    /// Memory for batches of up to `batch_size` samples and a negative phase of the same size.
    #[must_use]
    pub fn new(rbm: &Rbm<F>, batch_size: usize) -> Self {
        Phases::with_chains(rbm, batch_size, batch_size)
    }

    /// Memory for batches of up to `batch_size` samples and `n_chains` in the negative phase.
    #[must_use]
    pub fn with_chains(rbm: &Rbm<F>, batch_size: usize, n_chains: usize) -> Self {
        Phases {
            u: Array2::zeros((batch_size + n_chains, rbm.n_visible())),
            hidden: Array2::zeros((batch_size + n_chains, rbm.n_hidden())),
            hidden_states: Array2::zeros((batch_size, rbm.n_hidden())),
            errors: vec![F::zero(); batch_size],
            observed: None,
        }
    }

    /// Copies a batch (n × visible) into the positive phase. Missing values (NaN) are left out of both
    /// phases.
    ///
    /// # Panics
    /// If the batch is larger than the memory, or has a different width.
    pub fn set_batch(&mut self, rbm: &Rbm<F>, batch: ArrayView2<F>) {
        let n = batch.nrows();
        self.positive_u(n).assign(&batch);
        self.observed = None;
        if any_missing(batch) {
            self.expect_missing(n);
            self.note_missing(n);
            self.leave_out_missing(n);
        }
        rbm.visible.scale(&mut self.positive_u(n));
    }

    /// Prepares for missing values in batches of up to `batch_size` samples.
    pub(crate) fn expect_missing(&mut self, batch_size: usize) {
        self.observed = Some(Array2::zeros((batch_size, self.u.ncols())));
    }

    /// Records which values in the positive phase of `n` samples are missing.
    pub(crate) fn note_missing(&mut self, n: usize) {
        if let Some(observed) = &mut self.observed {
            observed.slice_mut(s![..n, ..]).zip_mut_with(&self.u.slice(s![..n, ..]), |o, u| {
                *o = if u.is_nan() { F::zero() } else { F::one() };
            });
        }
    }

    /// Sets the values recorded as missing to 0.
    pub(crate) fn leave_out_missing(&mut self, n: usize) {
        if let Some(observed) = &self.observed {
            self.u.slice_mut(s![..n, ..]).zip_mut_with(&observed.slice(s![..n, ..]), |u, &o| {
                *u = if o == F::zero() { F::zero() } else { *u };
            });
        }
    }

    /// The share of observed values in each column of a batch of `n` samples, if any may be missing.
    pub(crate) fn observed_shares(&self, n: usize) -> Option<Array1<F>> {
        let observed = self.observed.as_ref()?.slice(s![..n, ..]);
        Some(observed.sum_axis(Axis(0)) / F::of(n as f64))
    }

    /// u⁺ of a batch of `n` samples.
    pub(crate) fn positive_u(&mut self, n: usize) -> ArrayViewMut2<'_, F> {
        self.u.slice_mut(s![..n, ..])
    }

    /// u⁺ and h⁺ of a batch of `n` samples.
    pub(crate) fn positive(&self, n: usize) -> (ArrayView2<'_, F>, ArrayView2<'_, F>) {
        (self.u.slice(s![..n, ..]), self.hidden.slice(s![..n, ..]))
    }

    /// Writes the gradient of the log-likelihood (positive − negative, for ascent): the mean over the `n`
    /// samples of the batch and the `m` of the negative phase.
    pub fn gradient(&self, n: usize, m: usize, gradient: &mut Rbm<F>) {
        self.set_weights_gradient(n, m, gradient);
        self.set_bias_gradients(n, m, gradient);
    }

    fn weights_product(&self, n: usize, m: usize) -> (F, ArrayView2<'_, F>, ArrayView2<'_, F>) {
        let rows = s![..n + m, ..];
        (F::one() / F::of(n as f64), self.u.slice(rows), self.hidden.slice(rows))
    }

    pub(crate) fn set_weights_gradient(&self, n: usize, m: usize, gradient: &mut Rbm<F>) {
        let (scale, u, hidden) = self.weights_product(n, m);
        numerics::matmul_scaled(scale, u.t(), hidden, F::zero(), gradient.weights.view_mut());
    }

    /// The gradients of an RBM's tensors: that of the weights as a product not yet computed, all others from
    /// `gradient`.
    pub(crate) fn gradients<'a>(
        &'a self,
        n: usize,
        m: usize,
        gradient: &'a Rbm<F>,
    ) -> impl Iterator<Item = TensorGradient<'a, F>> {
        let (scale, x, delta) = self.weights_product(n, m);
        gradient.tensors().map(move |tensor| match tensor.kind {
            Kind::Weights => TensorGradient::Product { scale, x, delta },
            Kind::Bias => TensorGradient::Values(tensor.values),
        })
    }

    /// Writes the part of [`Phases::gradient`] that belongs to the biases.
    pub(crate) fn set_bias_gradients(&self, n: usize, m: usize, gradient: &mut Rbm<F>) {
        let scale = F::one() / F::of(n as f64);
        let u = self.u.slice(s![..n + m, ..]);
        let hidden = self.hidden.slice(s![..n + m, ..]);
        numerics::column_sums(scale, hidden, gradient.hidden.bias.view_mut());
        let (positive, negative) = u.split_at(Axis(0), n);
        let bias = gradient.visible.bias.view_mut();
        if n == m {
            numerics::column_differences(scale, positive, negative, bias);
        } else {
            differences_of_means(positive, negative, bias);
        }
    }
}

/// Streams of hidden draws have even sublayers, those of visible draws odd ones.
const VISIBLE_OFFSET: usize = 1;

/// Runs both phases of CD-k, for k = `gibbs_steps`, on the `n` samples of the
/// [batch](Phases::set_batch), so that [`Phases::gradient`] gives the CD-k gradient. Returns the squared
/// error of the first reconstruction in units of σ², summed over visible units and averaged over samples.
/// Takes two sublayers of `stream` per Gibbs step; allocates nothing.
///
/// # Panics
/// If shapes differ, or `gibbs_steps` is 0.
pub fn contrastive_divergence<F: Real>(
    rbm: &Rbm<F>,
    phases: &mut Phases<F>,
    n: usize,
    (gibbs_steps, visible_as): (usize, NegativeVisible),
    stream: Stream,
) -> f64 {
    assert!(gibbs_steps >= 1, "CD-0 has no negative phase");
    let Phases { u, hidden, hidden_states, errors, observed } = phases;
    let observed = observed.as_ref().map(|observed| observed.slice(s![..n, ..]));
    let (positive_u, mut negative_u) = u.multi_slice_mut((s![..n, ..], s![n..2 * n, ..]));
    let (mut positive_hidden, mut negative_hidden) =
        hidden.multi_slice_mut((s![..n, ..], s![n..2 * n, ..]));
    let mut states = hidden_states.slice_mut(s![..n, ..]);
    let errors = &mut errors[..n];

    rbm.h_given_u_then(
        positive_u.view(),
        positive_hidden.view_mut(),
        states.view_mut(),
        |rows, mut h, mut states| {
            states.assign(&h);
            rbm.hidden.unit.draw(stream.sublayer(0), rows, &mut states);
            rbm.hidden.unit.means(&mut h);
        },
    );
    for step in 1..=gibbs_steps {
        // The errors are those of the first reconstruction; later steps do not change them.
        let originals = (step == 1).then_some(positive_u.view());
        let visible_stream = stream.sublayer(2 * step + VISIBLE_OFFSET);
        rbm.u_given_h_then(
            states.view(),
            negative_u.view_mut(),
            &mut *errors,
            |rows, mut v, errors| {
                if let Some(originals) = originals {
                    let originals = originals.slice(s![rows.clone(), ..]);
                    let unit = &rbm.visible.unit;
                    if let Some(observed) = observed {
                        let observed = Some(observed.slice(s![rows.clone(), ..]));
                        unit.observed_errors(originals, observed, &mut v, errors);
                    } else {
                        unit.squared_errors(originals, &mut v, errors);
                    }
                }
                match visible_as {
                    NegativeVisible::Samples => {
                        rbm.visible.unit.draw(visible_stream, rows.clone(), &mut v);
                    }
                    NegativeVisible::Probabilities => rbm.visible.unit.means(&mut v),
                }
                if let Some(observed) = observed {
                    v *= &observed.slice(s![rows, ..]);
                }
            },
        );
        if step < gibbs_steps {
            let stream = stream.sublayer(2 * step);
            rbm.sample_h_given_u(negative_u.view(), stream, states.view_mut());
        } else {
            rbm.h_given_u_then(
                negative_u.view(),
                negative_hidden.view_mut(),
                (),
                |_, mut h, ()| {
                    rbm.hidden.unit.means(&mut h);
                    h.mapv_inplace(|h| -h);
                },
            );
        }
    }

    mean_error(errors)
}

/// `out` = mean of the rows of `a` − mean of those of `b`.
fn differences_of_means<F: Real>(a: ArrayView2<F>, b: ArrayView2<F>, out: ArrayViewMut1<F>) {
    let (for_a, for_b) = (F::one() / F::of(a.nrows() as f64), -F::one() / F::of(b.nrows() as f64));
    numerics::by_rows(a.ncols(), out, |columns, mut out| {
        out.fill(F::zero());
        for (scale, rows) in [(for_a, a), (for_b, b)] {
            for row in rows.slice(s![.., columns.clone()]).rows() {
                out.scaled_add(scale, &row);
            }
        }
    });
}

/// The mean of the samples' errors.
pub(crate) fn mean_error<F: Real>(errors: &[F]) -> f64 {
    errors.iter().map(|error| error.as_f64()).sum::<f64>() / errors.len() as f64
}
