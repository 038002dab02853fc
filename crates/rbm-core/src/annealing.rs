//! Annealed importance sampling in both directions, the estimate of the partition function that papers
//! report.
//!
//! Forward (Neal 2001; Salakhutdinov & Murray 2008): chains start at independent units and are annealed
//! through the distributions of [`Tempered`] to the model. With
//! w = Π_k p*_{βₖ}(vₖ₋₁) / p*_{βₖ₋₁}(vₖ₋₁), E[w] = Z / Z₀, so by Jensen's inequality the logarithm of a
//! mean of w is too low on average. Backward: chains start at draws from the model and are annealed to
//! independent units; E[w] = Z₀ / Z, so −ln of the mean is too high on average (Burda, Grosse &
//! Salakhutdinov 2015).
//!
//! Neither is an interval: a few chains with large weights may dominate, and a mode may be missed by both
//! directions. [`estimate_log_z`](crate::estimate_log_z) gives an interval.

use std::ops::Range;

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};
use nn_core::{InvalidSetting, require};
use numerics::{Prepared, Purpose, Real, Stream, log_sum_exp};
use serde::{Deserialize, Serialize};

use crate::family::{CONTIGUOUS, Family, anneal};
use crate::tempered::Tempered;
use crate::{Rbm, Units};

const FORWARD: Purpose = Purpose::new("ais forward");
const BACKWARD: Purpose = Purpose::new("ais backward");

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
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] if there are fewer than two temperatures.
    pub fn validate(self) -> Result<(), InvalidSetting> {
        match self {
            Temperatures::Even { count } => {
                require(count >= 2, "likelihood.schedule.count", &count, "at least 2")
            }
            Temperatures::Published {} | Temperatures::Short {} => Ok(()),
        }
    }

    /// The inverse temperatures, ascending.
    ///
    /// ```
    /// use rbm_core::Temperatures;
    /// assert_eq!(Temperatures::Even { count: 3 }.betas(), [0.0, 0.5, 1.0]);
    /// assert_eq!(Temperatures::Published {}.betas().len(), 14_501); // 14,503 with both ends twice
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two, which [`Temperatures::validate`] rejects.
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
                assert!(count >= 2, "temperatures from 0 to 1 are at least two");
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

/// The estimate of log Z from chains that are annealed from β = 0 to 1.
pub(crate) fn anneal_from_base<F: Real>(
    family: &impl Family<F>,
    betas: &[f64],
    n_chains: usize,
    seed: u64,
) -> LogZEstimate {
    let stream = Stream::new(seed, FORWARD);
    let mut u = Array2::zeros((n_chains, family.n_visible()));
    family.draw_base(stream, u.view_mut());
    let weights = anneal(family, betas, &mut u, stream);
    estimate(&weights, |log_mean| family.log_z_of_base() + log_mean)
}

/// The estimate of log Z from chains that are annealed from `starts` at β = 1 to 0.
pub(crate) fn anneal_to_base<F: Real>(
    family: &impl Family<F>,
    betas: &[f64],
    mut starts: Array2<F>,
    seed: u64,
) -> LogZEstimate {
    let stream = Stream::new(seed, BACKWARD);
    let falling: Vec<f64> = betas.iter().rev().copied().collect();
    let weights = anneal(family, &falling, &mut starts, stream);
    estimate(&weights, |log_mean| family.log_z_of_base() - log_mean)
}

/// The estimate from the mean of the weights; `log_z` converts the logarithm of that mean.
fn estimate(log_weights: &[f64], log_z: impl Fn(f64) -> f64) -> LogZEstimate {
    let n = log_weights.len() as f64;
    let log_sum = log_sum_exp(log_weights);
    let doubled: Vec<f64> = log_weights.iter().map(|w| 2.0 * w).collect();
    let effective_chains = (2.0 * log_sum - log_sum_exp(&doubled)).exp();
    // The relative variance of the weights is n / effective − 1. Divided by n − 1 it is that of
    // their mean, and to first order the variance of the mean's logarithm.
    let standard_error = ((n / effective_chains - 1.0).max(0.0) / (n - 1.0)).sqrt();
    LogZEstimate { log_z: log_z(log_sum - n.ln()), standard_error, effective_chains }
}

/// A tempered RBM with its weights packed for the products of annealing.
pub(crate) struct Packed<'a, F> {
    family: Tempered<'a, F>,
    up: Prepared<F>,
    down: Prepared<F>,
}

impl<'a, F: Real> Packed<'a, F> {
    pub(crate) fn new(rbm: &'a Rbm<F>, base: ArrayView1<'a, F>) -> Self {
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

    fn pass_up(&self, u: ArrayView2<F>, hidden: &mut Array2<F>) {
        self.up.multiply(u, hidden.view_mut());
    }

    fn log_ratio(&self, row: usize, u: &[F], (from, to): (F, F), hidden: &mut Array2<F>) -> f64 {
        let mut x = hidden.row_mut(row);
        self.family.log_ratio(u, x.as_slice_mut().expect(CONTIGUOUS), from, to)
    }

    fn pass_down(
        &self,
        chains: Range<usize>,
        betas: &[F],
        stream: Stream,
        hidden: &mut Array2<F>,
        u: &mut ArrayViewMut2<F>,
    ) {
        let (family, n_hidden) = (&self.family, hidden.ncols());
        let rows = hidden.rows_mut().into_iter().zip(betas);
        for (chain, (mut x, &beta)) in chains.clone().zip(rows) {
            let x = x.as_slice_mut().expect(CONTIGUOUS);
            family.hidden.draw_tempered(beta, stream.sublayer(1), chain * n_hidden, x);
        }
        self.down.multiply(hidden.view(), u.view_mut());
        let first = chains.start;
        family.draw_visible_given(chains, |chain| betas[chain - first], stream.sublayer(2), u);
    }
}
