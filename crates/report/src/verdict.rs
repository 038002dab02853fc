//! The answer in words: does pretraining help, and by how much?
//!
//! Each pretrained method is compared with `none` at each number of labels, and the best
//! autoencoder with `rbm`, from the paired differences. A difference counts only if its 95 %
//! interval excludes zero, and as no more than probable if it does not stand among all comparisons;
//! otherwise the two are "not told apart". One seed gives no interval, and then none is claimed.
//!
//! Of several depths the largest is taken. Of several methods the best is the one with the lowest
//! mean *validation* error, so that the choice does not flatter the test error that is reported;
//! without `comparison.csv` it is by the test error, and a note says so.

mod contrast;
mod run;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

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
        MIXED => "pretraining in several ways".into(),
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

/// The mean; none of no values.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / f64::from(n))
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
    let mut answers: BTreeMap<Outcome, Vec<String>> = BTreeMap::new();
    for one in best {
        answers.entry(one.outcome()).or_default().push(number::count(one.labels));
    }
    let clauses = if best.len() > 1 {
        format!("{}; {}", first.clause(), last.clause())
    } else {
        first.clause()
    };
    if answers.len() == 1 {
        return format!("{}: {clauses}.", capitalised(answer(first.outcome())));
    }
    let parts: Vec<String> = answers
        .iter()
        .enumerate()
        .map(|(i, (&outcome, counts))| {
            let labels = if i == 0 { " labels" } else { "" };
            format!("{} with {}{labels}", answer(outcome), listed(counts))
        })
        .collect();
    format!("{}: {clauses}.", capitalised(&parts.join(", ")))
}

fn answer(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Better => "yes",
        Outcome::ProbablyBetter => "probably",
        Outcome::NotApart => "not told apart",
        Outcome::NoInterval => "no interval, so no answer yet",
        Outcome::ProbablyWorse => "probably not",
        Outcome::Worse => "no",
    }
}

fn capitalised(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

impl Evidence<'_> {
    fn mean_test_error(&self, method: &str, labels: usize) -> Option<&SummaryRow> {
        self.summary.iter().find(|row| row.method == method && row.labels == labels).copied()
    }

    /// Validation and test error in percent of each seed.
    fn seeds(&self, method: &str, labels: usize) -> BTreeMap<u64, (f64, f64)> {
        let rows = self.comparison.iter().filter(|r| r.method == method && r.labels == labels);
        rows.map(|row| (row.seed, (row.validation_error_pct, row.test_error_pct))).collect()
    }

    /// The best of some methods at this number of labels, of those that have results: by validation
    /// errors over the seeds that all of them have.
    fn best<'m>(&self, methods: impl Iterator<Item = &'m str>, labels: usize) -> Option<&'m str> {
        let here = methods.filter_map(|method| {
            let row = self.mean_test_error(method, labels)?;
            Some((method, row.test_error_pct_mean, self.seeds(method, labels)))
        });
        let here: Vec<_> = here.collect();
        let shared = |seed: &u64| here.iter().all(|(_, _, seeds)| seeds.contains_key(seed));
        let score = |test_error: f64, seeds: &BTreeMap<u64, (f64, f64)>| {
            let of_shared = seeds.iter().filter(|(seed, _)| shared(seed));
            mean(of_shared.map(|(_, errors)| errors.0))
                .or_else(|| mean(seeds.values().map(|errors| errors.0)))
                .unwrap_or(test_error)
        };
        here.iter()
            .map(|(method, test_error, seeds)| (*method, score(*test_error, seeds)))
            .filter(|(_, score)| score.is_finite())
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(method, _)| method)
    }

    /// Test errors of two methods: means over the seeds that both have, else over those of each.
    fn errors(&self, method: &str, other: &str, labels: usize) -> Option<(f64, f64)> {
        let own = self.mean_test_error(method, labels)?.test_error_pct_mean;
        let others = self.mean_test_error(other, labels)?.test_error_pct_mean;
        let [a, b] = [method, other].map(|method| self.seeds(method, labels));
        let of_shared = |these: &BTreeMap<u64, (f64, f64)>| {
            let shared = these.iter().filter(|(s, _)| a.contains_key(s) && b.contains_key(s));
            mean(shared.map(|(_, errors)| errors.1))
        };
        Some(of_shared(&a).zip(of_shared(&b)).unwrap_or((own, others)))
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
        let (error, other_error) = self.errors(method, other, labels)?;
        let n_seeds = |method| self.mean_test_error(method, labels).map_or(0, |row| row.seeds);
        let pair = |a: &str, b: &str| {
            let is = |row: &&&PairedRow| row.method_a == a && row.method_b == b;
            self.paired.iter().filter(|row| row.labels == labels).find(is)
        };
        let unpaired = Contrast {
            method: method.into(),
            other: other.into(),
            labels,
            seeds: n_seeds(method).min(n_seeds(other)),
            error,
            other_error,
            difference: error - other_error,
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
            (Outcome::ProbablyBetter, "probably better than no pretraining"),
            (Outcome::NotApart, "not told apart from no pretraining"),
            (Outcome::ProbablyWorse, "probably worse than no pretraining"),
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
                 difference, about one would exclude zero. What is called better or worse stands \
                 among all comparisons as well, its p below 0.05 after Holm's correction over those \
                 of a pretrained method with the nets without pretraining and of autoencoders with \
                 RBMs; what is called probably so does not."
                    .into(),
            );
        }
        notes
    }
}
