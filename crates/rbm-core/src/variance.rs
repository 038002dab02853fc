//! Learning the standard deviations of visible units.
//!
//! With u = v / σ, ln p(v) = ln p(u) − Σᵢ ln σᵢ. At fixed W, a and b, which multiply u,
//! ∂ ln p(v) / ∂ ln σᵢ = ∂(−energy) / ∂ ln σᵢ − 1 is an expectation over h given v alone (for Gaussian
//! units uᵢ (uᵢ − E[ûᵢ | v]) − 1 with û = a + W h): it needs no negative phase.

use std::ops::Range;

use ndarray::{Array2, s};
use nn_core::{InvalidSetting, require};
use numerics::Real;

use crate::{Phases, Rbm};

/// The smallest σ that learning may reach, as a fraction of the initial mean σ.
const FLOOR: f64 = 0.05;

/// The gradient of ln σ, with the memory that it needs.
#[derive(Debug, Clone)]
pub(crate) struct VarianceGradient<F> {
    reconstruction: Array2<F>,
    floor: F,
    /// The columns whose units have a σ.
    columns: Vec<Range<usize>>,
}

impl<F: Real> VarianceGradient<F> {
    /// Memory for batches of up to `batch_size` samples.
    ///
    /// # Errors
    /// [`InvalidSetting`] if the visible units have no σ.
    pub(crate) fn new(rbm: &Rbm<F>, rate: f64, batch_size: usize) -> Result<Self, InvalidSetting> {
        let expected = "0, because these visible units have no standard deviation to learn";
        require(rbm.visible.unit.has_std(), "training.variance_rate", &rate, expected)?;
        let columns = rbm.visible.unit.columns_with_std(rbm.n_visible());
        let own = |columns: &Range<usize>| rbm.visible.std.slice(s![columns.clone()]).sum();
        let n: usize = columns.iter().map(ExactSizeIterator::len).sum();
        let mean = columns.iter().map(own).sum::<F>() / F::of(n as f64);
        let reconstruction = Array2::zeros((batch_size, rbm.n_visible()));
        Ok(VarianceGradient { reconstruction, floor: F::of(FLOOR) * mean, columns })
    }

    /// Writes the part of `gradient` that belongs to σ, for the `n` samples whose positive phase is in
    /// `phases`. It is σ ∂/∂ln σ, so that a step of σ is a step of ln σ to first order.
    pub(crate) fn write(
        &mut self,
        rbm: &Rbm<F>,
        phases: &Phases<F>,
        n: usize,
        rate: f64,
        gradient: &mut Rbm<F>,
    ) {
        let (samples, (u, hidden)) = (n, phases.positive(n));
        let mut reconstruction = self.reconstruction.slice_mut(s![..n, ..]);
        rbm.mean_u_given_h(hidden, reconstruction.view_mut());
        let gradient = &mut gradient.visible.std;
        gradient.fill(F::zero());
        rbm.visible.add_std_gradient(u, reconstruction.view(), gradient);
        let (n, rate) = (F::of(n as f64), F::of(rate));
        gradient.zip_mut_with(&rbm.visible.std, |g, &std| {
            *g = rate * std * (*g / n - F::one());
        });
        if let Some(shares) = phases.observed_shares(samples) {
            // Missing values, for which the sum has no terms, do not contribute to the 1 either.
            let std = &rbm.visible.std;
            for ((g, &std), share) in gradient.iter_mut().zip(std).zip(shares) {
                *g += rate * std * (F::one() - share);
            }
        }
        for (i, g) in gradient.iter_mut().enumerate() {
            if !self.columns.iter().any(|columns| columns.contains(&i)) {
                *g = F::zero();
            }
        }
    }

    /// Keeps σ away from zero, to which a constant column would drive it.
    pub(crate) fn keep_above_floor(&self, rbm: &mut Rbm<F>) {
        for columns in &self.columns {
            let mut std = rbm.visible.std.slice_mut(s![columns.clone()]);
            std.mapv_inplace(|std| if std < self.floor { self.floor } else { std });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Unit, log_z};
    use ndarray::Array1;

    #[test]
    fn the_gradient_matches_central_differences_of_the_exact_likelihood() {
        let wave = |i: usize, j: usize| ((i * 5 + j * 11 + 1) as f64).sin();
        let mut rbm = Rbm::<f64>::with_units(3, 2, Unit::Gaussian, Unit::Binary);
        rbm.weights = Array2::from_shape_fn((3, 2), |(i, j)| wave(i, j));
        rbm.visible.bias = Array1::from_shape_fn(3, |i| wave(i, 30));
        rbm.visible.std = Array1::from_shape_fn(3, |i| 0.5 + 0.4 * i as f64);
        let data = Array2::from_shape_fn((6, 3), |(i, j)| 2.0 * wave(i, j + 7));
        let likelihood = |rbm: &Rbm<f64>| {
            let free = rbm.free_energies(data.view());
            -free.iter().sum::<f64>() / 6.0 - log_z(rbm).expect("two hidden units")
        };
        let mut phases = Phases::new(&rbm, 6);
        phases.set_batch(&rbm, data.view());
        crate::persistent::positive_phase(&rbm, &mut phases, 6);
        let mut gradient = rbm.zeros_like();
        let mut variance = VarianceGradient::new(&rbm, 1.0, 6).expect("Gaussian");
        variance.write(&rbm, &phases, 6, 1.0, &mut gradient);
        for i in 0..3 {
            let at = |log_std_change: f64| {
                let mut moved = rbm.clone();
                moved.visible.std[i] *= log_std_change.exp();
                likelihood(&moved)
            };
            let step = 1e-5;
            let expected = (at(step) - at(-step)) / (2.0 * step);
            let found = gradient.visible.std[i] / rbm.visible.std[i];
            assert!((found - expected).abs() < 1e-8, "{found}, by differences {expected}");
        }
    }
}
