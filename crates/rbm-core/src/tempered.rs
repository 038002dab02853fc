//! A family of distributions between independent visible units and an RBM, by inverse temperature β.
//!
//! For binary units p*_β(v) = exp(((1 − β) a⁰ + β a)·v) Πⱼ (1 + e^(β xⱼ)) with xⱼ = bⱼ + Σᵢ vᵢ Wᵢⱼ:
//! the model at β = 1, units with the biases a⁰ at β = 0 (Salakhutdinov & Murray 2008, eq. 18, with a
//! base model without hidden biases). Gibbs sampling at β gives hidden units the inputs β xⱼ and
//! visible units the inputs (1 − β) a⁰ᵢ + β (aᵢ + Σⱼ Wᵢⱼ hⱼ).
//!
//! The hidden units must have a linear energy, so that scaling their inputs scales their energy; the
//! factors 1 + e^(β xⱼ) are then their log-sums at β xⱼ. Visible units whose energy is not linear
//! keep their biases, a⁰ = a, and their variance. States are in units of σ throughout.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, CowArray, Ix1, s};
use numerics::elementary::vectorised;
use numerics::{Real, Stream, sum};

use crate::units::Part;
use crate::{Rbm, Unit};

/// The family of distributions between independent units and a model.
#[derive(Clone)]
pub(crate) struct Tempered<'a, F> {
    pub(crate) rbm: &'a Rbm<F>,
    /// The kind of the hidden units.
    pub(crate) hidden: Unit,
    base: CowArray<'a, F, Ix1>,
}

impl<'a, F: Real> Tempered<'a, F> {
    /// The family from independent visible units with biases `base` to `rbm`.
    ///
    /// # Panics
    /// If the energy of the hidden units is not linear.
    pub(crate) fn new(rbm: &'a Rbm<F>, base: ArrayView1<'a, F>) -> Self {
        let hidden = rbm.hidden.unit.tempered().expect("tempering scales linear energies");
        assert_eq!(base.len(), rbm.n_visible(), "base biases");
        let mut base = CowArray::from(base);
        for (part, columns) in rbm.visible.unit.parts(rbm.n_visible()) {
            if let Part::Each(unit) = part
                && !unit.has_linear_energy()
            {
                let own = rbm.visible.bias.slice(s![columns.clone()]);
                base.slice_mut(s![columns]).assign(&own);
            }
        }
        Tempered { rbm, hidden, base }
    }

    /// ln Z at β = 0.
    pub(crate) fn log_z_of_base(&self) -> f64 {
        let without_input = ndarray::aview1(&[0.0_f64]);
        let hidden = self.hidden.log_z_of_independent(without_input);
        let visible = self.rbm.visible.unit.log_z_of_independent(self.base.view());
        self.rbm.n_hidden() as f64 * hidden + visible
    }

    /// Fills the rows of `out` with independent draws from the distribution at β = 0.
    pub(crate) fn draw_base(&self, stream: Stream, mut out: ArrayViewMut2<F>) {
        self.rbm.visible.unit.draw_independent(self.base.view(), stream, &mut out);
    }

    /// ln p*_to − ln p*_from of a visible state `u`. Adds the hidden biases to `inputs`, which hold
    /// Σᵢ uᵢ Wᵢⱼ.
    pub(crate) fn log_ratio(&self, u: &[F], inputs: &mut [F], from: F, to: F) -> f64 {
        let hidden_bias = self.rbm.hidden.bias.as_slice().expect("a bias is contiguous");
        let hidden = self.hidden.log_sum_ratios((from, to), hidden_bias, inputs);
        hidden.as_f64() + (to - from).as_f64() * self.bias_part(u)
    }

    /// (a − a⁰)·u.
    fn bias_part(&self, u: &[F]) -> f64 {
        if matches!(self.rbm.visible.unit, crate::Units::Same(unit) if !unit.has_linear_energy()) {
            return 0.0;
        }
        let bias = self.rbm.visible.bias.as_slice().expect("a bias is contiguous");
        let base = self.base.as_slice().expect("a bias is contiguous");
        vectorised(
            #[inline(always)]
            || {
                let mut lanes = [F::zero(); 16];
                let (u, u_rest) = u.as_chunks::<16>();
                let (a, a_rest) = bias.as_chunks::<16>();
                let (a0, a0_rest) = base.as_chunks::<16>();
                for ((u, a), a0) in u.iter().zip(a).zip(a0) {
                    for i in 0..16 {
                        lanes[i] += u[i] * (a[i] - a0[i]);
                    }
                }
                for (i, ((&u, &a), &a0)) in u_rest.iter().zip(a_rest).zip(a0_rest).enumerate() {
                    lanes[i] += u * (a - a0);
                }
                sum(&lanes).as_f64()
            },
        )
    }

    /// Draws u for each row of hidden states, row i at inverse temperature `beta(i)`.
    pub(crate) fn draw_visible(
        &self,
        h: ArrayView2<F>,
        beta: impl Fn(usize) -> F + Sync,
        stream: Stream,
        out: ArrayViewMut2<F>,
    ) {
        numerics::matmul_then(h, self.rbm.weights.t(), out, (), |rows, mut u, ()| {
            self.draw_visible_given(rows, &beta, stream, &mut u);
        });
    }

    /// Turns these rows of Σⱼ Wᵢⱼ hⱼ into draws of u.
    pub(crate) fn draw_visible_given(
        &self,
        rows: Range<usize>,
        beta: impl Fn(usize) -> F,
        stream: Stream,
        u: &mut ArrayViewMut2<F>,
    ) {
        let unit = &self.rbm.visible.unit;
        let bias = self.rbm.visible.bias.as_slice().expect("a bias is contiguous");
        let base = self.base.as_slice().expect("a bias is contiguous");
        for (i, mut row) in rows.clone().zip(u.rows_mut()) {
            let row = row.as_slice_mut().expect("rows are contiguous");
            unit.tempered_parameters(beta(i), (base, bias), row);
        }
        unit.draw(stream, rows, u);
    }

    /// Computes the inputs Σᵢ uᵢ Wᵢⱼ of each row and calls `each` with the row's number, its u, its
    /// inputs and its output.
    pub(crate) fn inputs_then(
        &self,
        visible: ArrayView2<F>,
        inputs: ArrayViewMut2<F>,
        outputs: &mut [f64],
        each: impl Fn(usize, &[F], &mut [F], &mut f64) + Sync,
    ) {
        let then = |rows: Range<usize>, mut x: ArrayViewMut2<F>, outputs: &mut [f64]| {
            for ((i, mut x), output) in rows.zip(x.rows_mut()).zip(outputs) {
                let u = visible.row(i);
                let u = u.to_slice().expect("rows are contiguous");
                each(i, u, x.as_slice_mut().expect("rows are contiguous"), output);
            }
        };
        numerics::matmul_then(visible, self.rbm.weights.view(), inputs, outputs, then);
    }
}
