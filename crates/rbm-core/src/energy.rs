//! Energies and free energies.
//!
//! With u = v / σ, E(v, h) = E_visible(u) + E_hidden(h) − u W h + Σ ln σ, where each layer's own part
//! is −Σ c s or, for Gaussian units, Σ (s − c)² / 2; then p(v, h) = e^(−E(v, h)) / Z is a density over
//! the data. The sum over h factorises: F(v) = −ln Σ_h e^(−E(v, h)) is, for binary units,
//! −a·v − Σⱼ ln(1 + e^(xⱼ)) with xⱼ = bⱼ + Σᵢ vᵢ Wᵢⱼ, and p(v) = e^(−F(v)) / Z.
//!
//! Missing values (NaN) are left out: the free energy is that of the model without these units.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use nn_core::any_missing;
use numerics::Real;

use crate::Rbm;
use crate::conditional::BLOCK;

impl<F: Real> Rbm<F> {
    /// E(v, h) in nats, without missing visible units.
    pub fn energy(&self, v: ArrayView1<F>, h: ArrayView1<F>) -> f64 {
        let row = v.insert_axis(Axis(0));
        let missing = if any_missing(row) { self.visible.energy_of_missing(v) } else { 0.0 };
        let u = self.visible.scaled(row);
        let u = u.row(0);
        let coupling = u.dot(&self.weights.dot(&h));
        let energy = self.visible.energy(u) + self.hidden.energy(h) - coupling;
        energy.as_f64() + self.visible.log_volume() - missing
    }

    /// F(v) in nats for each row, so that −F(v) − ln Z is the logarithm of the row's probability (of
    /// its density, where units are continuous). Shapes: (n × visible) → n.
    #[must_use]
    pub fn free_energies(&self, v: ArrayView2<F>) -> Vec<f64> {
        let volume = self.visible.log_volume();
        let mut free_energies = vec![0.0; v.nrows()];
        let mut inputs = Array2::zeros((v.nrows().min(BLOCK), self.n_hidden()));
        let hidden_bias = self.hidden.bias.as_slice().expect("a bias is contiguous");
        let blocks = v.axis_chunks_iter(Axis(0), BLOCK);
        for (v, out) in blocks.zip(free_energies.chunks_mut(BLOCK)) {
            let inputs = inputs.slice_mut(s![..v.nrows(), ..]);
            let u = self.visible.scaled(v);
            numerics::matmul_then(
                u.view(),
                self.weights.view(),
                inputs,
                out,
                |rows, mut x, out| {
                    for ((sample, mut x), out) in rows.zip(x.rows_mut()).zip(out) {
                        let x = x.as_slice_mut().expect("rows are contiguous");
                        let hidden = self.hidden.unit.log_sums(hidden_bias, x);
                        let visible = self.visible.energy(u.row(sample));
                        *out = visible.as_f64() - hidden.as_f64() + volume;
                    }
                },
            );
        }
        if any_missing(v) {
            for (free, v) in free_energies.iter_mut().zip(v.rows()) {
                *free -= self.visible.energy_of_missing(v);
            }
        }
        free_energies
    }
}
