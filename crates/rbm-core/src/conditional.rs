//! The conditionals p(h | v) and p(v | h), which factorise over units. Each unit's distribution is
//! that of its kind given its input: xⱼ = bⱼ + Σᵢ uᵢ Wᵢⱼ for hidden units, aᵢ + Σⱼ Wᵢⱼ hⱼ for visible
//! ones, with u = v / σ. Missing values (NaN) give no input to hidden units.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use numerics::{Real, Split, Stream};

use crate::Rbm;

/// Number of samples per block when there are too many for one product.
pub(crate) const BLOCK: usize = 1000;

impl<F: Real> Rbm<F> {
    /// E[h | v] for each row. Shapes: (n × visible) → (n × hidden).
    pub fn mean_h_given_v(&self, v: ArrayView2<F>, out: ArrayViewMut2<F>) {
        self.mean_h_given_u(self.visible.scaled(v).view(), out);
    }

    /// E[v | h] for each row. Shapes: (n × hidden) → (n × visible).
    pub fn mean_v_given_h(&self, h: ArrayView2<F>, out: ArrayViewMut2<F>) {
        self.u_given_h_then(h, out, (), |_, mut v, ()| {
            self.visible.unit.means(&mut v);
            self.visible.unscale(&mut v);
        });
    }

    /// Draws h from p(h | v) for each row. Shapes: (n × visible) → (n × hidden).
    pub fn sample_h_given_v(&self, v: ArrayView2<F>, stream: Stream, out: ArrayViewMut2<F>) {
        self.sample_h_given_u(self.visible.scaled(v).view(), stream, out);
    }

    /// Draws v from p(v | h) for each row. Shapes: (n × hidden) → (n × visible).
    pub fn sample_v_given_h(&self, h: ArrayView2<F>, stream: Stream, out: ArrayViewMut2<F>) {
        self.u_given_h_then(h, out, (), |rows, mut v, ()| {
            self.visible.unit.draw(stream, rows, &mut v);
            self.visible.unscale(&mut v);
        });
    }

    /// E[h | v] for each row: the features. Shapes: (n × visible) → (n × hidden).
    #[must_use]
    pub fn encode(&self, v: ArrayView2<F>) -> Array2<F> {
        let mut h = Array2::zeros((v.nrows(), self.n_hidden()));
        self.mean_h_given_v(v, h.view_mut());
        h
    }

    /// The mean-field reconstruction E[v | E[h | v]], as an autoencoder would compute it.
    /// Shapes: (n × visible) → the same.
    #[must_use]
    pub fn reconstruct(&self, v: ArrayView2<F>) -> Array2<F> {
        self.reconstruct_by(v, |v, h| self.mean_h_given_v(v, h))
    }

    /// E[v | h] for hidden states h drawn from p(h | v): the information that one Gibbs step keeps.
    /// Shapes: (n × visible) → the same.
    #[must_use]
    pub fn reconstruct_sampled(&self, v: ArrayView2<F>, stream: Stream) -> Array2<F> {
        let mut block = 0;
        self.reconstruct_by(v, |v, h| {
            self.sample_h_given_v(v, stream.batch(block), h);
            block += 1;
        })
    }

    fn reconstruct_by(
        &self,
        v: ArrayView2<F>,
        mut up: impl FnMut(ArrayView2<F>, ArrayViewMut2<F>),
    ) -> Array2<F> {
        let mut out = Array2::zeros(v.dim());
        let blocks = v.axis_chunks_iter(Axis(0), BLOCK);
        for (v, out) in blocks.zip(out.axis_chunks_iter_mut(Axis(0), BLOCK)) {
            let mut h = Array2::zeros((v.nrows(), self.n_hidden()));
            up(v, h.view_mut());
            self.mean_v_given_h(h.view(), out);
        }
        out
    }

    /// E[h | v] for each row of u = v / σ.
    pub(crate) fn mean_h_given_u(&self, u: ArrayView2<F>, out: ArrayViewMut2<F>) {
        self.h_given_u_then(u, out, (), |_, mut h, ()| self.hidden.unit.means(&mut h));
    }

    /// E[v | h] / σ for each row.
    pub(crate) fn mean_u_given_h(&self, h: ArrayView2<F>, out: ArrayViewMut2<F>) {
        self.u_given_h_then(h, out, (), |_, mut u, ()| self.visible.unit.means(&mut u));
    }

    /// Draws h from p(h | v) for each row of u = v / σ.
    pub(crate) fn sample_h_given_u(&self, u: ArrayView2<F>, stream: Stream, out: ArrayViewMut2<F>) {
        let unit = &self.hidden.unit;
        self.h_given_u_then(u, out, (), |rows, mut h, ()| unit.draw(stream, rows, &mut h));
    }

    /// Draws u = v / σ from p(v | h) for each row.
    pub(crate) fn sample_u_given_h(&self, h: ArrayView2<F>, stream: Stream, out: ArrayViewMut2<F>) {
        let unit = &self.visible.unit;
        self.u_given_h_then(h, out, (), |rows, mut u, ()| unit.draw(stream, rows, &mut u));
    }

    /// Computes the parameters of p(h | v) for rows of u = v / σ and calls `then` with each group of
    /// rows while it is in cache.
    pub(crate) fn h_given_u_then<S: Split>(
        &self,
        u: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        outputs: S,
        then: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
    ) {
        let (unit, bias) = (&self.hidden.unit, self.hidden.bias.view());
        numerics::matmul_then(u, self.weights.view(), out, outputs, |rows, mut out, outputs| {
            unit.parameters(bias, &mut out);
            then(rows, out, outputs);
        });
    }

    /// Computes the parameters of p(v / σ | h) and calls `then` with each group of rows while it is in
    /// cache.
    pub(crate) fn u_given_h_then<S: Split>(
        &self,
        h: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        outputs: S,
        then: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
    ) {
        let (unit, bias) = (&self.visible.unit, self.visible.bias.view());
        numerics::matmul_then(h, self.weights.t(), out, outputs, |rows, mut out, outputs| {
            unit.parameters(bias, &mut out);
            then(rows, out, outputs);
        });
    }
}
