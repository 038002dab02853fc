//! The results at the depth being judged, and the sentences about them.

use std::collections::{BTreeMap, BTreeSet};

use wording::{Language, say};

use super::contrast::Contrast;
use super::{CellLine, Finding, PairedLine, SummaryLine};
use crate::{MethodRole, Roles};

/// The results of a comparison, with those at the largest depth separate.
pub(super) struct Evidence<'a> {
    pub(super) language: Language,
    roles: &'a Roles,
    depth: usize,
    /// The numbers of labels at this depth.
    labels: BTreeSet<usize>,
    summary: Vec<&'a SummaryLine>,
    paired: Vec<&'a PairedLine>,
    cells: Vec<&'a CellLine>,
    all: &'a [SummaryLine],
}

/// Validation and test error in percent.
type Errors = (f64, f64);

impl<'a> Evidence<'a> {
    /// The results at the largest depth; `None` without results.
    pub(super) fn new(
        language: Language,
        roles: &'a Roles,
        summary: &'a [SummaryLine],
        paired: &'a [PairedLine],
        cells: &'a [CellLine],
    ) -> Option<Self> {
        let depth = summary.iter().map(|line| line.depth).max()?;
        let here: Vec<&SummaryLine> = summary.iter().filter(|line| line.depth == depth).collect();
        Some(Evidence {
            language,
            roles,
            depth,
            labels: here.iter().map(|line| line.labels).collect(),
            summary: here,
            paired: paired.iter().filter(|line| line.depth == depth).collect(),
            cells: cells.iter().filter(|line| line.depth == depth).collect(),
            all: summary,
        })
    }

    /// Whether the baseline has results.
    pub(super) fn has_baseline(&self) -> bool {
        let baseline = self.roles.baseline();
        baseline.is_some_and(|role| self.summary.iter().any(|line| line.method == role.name))
    }

    /// The words of the baseline, and its mean test error at each number of labels.
    pub(super) fn baseline_errors(&self) -> Option<(&str, Vec<(usize, f64)>)> {
        let baseline = self.roles.baseline()?;
        let error = |&labels: &usize| {
            Some((labels, self.summary_of(&baseline.name, labels)?.test_error_pct))
        };
        Some((&baseline.words, self.labels.iter().filter_map(error).collect()))
    }

    /// Compares the best pretrained method with the baseline, at each number of labels.
    pub(super) fn best_against_baseline(&self) -> Vec<Contrast> {
        self.roles.baseline().map_or_else(Vec::new, |baseline| self.best_against(baseline))
    }

    /// Sentences on the comparisons with the baseline, with the other controls, and between families.
    pub(super) fn findings(&self) -> Vec<String> {
        let others = self.roles.controls().skip(1).flat_map(|control| self.best_against(control));
        let others = others.chain(self.between_families());
        let others: Vec<String> = others.map(|contrast| contrast.sentence()).collect();
        self.all_against_baseline().into_iter().chain(others).collect()
    }

    /// Sentences on depth, choice, seeds, and missing results.
    pub(super) fn notes(&self) -> Vec<String> {
        let language = self.language;
        let depths: BTreeSet<usize> = self.all.iter().map(|line| line.depth).collect();
        let depth = if depths.len() > 1 { "note-largest-depth" } else { "note-depth" };
        let mut notes = vec![say!(language, depth, n = self.depth)];
        let names = |lines: &mut dyn Iterator<Item = &'a SummaryLine>| -> BTreeSet<&'a str> {
            lines.map(|line| line.method.as_str()).collect()
        };
        let here = names(&mut self.summary.iter().copied());
        let all = names(&mut self.all.iter());
        let absent: Vec<String> = all.difference(&here).map(|&name| name.to_owned()).collect();
        if !absent.is_empty() {
            notes.push(say!(language, "note-absent", names = language.listed(&absent)));
        }
        let chosen =
            if self.cells.is_empty() { "note-chosen-by-test" } else { "note-chosen-by-validation" };
        notes.push(say!(language, chosen));
        if self.roles.families().len() > 1 && self.between_families().is_empty() {
            notes.push(say!(language, "note-families"));
        }
        if self.paired.iter().any(|line| line.corrected_p.is_finite()) {
            notes.push(say!(language, "note-correction"));
        }
        notes
    }

    fn summary_of(&self, method: &str, labels: usize) -> Option<&SummaryLine> {
        self.summary.iter().find(|line| line.method == method && line.labels == labels).copied()
    }

    /// Validation and test errors by seed.
    fn seeds(&self, method: &str, labels: usize) -> BTreeMap<u64, Errors> {
        let cells = self.cells.iter().filter(|c| c.method == method && c.labels == labels);
        cells.map(|c| (c.seed, (c.validation_error_pct, c.test_error_pct))).collect()
    }

    /// Parameter updates of a method's network.
    fn updates(&self, method: &str, labels: usize) -> u64 {
        let mut cells = self.cells.iter().filter(|c| c.method == method && c.labels == labels);
        cells.next().map_or(0, |cell| cell.updates)
    }

    /// The best of some methods at this number of labels, by mean validation error over their common seeds,
    /// excluding those at which one of them chose its hyperparameters, if there are others. At its first
    /// seed, a method has the lowest validation error of its trials, which decreases with the number of
    /// trials. Ties go to the method with fewer updates. Methods without results are omitted.
    fn best(
        &self,
        methods: impl Iterator<Item = &'a MethodRole>,
        labels: usize,
    ) -> Option<&'a MethodRole> {
        let here = methods.filter_map(|method| {
            let line = self.summary_of(&method.name, labels)?;
            Some((method, line.test_error_pct, self.seeds(&method.name, labels)))
        });
        let here: Vec<_> = here.collect();
        let is_shared = |seed: &u64| here.iter().all(|(_, _, seeds)| seeds.contains_key(seed));
        let chose = |seed: &u64| here.iter().any(|(_, _, seeds)| seeds.keys().next() == Some(seed));
        let score = |test_error: f64, seeds: &BTreeMap<u64, Errors>| {
            let over = |counts: &dyn Fn(&u64) -> bool| {
                mean(seeds.iter().filter(|(seed, _)| counts(seed)).map(|(_, errors)| errors.0))
            };
            over(&|seed| is_shared(seed) && !chose(seed))
                .or_else(|| over(&is_shared))
                .or_else(|| over(&|_| true))
                .unwrap_or(test_error)
        };
        here.iter()
            .map(|(method, test_error, seeds)| (*method, score(*test_error, seeds)))
            .filter(|(_, score)| score.is_finite())
            .min_by(|a, b| {
                let updates = |method: &MethodRole| self.updates(&method.name, labels);
                a.1.total_cmp(&b.1).then_with(|| updates(a.0).cmp(&updates(b.0)))
            })
            .map(|(method, _)| method)
    }

    /// The test errors of two methods: means over their common seeds, or else over the seeds of each.
    fn errors(&self, method: &str, other: &str, labels: usize) -> Option<(f64, f64)> {
        let own = self.summary_of(method, labels)?.test_error_pct;
        let others = self.summary_of(other, labels)?.test_error_pct;
        let [a, b] = [method, other].map(|method| self.seeds(method, labels));
        let of_shared = |these: &BTreeMap<u64, Errors>| {
            let shared = these.iter().filter(|(s, _)| a.contains_key(s) && b.contains_key(s));
            mean(shared.map(|(_, errors)| errors.1))
        };
        Some(of_shared(&a).zip(of_shared(&b)).unwrap_or((own, others)))
    }

    /// The line of two methods, as `method` minus `other`.
    fn pair(&self, method: &str, other: &str, labels: usize) -> Option<PairedLine> {
        let find = |a: &str, b: &str| {
            let is = |line: &&&PairedLine| {
                (line.method_a.as_str(), line.method_b.as_str(), line.labels) == (a, b, labels)
            };
            let line = *self.paired.iter().find(is)?;
            let corrected_p = line.corrected_p_among(self.paired.iter().copied(), self.roles);
            let (low, high) = line.interval();
            Some(PairedLine { low, high, corrected_p, ..line.clone() })
        };
        find(method, other).or_else(|| {
            let line = find(other, method)?;
            let (low, high) = (-line.high, -line.low);
            Some(PairedLine { difference_pct: -line.difference_pct, low, high, ..line })
        })
    }

    /// Compares `method` with `other`, by their paired line if available, or else by their means.
    fn contrast(&self, method: &MethodRole, other: &MethodRole, labels: usize) -> Option<Contrast> {
        let (error, other_error) = self.errors(&method.name, &other.name, labels)?;
        let n_seeds = |method: &MethodRole| {
            self.summary_of(&method.name, labels).map_or(0, |line| line.seeds)
        };
        let unpaired = Contrast {
            language: self.language,
            name: method.name.clone(),
            method: method.words.clone(),
            other: other.words.clone(),
            labels,
            seeds: n_seeds(method).min(n_seeds(other)),
            error,
            other_error,
            difference: error - other_error,
            low: f64::NAN,
            high: f64::NAN,
            corrected_p: f64::NAN,
        };
        Some(match self.pair(&method.name, &other.name, labels) {
            None => unpaired,
            Some(line) => Contrast {
                seeds: line.seeds,
                difference: line.difference_pct,
                low: line.low,
                high: line.high,
                corrected_p: line.corrected_p,
                ..unpaired
            },
        })
    }

    /// Compares the best pretrained method with a control, at each number of labels.
    fn best_against(&self, control: &MethodRole) -> Vec<Contrast> {
        let contrast = |&labels: &usize| {
            self.contrast(self.best(self.roles.pretrained(), labels)?, control, labels)
        };
        self.labels.iter().filter_map(contrast).collect()
    }

    /// Compares the best methods of every two families, at each number of labels.
    fn between_families(&self) -> Vec<Contrast> {
        let families = self.roles.families();
        let pairs = (0..families.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
        let contrast = |(family, other): (&str, &str), labels: usize| {
            let other = self.best(self.of_family(other), labels)?;
            // A run may have paired only some methods of the two families.
            let is_paired = |m: &&MethodRole| self.pair(&m.name, &other.name, labels).is_some();
            let method = self
                .best(self.of_family(family).filter(is_paired), labels)
                .or_else(|| self.best(self.of_family(family), labels))?;
            self.contrast(method, other, labels)
        };
        pairs
            .flat_map(|(i, j)| self.labels.iter().map(move |&labels| (i, j, labels)))
            .filter_map(|(i, j, labels)| contrast((families[i], families[j]), labels))
            .collect()
    }

    fn of_family<'f>(&self, family: &'f str) -> impl Iterator<Item = &'a MethodRole> + use<'a, 'f> {
        self.roles.pretrained().filter(move |method| method.family.as_deref() == Some(family))
    }

    /// All pretrained methods by their finding; numbers of labels with the same findings share a sentence.
    fn all_against_baseline(&self) -> Vec<String> {
        let Some(baseline) = self.roles.baseline() else { return Vec::new() };
        let mut sentences: Vec<(String, Vec<usize>)> = Vec::new();
        for &labels in &self.labels {
            let findings = self.findings_at(labels, baseline);
            match sentences.last_mut() {
                _ if findings.is_empty() => {}
                Some((same, all)) if *same == findings => all.push(labels),
                _ => sentences.push((findings, vec![labels])),
            }
        }
        let sentence = |(findings, labels): (String, Vec<usize>)| {
            let counts: Vec<String> = labels.into_iter().map(number_text::count).collect();
            say!(
                self.language,
                "against-baseline",
                labels = self.language.listed(&counts),
                baseline = baseline.words.as_str(),
                findings = findings
            )
        };
        sentences.into_iter().map(sentence).collect()
    }

    /// All pretrained methods at this number of labels by their finding; empty if there are none.
    fn findings_at(&self, labels: usize, baseline: &MethodRole) -> String {
        let pretrained = self.roles.pretrained();
        let all: Vec<Contrast> =
            pretrained.filter_map(|method| self.contrast(method, baseline, labels)).collect();
        let in_order = [
            Finding::Better,
            Finding::SuggestiveBetter,
            Finding::NoDifference,
            Finding::SuggestiveWorse,
            Finding::Worse,
            Finding::NoInterval,
        ];
        let parts: Vec<String> = in_order
            .into_iter()
            .filter_map(|finding| {
                let of = all.iter().filter(|contrast| contrast.finding() == finding);
                let names: Vec<String> = of.map(|contrast| contrast.name.clone()).collect();
                (!names.is_empty()).then(|| on_methods(self.language, finding, &names))
            })
            .collect();
        parts.join("; ")
    }
}

/// A finding on several methods, as a clause.
fn on_methods(language: Language, finding: Finding, names: &[String]) -> String {
    let message = format!("methods-{}", finding.key());
    say!(language, &message, names = language.listed(names), n = names.len())
}

/// The mean; `None` without values.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}
