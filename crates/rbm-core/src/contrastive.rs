//! Contrastive divergence (Hinton 2002).
//!
//! The log-likelihood's gradient is ∂ ln p(v) / ∂W = ⟨v h⟩_data − ⟨v h⟩_model. CD-k takes the
//! second term from k Gibbs steps that start at the data. As in Hinton's practical guide, section
//! 3, the statistics use the probabilities of the hidden units, and draws of them drive the
//! reconstruction; the visible units are their probabilities or draws, as [`NegativeVisible`] says.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use numerics::{Real, Stream, update_and_sum};

use crate::conditional::sample;
use crate::{NegativeVisible, Rbm};

/// The memory of one step of contrastive divergence.
///
/// Both phases lie in one matrix, the batch above its reconstruction, so that the gradient of the
/// weights is a single product: [v⁺; v⁻]ᵀ [h⁺; −h⁻] = v⁺ᵀ h⁺ − v⁻ᵀ h⁻.
#[derive(Debug, Clone)]
pub struct Phases<F> {
    /// [v⁺; v⁻], 2n × visible.
    visible: Array2<F>,
    /// [h⁺; −h⁻], 2n × hidden.
    hidden: Array2<F>,
    /// The drawn hidden states, n × hidden.
    hidden_states: Array2<F>,
    /// Squared reconstruction error of each sample.
    errors: Vec<F>,
}

impl<F: Real> Phases<F> {
    /// Memory for batches of up to `batch_size` samples.
    #[must_use]
    pub fn new(rbm: &Rbm<F>, batch_size: usize) -> Self {
        Phases {
            visible: Array2::zeros((2 * batch_size, rbm.n_visible())),
            hidden: Array2::zeros((2 * batch_size, rbm.n_hidden())),
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
}

/// Streams of hidden draws have even sublayers, those of visible draws odd ones.
const VISIBLE_OFFSET: usize = 1;

/// Writes the CD-k gradient, for k = `gibbs_steps`, of the `n` samples in
/// [`positive_visible`](Phases::positive_visible) into `gradient` (positive − negative, so to be
/// ascended; the mean over samples), and returns the mean squared error of the first
/// reconstruction, summed over visible units. Draws from `stream`, two sublayers a Gibbs step;
/// allocates nothing.
///
/// # Panics
/// If shapes differ, or `gibbs_steps` is 0.
pub fn contrastive_divergence<F: Real>(
    rbm: &Rbm<F>,
    phases: &mut Phases<F>,
    n: usize,
    (gibbs_steps, visible_as): (usize, NegativeVisible),
    stream: Stream,
    gradient: &mut Rbm<F>,
) -> f64 {
    assert!(gibbs_steps >= 1, "CD-0 has no negative phase");
    let Phases { visible, hidden, hidden_states, errors } = phases;
    let (positive_visible, mut negative_visible) =
        visible.multi_slice_mut((s![..n, ..], s![n..2 * n, ..]));
    let (mut positive_hidden, mut negative_hidden) =
        hidden.multi_slice_mut((s![..n, ..], s![n..2 * n, ..]));
    let mut states = hidden_states.slice_mut(s![..n, ..]);
    let errors = &mut errors[..n];

    rbm.mean_h_given_v_then(
        positive_visible.view(),
        positive_hidden.view_mut(),
        states.view_mut(),
        |rows, h, mut states| {
            states.assign(&h);
            sample(stream.sublayer(0), rows, &mut states);
        },
    );
    for step in 1..=gibbs_steps {
        // Errors are those of the first reconstruction; later steps overwrite nothing of theirs.
        let originals = (step == 1).then_some(positive_visible.view());
        let visible_stream = stream.sublayer(2 * step + VISIBLE_OFFSET);
        rbm.mean_v_given_h_then(
            states.view(),
            negative_visible.view_mut(),
            &mut *errors,
            |rows, mut v, errors| {
                if let Some(originals) = originals {
                    squared_errors(originals.slice(s![rows.clone(), ..]), &mut v, errors);
                }
                if visible_as == NegativeVisible::Samples {
                    sample(visible_stream, rows, &mut v);
                }
            },
        );
        if step < gibbs_steps {
            let stream = stream.sublayer(2 * step);
            rbm.sample_h_given_v(negative_visible.view(), stream, states.view_mut());
        } else {
            rbm.mean_h_given_v_then(
                negative_visible.view(),
                negative_hidden.view_mut(),
                (),
                |_, mut h, ()| h.mapv_inplace(|h| -h),
            );
        }
    }

    let scale = F::one() / F::of(n as f64);
    let (both_visible, both_hidden) =
        (visible.slice(s![..2 * n, ..]), hidden.slice(s![..2 * n, ..]));
    let weights = gradient.weights.view_mut();
    numerics::matmul_scaled(scale, both_visible.t(), both_hidden, F::zero(), weights);
    numerics::column_sums(scale, both_hidden, gradient.hidden_bias.view_mut());
    let (positive, negative) = both_visible.split_at(ndarray::Axis(0), n);
    numerics::column_differences(scale, positive, negative, gradient.visible_bias.view_mut());
    errors.iter().map(|error| error.as_f64()).sum::<f64>() / n as f64
}

fn squared_errors<F: Real>(
    originals: ArrayView2<F>,
    reconstructions: &mut ArrayViewMut2<F>,
    errors: &mut [F],
) {
    let pairs = reconstructions.rows_mut().into_iter().zip(originals.rows());
    for ((mut y, x), error) in pairs.zip(errors) {
        let y = y.as_slice_mut().expect("rows are contiguous");
        let x = x.to_slice().expect("rows are contiguous");
        *error = update_and_sum(y, x, |y, x| (*y - x) * (*y - x));
    }
}
