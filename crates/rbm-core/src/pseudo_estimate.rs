//! An unbiased estimate of the pseudo-likelihood that costs two free energies per row, as in scikit-learn:
//! for a unit i drawn at random from d, d · ln p(vᵢ | v₋ᵢ) has the mean ln PL(v) = Σᵢ ln p(vᵢ | v₋ᵢ), where
//! ln p(vᵢ | v₋ᵢ) = ln σ(F(v with unit i flipped) − F(v)).
//!
//! A grey value of a binary unit is flipped to 1 minus itself.

use ndarray::{ArrayView2, Axis};
use nn_core::{InvalidSetting, require};
use numerics::{Purpose, Real, Stream};
use rand::RngExt as _;

use crate::Rbm;
use crate::conditional::BLOCK;

const FLIPPED: Purpose = Purpose::new("flipped unit");

impl<F: Real> Rbm<F> {
    /// An estimate of ln PL(v) in nats for each row, with units drawn from the stream of `seed`. Shapes:
    /// (n × visible) → n.
    ///
    /// # Errors
    /// [`InvalidSetting`] unless the visible units have two states.
    pub fn estimate_pseudo_log_likelihoods(
        &self,
        v: ArrayView2<F>,
        seed: u64,
    ) -> Result<Vec<f64>, InvalidSetting> {
        let expected = "units with two states, one of which is flipped to the other";
        let states = self.visible.unit.two_states();
        require(states.is_some(), "model.visible", &self.visible.unit.name(), expected)?;
        let sum = F::of(states.unwrap_or_default().iter().sum());
        let n_visible = self.n_visible();
        let mut rng = Stream::new(seed, FLIPPED).rng();
        let mut found = Vec::with_capacity(v.nrows());
        for v in v.axis_chunks_iter(Axis(0), BLOCK) {
            let mut flipped = v.to_owned();
            for mut row in flipped.rows_mut() {
                let unit = rng.random_range(0..n_visible);
                row[unit] = sum - row[unit];
            }
            let energies =
                self.free_energies(v).into_iter().zip(self.free_energies(flipped.view()));
            found.extend(energies.map(|(energy, flipped)| {
                let gain = energy - flipped;
                // ln σ(−gain), without overflow.
                -(n_visible as f64) * (gain.max(0.0) + (-gain.abs()).exp().ln_1p())
            }));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array, s};

    use super::*;

    #[test]
    fn the_mean_of_many_estimates_is_the_pseudo_likelihood() {
        let rbm = Rbm::<f64>::binary(
            array![[1.0, -2.0], [0.5, 1.5], [-1.0, 0.3]],
            array![0.2, -0.4, 0.1],
            array![0.3, -0.2],
        );
        let v = array![1.0, 0.0, 1.0];
        let exact = rbm.pseudo_log_likelihoods(v.view().insert_axis(Axis(0))).expect("binary")[0];
        let n = 20_000;
        let rows = Array2::from_shape_fn((n, 3), |(_, i)| v[i]);
        let found = rbm.estimate_pseudo_log_likelihoods(rows.view(), 1).expect("binary");
        let mean = found.iter().sum::<f64>() / n as f64;
        let variance = found.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n as f64;
        assert!((mean - exact).abs() < 5.0 * (variance / n as f64).sqrt(), "{mean} {exact}");
        let again = rbm.estimate_pseudo_log_likelihoods(rows.slice(s![..9, ..]), 1);
        assert_eq!(again.expect("binary"), found[..9]);
    }

    #[test]
    fn units_of_more_states_are_refused() {
        let rbm = Rbm::<f64>::with_units(2, 2, crate::Unit::Gaussian, crate::Unit::Binary);
        let error = rbm.estimate_pseudo_log_likelihoods(array![[0.0, 1.0]].view(), 1);
        assert!(error.expect_err("gaussian").to_string().contains("model.visible"));
    }
}
