//! Energies and free energies.
//!
//! E(v, h) = −a·v − b·h − v W h, and p(v, h) = e^(−E(v, h)) / Z. Summed over h, which factorises:
//! F(v) = −ln Σ_h e^(−E(v, h)) = −a·v − Σⱼ ln(1 + e^(xⱼ)) with xⱼ = bⱼ + Σᵢ vᵢ Wᵢⱼ, and
//! p(v) = e^(−F(v)) / Z.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use numerics::elementary::softplus;
use numerics::{Real, update_and_sum};

use crate::Rbm;

impl<F: Real> Rbm<F> {
    /// E(v, h) in nats.
    pub fn energy(&self, v: ArrayView1<F>, h: ArrayView1<F>) -> f64 {
        let coupling = v.dot(&self.weights.dot(&h));
        -(self.visible_bias.dot(&v) + self.hidden_bias.dot(&h) + coupling).as_f64()
    }

    /// F(v) in nats for each row. Shapes: (n × visible) → n.
    #[must_use]
    pub fn free_energies(&self, v: ArrayView2<F>) -> Vec<f64> {
        const BLOCK: usize = 1000;
        let mut free_energies = vec![0.0; v.nrows()];
        let mut inputs = Array2::zeros((v.nrows().min(BLOCK), self.n_hidden()));
        let hidden_bias = self.hidden_bias.as_slice().expect("a bias is contiguous");
        for (v, out) in v.axis_chunks_iter(Axis(0), BLOCK).zip(free_energies.chunks_mut(BLOCK)) {
            let inputs = inputs.slice_mut(s![..v.nrows(), ..]);
            numerics::matmul_then(v, self.weights.view(), inputs, out, |rows, mut x, out| {
                for ((sample, mut x), out) in rows.zip(x.rows_mut()).zip(out) {
                    let x = x.as_slice_mut().expect("rows are contiguous");
                    let hidden = update_and_sum(x, hidden_bias, |x, b| softplus(*x + b));
                    let visible = v.row(sample).dot(&self.visible_bias);
                    *out = -visible.as_f64() - hidden.as_f64();
                }
            });
        }
        free_energies
    }
}
