//! log Z of models of any size, with a confidence interval.
//!
//! Independent [ladders](crate::ladder) of replicas at temperatures between independent units and the model
//! are run side by side. log Z is that of the independent units plus, for each pair of neighbouring
//! temperatures, [Bennett's ratio](crate::bennett) of samples from all ladders: the estimator that Krause,
//! Fischer & Igel (2020) found the most precise for RBMs. Temperatures are placed so that [exchanges are
//! rejected equally often](crate::barrier).
//!
//! The samples of one ladder depend on each other; those of different ladders do not. Leaving out one ladder
//! at a time (the jackknife; Efron 1982, chapter 3) therefore gives a standard error without a model of the
//! dependence, and removes the bias of first order; the interval is Student's, with one degree of freedom
//! fewer than there are ladders. Half of the ladders start from independent units and half from the data, so
//! that a mode that only one of the two finds shows as a difference between the halves.

mod interval;

use ndarray::{ArrayView1, ArrayView2};
use nn_core::{Metric, Observer, Progress, TrainingError, observe};
use numerics::{Purpose, Real, Stream};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::Rbm;
use crate::annealing::{Packed, require_linear_hidden};
use crate::barrier::equal_rejections;
use crate::bennett::Acceptance;
use crate::family::Family;
use crate::ladder::{Block, Ladders};

pub use interval::{Doubt, LogZConfig, LogZInterval};

const LADDERS: Purpose = Purpose::new("ladders");

/// Number of temperatures before any rejection rates are known.
const FIRST_LEVELS: usize = 40;

/// Numbers of sweeps, after each of which the temperatures are placed anew.
const PLACING: [usize; 3] = [40, 80, 160];

/// Numbers of sweeps, after each of which the constants of Bennett's ratio are improved.
const CENTRING: [usize; 3] = [40, 80, 160];

/// Number of sweeps whose sums are stored together.
const BLOCK: usize = 50;

/// Minimum number of sweeps of an estimate.
const FIRST_SWEEPS: usize = 1_000;

/// Share of the sweeps, from the first on, that the estimate leaves out, in percent.
const SKIPPED_PERCENT: usize = 15;

/// Probability that an interval covers log Z.
const CONFIDENCE: f64 = 0.95;

/// Round trips per ladder below which an estimate is doubted.
const FEW_ROUND_TRIPS: usize = 2;

/// Probability that a sound estimate is doubted because of its starts.
const SIGNIFICANCE: f64 = 0.001;

/// Half the width of the interval, as reported to observers.
const HALF_WIDTH: Metric = Metric::new("log_z_half_width_nats", "nats");

/// Sweeps between two reports.
const BETWEEN_REPORTS: usize = 500;

/// Estimates log Z. `base` holds the biases of the independent units, ideally those of
/// [`Rbm::independent_biases`]; half of the ladders start from `data` (n × visible). The observer receives
/// the number of sweeps done and expected, and half the width of the interval.
///
/// # Errors
/// [`TrainingError::Setting`] for settings out of range, or hidden units whose energy is not linear;
/// [`TrainingError::Interrupted`] if the observer stops the computation.
///
/// # Panics
/// If there are no data, or widths differ from the model's.
pub fn estimate_log_z<F: Real>(
    rbm: &Rbm<F>,
    base: ArrayView1<F>,
    data: ArrayView2<F>,
    config: &LogZConfig,
    seed: u64,
    observer: Observer<'_>,
) -> Result<LogZInterval, TrainingError> {
    require_linear_hidden(&rbm.hidden.unit)?;
    let starts = rbm.visible.scaled(config.starts(data).view()).into_owned();
    estimate(&Packed::new(rbm, base), starts.view(), config, seed, observer)
}

/// Estimates log Z of the family's model. A ladder starts from each of `starts`, in units of σ, and the
/// others from independent units.
pub(crate) fn estimate<F: Real>(
    family: &impl Family<F>,
    starts: ArrayView2<F>,
    config: &LogZConfig,
    seed: u64,
    observer: Observer<'_>,
) -> Result<LogZInterval, TrainingError> {
    config.validate()?;
    let stream = Stream::new(seed, LADDERS);
    let even = (0..FIRST_LEVELS).map(|k| k as f64 / (FIRST_LEVELS - 1) as f64).collect();
    let from_base = config.ladders - starts.nrows();
    let ladders = Ladders::new(family, even, from_base, starts, stream);
    let mut run = Run { family, ladders, stream: stream.batch(3), sweeps: 0 };
    let constants = run.prepare();
    run.estimate(&constants, config, observer)
}

struct Run<'a, F, M> {
    family: &'a M,
    ladders: Ladders<F>,
    stream: Stream,
    /// Sweeps done, including those of the preparation.
    sweeps: usize,
}

impl<F: Real, M: Family<F>> Run<'_, F, M> {
    /// Runs some sweeps.
    fn sweep(&mut self, n: usize, constants: &[f64]) -> Block {
        let sweeps = self.sweeps..self.sweeps + n;
        self.sweeps += n;
        self.ladders.run(self.family, sweeps, constants, self.stream)
    }

    /// Places the temperatures and returns constants for Bennett's ratios.
    fn prepare(&mut self) -> Vec<f64> {
        for sweeps in PLACING {
            let constants = vec![0.0; self.ladders.betas().len() - 1];
            let pairs = over_ladders(&self.sweep(sweeps, &constants).pairs);
            let rejections: Vec<f64> = pairs.iter().map(Acceptance::rejection).collect();
            self.ladders.set_betas(equal_rejections(self.ladders.betas(), &rejections));
        }
        let mut constants = Vec::new();
        for (round, sweeps) in CENTRING.into_iter().enumerate() {
            constants.resize(self.ladders.betas().len() - 1, 0.0);
            let pairs = over_ladders(&self.sweep(sweeps, &constants).pairs);
            for (constant, pair) in constants.iter_mut().zip(&pairs) {
                // Without an estimate, Bennett's ratio has no constant yet.
                *constant = if round == 0 { pair.mean_work() } else { pair.log_ratio(*constant) };
            }
        }
        constants
    }

    /// Runs sweeps until the interval is as narrow as requested, or the sweeps are used up.
    fn estimate(
        mut self,
        constants: &[f64],
        config: &LogZConfig,
        observer: Observer<'_>,
    ) -> Result<LogZInterval, TrainingError> {
        let (mut blocks, mut round_trips, mut sweeps) = (Vec::new(), 0, 0);
        let mut aim = FIRST_SWEEPS.min(config.max_sweeps);
        let quantile = quantile(f64::midpoint(1.0, CONFIDENCE), config.ladders - 1);
        loop {
            let n = BLOCK.min(aim - sweeps);
            let block = self.sweep(n, constants);
            sweeps += n;
            round_trips += block.round_trips;
            blocks.push(block.pairs);
            if sweeps < aim && !sweeps.is_multiple_of(BETWEEN_REPORTS) {
                continue;
            }
            let used = &blocks[blocks.len() * SKIPPED_PERCENT / 100..];
            let ladders = over_blocks(used);
            let half_width = quantile * jackknife(&ladders, constants).standard_error;
            let is_narrow = half_width <= config.precision;
            if sweeps == aim && !is_narrow && sweeps < config.max_sweeps {
                aim = next_aim(sweeps, half_width / config.precision).min(config.max_sweeps);
            }
            let samples = n * config.ladders * self.ladders.betas().len();
            let progress =
                Progress { epoch: sweeps, of: aim, value: half_width, metric: HALF_WIDTH, samples };
            observe(observer, &progress)?;
            if sweeps == aim {
                return Ok(self.interval(
                    &ladders,
                    constants,
                    (half_width, is_narrow),
                    round_trips,
                ));
            }
        }
    }

    /// The interval from the ladders' sums.
    fn interval(
        &self,
        ladders: &[Vec<Acceptance>],
        constants: &[f64],
        (half_width, is_narrow): (f64, bool),
        round_trips: usize,
    ) -> LogZInterval {
        let n = ladders.len();
        let whole = jackknife(ladders, constants);
        let (from_base, from_data) = ladders.split_at(n - n / 2);
        let [base, data] = [from_base, from_data].map(|half| jackknife(half, constants));
        let start_difference = data.log_ratio - base.log_ratio;
        let start_difference_error = base.standard_error.hypot(data.standard_error);
        let chance = quantile(1.0 - SIGNIFICANCE / 2.0, n - 2) * start_difference_error;
        let doubt = if start_difference.abs() > chance {
            Some(Doubt::StartsDiffer)
        } else if round_trips < FEW_ROUND_TRIPS * n {
            Some(Doubt::FewRoundTrips)
        } else {
            (!is_narrow).then_some(Doubt::Wide)
        };
        let log_z = self.family.log_z_of_base() + whole.log_ratio;
        LogZInterval {
            log_z,
            standard_error: whole.standard_error,
            lower: log_z - half_width,
            upper: log_z + half_width,
            start_difference,
            start_difference_error,
            ladders: n,
            temperatures: self.ladders.betas().len(),
            sweeps: self.sweeps - PLACING.iter().chain(&CENTRING).sum::<usize>(),
            round_trips,
            doubt,
        }
    }
}

/// The number of sweeps that makes an interval narrower by this factor, with a margin. It at most triples at
/// a time, since the first standard errors are rough.
#[expect(clippy::cast_sign_loss, reason = "a factor above 1")]
fn next_aim(sweeps: usize, factor: f64) -> usize {
    (sweeps as f64 * (1.1 * factor * factor).clamp(1.3, 3.0)) as usize
}

/// The quantile of Student's t.
fn quantile(probability: f64, degrees_of_freedom: usize) -> f64 {
    StudentsT::new(0.0, 1.0, degrees_of_freedom as f64)
        .expect("degrees of freedom are positive")
        .inverse_cdf(probability)
}

/// The sums of all ladders, for each pair of levels.
fn over_ladders(ladders: &[Vec<Acceptance>]) -> Vec<Acceptance> {
    let n_pairs = ladders.first().map_or(0, Vec::len);
    let mut sums = vec![Acceptance::default(); n_pairs];
    for ladder in ladders {
        for (sum, pair) in sums.iter_mut().zip(ladder) {
            *sum = sum.and(pair);
        }
    }
    sums
}

/// The sums of all blocks, for each ladder, for each pair of levels.
fn over_blocks(blocks: &[Vec<Vec<Acceptance>>]) -> Vec<Vec<Acceptance>> {
    let mut sums = blocks[0].clone();
    for block in &blocks[1..] {
        for (sums, ladder) in sums.iter_mut().zip(block) {
            for (sum, pair) in sums.iter_mut().zip(ladder) {
                *sum = sum.and(pair);
            }
        }
    }
    sums
}

/// An estimate of the ratio of the last level's Z to the first one's, and its standard error.
struct Estimate {
    log_ratio: f64,
    standard_error: f64,
}

/// The estimate from all ladders, bias-corrected by the estimates that leave out one ladder each.
fn jackknife(ladders: &[Vec<Acceptance>], constants: &[f64]) -> Estimate {
    let n = ladders.len() as f64;
    let sums = over_ladders(ladders);
    let whole: f64 = sums.iter().zip(constants).map(|(sum, &c)| sum.log_ratio(c)).sum();
    let without: Vec<f64> = ladders
        .iter()
        .map(|ladder| {
            let rest = sums.iter().zip(ladder).zip(constants);
            rest.map(|((sum, part), &c)| sum.without(part).log_ratio(c)).sum()
        })
        .collect();
    let mean = without.iter().sum::<f64>() / n;
    let squares: f64 = without.iter().map(|value| (value - mean).powi(2)).sum();
    Estimate {
        log_ratio: n * whole - (n - 1.0) * mean,
        standard_error: ((n - 1.0) / n * squares).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For estimates that are linear in the ladders' sums, the jackknife gives the mean and its usual error.
    #[test]
    fn the_jackknife_of_equal_ladders_has_no_error() {
        let mut pair = Acceptance::default();
        pair.add(0.3, -0.1, 0.2);
        let found = jackknife(&vec![vec![pair, pair]; 5], &[0.2, 0.2]);
        assert!((found.log_ratio - 2.0 * pair.log_ratio(0.2)).abs() < 1e-12);
        assert!(found.standard_error < 1e-12);
    }

    #[test]
    fn the_error_of_the_jackknife_is_that_of_the_mean_of_small_deviations() {
        let works = [0.11, 0.13, 0.09, 0.12, 0.07, 0.14, 0.1, 0.08];
        let ladders: Vec<Vec<Acceptance>> = works
            .iter()
            .map(|&work| {
                let mut pair = Acceptance::default();
                pair.add(work, -work, 0.1);
                vec![pair]
            })
            .collect();
        let found = jackknife(&ladders, &[0.1]);
        let n = works.len() as f64;
        let mean = works.iter().sum::<f64>() / n;
        let variance = works.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / (n - 1.0);
        assert!((found.log_ratio - mean).abs() < 1e-4);
        assert!((found.standard_error - (variance / n).sqrt()).abs() < 1e-4);
    }

    #[test]
    fn settings_are_checked() {
        let refused = |config: LogZConfig| config.validate().expect_err("out of range").to_string();
        let config = LogZConfig::default();
        assert!(config.validate().is_ok());
        assert!(refused(LogZConfig { precision: 0.0, ..config }).contains("likelihood.precision"));
        assert!(refused(LogZConfig { max_sweeps: 9, ..config }).contains("likelihood.max_sweeps"));
        assert!(refused(LogZConfig { ladders: 2, ..config }).contains("likelihood.ladders"));
    }
}
