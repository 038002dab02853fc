//! Summaries over seeds, and pairwise comparisons of methods.

#[cfg(test)]
mod tests;

use ndarray::Array2;

use crate::stage::Key;
use crate::statistics::{
    Crossed, Limits, PairedComparison, crossed, holm, mcnemar_test, paired_t_test,
    sign_flip_p_value,
};
use crate::{Cell, Roles};

/// The mistakes of one trained network on the test set, from which all errors and comparisons are computed.
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
    /// An identifier of the network's training: networks of one seed with equal identifiers and mistakes are
    /// the same.
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
    /// The name of the second method.
    pub method_b: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// Test error of the first minus that of the second, in percentage points, for other seeds and other test
    /// samples.
    pub difference_pct: PairedComparison,
    /// The same for other seeds on these test samples, by the paired t-test.
    pub of_seeds: PairedComparison,
    /// The p-value of `difference_pct` by Holm's correction over all pairs that the study asks about
    /// ([`Roles::asks`]), at every depth and number of labels; NaN for other pairs and without a p-value.
    pub holm_p_value: f64,
    /// The p-value of the exact sign-flip permutation test, which does not assume a normal distribution; NaN
    /// with one seed, or with more seeds than it can enumerate.
    pub sign_flip_p_value: f64,
    /// The p-value of McNemar's test on the test predictions of all seeds together, counting each test sample
    /// once ([`mcnemar_test`]). It concerns these trained networks, not the methods.
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

/// One summary for each (method, depth, labels), in cell order.
///
/// # Panics
/// If a cell has no test samples, or a different number than the first one.
pub fn summarise(cells: &[Tested]) -> Vec<MethodSummary> {
    require_one_test_set(cells);
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

/// Panics unless all cells have the same number of test samples, and at least one.
fn require_one_test_set(cells: &[Tested]) {
    let expected = cells.first().map_or(1, |cell| cell.mistakes.len());
    for Tested { method, depth, labels, seed, mistakes, .. } in cells {
        let found = mistakes.len();
        assert!(
            found > 0 && found == expected,
            "{method}, depth {depth}, {labels} labels, seed {seed}: {found} test samples; expected at least 1 and \
             as many as the first cell has, {expected}"
        );
    }
}

/// 1 for a mistake, otherwise 0.
fn share(mistake: bool) -> f64 {
    f64::from(u8::from(mistake))
}

/// The two-way analysis of a value for each seed's cell at each test sample.
fn over_samples(cells: &[&Tested], value: impl Fn(&Tested, usize) -> f64) -> Crossed {
    let shape = (cells.len(), cells[0].mistakes.len());
    let table = Array2::from_shape_fn(shape, |(seed, sample)| value(cells[seed], sample));
    crossed(table.view()).expect("a cell has test samples")
}

fn percent(Limits { low, high }: Limits) -> Limits {
    Limits { low: 100.0 * low, high: 100.0 * high }
}

/// Compares every pair of methods with roles, at each depth and number of labels, over their common seeds;
/// pairs without a common seed are omitted.
///
/// # Panics
/// As [`summarise`].
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
    // A comparison counts even if all seeds have the same difference, which gives no p-value.
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

/// Compares the cells of two methods seed by seed, before Holm's correction; `None` without cells.
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
        mcnemar_p_value: clustered_mcnemar(a, b),
    })
}

/// Whether the study asks about the difference between the methods of this pair.
fn is_asked(cells: &[Tested], roles: &Roles, pair: &PairSummary) -> bool {
    let is_new = |method: &str| !is_repeated(cells, roles, method, pair.depth, pair.labels);
    let (a, b) = (&pair.method_a, &pair.method_b);
    roles.asks(a, b) && is_new(a) && is_new(b)
}

/// Whether these networks equal those of a pretrained method earlier in the tables. For example, a stack of
/// two kinds of layers is, at depth 1, the stack of the lower kind. They are tested only once.
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

/// The p-value of McNemar's test on the predictions of all networks together, with each test sample as a
/// cluster.
fn clustered_mcnemar(a: &[&Tested], b: &[&Tested]) -> f64 {
    let n_wrong = |cells: &[&Tested], sample: usize| -> i64 {
        cells.iter().map(|cell| i64::from(cell.mistakes[sample])).sum()
    };
    let n_samples = a.first().map_or(0, |cell| cell.mistakes.len());
    let difference = |sample: usize| n_wrong(a, sample) - n_wrong(b, sample);
    mcnemar_test(&(0..n_samples).map(difference).collect::<Vec<_>>()).p_value
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
