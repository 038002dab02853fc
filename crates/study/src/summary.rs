//! Summaries over seeds, and comparisons of pairs of methods.

use ndarray::Array2;

use crate::stage::Key;
use crate::statistics::{
    Crossed, Disagreements, Limits, PairedComparison, crossed, disagreements, holm, mcnemar_test,
    paired_t_test, sign_flip_p_value,
};
use crate::{Cell, Roles};

/// The mistakes of one trained network on the test set: all that errors and their comparisons follow from.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// The name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// The seed.
    pub seed: u64,
    /// A name of the network's training: networks of one seed with the same name and mistakes are the same.
    pub network: String,
    /// For each test sample, whether it was misclassified.
    pub mistakes: Vec<bool>,
}

impl Tested {
    /// The mistakes of every cell.
    pub fn all(cells: &[Cell]) -> Vec<Self> {
        cells.iter().map(Tested::of).collect()
    }

    fn of(cell: &Cell) -> Self {
        Tested {
            method: cell.method.clone(),
            depth: cell.depth,
            labels: cell.labels,
            seed: cell.seed,
            network: Key::new("network", &cell.history).as_str()[..16].to_owned(),
            mistakes: cell.mistakes.clone(),
        }
    }

    /// Number of misclassified test samples.
    pub fn errors(&self) -> usize {
        self.mistakes.iter().filter(|mistake| **mistake).count()
    }

    /// Test error in percent.
    pub fn error_pct(&self) -> f64 {
        100.0 * self.errors() as f64 / self.mistakes.len() as f64
    }
}

/// The test error of a method over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodSummary {
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
    /// 95 % limits of the error for other seeds and other test samples, in percent.
    pub limits: Limits,
    /// 95 % limits of the error for other seeds on these test samples, in percent.
    pub limits_of_seeds: Limits,
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
    /// Test error of the first less that of the second, in percentage points, for other seeds and other test
    /// samples.
    pub difference_pct: PairedComparison,
    /// The same for other seeds on these test samples, by the paired t-test.
    pub of_seeds: PairedComparison,
    /// The p-value of `difference_pct` by Holm's correction over all pairs that the study asks about
    /// ([`Roles::asks`]), at every depth and number of labels; NaN for other pairs, and where there
    /// is none.
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
pub fn summarise(cells: &[Tested]) -> Vec<MethodSummary> {
    let mut summaries: Vec<MethodSummary> = Vec::new();
    for cell in cells {
        let (method, depth, labels) = (&cell.method, cell.depth, cell.labels);
        if summaries.iter().any(|s| (&s.method, s.depth, s.labels) == (method, depth, labels)) {
            continue;
        }
        let seeds: Vec<&Tested> = over_seeds(cells, method, depth, labels).collect();
        let table = over_samples(&seeds, |cell, sample| share(cell.mistakes[sample]));
        summaries.push(MethodSummary {
            method: method.clone(),
            depth,
            labels,
            seeds: seeds.len(),
            test_error_pct: 100.0 * table.mean,
            limits: percent(table.share_limits()),
            limits_of_seeds: percent(table.share_limits_of_seeds()),
        });
    }
    summaries
}

/// 1 for a mistake, 0 for none.
fn share(mistake: bool) -> f64 {
    f64::from(u8::from(mistake))
}

/// The table of a value of each seed's cell at each test sample.
fn over_samples(cells: &[&Tested], value: impl Fn(&Tested, usize) -> f64) -> Crossed {
    let shape = (cells.len(), cells[0].mistakes.len());
    let table = Array2::from_shape_fn(shape, |(seed, sample)| value(cells[seed], sample));
    crossed(table.view()).expect("a cell has test samples")
}

fn percent(Limits { low, high }: Limits) -> Limits {
    Limits { low: 100.0 * low, high: 100.0 * high }
}

/// Compares every pair of methods that have roles, at each depth and number of labels, over the seeds
/// that both have; pairs without a common seed are left out.
pub fn compare_pairs(cells: &[Tested], roles: &Roles) -> Vec<PairSummary> {
    let mut pairs = Vec::new();
    for MethodSummary { method, depth, labels, .. } in summarise(cells) {
        let names = roles.methods.iter().map(|role| role.name.as_str());
        for earlier in names.take_while(|name| *name != method) {
            let of_both = (over_seeds(cells, &method, depth, labels)).filter_map(|a| {
                let mut others = over_seeds(cells, earlier, depth, labels);
                others.find(|b| b.seed == a.seed).map(|b| (a, b))
            });
            let (a, b): (Vec<&Tested>, Vec<&Tested>) = of_both.unzip();
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
fn compare(a: &[&Tested], b: &[&Tested]) -> Option<PairSummary> {
    let errors =
        |cells: &[&Tested]| -> Vec<f64> { cells.iter().map(|cell| cell.error_pct()).collect() };
    let (error_a, error_b) = (errors(a), errors(b));
    let of_seeds = paired_t_test(&error_a, &error_b).ok()?;
    let pairs: Vec<(&Tested, &Tested)> = a.iter().copied().zip(b.iter().copied()).collect();
    let shape = (pairs.len(), a[0].mistakes.len());
    let table = Array2::from_shape_fn(shape, |(seed, sample)| {
        let (a, b) = pairs[seed];
        share(a.mistakes[sample]) - share(b.mistakes[sample])
    });
    let table = crossed(table.view()).ok()?;
    let Limits { low, high } = percent(table.difference_limits());
    let difference_pct = PairedComparison {
        difference_mean: of_seeds.difference_mean,
        low,
        high,
        p_value: table.p_value(),
        n: pairs.len(),
    };
    let sign_flip = sign_flip_p_value(&error_a, &error_b).ok().filter(|_| a.len() > 1);
    Some(PairSummary {
        method_a: a[0].method.clone(),
        method_b: b[0].method.clone(),
        depth: a[0].depth,
        labels: a[0].labels,
        difference_pct,
        of_seeds,
        holm_p_value: f64::NAN,
        sign_flip_p_value: sign_flip.unwrap_or(f64::NAN),
        mcnemar_p_value: pooled_mcnemar(a, b),
    })
}

/// Whether the study asks how the methods of this pair differ.
fn is_asked(cells: &[Tested], roles: &Roles, pair: &PairSummary) -> bool {
    let is_new = |method: &str| !is_repeated(cells, roles, method, pair.depth, pair.labels);
    let (a, b) = (&pair.method_a, &pair.method_b);
    roles.asks(a, b) && is_new(a) && is_new(b)
}

/// Whether these networks are those of a pretrained method earlier in the tables, as a stack of two kinds
/// of layers is, at depth 1, the stack of the lower kind. They are asked about once.
fn is_repeated(cells: &[Tested], roles: &Roles, method: &str, depth: usize, labels: usize) -> bool {
    let networks = |method: &str| -> Vec<_> {
        let cells = over_seeds(cells, method, depth, labels);
        cells.map(|cell| (cell.seed, &cell.network, &cell.mistakes)).collect()
    };
    let is_pretrained = roles.pretrained().any(|role| role.name == method);
    let own = networks(method);
    let mut earlier = roles.pretrained().take_while(|role| role.name != method);
    is_pretrained && earlier.any(|role| networks(&role.name) == own)
}

/// The p-value of McNemar's test on the predictions of all pairs of networks together.
fn pooled_mcnemar(a: &[&Tested], b: &[&Tested]) -> f64 {
    let mut total = Disagreements { only_a_wrong: 0, only_b_wrong: 0 };
    for (a, b) in a.iter().zip(b) {
        let right = |cell: &Tested| -> Vec<bool> { cell.mistakes.iter().map(|m| !m).collect() };
        let found = disagreements(&right(a), &right(b)).expect("one test set");
        total.only_a_wrong += found.only_a_wrong;
        total.only_b_wrong += found.only_b_wrong;
    }
    mcnemar_test(total).p_value
}

fn over_seeds<'c>(
    cells: &'c [Tested],
    method: &str,
    depth: usize,
    labels: usize,
) -> impl Iterator<Item = &'c Tested> {
    let here = move |c: &&Tested| (c.method.as_str(), c.depth, c.labels) == (method, depth, labels);
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

    fn cell(method: &str, seed: u64, errors: usize) -> Tested {
        Tested {
            method: method.into(),
            depth: 2,
            labels: 100,
            seed,
            network: "one".into(),
            mistakes: (0..1000).map(|i| i < errors).collect(),
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
        assert_eq!(summaries[0].seeds, 3);
        assert!((summaries[0].test_error_pct - 40.0).abs() < 1e-12);
        assert!((summaries[1].test_error_pct - 10.05).abs() < 1e-12);
        // The seeds' errors of 10, 20 and 90 % alone have the interval −68 to 148 %.
        for Limits { low, high } in [summaries[0].limits, summaries[0].limits_of_seeds] {
            assert!(0.0 < low && low < 40.0 && 40.0 < high && high < 100.0, "{low} to {high}");
        }
    }

    #[test]
    fn correction_is_over_the_pairs_that_the_roles_ask_about() {
        let methods = [("none", 0), ("logistic", 1), ("denoising", 2), ("rbm", 3)];
        let of_seed = |seed: usize| {
            methods.map(|(name, i)| cell(name, seed as u64, 100 * (i + 1) + seed * i * i))
        };
        let cells: Vec<Tested> = (1..=3).flat_map(of_seed).collect();
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
    fn the_same_networks_are_asked_about_once() {
        let errors =
            |method, [first, second]: [usize; 2]| [cell(method, 1, first), cell(method, 2, second)];
        let mut cells = [
            errors("none", [300, 400]),
            errors("denoising", [260, 330]),
            errors("rbm", [251, 351]),
        ]
        .concat();
        // The pairs that the correction is over.
        let asked = |cells: &[Tested]| {
            let pairs = compare_pairs(cells, &roles());
            let asked = pairs.iter().filter(|pair| pair.holm_p_value.is_finite());
            asked.map(|pair| format!("{} {}", pair.method_a, pair.method_b)).collect::<Vec<_>>()
        };
        let three = ["denoising none", "rbm none", "rbm denoising"];
        assert_eq!(asked(&cells), three);
        cells.extend(errors("mixed", [251, 351]));
        assert_eq!(asked(&cells), three);
        cells.truncate(6);
        cells.extend(errors("mixed", [252, 331]));
        assert_eq!(asked(&cells), [three.as_slice(), &["mixed none"]].concat());
        // As many mistakes, even the same ones, are no proof: training went another way.
        cells.truncate(6);
        cells.extend(errors("mixed", [251, 351]));
        cells[6].network = "another".into();
        assert_eq!(asked(&cells), [three.as_slice(), &["mixed none"]].concat());
    }

    /// A difference that is the same with both seeds has an interval, since other samples give another.
    #[test]
    fn equal_differences_are_uncertain_through_the_samples() {
        let cells =
            [cell("none", 1, 300), cell("none", 2, 400), cell("rbm", 1, 251), cell("rbm", 2, 351)];
        let pair = &compare_pairs(&cells, &roles())[0];
        assert!(pair.of_seeds.p_value.is_nan() && pair.of_seeds.low.is_nan());
        assert!((0.0..1.0).contains(&pair.difference_pct.p_value), "{pair:?}");
        assert!(pair.difference_pct.low < -4.9 && -4.9 < pair.difference_pct.high, "{pair:?}");
    }
}
