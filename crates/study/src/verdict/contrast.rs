//! Two methods at one number of labels, and the sentences that the numbers support.

use super::Finding;
use super::number::{count, fixed, p_value, signed};

/// The difference of two methods' test errors, `method` minus `other`, in percentage points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contrast {
    /// The name of the method.
    pub(super) name: String,
    /// Words for the method.
    pub(super) method: String,
    /// Words for the other method.
    pub(super) other: String,
    pub(super) labels: usize,
    pub(super) seeds: usize,
    /// Test error of the method, in percent.
    pub(super) error: f64,
    pub(super) other_error: f64,
    pub(super) difference: f64,
    /// Ends of the 95 % interval; NaN without one.
    pub(super) low: f64,
    pub(super) high: f64,
    /// The p-value of the t-test after Holm's correction; NaN without one.
    pub(super) corrected_p: f64,
}

impl Contrast {
    pub(super) fn finding(&self) -> Finding {
        Finding::of(self.low, self.high, self.corrected_p)
    }

    /// A clause with both errors, the difference and its interval, without a full stop.
    pub(super) fn clause(&self) -> String {
        let labels = count(self.labels);
        let Contrast { method, other, .. } = self;
        let (error, other_error) = (self.percent(self.error), self.percent(self.other_error));
        let evidence = self.evidence();
        match self.finding() {
            Finding::Better => format!(
                "with {labels} labels, {method} cuts the test error from {other_error} to {error} \
                 {evidence}"
            ),
            Finding::Worse => format!(
                "with {labels} labels, {method} raises the test error from {other_error} to \
                 {error} {evidence}"
            ),
            finding @ (Finding::SuggestiveBetter | Finding::SuggestiveWorse) => {
                let word = if finding == Finding::SuggestiveBetter { "better" } else { "worse" };
                format!(
                    "with {labels} labels, {method} ({error} test error) is {word} than {other} \
                     ({other_error}) by its own interval, but not after correction {evidence}"
                )
            }
            Finding::NoDifference => format!(
                "with {labels} labels, there is no clear difference between {method} ({error} test \
                 error) and {other} ({other_error}) {evidence}"
            ),
            Finding::NoInterval => format!(
                "with {labels} labels, {method} has a test error of {error} and {other} of \
                 {other_error} {evidence}"
            ),
        }
    }

    /// A sentence of its own, which begins with the better method.
    pub(super) fn sentence(&self) -> String {
        match self.finding() {
            Finding::Worse | Finding::SuggestiveWorse => self.flipped().sentence(),
            Finding::Better => format!(
                "With {} labels, {} ({} test error) is better than {} ({}) {}.",
                count(self.labels),
                self.method,
                self.percent(self.error),
                self.other,
                self.percent(self.other_error),
                self.evidence()
            ),
            _ => format!("{}.", super::capitalised(&self.clause())),
        }
    }

    /// `other` minus `method`.
    fn flipped(&self) -> Self {
        Contrast {
            method: self.other.clone(),
            other: self.method.clone(),
            error: self.other_error,
            other_error: self.error,
            difference: -self.difference,
            low: -self.high,
            high: -self.low,
            ..self.clone()
        }
    }

    /// The difference, its interval, the number of seeds and the corrected p-value, in brackets.
    fn evidence(&self) -> String {
        let digits = self.digits();
        let difference = signed(self.difference, digits);
        let seeds = if self.seeds == 1 { "1 seed".into() } else { format!("{} seeds", self.seeds) };
        let interval =
            format!("95 % interval {} to {}", signed(self.low, digits), signed(self.high, digits));
        match self.finding() {
            Finding::NoInterval if self.seeds < 2 => {
                format!("(difference {difference} points; {seeds}, which gives no interval)")
            }
            Finding::NoInterval => {
                format!("(difference {difference} points; {seeds}, but no interval)")
            }
            Finding::NoDifference => format!(
                "(difference {difference} points, {interval}, which includes zero, {seeds})"
            ),
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

    /// One decimal for differences of a point and more, two below that; more where an end of the
    /// interval would otherwise be written as zero.
    fn digits(&self) -> usize {
        let least = if self.difference.abs() >= 1.0 { 1 } else { 2 };
        let shows = |value: f64, digits: usize| {
            !value.is_finite() || value == 0.0 || value.abs() >= 0.5 * 0.1_f64.powf(digits as f64)
        };
        (least..4).find(|&d| shows(self.low, d) && shows(self.high, d)).unwrap_or(4)
    }
}
