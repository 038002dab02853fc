//! The pseudo-likelihood (Besag 1975) of binary visible units, over all of them:
//! ln PL(v) = Σᵢ ln p(vᵢ | v₋ᵢ) = Σᵢ ln σ(F(v with unit i flipped) − F(v)).
//!
//! With δ = 1 − 2vᵢ, flipping unit i moves every input xⱼ by δ Wᵢⱼ, and
//! Σⱼ softplus(xⱼ + δ Wᵢⱼ) − softplus(xⱼ) = ln Πⱼ (σ(−xⱼ) + σ(xⱼ) e^(δ Wᵢⱼ)): one product for all x,
//! then multiplications alone, and a logarithm where the running product might leave the range.

use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{InvalidSetting, require};
use numerics::elementary::vectorised;
use numerics::{Real, by_rows};

use crate::{Rbm, Unit};

/// Samples whose probabilities stay in cache while the weights pass by.
const BLOCK: usize = 32;

/// Running products, side by side.
const LANES: usize = 8;

impl<F: Real> Rbm<F> {
    /// ln PL(v) in nats for each row. Shapes: (n × visible) → n.
    ///
    /// # Errors
    /// [`InvalidSetting`] unless all units are binary.
    #[allow(clippy::cast_sign_loss, reason = "a quotient of magnitudes")]
    pub fn pseudo_log_likelihoods(&self, v: ArrayView2<F>) -> Result<Vec<f64>, InvalidSetting> {
        for (field, unit) in [("model.visible", self.visible), ("model.hidden", self.hidden)] {
            let expected = "binary: the pseudo-likelihood flips units";
            require(unit == Unit::Binary, field, &unit.name(), expected)?;
        }
        let growth = [1.0, -1.0].map(|sign| self.weights.mapv(|w| (sign * w.as_f64()).exp()));
        let largest = self.weights.iter().fold(0.0_f64, |most, w| most.max(w.as_f64().abs()));
        // A product of that many factors stays within e^±700.
        let run = ((700.0 / largest) as usize).clamp(1, self.n_hidden());
        let mut found = vec![0.0; v.nrows()];
        by_rows(v.nrows(), found.as_mut_slice(), |rows, out| {
            let v = v.slice_axis(Axis(0), rows.into());
            for (v, out) in v.axis_chunks_iter(Axis(0), BLOCK).zip(out.chunks_mut(BLOCK)) {
                self.block(v, &growth, run, out);
            }
        });
        Ok(found)
    }

    fn block(&self, v: ArrayView2<F>, growth: &[Array2<f64>; 2], run: usize, out: &mut [f64]) {
        // σ(−x) and σ(x): the shares of the two states of each hidden unit.
        let mut on = v.dot(&self.weights).mapv(F::as_f64);
        on += &self.hidden_bias.mapv(F::as_f64);
        let off = on.mapv(|x| 1.0 / (1.0 + x.exp()));
        on.mapv_inplace(|x| 1.0 / (1.0 + (-x).exp()));
        for (i, bias) in self.visible_bias.iter().enumerate() {
            let growth = [0, 1].map(|s: usize| growth[s].row(i));
            for (sample, out) in out.iter_mut().enumerate() {
                let is_on = v[[sample, i]] != F::zero();
                let growth = growth[usize::from(is_on)].to_slice().expect("rows are contiguous");
                let off = off.row(sample).to_slice().expect("rows are contiguous");
                let on = on.row(sample).to_slice().expect("rows are contiguous");
                let hidden = log_product(off, on, growth, run);
                let bias = if is_on { -bias.as_f64() } else { bias.as_f64() };
                // −F of the flipped state less that of v: ln p(vᵢ | v₋ᵢ) = −softplus of it.
                let gain = bias + hidden;
                *out -= gain.max(0.0) + (-gain.abs()).exp().ln_1p();
            }
        }
    }
}

/// ln Πⱼ (offⱼ + onⱼ growthⱼ), with a logarithm after every `run` factors.
fn log_product(off: &[f64], on: &[f64], growth: &[f64], run: usize) -> f64 {
    let mut total = 0.0;
    for ((off, on), growth) in off.chunks(run).zip(on.chunks(run)).zip(growth.chunks(run)) {
        let product = vectorised(
            #[inline(always)]
            || {
                let mut lanes = [1.0; LANES];
                let (off, off_rest) = off.as_chunks::<LANES>();
                let (on, on_rest) = on.as_chunks::<LANES>();
                let (growth, growth_rest) = growth.as_chunks::<LANES>();
                for ((off, on), growth) in off.iter().zip(on).zip(growth) {
                    for i in 0..LANES {
                        lanes[i] *= off[i] + on[i] * growth[i];
                    }
                }
                for ((off, on), growth) in off_rest.iter().zip(on_rest).zip(growth_rest) {
                    lanes[0] *= off + on * growth;
                }
                lanes.iter().product::<f64>()
            },
        );
        total += product.ln();
    }
    total
}
