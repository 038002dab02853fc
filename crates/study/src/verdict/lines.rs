//! The numbers from which a verdict is made.

use crate::Roles;

/// The mean test error of a method over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryLine {
    /// The name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// Number of seeds.
    pub seeds: usize,
    /// Mean test error in percent.
    pub test_error_pct: f64,
}

/// Two methods compared seed by seed; each pair has one line at each depth and number of labels.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedLine {
    /// The name of the first method.
    pub method_a: String,
    /// The name of the second method, which is subtracted from the first.
    pub method_b: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// Number of seeds.
    pub seeds: usize,
    /// Mean difference of the test errors in percentage points; below zero, the first is better.
    pub difference_pct: f64,
    /// Lower end of its 95 % interval; NaN without an interval.
    pub low: f64,
    /// Upper end of its 95 % interval; NaN without an interval.
    pub high: f64,
    /// The p-value of the crossed test, which concerns other seeds and other test samples, after Holm's
    /// correction; NaN if the correction does not cover the pair, or without a p-value.
    pub corrected_p: f64,
}

/// The errors of one trained classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct CellLine {
    /// The name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// The seed.
    pub seed: u64,
    /// Error on the validation set, in percent.
    pub validation_error_pct: f64,
    /// Error on the test set, in percent.
    pub test_error_pct: f64,
    /// Parameter updates of pretraining and fine-tuning together.
    pub updates: u64,
}

impl PairedLine {
    /// The ends of the interval; NaN without one.
    pub(super) fn interval(&self) -> (f64, f64) {
        let exists = self.seeds > 1 && self.low.is_finite() && self.high.is_finite();
        if exists { (self.low, self.high) } else { (f64::NAN, f64::NAN) }
    }

    /// Whether this is one of the corrected comparisons. A comparison with the same difference at all seeds
    /// has no p-value, but counts.
    pub(super) fn is_corrected(&self, roles: &Roles) -> bool {
        let without_p = self.seeds > 1 && self.interval().0.is_nan();
        roles.asks(&self.method_a, &self.method_b) && (self.corrected_p.is_finite() || without_p)
    }

    /// The corrected p-value among `all` lines. Two methods with identical networks are tested only once, so
    /// the second has no p-value of its own and takes that of the line with the same numbers.
    pub(super) fn corrected_p_among<'l>(
        &self,
        all: impl IntoIterator<Item = &'l PairedLine>,
        roles: &Roles,
    ) -> f64 {
        let numbers = |line: &PairedLine| {
            (line.depth, line.labels, line.seeds, line.difference_pct, line.low, line.high)
        };
        if self.corrected_p.is_finite() || !roles.asks(&self.method_a, &self.method_b) {
            return self.corrected_p;
        }
        let mut twins = all.into_iter().filter(|line| numbers(line) == numbers(self));
        twins.find(|line| line.corrected_p.is_finite()).map_or(f64::NAN, |line| line.corrected_p)
    }
}
