//! The conditionals, which factorise over units:
//! p(hⱼ = 1 | v) = σ(bⱼ + Σᵢ vᵢ Wᵢⱼ) and p(vᵢ = 1 | h) = σ(aᵢ + Σⱼ Wᵢⱼ hⱼ).

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use numerics::elementary::{logistic, vectorised};
use numerics::{Real, Split, Stream};

use crate::Rbm;

impl<F: Real> Rbm<F> {
    /// p(h = 1 | v) for each row. Shapes: (n × visible) → (n × hidden).
    pub fn mean_h_given_v(&self, v: ArrayView2<F>, out: ArrayViewMut2<F>) {
        self.mean_h_given_v_then(v, out, (), |_, _, ()| ());
    }

    /// p(v = 1 | h) for each row. Shapes: (n × hidden) → (n × visible).
    pub fn mean_v_given_h(&self, h: ArrayView2<F>, out: ArrayViewMut2<F>) {
        self.mean_v_given_h_then(h, out, (), |_, _, ()| ());
    }

    /// Draws h from p(h | v) for each row.
    pub fn sample_h_given_v(&self, v: ArrayView2<F>, stream: Stream, out: ArrayViewMut2<F>) {
        self.mean_h_given_v_then(v, out, (), |rows, mut h, ()| sample(stream, rows, &mut h));
    }

    /// Draws v from p(v | h) for each row.
    pub fn sample_v_given_h(&self, h: ArrayView2<F>, stream: Stream, out: ArrayViewMut2<F>) {
        self.mean_v_given_h_then(h, out, (), |rows, mut v, ()| sample(stream, rows, &mut v));
    }

    /// p(h = 1 | v) for each row, in blocks: the features. Shapes: (n × visible) → (n × hidden).
    #[must_use]
    pub fn encode(&self, v: ArrayView2<F>) -> Array2<F> {
        let mut h = Array2::zeros((v.nrows(), self.n_hidden()));
        self.mean_h_given_v(v, h.view_mut());
        h
    }

    /// The mean-field reconstruction p(v | E[h | v]), as an autoencoder would give it.
    /// Shapes: (n × visible) → (n × visible).
    #[must_use]
    pub fn reconstruct(&self, v: ArrayView2<F>) -> Array2<F> {
        let mut out = Array2::zeros(v.dim());
        for (v, out) in
            v.axis_chunks_iter(Axis(0), 1000).zip(out.axis_chunks_iter_mut(Axis(0), 1000))
        {
            self.mean_v_given_h(self.encode(v).view(), out);
        }
        out
    }

    /// As [`Rbm::mean_h_given_v`], with a further pass over the rows while they are in cache.
    pub(crate) fn mean_h_given_v_then<S: Split>(
        &self,
        v: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        outputs: S,
        then: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
    ) {
        let bias = self.hidden_bias.view();
        numerics::matmul_then(v, self.weights.view(), out, outputs, |rows, mut out, outputs| {
            logistic_with_bias(bias, &mut out);
            then(rows, out, outputs);
        });
    }

    /// As [`Rbm::mean_v_given_h`], with a further pass over the rows while they are in cache.
    pub(crate) fn mean_v_given_h_then<S: Split>(
        &self,
        h: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        outputs: S,
        then: impl Fn(Range<usize>, ArrayViewMut2<F>, S) + Sync,
    ) {
        let bias = self.visible_bias.view();
        numerics::matmul_then(h, self.weights.t(), out, outputs, |rows, mut out, outputs| {
            logistic_with_bias(bias, &mut out);
            then(rows, out, outputs);
        });
    }
}

/// Replaces each row's probabilities by draws; row i takes elements i·width and on of the stream.
pub(crate) fn sample<F: Real>(stream: Stream, rows: Range<usize>, p: &mut ArrayViewMut2<F>) {
    let first = rows.start * p.ncols();
    stream.bernoulli_in_place(first, p.as_slice_mut().expect("rows follow one another"));
}

fn logistic_with_bias<F: Real>(bias: ArrayView1<F>, rows: &mut ArrayViewMut2<F>) {
    let bias = bias.to_slice().expect("a bias is contiguous");
    for mut row in rows.rows_mut() {
        let row = row.as_slice_mut().expect("rows are contiguous");
        vectorised(
            #[inline(always)]
            || {
                for (x, &b) in row.iter_mut().zip(bias) {
                    *x = logistic(*x + b);
                }
            },
        );
    }
}
