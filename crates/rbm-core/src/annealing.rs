//! The partition function of models of any size: annealed importance sampling in both directions.
//!
//! Forward (Neal 2001; Salakhutdinov & Murray 2008): chains that start at independent units are led
//! through the distributions of [`Tempered`] to the model. With
//! w = Π_k p*_{βₖ}(vₖ₋₁) / p*_{βₖ₋₁}(vₖ₋₁), E[w] = Z / Z₀, so that by Jensen's inequality ln of a mean
//! of w is too low on average. Backward: chains that start at draws from the model are led to
//! independent units; E[w] = Z₀ / Z, so that −ln of the mean is too high on average (Burda, Grosse &
//! Salakhutdinov 2015). The truth is between the two, if the backward chains start at draws from the
//! model. Where these cannot be had, they start at the data and first run for some time: they then know
//! modes that chains from independent units may miss, which sets the estimates apart, as it should. A
//! mode that neither the data nor the forward chains are near is missed by both. So estimates that
//! differ are not to be believed; those that agree may be, the more so the better the chains mix
//! ([`diagnose_chains`](crate::diagnose_chains)).

use ndarray::{Array2, ArrayView1, ArrayView2};
use nn_core::{InvalidSetting, require};
use numerics::{Prepared, Purpose, Real, Stream, by_thread, log_sum_exp};
use serde::{Deserialize, Serialize};

use crate::tempered::Tempered;
use crate::{Chains, Rbm, Unit, gibbs_step};

const FORWARD: Purpose = Purpose::new("ais forward");
const BACKWARD: Purpose = Purpose::new("ais backward");
/// Added to the seed of the chains' first steps, which draw from the streams of Gibbs sampling.
const BURN_IN_SEED: u64 = 0x6275_726e;

/// How log Z is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnnealingConfig {
    /// Chains in each direction.
    pub chains: usize,
    /// The temperatures between independent units and the model.
    pub schedule: Temperatures,
    /// Gibbs steps of the backward chains between the data and their start.
    pub burn_in: usize,
}

impl Default for AnnealingConfig {
    fn default() -> Self {
        AnnealingConfig { chains: 100, schedule: Temperatures::Short {}, burn_in: 1000 }
    }
}

impl AnnealingConfig {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        require(self.chains >= 2, "likelihood.chains", &self.chains, "at least 2")?;
        if let Temperatures::Even { count } = self.schedule {
            require(count >= 2, "likelihood.schedule.count", &count, "at least 2")?;
        }
        Ok(())
    }
}

/// Inverse temperatures β from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Temperatures {
    /// Those of Salakhutdinov & Murray 2008: 0 to 0.5 in steps of 10⁻³, to 0.9 in steps of 10⁻⁴, to
    /// 1 in steps of 10⁻⁵.
    Published {},
    /// The same with steps ten times as large.
    Short {},
    /// Evenly spaced.
    Even {
        /// How many, both ends included.
        count: usize,
    },
}

impl Temperatures {
    /// The inverse temperatures, ascending.
    ///
    /// ```
    /// use rbm_core::Temperatures;
    /// assert_eq!(Temperatures::Even { count: 3 }.betas(), [0.0, 0.5, 1.0]);
    /// assert_eq!(Temperatures::Published {}.betas().len(), 14_501); // 14,503 with both ends twice
    /// ```
    #[must_use]
    pub fn betas(self) -> Vec<f64> {
        let part = |from: f64, to: f64, steps: u32| {
            (0..steps).map(move |i| from + (to - from) * f64::from(i) / f64::from(steps))
        };
        let published = |fold: u32| {
            let below = part(0.0, 0.5, 500 / fold).chain(part(0.5, 0.9, 4_000 / fold));
            below.chain(part(0.9, 1.0, 10_000 / fold)).chain([1.0]).collect()
        };
        match self {
            Temperatures::Published {} => published(1),
            Temperatures::Short {} => published(10),
            Temperatures::Even { count } => {
                (0..count).map(|i| i as f64 / (count - 1) as f64).collect()
            }
        }
    }
}

/// An estimate of log Z from one direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogZEstimate {
    /// The estimate, in nats.
    pub log_z: f64,
    /// Its standard error, from the spread of the weights; meaningless where few of them dominate.
    pub standard_error: f64,
    /// (Σ w)² / Σ w²: the number of chains that have a say.
    pub effective_chains: f64,
}

/// log Z between its two estimates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogZBracket {
    /// Forward: too low, on average.
    pub lower: LogZEstimate,
    /// Backward: too high, on average, if its chains began at draws from the model.
    pub upper: LogZEstimate,
}

impl LogZBracket {
    /// The widest bracket whose middle is worth quoting, in nats.
    pub const CLOSED: f64 = 1.0;

    /// The middle.
    #[must_use]
    pub fn log_z(&self) -> f64 {
        f64::midpoint(self.lower.log_z, self.upper.log_z)
    }

    /// Upper less lower estimate; below zero by chance alone.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.upper.log_z - self.lower.log_z
    }

    /// Whether the two estimates agree to a nat. If not, neither is to be believed; if so, they still
    /// may both lack a mode that neither direction met.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.gap().abs() <= Self::CLOSED
    }
}

/// log Z from both directions. `base` are the biases of the independent units, best those of
/// [`Rbm::independent_biases`]; `data` (in their own units) is where backward chains come from.
///
/// # Errors
/// [`InvalidSetting`] for settings out of range, or hidden units that are not binary.
///
/// # Panics
/// If there are no data, or widths differ from the model's.
pub fn bracket_log_z<F: Real>(
    rbm: &Rbm<F>,
    base: ArrayView1<F>,
    data: ArrayView2<F>,
    config: &AnnealingConfig,
    seed: u64,
) -> Result<LogZBracket, InvalidSetting> {
    config.validate()?;
    require_binary_hidden(rbm.hidden)?;
    let betas = config.schedule.betas();
    let lower = forward(rbm, base, &betas, config.chains, seed);
    let starts = starts_from_data(rbm, data, config, seed);
    let upper = backward(rbm, base, &betas, starts, seed);
    Ok(LogZBracket { lower, upper })
}

pub(crate) fn require_binary_hidden(hidden: Unit) -> Result<(), InvalidSetting> {
    let expected = "binary: tempering and annealed importance sampling are for binary hidden units";
    require(hidden == Unit::Binary, "model.hidden", &hidden.name(), expected)
}

/// Annealed importance sampling: an estimate that is too low, on average.
///
/// # Panics
/// If the hidden units are not binary.
#[must_use]
pub fn forward<F: Real>(
    rbm: &Rbm<F>,
    base: ArrayView1<F>,
    betas: &[f64],
    n_chains: usize,
    seed: u64,
) -> LogZEstimate {
    let family = Tempered::new(rbm, base);
    let stream = Stream::new(seed, FORWARD);
    let mut visible = Array2::zeros((n_chains, rbm.n_visible()));
    family.draw_base(stream, visible.view_mut());
    let weights = anneal(family, betas, &mut visible, stream);
    estimate(&weights, |log_mean| family.log_z_of_base() + log_mean)
}

/// Reverse annealed importance sampling from `starts`, draws from the model in units of σ, one a
/// row: an estimate that is too high, on average.
///
/// # Panics
/// If the hidden units are not binary.
#[must_use]
pub fn backward<F: Real>(
    rbm: &Rbm<F>,
    base: ArrayView1<F>,
    betas: &[f64],
    mut starts: Array2<F>,
    seed: u64,
) -> LogZEstimate {
    let family = Tempered::new(rbm, base);
    let stream = Stream::new(seed, BACKWARD);
    let falling: Vec<f64> = betas.iter().rev().copied().collect();
    let weights = anneal(family, &falling, &mut starts, stream);
    estimate(&weights, |log_mean| family.log_z_of_base() - log_mean)
}

/// States after `burn_in` steps from samples that are spread over the data.
fn starts_from_data<F: Real>(
    rbm: &Rbm<F>,
    data: ArrayView2<F>,
    config: &AnnealingConfig,
    seed: u64,
) -> Array2<F> {
    let rows: Vec<usize> =
        (0..config.chains).map(|chain| chain * data.nrows() / config.chains).collect();
    let start = data.select(ndarray::Axis(0), &rows);
    let mut chains = Chains::from_visible(rbm, rbm.from_data(start.view()).into_owned());
    for step in 1..=config.burn_in {
        gibbs_step(rbm, &mut chains, seed ^ BURN_IN_SEED, step);
    }
    chains.visible
}

/// Leads every chain through the temperatures and returns the logarithms of their weights.
///
/// Chains do not see each other, and the model stays as it is: each thread leads its own chains from
/// end to end, two products for all of them at each temperature.
fn anneal<F: Real>(
    family: Tempered<F>,
    betas: &[f64],
    visible: &mut Array2<F>,
    stream: Stream,
) -> Vec<f64> {
    let (n, n_hidden) = (visible.nrows(), family.rbm.n_hidden());
    let up = Prepared::new(family.rbm.weights.view());
    let down = Prepared::new(family.rbm.weights.t());
    let mut log_weights = vec![0.0; n];
    let outputs = (visible.view_mut(), log_weights.as_mut_slice());
    by_thread(n, outputs, |chains, (mut visible, log_weights)| {
        let mut hidden = Array2::zeros((chains.len(), n_hidden));
        for (step, pair) in (1..).zip(betas.windows(2)) {
            let (from, to) = (F::of(pair[0]), F::of(pair[1]));
            let stream = stream.epoch(step);
            up.multiply(visible.view(), hidden.view_mut());
            let rows = visible.rows().into_iter().zip(hidden.rows_mut());
            for ((chain, (v, mut x)), log_weight) in chains.clone().zip(rows).zip(&mut *log_weights)
            {
                let v = v.to_slice().expect("rows are contiguous");
                let x = x.as_slice_mut().expect("rows are contiguous");
                *log_weight += family.log_ratio(v, x, from, to);
                Tempered::draw_hidden(stream.sublayer(1), chain * n_hidden, x, to);
            }
            down.multiply(hidden.view(), visible.view_mut());
            let stream = stream.sublayer(2);
            family.draw_visible_given(chains.clone(), |_| to, stream, &mut visible);
        }
    });
    log_weights
}

fn estimate(log_weights: &[f64], log_z: impl Fn(f64) -> f64) -> LogZEstimate {
    let n = log_weights.len() as f64;
    let log_sum = log_sum_exp(log_weights);
    let doubled: Vec<f64> = log_weights.iter().map(|w| 2.0 * w).collect();
    let effective_chains = (2.0 * log_sum - log_sum_exp(&doubled)).exp();
    // The relative variance of the weights is n / effective − 1; that of their mean is over n − 1,
    // and so, to first order, is the variance of its logarithm.
    let standard_error = ((n / effective_chains - 1.0).max(0.0) / (n - 1.0)).sqrt();
    LogZEstimate { log_z: log_z(log_sum - n.ln()), standard_error, effective_chains }
}
