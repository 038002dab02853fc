//! The energy models whose likelihoods are measured and whose missing values are drawn.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rbm_core::convolutional::{self, ConvRbm};
use rbm_core::{AnnealingConfig, Imputed, Layer, LogZBracket, Rbm, Units};

use crate::Error;

/// Largest layer of discrete units for which log Z is enumerated, which takes seconds.
const EXACT_UNITS: usize = 20;

/// An RBM of one layer, dense or convolutional. Values are those of the data, one sample a row.
pub trait EnergyModel {
    /// The kinds of the visible units.
    fn visible(&self) -> &Units;

    /// F(v) in nats of each row of `x` (n × visible).
    fn free_energies(&self, x: ArrayView2<f32>) -> Vec<f64>;

    /// log Z by enumeration; none for a model that is too large for it.
    ///
    /// # Errors
    /// [`Error::Likelihood`] if the enumeration fails.
    fn exact_log_z(&self) -> Result<Option<f64>, Error>;

    /// Two estimates of log Z, with independent units as the base and reverse chains that start from
    /// `train` (n × visible).
    ///
    /// # Errors
    /// [`Error::Likelihood`] or [`Error::Training`] for units or settings without an estimate.
    fn bracket_log_z(
        &self,
        train: ArrayView2<f32>,
        config: &AnnealingConfig,
        seed: u64,
    ) -> Result<LogZBracket, Error>;

    /// The pseudo-log-likelihood of each row in nats; none for models without one.
    fn pseudo_log_likelihoods(&self, x: ArrayView2<f32>) -> Option<Vec<f64>>;

    /// The biases of independent units with the means of `train` (n × visible).
    ///
    /// # Errors
    /// [`Error`] if the samples cannot be read; never for samples in memory.
    fn independent_biases(&self, train: ArrayView2<f32>) -> Result<Array1<f32>, Error>;

    /// The expected values at the end of chains of `steps` Gibbs steps with the `known` values of `v`
    /// clamped, `draws` for each row; unknown values start as independent units with biases `base`. Shapes:
    /// (n × visible) → (n · draws × visible).
    fn inpaint(
        &self,
        v: ArrayView2<f32>,
        known_and_base: (&[bool], ArrayView1<f32>),
        draws_and_steps: (usize, usize),
        seed: u64,
    ) -> Array2<f32>;

    /// The missing values (NaN) of `v`, each from `draws` chains of `steps` Gibbs steps. Shapes:
    /// (n × visible) → the same.
    fn impute(&self, v: ArrayView2<f32>, draws_and_steps: (usize, usize), seed: u64) -> Imputed;
}

impl EnergyModel for Rbm<f32> {
    fn visible(&self) -> &Units {
        &self.visible.unit
    }

    fn free_energies(&self, x: ArrayView2<f32>) -> Vec<f64> {
        Rbm::free_energies(self, x)
    }

    fn exact_log_z(&self) -> Result<Option<f64>, Error> {
        let small =
            |layer: &Layer<f32>| layer.unit.states().is_some() && layer.n_units() <= EXACT_UNITS;
        if small(&self.visible) || small(&self.hidden) {
            return Ok(Some(rbm_core::log_z(self)?));
        }
        Ok(None)
    }

    fn bracket_log_z(
        &self,
        train: ArrayView2<f32>,
        config: &AnnealingConfig,
        seed: u64,
    ) -> Result<LogZBracket, Error> {
        let base = EnergyModel::independent_biases(self, train)?;
        Ok(rbm_core::bracket_log_z(self, base.view(), train, config, seed)?)
    }

    fn pseudo_log_likelihoods(&self, x: ArrayView2<f32>) -> Option<Vec<f64>> {
        Rbm::pseudo_log_likelihoods(self, x).ok()
    }

    fn independent_biases(&self, train: ArrayView2<f32>) -> Result<Array1<f32>, Error> {
        Ok(Rbm::independent_biases(self, &train)?)
    }

    fn inpaint(
        &self,
        v: ArrayView2<f32>,
        known_and_base: (&[bool], ArrayView1<f32>),
        draws_and_steps: (usize, usize),
        seed: u64,
    ) -> Array2<f32> {
        let chains = rbm_core::inpaint(self, v, known_and_base, draws_and_steps, seed);
        chains.visible_mean(self).into_owned()
    }

    fn impute(&self, v: ArrayView2<f32>, draws_and_steps: (usize, usize), seed: u64) -> Imputed {
        rbm_core::impute(self, v, self.visible.bias.view(), draws_and_steps, seed)
    }
}

impl EnergyModel for ConvRbm<f32> {
    fn visible(&self) -> &Units {
        &self.visible.unit
    }

    fn free_energies(&self, x: ArrayView2<f32>) -> Vec<f64> {
        ConvRbm::free_energies(self, x)
    }

    fn exact_log_z(&self) -> Result<Option<f64>, Error> {
        let small = self.visible.unit.states().is_some() && self.n_visible() <= EXACT_UNITS;
        // The states of a block are one for each of its units, and one for none.
        let of_block = (1 + self.geometry.pool() * self.geometry.pool()) as f64;
        let bits = self.n_pooled() as f64 * of_block.log2();
        if small || bits <= EXACT_UNITS as f64 {
            return Ok(Some(convolutional::log_z(self)?));
        }
        Ok(None)
    }

    fn bracket_log_z(
        &self,
        train: ArrayView2<f32>,
        config: &AnnealingConfig,
        seed: u64,
    ) -> Result<LogZBracket, Error> {
        let base = EnergyModel::independent_biases(self, train)?;
        Ok(convolutional::bracket_log_z(self, base.view(), train, config, seed)?)
    }

    fn pseudo_log_likelihoods(&self, _: ArrayView2<f32>) -> Option<Vec<f64>> {
        None
    }

    fn independent_biases(&self, train: ArrayView2<f32>) -> Result<Array1<f32>, Error> {
        Ok(ConvRbm::independent_biases(self, &train)?)
    }

    fn inpaint(
        &self,
        v: ArrayView2<f32>,
        known_and_base: (&[bool], ArrayView1<f32>),
        draws_and_steps: (usize, usize),
        seed: u64,
    ) -> Array2<f32> {
        let chains = convolutional::inpaint(self, v, known_and_base, draws_and_steps, seed);
        chains.visible_mean(self).into_owned()
    }

    fn impute(&self, v: ArrayView2<f32>, draws_and_steps: (usize, usize), seed: u64) -> Imputed {
        convolutional::impute(self, v, draws_and_steps, seed)
    }
}
