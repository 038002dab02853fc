//! The finding that interval and corrected p-value of a difference support.

use wording::{Language, say};

use super::PairedLine;
use crate::Roles;

/// The corrected p-value from which on a difference is no longer significant.
const LEVEL: f64 = 0.05;

/// The finding on a method's test error compared with another's. The order is that of strength: the
/// headline names the first that it has.
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
    /// There is no interval, as with one seed.
    NoInterval,
}

impl Finding {
    /// The finding for a difference with this 95 % interval (NaN if there is none) and this corrected
    /// p-value (NaN for a difference that is not corrected; the interval then decides alone).
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

    /// The finding on the other method.
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

    /// The end of the names of its messages.
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
    /// A few words for a table, such as "rbm better".
    pub fn words(&self, language: Language) -> String {
        let PairFinding { method_a, method_b, outcome, .. } = self;
        let (better, outcome) = match outcome {
            Finding::Worse | Finding::SuggestiveWorse => (method_b, outcome.flipped()),
            _ => (method_a, *outcome),
        };
        say!(language, &format!("pair-{}", outcome.key()), method = better.as_str())
    }
}

/// The finding on the pair of `line`, one of `all`.
pub(super) fn of_pair(roles: &Roles, line: &PairedLine, all: &[PairedLine]) -> PairFinding {
    let (low, high) = line.interval();
    PairFinding {
        method_a: line.method_a.clone(),
        method_b: line.method_b.clone(),
        depth: line.depth,
        labels: line.labels,
        asked: roles.asks(&line.method_a, &line.method_b),
        outcome: Finding::of(low, high, line.corrected_p_among(all, roles)),
    }
}
