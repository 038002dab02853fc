//! Energies and free energies.
//!
//! With u = v / σ, E(v, h) = E_visible(u) − Σ h x(u) + Σ ln σ where x = b + (patch of u)·W is the input of
//! each detection unit, and E = ∞ if two units of a block are on. The sum over h factorises over blocks:
//! F(v) = E_visible(u) − Σ_blocks ln(1 + Σ e^x) + Σ ln σ, and p(v) = e^(−F(v)) / Z.

use ndarray::{ArrayView1, ArrayView2, Axis};
use nn_core::any_missing;
use numerics::{Real, by_thread};

use super::passes::Memory;
use super::{ConvRbm, pooling};

impl<F: Real> ConvRbm<F> {
    /// E(v, h) in nats of an image and a state of the detection units; infinite if two units of a block
    /// are on. Missing pixels (NaN) are left out.
    #[must_use]
    pub fn energy(&self, v: ArrayView1<F>, h: ArrayView1<F>) -> f64 {
        let (v, h) = (v.insert_axis(Axis(0)), h.as_standard_layout());
        let h = h.as_slice().expect("a state is contiguous");
        let mut pooled = vec![F::zero(); self.n_pooled()];
        pooling::pool(self.geometry, h, &mut pooled);
        if pooled.iter().any(|&on| on > F::one()) {
            return f64::INFINITY;
        }
        let (u, visible) = (self.scaled(v), self.tiled());
        let mut memory = Memory::new(self.geometry);
        self.pass_up(u.as_slice().expect("a state is contiguous"), &mut memory);
        let coupling: F = memory.flat().iter().zip(h).map(|(&x, &h)| x * h).sum();
        let missing = if any_missing(v) { visible.energy_of_missing(v.row(0)) } else { 0.0 };
        (visible.energy(u.row(0)) - coupling).as_f64() + visible.log_volume() - missing
    }

    /// F(v) in nats for each image, so that −F(v) − ln Z is the logarithm of its probability (of its
    /// density, where units are continuous). Missing pixels (NaN) are left out. Shapes: (n × h·w·c) → n.
    #[must_use]
    pub fn free_energies(&self, v: ArrayView2<F>) -> Vec<f64> {
        let (u, visible) = (self.scaled(v), self.tiled());
        let (volume, missing) = (visible.log_volume(), any_missing(v));
        let mut free_energies = vec![0.0; v.nrows()];
        by_thread(v.nrows(), free_energies.as_mut_slice(), |rows, out| {
            let mut memory = Memory::new(self.geometry);
            for (sample, out) in rows.zip(out) {
                let row = u.row(sample);
                self.pass_up(row.to_slice().expect("rows are contiguous"), &mut memory);
                *out = visible.energy(row).as_f64() - memory.log_sums() + volume;
                if missing {
                    *out -= visible.energy_of_missing(v.row(sample));
                }
            }
        });
        free_energies
    }
}
