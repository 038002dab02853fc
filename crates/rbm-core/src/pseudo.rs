//! The pseudo-likelihood (Besag 1975) of visible units with two states, over all of them:
//! ln PL(v) = Σᵢ ln p(vᵢ | v₋ᵢ) = Σᵢ ln σ(F(v with unit i flipped) − F(v)).
//!
//! Flipping unit i by δ moves every input xⱼ by δ Wᵢⱼ. For hidden units with the states s₀ and s₁, the
//! log-sums change by ln Πⱼ Σ_s p(hⱼ = s | v) e^(s δ Wᵢⱼ) =
//! s₀ δ Σⱼ Wᵢⱼ + ln Πⱼ (p(s₀) + p(s₁) e^((s₁ − s₀) δ Wᵢⱼ)), where p(s₁) = σ((s₁ − s₀) xⱼ). This takes one
//! matrix product for all x, then multiplications, and a logarithm whenever the running product might
//! leave the range of numbers.

use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{InvalidSetting, require};
use numerics::elementary::vectorised;
use numerics::{Real, by_rows};

use crate::{Rbm, Units};

/// Number of samples whose probabilities stay in cache while the weights are read.
const BLOCK: usize = 32;

/// Number of running products, side by side.
const LANES: usize = 8;

/// The factors of a flip of each visible unit, up or down.
struct Flips {
    /// e^((s₁ − s₀) δ Wᵢⱼ) for δ above and below zero, each visible × hidden.
    growth: [Array2<f64>; 2],
    /// aᵢ + s₀ Σⱼ Wᵢⱼ, times |δ|.
    bias: Vec<f64>,
    /// s₁ − s₀ of hidden units.
    step: f64,
    /// The lower state of visible units.
    low: f64,
    /// Number of factors whose product stays within e^±700.
    run: usize,
}

impl<F: Real> Rbm<F> {
    /// ln PL(v) in nats for each row. Shapes: (n × visible) → n.
    ///
    /// # Errors
    /// [`InvalidSetting`] unless all units have two states and all values are among them, or the visible
    /// layer is mixed and [`Rbm::feature_surprisals`] is defined: the pseudo-likelihood is then over
    /// features.
    #[allow(clippy::cast_sign_loss, reason = "a quotient of magnitudes")]
    pub fn pseudo_log_likelihoods(&self, v: ArrayView2<F>) -> Result<Vec<f64>, InvalidSetting> {
        if matches!(self.visible.unit, Units::Mixed { .. }) {
            let of_features = self.feature_surprisals(v)?;
            let sum =
                |row: ndarray::ArrayView1<f64>| -row.iter().filter(|s| !s.is_nan()).sum::<f64>();
            return Ok(of_features.rows().into_iter().map(sum).collect());
        }
        let states = |field, unit: &Units| {
            let expected =
                "units with two states, one of which the pseudo-likelihood flips to the other";
            require(unit.two_states().is_some(), field, &unit.name(), expected)?;
            Ok(unit.two_states().unwrap_or_default())
        };
        let [low, high] = states("model.visible", &self.visible.unit)?;
        let [hidden_low, hidden_high] = states("model.hidden", &self.hidden.unit)?;
        if let Some(value) = v.iter().map(|v| v.as_f64()).find(|v| *v != low && *v != high) {
            require(false, "visible", &value, "one of the two states of its unit")?;
        }
        let (flip, step) = (high - low, hidden_high - hidden_low);
        let growth =
            [1.0, -1.0].map(|sign| self.weights.mapv(|w| (sign * step * flip * w.as_f64()).exp()));
        let largest = self.weights.iter().fold(0.0_f64, |most, w| most.max(w.as_f64().abs()));
        let run = ((700.0 / (largest * step * flip)) as usize).clamp(1, self.n_hidden().max(1));
        let bias = self.visible.bias.iter().zip(self.weights.rows()).map(|(bias, weights)| {
            let sum: f64 = weights.iter().map(|w| w.as_f64()).sum();
            flip * (bias.as_f64() + hidden_low * sum)
        });
        let flips = Flips { growth, bias: bias.collect(), step, low, run };
        let mut found = vec![0.0; v.nrows()];
        by_rows(v.nrows(), found.as_mut_slice(), |rows, out| {
            let v = v.slice_axis(Axis(0), rows.into());
            for (v, out) in v.axis_chunks_iter(Axis(0), BLOCK).zip(out.chunks_mut(BLOCK)) {
                self.block(v, &flips, out);
            }
        });
        Ok(found)
    }

    fn block(&self, v: ArrayView2<F>, flips: &Flips, out: &mut [f64]) {
        // The probabilities of the two states of each hidden unit.
        let mut on = v.dot(&self.weights).mapv(F::as_f64);
        on += &self.hidden.bias.mapv(F::as_f64);
        let off = on.mapv(|x| 1.0 / (1.0 + (flips.step * x).exp()));
        on.mapv_inplace(|x| 1.0 / (1.0 + (flips.step * -x).exp()));
        for (i, &bias) in flips.bias.iter().enumerate() {
            let growth = [0, 1].map(|s: usize| flips.growth[s].row(i));
            for (sample, out) in out.iter_mut().enumerate() {
                let is_on = v[[sample, i]].as_f64() != flips.low;
                let growth = growth[usize::from(is_on)].to_slice().expect("rows are contiguous");
                let off = off.row(sample).to_slice().expect("rows are contiguous");
                let on = on.row(sample).to_slice().expect("rows are contiguous");
                let hidden = log_product(off, on, growth, flips.run);
                let bias = if is_on { -bias } else { bias };
                // −F of the flipped state minus −F(v); ln p(vᵢ | v₋ᵢ) is −softplus of it.
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
