//! The energy models whose likelihoods are measured and whose missing values are drawn.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use nn_core::{Observer, TrainingError};
use rbm_core::convolutional::{self, ConvChains, ConvRbm};
use rbm_core::{
    Chains, Imputed, Layer, LogZConfig, LogZEstimate, LogZInterval, Rbm, Units, backward, forward,
    gibbs_step,
};

use crate::Error;
use crate::config::LikelihoodSettings;

/// Largest layer of discrete units for which log Z is enumerated, which takes seconds.
const EXACT_UNITS: usize = 20;

/// Combined with the seed for the burn-in, which draws from the streams of Gibbs sampling.
const BURN_IN_SEED: u64 = 0x6275_726e;

/// Returns `n` rows of `data`, spread evenly over it.
pub(crate) fn spread(data: ArrayView2<f32>, n: usize) -> Array2<f32> {
    let rows: Vec<usize> = (0..n).map(|row| row * data.nrows() / n).collect();
    data.select(Axis(0), &rows)
}

/// Converts the failure of an estimate.
fn without_estimate(error: TrainingError) -> Error {
    match error {
        TrainingError::Setting(setting) => setting.into(),
        other => Error::training("the estimate of log Z", other),
    }
}

/// A single-layer RBM, dense or convolutional. Values are those of the data, one sample per row.
pub trait EnergyModel {
    /// The kinds of the visible units.
    fn visible(&self) -> &Units;

    /// F(v) in nats of each row of `x` (n × visible).
    fn free_energies(&self, x: ArrayView2<f32>) -> Vec<f64>;

    /// log Z by enumeration; `None` for a model that is too large for it.
    ///
    /// # Errors
    /// [`Error::Likelihood`] if the enumeration fails.
    fn exact_log_z(&self) -> Result<Option<f64>, Error>;

    /// An estimate of log Z with its interval, from independent units with biases `base`; half of the ladders
    /// start from `train` (n × visible).
    ///
    /// # Errors
    /// [`Error::Config`] for units or settings without an estimate; [`Error::Interrupted`] if the observer
    /// stops it.
    fn estimate_log_z(
        &self,
        base_and_train: (ArrayView1<f32>, ArrayView2<f32>),
        config: &LogZConfig,
        seed: u64,
        observer: Observer<'_>,
    ) -> Result<LogZInterval, Error>;

    /// The estimates of log Z by annealed importance sampling between independent units with biases `base` and
    /// the model, forward and reverse; the reverse chains start from `train` (n × visible).
    fn anneal(
        &self,
        base_and_train: (ArrayView1<f32>, ArrayView2<f32>),
        settings: &LikelihoodSettings,
        seed: u64,
    ) -> [LogZEstimate; 2];

    /// The pseudo-log-likelihood of each row in nats; `None` for models without one.
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

    fn estimate_log_z(
        &self,
        base_and_train: (ArrayView1<f32>, ArrayView2<f32>),
        config: &LogZConfig,
        seed: u64,
        observer: Observer<'_>,
    ) -> Result<LogZInterval, Error> {
        let (base, train) = base_and_train;
        rbm_core::estimate_log_z(self, base, train, config, seed, observer)
            .map_err(without_estimate)
    }

    fn anneal(
        &self,
        base_and_train: (ArrayView1<f32>, ArrayView2<f32>),
        settings: &LikelihoodSettings,
        seed: u64,
    ) -> [LogZEstimate; 2] {
        let (base, train) = base_and_train;
        let betas = settings.schedule.betas();
        let mut chains = Chains::from_visible(self, spread(train, settings.chains).view());
        for step in 1..=settings.burn_in {
            gibbs_step(self, &mut chains, seed ^ BURN_IN_SEED, step);
        }
        let starts = chains.visible(self);
        [
            forward(self, base, &betas, settings.chains, seed),
            backward(self, base, &betas, starts.view(), seed),
        ]
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
        // A block has one state for each of its units, and one in which no unit is on.
        let of_block = (1 + self.geometry.pool() * self.geometry.pool()) as f64;
        let bits = self.n_pooled() as f64 * of_block.log2();
        if small || bits <= EXACT_UNITS as f64 {
            return Ok(Some(convolutional::log_z(self)?));
        }
        Ok(None)
    }

    fn estimate_log_z(
        &self,
        base_and_train: (ArrayView1<f32>, ArrayView2<f32>),
        config: &LogZConfig,
        seed: u64,
        observer: Observer<'_>,
    ) -> Result<LogZInterval, Error> {
        let (base, train) = base_and_train;
        convolutional::estimate_log_z(self, base, train, config, seed, observer)
            .map_err(without_estimate)
    }

    fn anneal(
        &self,
        base_and_train: (ArrayView1<f32>, ArrayView2<f32>),
        settings: &LikelihoodSettings,
        seed: u64,
    ) -> [LogZEstimate; 2] {
        let (base, train) = base_and_train;
        let betas = settings.schedule.betas();
        let mut chains = ConvChains::from_visible(self, spread(train, settings.chains).view());
        for step in 1..=settings.burn_in {
            convolutional::gibbs_step(self, &mut chains, seed ^ BURN_IN_SEED, step);
        }
        let starts = chains.visible(self);
        [
            convolutional::forward(self, base, &betas, settings.chains, seed),
            convolutional::backward(self, base, &betas, starts.view(), seed),
        ]
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
