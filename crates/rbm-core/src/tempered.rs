//! Distributions between independent visible units and an RBM, by inverse temperature β.
//!
//! p*_β(v) = exp(((1 − β) a⁰ + β a)·v) Πⱼ (1 + e^(β xⱼ)) with xⱼ = bⱼ + Σᵢ vᵢ Wᵢⱼ: at β = 1 the model,
//! at β = 0 units with the biases a⁰ (Salakhutdinov & Murray 2008, eq. 18, with base units that
//! have no hidden bias). Gibbs sampling at β: p(hⱼ = 1 | v) = σ(β xⱼ),
//! p(vᵢ = 1 | h) = σ((1 − β) a⁰ᵢ + β (aᵢ + Σⱼ Wᵢⱼ hⱼ)). Gaussian visible units have a⁰ = a and
//! variance 1 throughout, truncated exponential ones no σ. Hidden units are binary.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};
use numerics::elementary::{logistic, softplus, vectorised};
use numerics::{Real, Stream, sum, update_and_sum};

use crate::{Rbm, Unit};

/// The family of distributions between a⁰ and a model.
#[derive(Clone, Copy)]
pub(crate) struct Tempered<'a, F> {
    pub(crate) rbm: &'a Rbm<F>,
    base: ArrayView1<'a, F>,
}

impl<'a, F: Real> Tempered<'a, F> {
    /// The family that ends at `rbm` and begins at binary units with biases `base`.
    ///
    /// # Panics
    /// If the hidden units are not binary.
    pub(crate) fn new(rbm: &'a Rbm<F>, base: ArrayView1<'a, F>) -> Self {
        assert_eq!(rbm.hidden, Unit::Binary, "tempering is for binary hidden units");
        let base = if rbm.visible == Unit::Gaussian { rbm.visible_bias.view() } else { base };
        assert_eq!(base.len(), rbm.n_visible(), "base biases");
        Tempered { rbm, base }
    }

    /// ln Z at β = 0.
    pub(crate) fn log_z_of_base(&self) -> f64 {
        let hidden = self.rbm.n_hidden() as f64 * 2_f64.ln();
        let unit = |&c: &F| self.rbm.visible.log_sum(c, c).as_f64();
        hidden + self.base.iter().map(unit).sum::<f64>()
    }

    /// Replaces each row of `out` by an independent draw from the distribution at β = 0.
    pub(crate) fn draw_base(&self, stream: Stream, mut out: ArrayViewMut2<F>) {
        out.fill(F::zero());
        self.rbm.visible.parameters(self.base, &mut out);
        let n = out.nrows();
        self.rbm.visible.draw(stream, 0..n, &mut out);
    }

    /// ln p*_to(v) − ln p*_from(v) for a visible state `v` and its Σᵢ vᵢ Wᵢⱼ, which become b + that.
    pub(crate) fn log_ratio(&self, v: &[F], inputs: &mut [F], from: F, to: F) -> f64 {
        let hidden_bias = self.rbm.hidden_bias.as_slice().expect("a bias is contiguous");
        let hidden = update_and_sum(inputs, hidden_bias, |x, b| {
            *x += b;
            softplus(to * *x) - softplus(from * *x)
        });
        hidden.as_f64() + (to - from).as_f64() * self.bias_part(v)
    }

    /// (a − a⁰)·v.
    fn bias_part(&self, v: &[F]) -> f64 {
        if self.rbm.visible == Unit::Gaussian {
            return 0.0;
        }
        let bias = self.rbm.visible_bias.as_slice().expect("a bias is contiguous");
        let base = self.base.to_slice().expect("a bias is contiguous");
        vectorised(
            #[inline(always)]
            || {
                let mut lanes = [F::zero(); 16];
                let (v, v_rest) = v.as_chunks::<16>();
                let (a, a_rest) = bias.as_chunks::<16>();
                let (a0, a0_rest) = base.as_chunks::<16>();
                for ((v, a), a0) in v.iter().zip(a).zip(a0) {
                    for i in 0..16 {
                        lanes[i] += v[i] * (a[i] - a0[i]);
                    }
                }
                for (i, ((&v, &a), &a0)) in v_rest.iter().zip(a_rest).zip(a0_rest).enumerate() {
                    lanes[i] += v * (a - a0);
                }
                sum(&lanes).as_f64()
            },
        )
    }

    /// Turns inputs xⱼ into draws of hⱼ at β.
    pub(crate) fn draw_hidden(stream: Stream, first: usize, inputs: &mut [F], beta: F) {
        vectorised(
            #[inline(always)]
            || {
                for x in inputs.iter_mut() {
                    *x = logistic(beta * *x);
                }
            },
        );
        stream.bernoulli_in_place(first, inputs);
    }

    /// Draws v for each row of hidden states, row i at inverse temperature `beta(i)`.
    pub(crate) fn draw_visible(
        &self,
        h: ArrayView2<F>,
        beta: impl Fn(usize) -> F + Sync,
        stream: Stream,
        out: ArrayViewMut2<F>,
    ) {
        numerics::matmul_then(h, self.rbm.weights.t(), out, (), |rows, mut v, ()| {
            self.draw_visible_given(rows, &beta, stream, &mut v);
        });
    }

    /// Turns these rows of Σⱼ Wᵢⱼ hⱼ into draws of v.
    pub(crate) fn draw_visible_given(
        &self,
        rows: Range<usize>,
        beta: impl Fn(usize) -> F,
        stream: Stream,
        v: &mut ArrayViewMut2<F>,
    ) {
        for (i, mut row) in rows.clone().zip(v.rows_mut()) {
            self.visible_parameters(beta(i), row.as_slice_mut().expect("rows are contiguous"));
        }
        self.rbm.visible.draw(stream, rows, v);
    }

    fn visible_parameters(&self, beta: F, row: &mut [F]) {
        let bias = self.rbm.visible_bias.as_slice().expect("a bias is contiguous");
        let base = self.base.to_slice().expect("a bias is contiguous");
        let binary = self.rbm.visible == Unit::Binary;
        let inputs = row.iter_mut().zip(bias).zip(base);
        vectorised(
            #[inline(always)]
            move || {
                if binary {
                    inputs.for_each(|((y, &a), &a0)| *y = logistic(a0 + beta * (a - a0 + *y)));
                } else {
                    inputs.for_each(|((y, &a), &a0)| *y = a0 + beta * (a - a0 + *y));
                }
            },
        );
    }

    /// The inputs Σᵢ vᵢ Wᵢⱼ of each row, then `each` with the row's number, v, inputs and output.
    pub(crate) fn inputs_then(
        &self,
        visible: ArrayView2<F>,
        inputs: ArrayViewMut2<F>,
        outputs: &mut [f64],
        each: impl Fn(usize, &[F], &mut [F], &mut f64) + Sync,
    ) {
        let then = |rows: Range<usize>, mut x: ArrayViewMut2<F>, outputs: &mut [f64]| {
            for ((i, mut x), output) in rows.zip(x.rows_mut()).zip(outputs) {
                let v = visible.row(i);
                let v = v.to_slice().expect("rows are contiguous");
                each(i, v, x.as_slice_mut().expect("rows are contiguous"), output);
            }
        };
        numerics::matmul_then(visible, self.rbm.weights.view(), inputs, outputs, then);
    }
}
