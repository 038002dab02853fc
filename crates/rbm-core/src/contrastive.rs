//! Contrastive divergence (Hinton 2002).
//!
//! The log-likelihood's gradient is ∂ ln p(v) / ∂W = ⟨v h⟩_data − ⟨v h⟩_model. CD-k takes the
//! second term from k Gibbs steps that start at the data. As in Hinton's practical guide, section
//! 3, the statistics use the probabilities of the hidden units, and draws of them drive the
//! reconstruction; the visible units are their probabilities or draws, as [`NegativeVisible`] says.

use ndarray::{Array2, ArrayView2, ArrayViewMut1, ArrayViewMut2, Axis, s};
use nn_core::{Kind, Parameters, TensorGradient};
use numerics::{Real, Stream, update_and_sum};

use crate::{NegativeVisible, Rbm, Unit};

/// The memory of one step of learning.
///
/// Both phases lie in one matrix, the n samples of the batch above the m of the negative phase, so
/// that the gradient of the weights is a single product:
/// [v⁺; v⁻]ᵀ [h⁺; −(n/m) h⁻] / n = v⁺ᵀ h⁺ / n − v⁻ᵀ h⁻ / m.
#[derive(Debug, Clone)]
pub struct Phases<F> {
    /// [v⁺; v⁻], (n + m) × visible.
    pub(crate) visible: Array2<F>,
    /// [h⁺; −(n/m) h⁻], (n + m) × hidden.
    pub(crate) hidden: Array2<F>,
    /// The drawn hidden states of the batch, n × hidden.
    hidden_states: Array2<F>,
    /// Squared reconstruction error of each sample.
    pub(crate) errors: Vec<F>,
}

impl<F: Real> Phases<F> {
    /// Memory for batches of up to `batch_size` samples and as many in the negative phase.
    #[must_use]
    pub fn new(rbm: &Rbm<F>, batch_size: usize) -> Self {
        Phases::with_chains(rbm, batch_size, batch_size)
    }

    /// Memory for batches of up to `batch_size` samples and `n_chains` in the negative phase.
    #[must_use]
    pub fn with_chains(rbm: &Rbm<F>, batch_size: usize, n_chains: usize) -> Self {
        Phases {
            visible: Array2::zeros((batch_size + n_chains, rbm.n_visible())),
            hidden: Array2::zeros((batch_size + n_chains, rbm.n_hidden())),
            hidden_states: Array2::zeros((batch_size, rbm.n_hidden())),
            errors: vec![F::zero(); batch_size],
        }
    }

    /// Where to put a batch of `n` samples: v⁺.
    pub fn positive_visible(&mut self, n: usize) -> ArrayViewMut2<'_, F> {
        self.visible.slice_mut(s![..n, ..])
    }

    /// The reconstruction of the last batch, v⁻, if that had `n` samples.
    pub fn negative_visible(&self, n: usize) -> ArrayView2<'_, F> {
        self.visible.slice(s![n..2 * n, ..])
    }

    /// v⁺ and h⁺ of a batch of `n` samples.
    pub(crate) fn positive(&self, n: usize) -> (ArrayView2<'_, F>, ArrayView2<'_, F>) {
        (self.visible.slice(s![..n, ..]), self.hidden.slice(s![..n, ..]))
    }

    /// Writes the gradient of the mean over the `n` samples and `m` chains that the memory holds
    /// (positive − negative, so to be ascended).
    pub fn gradient(&self, n: usize, m: usize, gradient: &mut Rbm<F>) {
        self.set_weights_gradient(n, m, gradient);
        self.set_bias_gradients(n, m, gradient);
    }

    fn weights_product(&self, n: usize, m: usize) -> (F, ArrayView2<'_, F>, ArrayView2<'_, F>) {
        let rows = s![..n + m, ..];
        (F::one() / F::of(n as f64), self.visible.slice(rows), self.hidden.slice(rows))
    }

    pub(crate) fn set_weights_gradient(&self, n: usize, m: usize, gradient: &mut Rbm<F>) {
        let (scale, visible, hidden) = self.weights_product(n, m);
        numerics::matmul_scaled(scale, visible.t(), hidden, F::zero(), gradient.weights.view_mut());
    }

    /// The gradients of an RBM's tensors: of the weights as a product, of all others from `gradient`.
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

    /// The part of [`Phases::gradient`] that belongs to the biases.
    pub(crate) fn set_bias_gradients(&self, n: usize, m: usize, gradient: &mut Rbm<F>) {
        let scale = F::one() / F::of(n as f64);
        let visible = self.visible.slice(s![..n + m, ..]);
        let hidden = self.hidden.slice(s![..n + m, ..]);
        numerics::column_sums(scale, hidden, gradient.hidden_bias.view_mut());
        let (positive, negative) = visible.split_at(Axis(0), n);
        let bias = gradient.visible_bias.view_mut();
        if n == m {
            numerics::column_differences(scale, positive, negative, bias);
        } else {
            differences_of_means(positive, negative, bias);
        }
    }
}

/// Streams of hidden draws have even sublayers, those of visible draws odd ones.
const VISIBLE_OFFSET: usize = 1;

/// Runs both phases of CD-k, for k = `gibbs_steps`, for the `n` samples in
/// [`positive_visible`](Phases::positive_visible), so that [`Phases::gradient`] has the CD-k gradient,
/// and returns the mean squared error of the first reconstruction, summed over visible units. Draws
/// from `stream`, two sublayers a Gibbs step; allocates nothing.
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
    let Phases { visible, hidden, hidden_states, errors } = phases;
    let (positive_visible, mut negative_visible) =
        visible.multi_slice_mut((s![..n, ..], s![n..2 * n, ..]));
    let (mut positive_hidden, mut negative_hidden) =
        hidden.multi_slice_mut((s![..n, ..], s![n..2 * n, ..]));
    let mut states = hidden_states.slice_mut(s![..n, ..]);
    let errors = &mut errors[..n];

    rbm.h_given_v_then(
        positive_visible.view(),
        positive_hidden.view_mut(),
        states.view_mut(),
        |rows, mut h, mut states| {
            states.assign(&h);
            rbm.hidden.draw(stream.sublayer(0), rows, &mut states);
            rbm.hidden.means(&mut h);
        },
    );
    for step in 1..=gibbs_steps {
        // Errors are those of the first reconstruction; later steps overwrite nothing of theirs.
        let originals = (step == 1).then_some(positive_visible.view());
        let visible_stream = stream.sublayer(2 * step + VISIBLE_OFFSET);
        rbm.v_given_h_then(
            states.view(),
            negative_visible.view_mut(),
            &mut *errors,
            |rows, mut v, errors| {
                if let Some(originals) = originals {
                    let originals = originals.slice(s![rows.clone(), ..]);
                    squared_errors(originals, rbm.visible, &mut v, errors);
                }
                match visible_as {
                    NegativeVisible::Samples => rbm.visible.draw(visible_stream, rows, &mut v),
                    NegativeVisible::Probabilities => rbm.visible.means(&mut v),
                }
            },
        );
        if step < gibbs_steps {
            let stream = stream.sublayer(2 * step);
            rbm.sample_h_given_v(negative_visible.view(), stream, states.view_mut());
        } else {
            rbm.h_given_v_then(
                negative_visible.view(),
                negative_hidden.view_mut(),
                (),
                |_, mut h, ()| {
                    rbm.hidden.means(&mut h);
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

pub(crate) fn mean_error<F: Real>(errors: &[F]) -> f64 {
    errors.iter().map(|error| error.as_f64()).sum::<f64>() / errors.len() as f64
}

/// Σᵢ (vᵢ − v̂ᵢ)² of each row, into `errors`, for v̂ᵢ the mean of a unit with that parameter.
pub(crate) fn squared_errors<F: Real>(
    originals: ArrayView2<F>,
    unit: Unit,
    reconstructions: &mut ArrayViewMut2<F>,
    errors: &mut [F],
) {
    let pairs = reconstructions.rows_mut().into_iter().zip(originals.rows());
    for ((mut y, x), error) in pairs.zip(errors) {
        let y = y.as_slice_mut().expect("rows are contiguous");
        let x = x.to_slice().expect("rows are contiguous");
        *error = match unit {
            Unit::TruncatedExponential => update_and_sum(y, x, |y, x| {
                let error = unit.mean(*y) - x;
                error * error
            }),
            Unit::Binary | Unit::Gaussian => update_and_sum(y, x, |y, x| (*y - x) * (*y - x)),
        };
    }
}
