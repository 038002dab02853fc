//! Annealing along a family of distributions, whichever model the family ends at.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use numerics::{Purpose, Real, Stream, by_thread, log_sum_exp};

use crate::LogZEstimate;

const FORWARD: Purpose = Purpose::new("ais forward");
const BACKWARD: Purpose = Purpose::new("ais backward");

/// A family of distributions p*_β over visible states u (in units of σ), from independent units at β = 0 to
/// a model at β = 1.
pub(crate) trait Family<F: Real>: Sync {
    /// Memory for the steps of some chains.
    type Memory;

    /// Number of visible units.
    fn n_visible(&self) -> usize;

    /// ln Z at β = 0.
    fn log_z_of_base(&self) -> f64;

    /// Fills the rows of `out` with independent draws from the distribution at β = 0.
    fn draw_base(&self, stream: Stream, out: ArrayViewMut2<F>);

    /// Memory for the steps of this many chains.
    fn memory(&self, n_chains: usize) -> Self::Memory;

    /// Adds ln p*_to(u) − ln p*_from(u) to the log-weight of each of these chains, and then moves their
    /// states u, a row each, by one Gibbs step at β = `to`. Draws depend on the stream and the chain alone.
    fn step(
        &self,
        chains: Range<usize>,
        betas: (F, F),
        stream: Stream,
        memory: &mut Self::Memory,
        states: (&mut ArrayViewMut2<F>, &mut [f64]),
    );
}

/// The estimate of log Z from chains that are annealed from β = 0 to 1: too low on average.
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

/// The estimate of log Z from chains that are annealed from `starts` at β = 1 to 0: too high on average if
/// these are draws from the model.
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

/// `n` rows of `data`, spread evenly over it.
pub(crate) fn spread_over<F: Real>(data: ArrayView2<F>, n: usize) -> Array2<F> {
    let rows: Vec<usize> = (0..n).map(|chain| chain * data.nrows() / n).collect();
    data.select(Axis(0), &rows)
}

/// Anneals every chain through the temperatures and returns the logarithms of their weights.
///
/// Chains are independent and the model is constant, so each thread anneals its own chains from end to
/// end.
fn anneal<F: Real>(
    family: &impl Family<F>,
    betas: &[f64],
    u: &mut Array2<F>,
    stream: Stream,
) -> Vec<f64> {
    let n = u.nrows();
    let mut log_weights = vec![0.0; n];
    let outputs = (u.view_mut(), log_weights.as_mut_slice());
    by_thread(n, outputs, |chains, (mut u, log_weights)| {
        let mut memory = family.memory(chains.len());
        for (step, pair) in (1..).zip(betas.windows(2)) {
            let betas = (F::of(pair[0]), F::of(pair[1]));
            let states = (&mut u, &mut *log_weights);
            family.step(chains.clone(), betas, stream.epoch(step), &mut memory, states);
        }
    });
    log_weights
}

/// The estimate from the mean of the weights, which `log_z` turns into one of log Z.
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
