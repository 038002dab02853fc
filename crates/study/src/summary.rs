//! Summaries over seeds, and comparisons of pairs of methods.

use crate::statistics::{
    Disagreements, MeanInterval, PairedComparison, disagreements, holm, mcnemar_test,
    mean_interval, paired_t_test, sign_flip_p_value,
};
use crate::{Cell, Roles};

/// The test error of a method over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodSummary {
    /// The name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// Test error in percent.
    pub test_error_pct: MeanInterval,
}

/// Two methods over the same seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct PairSummary {
    /// The name of the first method, the later of the two in tables.
    pub method_a: String,
    /// The name of the second.
    pub method_b: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// Test error of the first less that of the second, in percentage points.
    pub difference_pct: PairedComparison,
    /// The p-value of the t-test by Holm's correction over all pairs that the study asks about
    /// ([`Roles::asks`]), at every depth and number of labels; NaN for other pairs, and where the t-test
    /// has none.
    pub holm_p_value: f64,
    /// The p-value of the exact sign-flip permutation test, which assumes no normal distribution; NaN
    /// with one seed, or with more seeds than it can enumerate.
    pub sign_flip_p_value: f64,
    /// The p-value of McNemar's test on the test predictions of all seeds together. It is about these
    /// trained networks, not about the methods.
    pub mcnemar_p_value: f64,
}

impl Cell {
    /// Test error in percent.
    pub fn test_error_pct(&self) -> f64 {
        100.0 * self.test_errors.0 as f64 / self.test_errors.1 as f64
    }

    /// Validation error in percent.
    pub fn validation_error_pct(&self) -> f64 {
        100.0 * self.validation_errors.0 as f64 / self.validation_errors.1 as f64
    }
}

/// One summary for each (method, depth, labels), in the order of the cells.
pub fn summarise(cells: &[Cell]) -> Vec<MethodSummary> {
    let mut summaries: Vec<MethodSummary> = Vec::new();
    for cell in cells {
        let (method, depth, labels) = (&cell.method, cell.depth, cell.labels);
        if summaries.iter().any(|s| (&s.method, s.depth, s.labels) == (method, depth, labels)) {
            continue;
        }
        let seeds = over_seeds(cells, method, depth, labels);
        let errors: Vec<f64> = seeds.map(Cell::test_error_pct).collect();
        let test_error_pct = mean_interval(&errors).expect("a cell has a finite error");
        summaries.push(MethodSummary { method: method.clone(), depth, labels, test_error_pct });
    }
    summaries
}

/// Compares every pair of methods that have roles, at each depth and number of labels, over the seeds
/// that both have; pairs without a common seed are left out.
pub fn compare_pairs(cells: &[Cell], roles: &Roles) -> Vec<PairSummary> {
    let mut pairs = Vec::new();
    for MethodSummary { method, depth, labels, .. } in summarise(cells) {
        let names = roles.methods.iter().map(|role| role.name.as_str());
        for earlier in names.take_while(|name| *name != method) {
            let of_both = (over_seeds(cells, &method, depth, labels)).filter_map(|a| {
                let mut others = over_seeds(cells, earlier, depth, labels);
                others.find(|b| b.seed == a.seed).map(|b| (a, b))
            });
            let (a, b): (Vec<&Cell>, Vec<&Cell>) = of_both.unzip();
            pairs.extend(compare(&a, &b));
        }
    }
    // A question counts even where the seeds, all with the same difference, have no answer to it.
    let p_value = |pair: &PairSummary| match pair.difference_pct {
        _ if !is_asked(cells, roles, pair) => f64::NAN,
        found if found.n > 1 && found.p_value.is_nan() => 1.0,
        found => found.p_value,
    };
    let p_values: Vec<f64> = pairs.iter().map(p_value).collect();
    let corrected = holm(&p_values).expect("p-values are in [0, 1], or NaN");
    for (pair, p_value) in pairs.iter_mut().zip(corrected) {
        pair.holm_p_value = if pair.difference_pct.p_value.is_nan() { f64::NAN } else { p_value };
    }
    pairs
}

/// Compares the cells of two methods seed by seed, still without Holm's correction; none if there are
/// no cells.
fn compare(a: &[&Cell], b: &[&Cell]) -> Option<PairSummary> {
    let errors =
        |cells: &[&Cell]| -> Vec<f64> { cells.iter().map(|cell| cell.test_error_pct()).collect() };
    let (error_a, error_b) = (errors(a), errors(b));
    let difference_pct = paired_t_test(&error_a, &error_b).ok()?;
    let sign_flip = sign_flip_p_value(&error_a, &error_b).ok().filter(|_| a.len() > 1);
    Some(PairSummary {
        method_a: a[0].method.clone(),
        method_b: b[0].method.clone(),
        depth: a[0].depth,
        labels: a[0].labels,
        difference_pct,
        holm_p_value: f64::NAN,
        sign_flip_p_value: sign_flip.unwrap_or(f64::NAN),
        mcnemar_p_value: pooled_mcnemar(a, b),
    })
}

/// Whether the study asks how the methods of this pair differ.
fn is_asked(cells: &[Cell], roles: &Roles, pair: &PairSummary) -> bool {
    let is_new = |method: &str| !is_repeated(cells, roles, method, pair.depth, pair.labels);
    let (a, b) = (&pair.method_a, &pair.method_b);
    roles.asks(a, b) && is_new(a) && is_new(b)
}

/// Whether these networks are those of a pretrained method earlier in the tables, as a stack of two kinds
/// of layers is, at depth 1, the stack of the lower kind. They are asked about once.
fn is_repeated(cells: &[Cell], roles: &Roles, method: &str, depth: usize, labels: usize) -> bool {
    let networks = |method: &str| -> Vec<_> {
        let cells = over_seeds(cells, method, depth, labels);
        cells.map(|cell| (cell.seed, &cell.mistakes, &cell.history)).collect()
    };
    let is_pretrained = roles.pretrained().any(|role| role.name == method);
    let own = networks(method);
    let mut earlier = roles.pretrained().take_while(|role| role.name != method);
    is_pretrained && earlier.any(|role| networks(&role.name) == own)
}

/// The p-value of McNemar's test on the predictions of all pairs of networks together.
fn pooled_mcnemar(a: &[&Cell], b: &[&Cell]) -> f64 {
    let mut total = Disagreements { only_a_wrong: 0, only_b_wrong: 0 };
    for (a, b) in a.iter().zip(b) {
        let right = |cell: &Cell| -> Vec<bool> { cell.mistakes.iter().map(|m| !m).collect() };
        let found = disagreements(&right(a), &right(b)).expect("one test set");
        total.only_a_wrong += found.only_a_wrong;
        total.only_b_wrong += found.only_b_wrong;
    }
    mcnemar_test(total).p_value
}

fn over_seeds<'c>(
    cells: &'c [Cell],
    method: &str,
    depth: usize,
    labels: usize,
) -> impl Iterator<Item = &'c Cell> {
    let here = move |c: &&Cell| (c.method.as_str(), c.depth, c.labels) == (method, depth, labels);
    cells.iter().filter(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MethodRole, Role};

    fn roles() -> Roles {
        let role = |name: &str, role, family: Option<&str>| {
            let family = family.map(str::to_owned);
            let architecture = None;
            MethodRole { name: name.into(), role, family, architecture, words: name.into() }
        };
        let methods = vec![
            role("none", Role::Control, None),
            role("logistic", Role::Reference, None),
            role("denoising", Role::Pretrained, Some("autoencoder")),
            role("rbm", Role::Pretrained, Some("rbm")),
            role("mixed", Role::Pretrained, None),
        ];
        Roles { methods }
    }

    fn cell(method: &str, seed: u64, errors: usize) -> Cell {
        Cell {
            method: method.into(),
            depth: 2,
            labels: 100,
            seed,
            rates: crate::Rates { learning_rate: 0.1, hidden_multiplier: 1.0 },
            validation_errors: (errors, 1000),
            test_errors: (errors, 1000),
            pretrain_updates: 0,
            finetune_updates: 1,
            finetune_samples: 1,
            history: vec![],
            changes: vec![],
            predictions: vec![],
            mistakes: (0..1000).map(|i| i < errors).collect(),
            seconds: 0.0,
            tuning_seconds: 0.0,
        }
    }

    fn names(pair: &PairSummary) -> (&str, &str) {
        (&pair.method_a, &pair.method_b)
    }

    #[test]
    fn pairs_are_matched_by_seed() {
        let cells = [
            cell("none", 1, 100),
            cell("none", 2, 200),
            cell("none", 3, 900),
            cell("rbm", 2, 150),
            cell("rbm", 1, 51),
        ];
        let pairs = compare_pairs(&cells, &roles());
        assert_eq!(pairs.len(), 1);
        assert_eq!(names(&pairs[0]), ("rbm", "none"));
        assert_eq!(pairs[0].difference_pct.n, 2);
        assert!((pairs[0].difference_pct.difference_mean + 4.95).abs() < 1e-12);
        // Both are below zero: of four sign patterns, two are as far from it.
        assert_eq!(pairs[0].sign_flip_p_value, 0.5);
        // With one comparison there is nothing to correct for.
        assert_eq!(pairs[0].holm_p_value, pairs[0].difference_pct.p_value);
        // Only `none` got these 99 samples wrong, and there are none that only `rbm` got wrong.
        let expected = mcnemar_test(Disagreements { only_a_wrong: 0, only_b_wrong: 99 });
        assert_eq!(pairs[0].mcnemar_p_value, expected.p_value);
        let summaries = summarise(&cells);
        assert_eq!(summaries[0].test_error_pct.n, 3);
        assert!((summaries[0].test_error_pct.mean - 40.0).abs() < 1e-12);
        assert!((summaries[1].test_error_pct.mean - 10.05).abs() < 1e-12);
    }

    #[test]
    fn correction_is_over_the_pairs_that_the_roles_ask_about() {
        let methods = [("none", 0), ("logistic", 1), ("denoising", 2), ("rbm", 3)];
        let of_seed = |seed: usize| {
            methods.map(|(name, i)| cell(name, seed as u64, 100 * (i + 1) + seed * i * i))
        };
        let cells: Vec<Cell> = (1..=3).flat_map(of_seed).collect();
        let pairs = compare_pairs(&cells, &roles());
        assert_eq!(pairs.len(), 6);
        let corrected: Vec<_> =
            (pairs.iter()).filter(|pair| pair.holm_p_value.is_finite()).map(names).collect();
        assert_eq!(corrected, [("denoising", "none"), ("rbm", "none"), ("rbm", "denoising")]);
        let least = pairs.iter().filter(|p| p.holm_p_value.is_finite());
        let least = least.min_by(|a, b| a.holm_p_value.total_cmp(&b.holm_p_value)).expect("three");
        assert!((least.holm_p_value - 3.0 * least.difference_pct.p_value).abs() < 1e-12);
    }

    #[test]
    fn a_question_without_an_answer_counts_and_the_same_networks_are_asked_about_once() {
        let errors =
            |method, [first, second]: [usize; 2]| [cell(method, 1, first), cell(method, 2, second)];
        let mut cells = [
            errors("none", [300, 400]),
            errors("denoising", [260, 330]),
            errors("rbm", [251, 351]),
        ]
        .concat();
        let holm_of = |cells: &[Cell], a, b| {
            let pairs = compare_pairs(cells, &roles());
            let pair = pairs.iter().find(|pair| names(pair) == (a, b)).expect("a pair");
            (pair.holm_p_value, pair.difference_pct.p_value)
        };
        let (corrected, p) = holm_of(&cells, "denoising", "none");
        assert!((corrected - (3.0 * p).min(1.0)).abs() < 1e-12, "{corrected} of {p}");
        let (corrected, p) = holm_of(&cells, "rbm", "none");
        assert!(corrected.is_nan() && p.is_nan(), "49 fewer, both times");

        cells.extend(errors("mixed", [251, 351]));
        assert!(holm_of(&cells, "mixed", "none").0.is_nan());
        let (corrected, p) = holm_of(&cells, "denoising", "none");
        assert!((corrected - (3.0 * p).min(1.0)).abs() < 1e-12, "still three");
        cells.truncate(6);
        cells.extend(errors("mixed", [252, 331]));
        assert!(holm_of(&cells, "mixed", "none").0.is_finite());
        // As many mistakes, even the same ones, are no proof: training went another way.
        cells.truncate(6);
        cells.extend(errors("mixed", [251, 351]));
        let cost =
            |cost| stack::Evaluation { updates: 1, training_cost: cost, validation_errors: 9 };
        cells[6].history = vec![cost(0.5)];
        cells[4].history = vec![cost(0.25)];
        assert!(holm_of(&cells, "mixed", "denoising").0.is_nan(), "methods of no family");
        let (corrected, p) = holm_of(&cells, "denoising", "none");
        assert!((corrected - (4.0 * p).min(1.0)).abs() < 1e-12, "four: {corrected} of {p}");
    }
}
