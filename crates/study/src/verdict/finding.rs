//! The finding supported by the interval and the corrected p-value of a difference.

use wording::{Language, say};

use super::PairedLine;
use crate::Roles;

/// Significance level for corrected p-values.
const LEVEL: f64 = 0.05;

/// The finding on a method's test error compared with another's, ordered by strength: the headline starts
/// with the first that occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// The error is lower.
    Better,
    /// The error is higher.
    Worse,
    /// The interval is below zero, but the corrected p-value is not below 0.05.
    SuggestiveBetter,
    /// The interval is above zero, but the corrected p-value is not below 0.05.
    SuggestiveWorse,
    /// The interval includes zero.
    NoDifference,
    /// There is no interval, for example with one seed.
    NoInterval,
}

impl Finding {
    /// The finding for a difference with this 95 % interval (NaN if there is none) and this corrected p-value
    /// (NaN for an uncorrected difference; then only the interval decides).
    pub fn of(low: f64, high: f64, corrected_p: f64) -> Self {
        let significant = corrected_p.is_nan() || corrected_p < LEVEL;
        match (significant, low, high) {
            _ if !low.is_finite() || !high.is_finite() => Finding::NoInterval,
            (true, _, high) if high < 0.0 => Finding::Better,
            (false, _, high) if high < 0.0 => Finding::SuggestiveBetter,
            (true, low, _) if low > 0.0 => Finding::Worse,
            (false, low, _) if low > 0.0 => Finding::SuggestiveWorse,
            _ => Finding::NoDifference,
        }
    }

    /// The finding from the other method's perspective.
    #[must_use]
    pub fn flipped(self) -> Self {
        match self {
            Finding::Better => Finding::Worse,
            Finding::Worse => Finding::Better,
            Finding::SuggestiveBetter => Finding::SuggestiveWorse,
            Finding::SuggestiveWorse => Finding::SuggestiveBetter,
            same => same,
        }
    }

    /// The suffix of its message names.
    pub(super) fn key(self) -> &'static str {
        match self {
            Finding::Better => "better",
            Finding::Worse => "worse",
            Finding::SuggestiveBetter => "suggestive-better",
            Finding::SuggestiveWorse => "suggestive-worse",
            Finding::NoDifference => "no-difference",
            Finding::NoInterval => "no-interval",
        }
    }
}

/// The finding on a pair of methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFinding {
    /// The name of the first method.
    pub method_a: String,
    /// The name of the second method.
    pub method_b: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// Whether the study asks about this pair ([`Roles::asks`]).
    pub asked: bool,
    /// The finding on the first method compared with the second.
    pub outcome: Finding,
}

impl PairFinding {
    /// A short phrase for a table, such as "rbm better".
    pub fn words(&self, language: Language) -> String {
        let PairFinding { method_a, method_b, outcome, .. } = self;
        let (better, outcome) = match outcome {
            Finding::Worse | Finding::SuggestiveWorse => (method_b, outcome.flipped()),
            _ => (method_a, *outcome),
        };
        let key = match outcome {
            Finding::SuggestiveBetter if !self.asked => "uncorrected-better",
            outcome => outcome.key(),
        };
        say!(language, &format!("pair-{key}"), method = better.as_str())
    }
}

/// The finding on the pair of `line`, one of `all`. A pair that the study does not ask about is in no family of
/// comparisons, so that no correction can confirm it: its finding is suggestive at most.
pub(super) fn of_pair(roles: &Roles, line: &PairedLine, all: &[PairedLine]) -> PairFinding {
    let (low, high) = line.interval();
    let asked = roles.asks(&line.method_a, &line.method_b);
    let corrected_p = if asked { line.corrected_p_among(all, roles) } else { 1.0 };
    PairFinding {
        method_a: line.method_a.clone(),
        method_b: line.method_b.clone(),
        depth: line.depth,
        labels: line.labels,
        asked,
        outcome: Finding::of(low, high, corrected_p),
    }
}
