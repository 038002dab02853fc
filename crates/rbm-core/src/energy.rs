//! Energies and free energies.
//!
//! E(v, h) = −a·v − b·h − v W h for binary and truncated exponential units, and
//! p(v, h) = e^(−E(v, h)) / Z; a Gaussian unit has (s − c)² / 2 instead of −c s. Summed over h, which factorises:
//! F(v) = −ln Σ_h e^(−E(v, h)) = −a·v − Σⱼ ln(1 + e^(xⱼ)) with xⱼ = bⱼ + Σᵢ vᵢ Wᵢⱼ, and
//! p(v) = e^(−F(v)) / Z. For Gaussian hidden units ln(1 + e^(xⱼ)) becomes
//! (xⱼ² − bⱼ² + ln 2π) / 2.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use numerics::{Real, update_and_sum};

use crate::conditional::BLOCK;
use crate::{Rbm, Unit};

impl<F: Real> Rbm<F> {
    /// E(v, h) in nats; v in units of σ.
    pub fn energy(&self, v: ArrayView1<F>, h: ArrayView1<F>) -> f64 {
        let coupling = v.dot(&self.weights.dot(&h));
        let visible = layer_energy(self.visible, v, self.visible_bias.view());
        let hidden = layer_energy(self.hidden, h, self.hidden_bias.view());
        (visible + hidden - coupling).as_f64()
    }

    /// F(v) in nats for each row of data in their own units, so that −F(v) − ln Z is the logarithm of
    /// their probability (of their density, for units that are not binary). Shapes: (n × visible) → n.
    #[must_use]
    pub fn free_energies(&self, data: ArrayView2<F>) -> Vec<f64> {
        // The density of v = σ u is that of u over σ.
        let volume: f64 = self.visible_std.iter().map(|&std| std.as_f64().ln()).sum();
        let mut free_energies = vec![0.0; data.nrows()];
        let mut inputs = Array2::zeros((data.nrows().min(BLOCK), self.n_hidden()));
        let hidden_bias = self.hidden_bias.as_slice().expect("a bias is contiguous");
        let blocks = data.axis_chunks_iter(Axis(0), BLOCK);
        for (data, out) in blocks.zip(free_energies.chunks_mut(BLOCK)) {
            let inputs = inputs.slice_mut(s![..data.nrows(), ..]);
            let v = self.from_data(data);
            numerics::matmul_then(
                v.view(),
                self.weights.view(),
                inputs,
                out,
                |rows, mut x, out| {
                    for ((sample, mut x), out) in rows.zip(x.rows_mut()).zip(out) {
                        let x = x.as_slice_mut().expect("rows are contiguous");
                        let hidden =
                            update_and_sum(x, hidden_bias, |x, b| self.hidden.log_sum(*x + b, b));
                        let bias = self.visible_bias.view();
                        let visible = layer_energy(self.visible, v.row(sample), bias);
                        *out = visible.as_f64() - hidden.as_f64() + volume;
                    }
                },
            );
        }
        free_energies
    }
}

/// The part of the energy that a layer has alone.
fn layer_energy<F: Real>(unit: Unit, state: ArrayView1<F>, bias: ArrayView1<F>) -> F {
    match unit {
        Unit::Binary | Unit::TruncatedExponential => -state.dot(&bias),
        Unit::Gaussian => {
            let halves = state.iter().zip(bias).map(|(&s, &c)| F::of(0.5) * (s - c) * (s - c));
            halves.sum()
        }
    }
}
