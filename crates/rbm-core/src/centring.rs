//! The centred gradient (Cho et al. 2013; Melchior, Fischer & Wiskott 2016).
//!
//! With offsets μ and λ, close to the means of v and h over the data, a centred RBM has the energy
//! −(v − μ)·a′ − (h − λ)·b′ − (v − μ) W (h − λ). It is the plain RBM with a = a′ − W λ and
//! b = b′ − Wᵀ μ, up to a constant; only the direction of its gradient differs. In terms of the plain
//! parameters that direction is (Melchior et al., eq. 12 to 14)
//!
//! W: G = ∇W − ∇a λᵀ − μ ∇bᵀ   a: ∇a − G λ   b: ∇b − Gᵀ μ
//!
//! with ∇ the plain gradient. The model therefore stays a plain one, and the offsets live beside it.

use ndarray::{Array1, ArrayView2};
use nn_core::{Parameters, Tensor, TensorMut};
use numerics::elementary::vectorised;
use numerics::{Real, by_rows};

use crate::Rbm;

/// The offsets: moving averages of the visible and hidden means over the data. Like the parameters
/// that they belong to, they are in units of σ.
#[derive(Debug, Clone, PartialEq)]
pub struct Offsets<F> {
    /// μ, visible.
    pub visible: Array1<F>,
    /// λ, hidden.
    pub hidden: Array1<F>,
    /// Scratch for the means of a batch.
    mean: (Array1<F>, Array1<F>),
}

impl<F: Real> Offsets<F> {
    /// Offsets that start at these means.
    #[must_use]
    pub fn new(visible: Array1<F>, hidden: Array1<F>) -> Self {
        let mean = (visible.clone(), hidden.clone());
        Offsets { visible, hidden, mean }
    }

    /// Moves the offsets by `rate` towards the means over a batch (n × visible, n × hidden).
    pub(crate) fn update(&mut self, visible: ArrayView2<F>, hidden: ArrayView2<F>, rate: f64) {
        let one = F::one() / F::of(visible.nrows() as f64);
        let rate = F::of(rate);
        numerics::column_sums(one, visible, self.mean.0.view_mut());
        numerics::column_sums(one, hidden, self.mean.1.view_mut());
        self.visible.zip_mut_with(&self.mean.0, |mu, &mean| *mu += rate * (mean - *mu));
        self.hidden.zip_mut_with(&self.mean.1, |lambda, &mean| *lambda += rate * (mean - *lambda));
    }

    /// Like [`Offsets::update`], for a batch whose missing values are 0. `observed` has the share of
    /// observed values in each column; a missing one does not move the offset.
    pub(crate) fn update_observed(
        &mut self,
        visible: ArrayView2<F>,
        hidden: ArrayView2<F>,
        (observed, rate): (&Array1<F>, f64),
    ) {
        let before = self.visible.clone();
        self.update(visible, hidden, rate);
        for ((mu, before), &share) in self.visible.iter_mut().zip(before).zip(observed) {
            *mu += F::of(rate) * before * (F::one() - share);
        }
    }

    /// Replaces the plain gradient by the centred one. Allocates nothing.
    pub fn centre(&self, gradient: &mut Rbm<F>) {
        let Rbm { weights, visible, hidden } = gradient;
        let (visible_bias, hidden_bias) = (&mut visible.bias, &mut hidden.bias);
        let slice = "parameters are contiguous";
        let mu = self.visible.as_slice().expect(slice);
        let lambda = self.hidden.as_slice().expect(slice);
        let for_hidden = hidden_bias.as_slice().expect(slice);
        by_rows(
            weights.nrows(),
            (weights.view_mut(), visible_bias.view_mut()),
            |rows, (mut weights, mut visible_bias)| {
                let rows = weights.rows_mut().into_iter().zip(&mut visible_bias).zip(&mu[rows]);
                for ((mut row, for_visible), &mu) in rows {
                    let row = row.as_slice_mut().expect(slice);
                    *for_visible = centre_row(row, lambda, for_hidden, *for_visible, mu);
                }
            },
        );
        by_rows(hidden_bias.len(), hidden_bias.view_mut(), |columns, mut bias| {
            let bias = bias.as_slice_mut().expect(slice);
            for (row, &mu) in weights.rows().into_iter().zip(mu) {
                let row = &row.to_slice().expect(slice)[columns.clone()];
                vectorised(
                    #[inline(always)]
                    || {
                        for (b, &g) in bias.iter_mut().zip(row) {
                            *b -= mu * g;
                        }
                    },
                );
            }
        });
    }
}

/// Replaces a row of ∇W by the row of G, and returns ∇aᵢ − Σⱼ Gᵢⱼ λⱼ.
fn centre_row<F: Real>(row: &mut [F], lambda: &[F], for_hidden: &[F], for_visible: F, mu: F) -> F {
    for ((g, &l), &b) in row.iter_mut().zip(lambda).zip(for_hidden) {
        *g -= for_visible * l + mu * b;
    }
    for_visible - numerics::update_and_sum(row, lambda, |g, l| *g * l)
}

impl<F: Real> Parameters<F> for Offsets<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        [
            Tensor::vector("visible", 0, self.visible.view()),
            Tensor::vector("hidden", 0, self.hidden.view()),
        ]
        .into_iter()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        [
            TensorMut::vector("visible", 0, self.visible.view_mut()),
            TensorMut::vector("hidden", 0, self.hidden.view_mut()),
        ]
        .into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn offsets_move_towards_the_means() {
        let mut offsets = Offsets::new(array![0.0, 1.0], array![0.5]);
        let (v, h) = (array![[1.0, 0.0], [0.0, 0.0]], array![[1.0], [1.0]]);
        offsets.update(v.view(), h.view(), 0.1);
        assert_eq!(offsets.visible, array![0.05, 0.9]);
        assert_eq!(offsets.hidden, array![0.55]);
    }
}
