//! Two methods at one number of labels, and the sentence that the numbers allow.

use super::spoken;
use crate::number::{count, fixed, p_value, signed};

/// `method` minus `other`, in points of percent of test error.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contrast {
    pub(super) method: String,
    pub(super) other: String,
    pub(super) labels: usize,
    pub(super) seeds: usize,
    pub(super) error: f64,
    pub(super) other_error: f64,
    pub(super) difference: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// The t-test's p by Holm's correction; NaN without one.
    pub(super) corrected_p: f64,
}

/// What interval and corrected p allow to say of `method`; without a corrected p, the interval alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Better,
    /// By its own interval, but not corrected for the number of comparisons.
    ProbablyBetter,
    /// The interval includes zero.
    NotApart,
    /// There is no interval.
    NoInterval,
    /// By its own interval, but not corrected for the number of comparisons.
    ProbablyWorse,
    Worse,
}

/// A corrected p from here on does not stand.
const LEVEL: f64 = 0.05;

impl Contrast {
    pub(super) fn outcome(&self) -> Outcome {
        if self.seeds < 2 || !self.low.is_finite() || !self.high.is_finite() {
            Outcome::NoInterval
        } else if self.high < 0.0 {
            if self.corrected_p >= LEVEL { Outcome::ProbablyBetter } else { Outcome::Better }
        } else if self.low > 0.0 {
            if self.corrected_p >= LEVEL { Outcome::ProbablyWorse } else { Outcome::Worse }
        } else {
            Outcome::NotApart
        }
    }

    /// With both errors, the difference and its interval; without a final stop.
    pub(super) fn clause(&self) -> String {
        let labels = count(self.labels);
        let (method, other) = (spoken(&self.method), spoken(&self.other));
        let (error, other_error) = (self.percent(self.error), self.percent(self.other_error));
        let evidence = self.evidence();
        match self.outcome() {
            Outcome::Better | Outcome::ProbablyBetter => format!(
                "with {labels} labels, {method} cuts the test error from {other_error} to {error} \
                 {evidence}"
            ),
            Outcome::Worse | Outcome::ProbablyWorse => format!(
                "with {labels} labels, {method} raises the test error from {other_error} to \
                 {error} {evidence}"
            ),
            Outcome::NotApart => format!(
                "with {labels} labels, {method} ({error} test error) and {other} ({other_error}) \
                 are not told apart {evidence}"
            ),
            Outcome::NoInterval => format!(
                "with {labels} labels, {method} has a test error of {error}, {other} of \
                 {other_error} {evidence}"
            ),
        }
    }

    /// Of two families, as a sentence of its own that begins with the better one.
    pub(super) fn sentence(&self) -> String {
        match self.outcome() {
            Outcome::Worse | Outcome::ProbablyWorse => self.flipped().sentence(),
            outcome @ (Outcome::Better | Outcome::ProbablyBetter) => format!(
                "With {} labels, {} ({} test error) is {}better than {} ({}) {}.",
                count(self.labels),
                spoken(&self.method),
                self.percent(self.error),
                if outcome == Outcome::Better { "" } else { "probably " },
                spoken(&self.other),
                self.percent(self.other_error),
                self.evidence()
            ),
            _ => format!("W{}.", self.clause().get(1..).unwrap_or_default()),
        }
    }

    /// `other` minus `method`.
    pub(super) fn flipped(&self) -> Self {
        Self {
            method: self.other.clone(),
            other: self.method.clone(),
            error: self.other_error,
            other_error: self.error,
            difference: -self.difference,
            low: -self.high,
            high: -self.low,
            ..*self
        }
    }

    /// In brackets: the difference, its interval, the seeds.
    fn evidence(&self) -> String {
        let digits = self.digits();
        let difference = signed(self.difference, digits);
        let seeds = if self.seeds == 1 { "1 seed".into() } else { format!("{} seeds", self.seeds) };
        let interval =
            format!("95 % interval {} to {}", signed(self.low, digits), signed(self.high, digits));
        match self.outcome() {
            Outcome::NoInterval if self.seeds < 2 => {
                format!("(difference {difference} points; {seeds}, so no interval can be given)")
            }
            Outcome::NoInterval => {
                format!("(difference {difference} points; {seeds}, but no interval was computed)")
            }
            Outcome::NotApart => {
                format!(
                    "(difference {difference} points, {interval}, which includes zero, {seeds})"
                )
            }
            _ if self.corrected_p.is_finite() => {
                let p = p_value(self.corrected_p);
                format!("(difference {difference} points, {interval}, {seeds}, corrected p {p})")
            }
            _ => format!("(difference {difference} points, {interval}, {seeds})"),
        }
    }

    fn percent(&self, error: f64) -> String {
        format!("{} %", fixed(error, self.digits()))
    }

    /// One decimal for differences of a point and more, two below; more where an end of the
    /// interval would else be written as zero.
    fn digits(&self) -> usize {
        let least = if self.difference.abs() >= 1.0 { 1 } else { 2 };
        let shows = |value: f64, digits: usize| {
            !value.is_finite() || value == 0.0 || value.abs() >= 0.5 * 0.1_f64.powf(digits as f64)
        };
        (least..4).find(|&d| shows(self.low, d) && shows(self.high, d)).unwrap_or(4)
    }
}
