//! Comparison of two methods at one number of labels, and the sentences that the numbers support.

use number_text::{count, fixed, p_value, signed};
use wording::{Language, say};

use super::Finding;

/// The difference between two methods' test errors, `method` minus `other`, in percentage points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contrast {
    /// The language of the sentences.
    pub(super) language: Language,
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
    /// The p-value of the crossed test after Holm's correction; NaN without one.
    pub(super) corrected_p: f64,
}

impl Contrast {
    pub(super) fn finding(&self) -> Finding {
        Finding::of(self.low, self.high, self.corrected_p)
    }

    /// A clause with both errors, the difference and its interval, without a full stop.
    pub(super) fn clause(&self) -> String {
        self.say(&format!("clause-{}", self.finding().key()))
    }

    /// A complete sentence, starting with the better method.
    pub(super) fn sentence(&self) -> String {
        match self.finding() {
            Finding::Worse | Finding::SuggestiveWorse => self.flipped().sentence(),
            Finding::Better => self.say("sentence-better"),
            _ => format!("{}.", super::capitalised(&self.clause())),
        }
    }

    /// A message about the numbers of this contrast.
    fn say(&self, message: &str) -> String {
        say!(
            self.language,
            message,
            labels = count(self.labels),
            method = self.method.as_str(),
            error = self.percent(self.error),
            other = self.other.as_str(),
            other_error = self.percent(self.other_error),
            evidence = self.evidence()
        )
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
        let [difference, low, high] =
            [self.difference, self.low, self.high].map(|value| signed(value, digits));
        let message = match self.finding() {
            Finding::NoInterval if self.seeds < 2 => "evidence-one-seed",
            Finding::NoInterval => "evidence-no-interval",
            Finding::NoDifference => "evidence-zero",
            _ if self.corrected_p.is_finite() => "evidence-corrected",
            _ => "evidence",
        };
        say!(
            self.language,
            message,
            difference = difference,
            low = low,
            high = high,
            seeds = say!(self.language, "seeds", n = self.seeds),
            p = p_value(self.corrected_p)
        )
    }

    fn percent(&self, error: f64) -> String {
        format!("{} %", fixed(error, self.digits()))
    }

    /// One decimal for differences of at least one point, two below that; more if an end of the interval
    /// would otherwise be printed as zero.
    fn digits(&self) -> usize {
        let least = if self.difference.abs() >= 1.0 { 1 } else { 2 };
        let shows = |value: f64, digits: usize| {
            !value.is_finite() || value == 0.0 || value.abs() >= 0.5 * 0.1_f64.powf(digits as f64)
        };
        (least..4).find(|&d| shows(self.low, d) && shows(self.high, d)).unwrap_or(4)
    }
}
