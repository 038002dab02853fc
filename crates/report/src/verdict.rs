//! The answer in words: does pretraining help, and by how much?
//!
//! Each pretrained method is compared with `none` at each number of labels, and the best
//! autoencoder with `rbm`, from the paired differences. A difference counts only if its 95 %
//! interval excludes zero; otherwise the two are "not told apart". One seed gives no interval, and
//! then none is claimed.
//!
//! Of several depths the largest is taken. Of several methods the best is the one with the lowest
//! mean *validation* error, so that the choice does not flatter the test error that is reported;
//! without `comparison.csv` it is by the test error, and a note says so.

mod contrast;
mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::number;
use crate::rows::{ComparisonRow, PairedRow, SummaryRow};
use contrast::{Contrast, Outcome};

pub use run::headline_of_run;
pub(crate) use run::{TestValues, last_values};

/// The answer, what supports it, and what to know about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The first sentence of the page.
    pub headline: String,
    /// One sentence for each number of labels, and one for each comparison of the families.
    pub findings: Vec<String>,
    /// Depth, choice, seeds, what is missing.
    pub notes: Vec<String>,
}

/// The method without pretraining, which the others must beat.
pub(crate) const BASELINE: &str = "none";
pub(crate) const RBM: &str = "rbm";
pub(crate) const AUTOENCODERS: [&str; 4] = ["autoencoder", "sparse", "denoising", "contractive"];

const MIXED: &str = "mixed";

/// What is done without pretraining since 2012.
const MODERN: &str = "relu-dropout";

/// Everything that is known at the depth that is judged.
struct Evidence<'a> {
    depth: usize,
    labels: BTreeSet<usize>,
    summary: Vec<&'a SummaryRow>,
    paired: Vec<&'a PairedRow>,
    comparison: Vec<&'a ComparisonRow>,
}

impl Verdict {
    /// The verdict of a comparison; none if there are no rows to judge.
    pub fn of(
        summary: &[SummaryRow],
        paired: &[PairedRow],
        comparison: &[ComparisonRow],
    ) -> Option<Self> {
        let depth = summary.iter().map(|row| row.depth).max()?;
        let evidence = Evidence {
            depth,
            labels: summary.iter().filter(|r| r.depth == depth).map(|r| r.labels).collect(),
            summary: summary.iter().filter(|row| row.depth == depth).collect(),
            paired: paired.iter().filter(|row| row.depth == depth).collect(),
            comparison: comparison.iter().filter(|row| row.depth == depth).collect(),
        };
        let best: Vec<Contrast> = evidence
            .labels
            .iter()
            .filter_map(|&labels| {
                let method = evidence.best(pretrained(), labels)?;
                evidence.contrast(method, BASELINE, labels)
            })
            .collect();
        let families = evidence.families();
        Some(Self {
            headline: headline(&best, &evidence),
            findings: evidence
                .against_none()
                .into_iter()
                .chain(evidence.against_modern().iter().map(Contrast::sentence))
                .chain(families.iter().map(Contrast::sentence))
                .collect(),
            notes: evidence.notes(summary, !families.is_empty()),
        })
    }
}

/// A method in a sentence.
pub(crate) fn spoken(method: &str) -> String {
    match method {
        BASELINE => "no pretraining".into(),
        RBM => "RBM pretraining".into(),
        "pca" => "PCA initialisation".into(),
        "random-features" => "random features".into(),
        "raw-logistic" => "logistic regression".into(),
        MODERN => "rectified units with dropout".into(),
        "autoencoder" => "autoencoder pretraining".into(),
        MIXED => "pretraining by both families".into(),
        "sparse" | "denoising" | "contractive" => format!("{method}-autoencoder pretraining"),
        other => other.into(),
    }
}

/// "a, b and c".
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn pretrained() -> impl Iterator<Item = &'static str> {
    AUTOENCODERS.into_iter().chain([RBM, MIXED])
}

fn headline(best: &[Contrast], evidence: &Evidence<'_>) -> String {
    let (Some(first), Some(last)) = (best.first(), best.last()) else {
        let has_baseline = evidence.summary.iter().any(|row| row.method == BASELINE);
        return if has_baseline {
            "No answer yet: no pretrained method has results to compare with no pretraining.".into()
        } else {
            "No answer yet: there are no results without pretraining to compare with.".into()
        };
    };
    let every = |outcome| best.iter().all(|one| one.outcome() == outcome);
    let any = |outcome| best.iter().any(|one| one.outcome() == outcome);
    let answer = if every(Outcome::Better) {
        "Yes"
    } else if every(Outcome::NoInterval) {
        "No interval can be given, so this is no answer yet"
    } else if every(Outcome::NotApart) {
        "Not told apart"
    } else if any(Outcome::Better) {
        "It depends on the number of labels"
    } else if any(Outcome::Worse) {
        "No"
    } else {
        "Not told apart, as far as there are intervals"
    };
    let clauses = if best.len() > 1 {
        format!("{}; {}", first.clause(), last.clause())
    } else {
        first.clause()
    };
    format!("{answer}: {clauses}.")
}

impl Evidence<'_> {
    fn mean_test_error(&self, method: &str, labels: usize) -> Option<&SummaryRow> {
        self.summary.iter().find(|row| row.method == method && row.labels == labels).copied()
    }

    /// What the choice is made by, lower is better.
    fn score(&self, method: &str, labels: usize) -> Option<f64> {
        let cells = self.comparison.iter().filter(|r| r.method == method && r.labels == labels);
        let errors: Vec<f64> = cells.map(|row| row.validation_error_pct).collect();
        if errors.is_empty() {
            return self.mean_test_error(method, labels).map(|row| row.test_error_pct_mean);
        }
        Some(errors.iter().sum::<f64>() / errors.len() as f64)
    }

    /// The best of some methods at this number of labels, of those that have results.
    fn best<'m>(&self, methods: impl Iterator<Item = &'m str>, labels: usize) -> Option<&'m str> {
        methods
            .filter(|method| self.mean_test_error(method, labels).is_some())
            .filter_map(|method| Some((method, self.score(method, labels)?)))
            .filter(|(_, score)| score.is_finite())
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(method, _)| method)
    }

    /// The p-value of the two methods' difference by Holm's correction, or NaN.
    fn corrected_p(&self, method: &str, other: &str, labels: usize) -> f64 {
        let of_both = |row: &&&PairedRow| {
            let pair = (row.method_a.as_str(), row.method_b.as_str());
            row.labels == labels && (pair == (method, other) || pair == (other, method))
        };
        let mut rows = self.paired.iter().filter(of_both);
        rows.find(|row| row.test.ends_with("Holm")).map_or(f64::NAN, |row| row.p_value)
    }

    /// `method` minus `other`, by their paired row in either order, else by their means.
    fn contrast(&self, method: &str, other: &str, labels: usize) -> Option<Contrast> {
        let own = self.mean_test_error(method, labels)?;
        let others = self.mean_test_error(other, labels)?;
        let pair = |a: &str, b: &str| {
            let is = |row: &&&PairedRow| row.method_a == a && row.method_b == b;
            self.paired.iter().filter(|row| row.labels == labels).find(is)
        };
        let unpaired = Contrast {
            method: method.into(),
            other: other.into(),
            labels,
            seeds: own.seeds.min(others.seeds),
            error: own.test_error_pct_mean,
            other_error: others.test_error_pct_mean,
            difference: own.test_error_pct_mean - others.test_error_pct_mean,
            low: f64::NAN,
            high: f64::NAN,
            corrected_p: self.corrected_p(method, other, labels),
        };
        Some(match (pair(method, other), pair(other, method)) {
            (Some(row), _) => Contrast {
                seeds: row.seeds,
                difference: row.difference_pct_mean,
                low: row.ci95_low,
                high: row.ci95_high,
                ..unpaired
            },
            (None, Some(row)) => Contrast {
                seeds: row.seeds,
                difference: -row.difference_pct_mean,
                low: -row.ci95_high,
                high: -row.ci95_low,
                ..unpaired
            },
            (None, None) => unpaired,
        })
    }

    /// The best autoencoder against the RBM at each number of labels that has both. If the run
    /// paired only one autoencoder with the RBM, it chose that one.
    fn families(&self) -> Vec<Contrast> {
        let paired_with_rbm = |method: &str, labels: usize| {
            let with = |a: &str, b: &str| (a == method && b == RBM) || (a == RBM && b == method);
            self.paired.iter().any(|r| r.labels == labels && with(&r.method_a, &r.method_b))
        };
        let contrast = |&labels: &usize| {
            let paired = AUTOENCODERS.into_iter().filter(|m| paired_with_rbm(m, labels));
            let method = self
                .best(paired, labels)
                .or_else(|| self.best(AUTOENCODERS.into_iter(), labels))?;
            self.contrast(method, RBM, labels)
        };
        self.labels.iter().filter_map(contrast).collect()
    }

    /// The best pretrained method against rectified units with dropout, at each number of labels.
    fn against_modern(&self) -> Vec<Contrast> {
        let contrast =
            |&labels: &usize| self.contrast(self.best(pretrained(), labels)?, MODERN, labels);
        self.labels.iter().filter_map(contrast).collect()
    }

    /// All pretrained methods by their outcome, numbers of labels with the same one together.
    fn against_none(&self) -> Vec<String> {
        let mut sentences: Vec<(String, Vec<usize>)> = Vec::new();
        for &labels in &self.labels {
            let outcomes = self.outcomes(labels);
            match sentences.last_mut() {
                _ if outcomes.is_empty() => {}
                Some((same, all)) if *same == outcomes => all.push(labels),
                _ => sentences.push((outcomes, vec![labels])),
            }
        }
        let sentence = |(outcomes, labels): (String, Vec<usize>)| {
            let counts: Vec<String> = labels.into_iter().map(number::count).collect();
            format!("With {} labels, {outcomes}.", listed(&counts))
        };
        sentences.into_iter().map(sentence).collect()
    }

    /// All pretrained methods at this number of labels, by their outcome; empty without any.
    fn outcomes(&self, labels: usize) -> String {
        let all: Vec<Contrast> =
            pretrained().filter_map(|method| self.contrast(method, BASELINE, labels)).collect();
        let groups = [
            (Outcome::Better, "better than no pretraining"),
            (Outcome::NotApart, "not told apart from no pretraining"),
            (Outcome::Worse, "worse than no pretraining"),
            (Outcome::NoInterval, "without an interval against no pretraining"),
        ];
        let parts: Vec<String> = groups
            .into_iter()
            .filter_map(|(outcome, words)| {
                let of = all.iter().filter(|one| one.outcome() == outcome);
                let names: Vec<String> = of.map(|one| one.method.clone()).collect();
                (!names.is_empty()).then(|| format!("{words}: {}", listed(&names)))
            })
            .collect();
        parts.join("; ")
    }

    fn notes(&self, all: &[SummaryRow], has_families: bool) -> Vec<String> {
        let mut notes = Vec::new();
        let layers = if self.depth == 1 { "layer" } else { "layers" };
        let depths: BTreeSet<usize> = all.iter().map(|row| row.depth).collect();
        let largest = if depths.len() > 1 { ", the largest depth of this run" } else { "" };
        notes.push(format!(
            "The answer is for networks with {} hidden {layers}{largest}.",
            self.depth
        ));
        let absent: BTreeSet<&str> = all.iter().map(|row| row.method.as_str()).collect();
        let here: BTreeSet<&str> = self.summary.iter().map(|row| row.method.as_str()).collect();
        let absent: Vec<&str> = absent.difference(&here).copied().collect();
        if !absent.is_empty() {
            notes.push(format!("Without results at this depth: {}.", absent.join(", ")));
        }
        if self.comparison.is_empty() {
            notes.push(
                "The best method is the one with the lowest mean test error, which flatters it: \
                 there are no validation errors to choose by."
                    .into(),
            );
        } else {
            notes.push(
                "The best method is the one with the lowest mean validation error at that number \
                 of labels. Rates and the point to stop at are chosen on the validation samples, \
                 whose labels are not counted."
                    .into(),
            );
        }
        if !has_families {
            notes.push("The families are not compared: one of them has no results.".into());
        }
        if self.paired.iter().any(|row| row.seeds > 1) {
            notes.push(
                "Every comparison has its own 95 % interval; of twenty comparisons without a true \
                 difference, about one would exclude zero. Where a corrected p is given (Holm's, \
                 over all comparisons of a pretrained method with the nets without pretraining, and \
                 of autoencoders with RBMs), one below 0.05 stands even so."
                    .into(),
            );
        }
        notes
    }
}
