//! The conditionals, which factorise over units. For binary units
//! p(hⱼ = 1 | v) = σ(bⱼ + Σᵢ vᵢ Wᵢⱼ) and p(vᵢ = 1 | h) = σ(aᵢ + Σⱼ Wᵢⱼ hⱼ); Gaussian units are
//! normally distributed around the same inputs, without σ; truncated exponential ones have densities
//! proportional to e^(input · number) in [0, 1].

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use numerics::{Real, Split, Stream};

use crate::Rbm;

/// Samples that are worked on at a time where there are many.
pub(crate) const BLOCK: usize = 1000;

impl<F: Real> Rbm<F> {
    /// E[h | v] for each row. Shapes: (n × visible) → (n × hidden).
    pub fn mean_h_given_v(&self, v: ArrayView2<F>, out: ArrayViewMut2<F>) {
        let unit = self.hidden;
        self.h_given_v_then(v, out, (), |_, mut h, ()| unit.means(&mut h));
    }

    /// E[v | h] for each row. Shapes: (n × hidden) → (n × visible).
    pub fn mean_v_given_h(&self, h: ArrayView2<F>, out: ArrayViewMut2<F>) {
        let unit = self.visible;
        self.v_given_h_then(h, out, (), |_, mut v, ()| unit.means(&mut v));
    }

    /// Draws h from p(h | v) for each row.
    pub fn sample_h_given_v(&self, v: ArrayView2<F>, stream: Stream, out: ArrayViewMut2<F>) {
        let unit = self.hidden;
        self.h_given_v_then(v, out, (), |rows, mut h, ()| unit.draw(stream, rows, &mut h));
    }

    /// Draws v from p(v | h) for each row.
    pub fn sample_v_given_h(&self, h: ArrayView2<F>, stream: Stream, out: ArrayViewMut2<F>) {
        let unit = self.visible;
        self.v_given_h_then(h, out, (), |rows, mut v, ()| unit.draw(stream, rows, &mut v));
    }

    /// E[h | v] for each row of data in their own units: the features.
    /// Shapes: (n × visible) → (n × hidden).
    #[must_use]
    pub fn encode(&self, data: ArrayView2<F>) -> Array2<F> {
        let mut h = Array2::zeros((data.nrows(), self.n_hidden()));
        self.mean_h_given_v(self.from_data(data).view(), h.view_mut());
        h
    }

    /// The mean-field reconstruction E[v | E[h | v]] of data in their own units, as an autoencoder
    /// would give it. Shapes: (n × visible) → (n × visible).
    #[must_use]
    pub fn reconstruct(&self, data: ArrayView2<F>) -> Array2<F> {
        self.reconstruct_by(data, |block, h| {
            self.mean_h_given_v(self.from_data(block).view(), h);
        })
    }

    /// As [`Rbm::reconstruct`], with hidden states drawn from p(h | v): what one Gibbs step keeps.
    #[must_use]
    pub fn reconstruct_sampled(&self, data: ArrayView2<F>, stream: Stream) -> Array2<F> {
        let mut block = 0;
        self.reconstruct_by(data, |v, h| {
            self.sample_h_given_v(self.from_data(v).view(), stream.batch(block), h);
            block += 1;
        })
    }

    fn reconstruct_by(
        &self,
        data: ArrayView2<F>,
        mut up: impl FnMut(ArrayView2<F>, ArrayViewMut2<F>),
    ) -> Array2<F> {
        let mut out = Array2::zeros(data.dim());
        let blocks = data.axis_chunks_iter(Axis(0), BLOCK);
        for (v, out) in blocks.zip(out.axis_chunks_iter_mut(Axis(0), BLOCK)) {
            let mut h = Array2::zeros((v.nrows(), self.n_hidden()));
            up(v, h.view_mut());
            self.mean_v_given_h(h.view(), out);
        }
        self.to_data(out)
    }

    /// The parameters of p(h | v), and what is made of them while rows are in cache.
    pub(crate) fn h_given_v_then<S: Split>(
        &self,
        v: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        outputs: S,
        then: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
    ) {
        let (unit, bias) = (self.hidden, self.hidden_bias.view());
        numerics::matmul_then(v, self.weights.view(), out, outputs, |rows, mut out, outputs| {
            unit.parameters(bias, &mut out);
            then(rows, out, outputs);
        });
    }

    /// The parameters of p(v | h), and what is made of them while rows are in cache.
    pub(crate) fn v_given_h_then<S: Split>(
        &self,
        h: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        outputs: S,
        then: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
    ) {
        let (unit, bias) = (self.visible, self.visible_bias.view());
        numerics::matmul_then(h, self.weights.t(), out, outputs, |rows, mut out, outputs| {
            unit.parameters(bias, &mut out);
            then(rows, out, outputs);
        });
    }
}
