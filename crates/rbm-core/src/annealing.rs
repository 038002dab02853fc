//! Annealed importance sampling in both directions: the partition function of models of any size.
//!
//! Forward (Neal 2001; Salakhutdinov & Murray 2008): chains start at independent units and are annealed
//! through the distributions of [`Tempered`] to the model. With
//! w = Π_k p*_{βₖ}(vₖ₋₁) / p*_{βₖ₋₁}(vₖ₋₁), E[w] = Z / Z₀, so by Jensen's inequality the logarithm of a
//! mean of w is too low on average. Backward: chains start at draws from the model and are annealed to
//! independent units; E[w] = Z₀ / Z, so −ln of the mean is too high on average (Burda, Grosse &
//! Salakhutdinov 2015). The true value is between the two if the backward chains start at draws from
//! the model.
//!
//! Exact draws are rarely available. The backward chains therefore start at the data and first run for
//! some time. They then cover modes that forward chains may miss, in which case the two estimates
//! differ, as they should. A mode that is far from both the data and the forward chains is missed by
//! both. Estimates that differ are therefore unreliable; estimates that agree are the more reliable,
//! the better the chains mix ([`diagnose_chains`](crate::diagnose_chains)).

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};
use nn_core::{InvalidSetting, require};
use numerics::{Prepared, Real, Stream};
use serde::{Deserialize, Serialize};

use crate::family::{Family, anneal_from_base, anneal_to_base, spread_over};
use crate::tempered::Tempered;
use crate::{Chains, Rbm, Units, gibbs_step};

/// Combined with the seed for the burn-in, which draws from the streams of Gibbs sampling.
pub(crate) const BURN_IN_SEED: u64 = 0x6275_726e;

/// Settings of annealed importance sampling.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnnealingConfig {
    /// Number of chains in each direction.
    pub chains: usize,
    /// Annealing schedule from independent units to the model.
    pub schedule: Temperatures,
    /// Number of Gibbs steps that the backward chains run from the data before they are annealed.
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

/// Annealing schedule: inverse temperatures β from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Temperatures {
    /// The schedule of Salakhutdinov & Murray 2008: 0 to 0.5 in steps of 10⁻³, to 0.9 in steps of 10⁻⁴, to
    /// 1 in steps of 10⁻⁵.
    Published {},
    /// The published schedule with steps ten times as large.
    Short {},
    /// Evenly spaced.
    Even {
        /// Number of temperatures, both ends included.
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

/// An estimate of log Z from chains of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogZEstimate {
    /// The estimate, in nats.
    pub log_z: f64,
    /// Its standard error, from the spread of the weights; meaningless if a few of them dominate.
    pub standard_error: f64,
    /// Effective number of chains, (Σ w)² / Σ w².
    pub effective_chains: f64,
}

/// The two estimates of log Z.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LogZBracket {
    /// Forward estimate: too low on average.
    pub lower: LogZEstimate,
    /// Backward estimate: too high on average, if its chains started at draws from the model.
    pub upper: LogZEstimate,
}

impl LogZBracket {
    /// The largest gap, in nats, at which the estimates are said to agree.
    pub const CLOSED: f64 = 1.0;

    /// The midpoint of the two estimates.
    #[must_use]
    pub fn log_z(&self) -> f64 {
        f64::midpoint(self.lower.log_z, self.upper.log_z)
    }

    /// Upper minus lower estimate; below zero only by chance.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.upper.log_z - self.lower.log_z
    }

    /// Whether the two estimates agree to within [`CLOSED`](Self::CLOSED). If not, both are
    /// unreliable; if so, both may still miss the same mode.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.gap().abs() <= Self::CLOSED
    }
}

/// Estimates log Z in both directions. `base` holds the biases of the independent units, best those of
/// [`Rbm::independent_biases`]; the backward chains start at `data` (n × visible).
///
/// # Errors
/// [`InvalidSetting`] for settings out of range, or hidden units whose energy is not linear.
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
    require_linear_hidden(&rbm.hidden.unit)?;
    let betas = config.schedule.betas();
    let lower = forward(rbm, base, &betas, config.chains, seed);
    let starts = starts_from_data(rbm, data, config, seed);
    let upper = anneal_to_base(&Packed::new(rbm, base), &betas, starts, seed);
    Ok(LogZBracket { lower, upper })
}

/// Checks that the hidden units can be tempered.
pub(crate) fn require_linear_hidden(hidden: &Units) -> Result<(), InvalidSetting> {
    let expected = "units with a linear energy, such as binary ones: tempering and annealed importance \
                    sampling scale the energies of hidden units";
    require(hidden.tempered().is_some(), "model.hidden", &hidden.name(), expected)
}

/// Annealed importance sampling: an estimate of log Z that is too low on average.
///
/// # Panics
/// If the energy of the hidden units is not linear.
#[must_use]
pub fn forward<F: Real>(
    rbm: &Rbm<F>,
    base: ArrayView1<F>,
    betas: &[f64],
    n_chains: usize,
    seed: u64,
) -> LogZEstimate {
    anneal_from_base(&Packed::new(rbm, base), betas, n_chains, seed)
}

/// Reverse annealed importance sampling: an estimate of log Z that is too high on average if `starts`
/// (chains × visible) are draws from the model.
///
/// # Panics
/// If the energy of the hidden units is not linear.
#[must_use]
pub fn backward<F: Real>(
    rbm: &Rbm<F>,
    base: ArrayView1<F>,
    betas: &[f64],
    starts: ArrayView2<F>,
    seed: u64,
) -> LogZEstimate {
    let starts = rbm.visible.scaled(starts).into_owned();
    anneal_to_base(&Packed::new(rbm, base), betas, starts, seed)
}

/// States, in units of σ, after `burn_in` Gibbs steps from samples spread evenly over the data.
fn starts_from_data<F: Real>(
    rbm: &Rbm<F>,
    data: ArrayView2<F>,
    config: &AnnealingConfig,
    seed: u64,
) -> Array2<F> {
    let start = spread_over(data, config.chains);
    let mut chains = Chains::from_visible(rbm, start.view());
    for step in 1..=config.burn_in {
        gibbs_step(rbm, &mut chains, seed ^ BURN_IN_SEED, step);
    }
    chains.u
}

/// A tempered RBM with its weights packed for the products of annealing.
struct Packed<'a, F> {
    family: Tempered<'a, F>,
    up: Prepared<F>,
    down: Prepared<F>,
}

impl<'a, F: Real> Packed<'a, F> {
    fn new(rbm: &'a Rbm<F>, base: ArrayView1<'a, F>) -> Self {
        let (up, down) = (Prepared::new(rbm.weights.view()), Prepared::new(rbm.weights.t()));
        Packed { family: Tempered::new(rbm, base), up, down }
    }
}

impl<F: Real> Family<F> for Packed<'_, F> {
    /// The hidden units, chains × hidden.
    type Memory = Array2<F>;

    fn n_visible(&self) -> usize {
        self.family.rbm.n_visible()
    }

    fn log_z_of_base(&self) -> f64 {
        self.family.log_z_of_base()
    }

    fn draw_base(&self, stream: Stream, out: ArrayViewMut2<F>) {
        self.family.draw_base(stream, out);
    }

    fn memory(&self, n_chains: usize) -> Array2<F> {
        Array2::zeros((n_chains, self.family.rbm.n_hidden()))
    }

    fn step(
        &self,
        chains: Range<usize>,
        (from, to): (F, F),
        stream: Stream,
        hidden: &mut Array2<F>,
        (u, log_weights): (&mut ArrayViewMut2<F>, &mut [f64]),
    ) {
        let (family, n_hidden) = (&self.family, hidden.ncols());
        self.up.multiply(u.view(), hidden.view_mut());
        let rows = u.rows().into_iter().zip(hidden.rows_mut());
        for ((chain, (u, mut x)), log_weight) in chains.clone().zip(rows).zip(log_weights) {
            let u = u.to_slice().expect("rows are contiguous");
            let x = x.as_slice_mut().expect("rows are contiguous");
            *log_weight += family.log_ratio(u, x, from, to);
            family.hidden.draw_tempered(to, stream.sublayer(1), chain * n_hidden, x);
        }
        self.down.multiply(hidden.view(), u.view_mut());
        family.draw_visible_given(chains, |_| to, stream.sublayer(2), u);
    }
}
