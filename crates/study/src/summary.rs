//! What the cells say together.

use crate::statistics::{
    Disagreements, MeanInterval, PairedComparison, disagreements, holm, mcnemar_test,
    mean_interval, paired_t_test, sign_flip_p_value,
};
use crate::{Cell, Method};

/// A method's test error over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MethodSummary {
    /// The method.
    pub method: Method,
    /// Hidden layers.
    pub depth: usize,
    /// Labelled samples.
    pub labels: usize,
    /// Test error in percent.
    pub test_error_pct: MeanInterval,
}

/// Two methods over the same seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairSummary {
    /// The first method.
    pub method_a: Method,
    /// The second.
    pub method_b: Method,
    /// Hidden layers.
    pub depth: usize,
    /// Labelled samples.
    pub labels: usize,
    /// Test error of the first less that of the second, in percentage points.
    pub difference_pct: PairedComparison,
    /// The p-value of the t-test by Holm's correction over the questions of the study, at every depth
    /// and number of labels; NaN for other pairs, and where the t-test has none. The questions are
    /// whether a pretrained method differs from a net without pretraining, logistic or rectified with
    /// dropout, and whether an autoencoder differs from the RBM.
    pub holm_p_value: f64,
    /// The p-value of the exact sign-flip permutation test, which assumes no normal distribution; NaN
    /// with one seed, or more than it can enumerate.
    pub sign_flip_p_value: f64,
    /// The p-value of McNemar's test on the seeds' test predictions together. It speaks of these
    /// trained networks, not of the methods.
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

/// One summary a (method, depth, labels), in the order of the cells.
pub fn summarise(cells: &[Cell]) -> Vec<MethodSummary> {
    let mut summaries: Vec<MethodSummary> = Vec::new();
    for cell in cells {
        let (method, depth, labels) = (cell.method, cell.depth, cell.labels);
        if summaries.iter().any(|s| (s.method, s.depth, s.labels) == (method, depth, labels)) {
            continue;
        }
        let seeds = over_seeds(cells, method, depth, labels);
        let errors: Vec<f64> = seeds.map(Cell::test_error_pct).collect();
        let test_error_pct = mean_interval(&errors).expect("a cell has a finite error");
        summaries.push(MethodSummary { method, depth, labels, test_error_pct });
    }
    summaries
}

/// Every pair of methods, at each depth and number of labels, over the seeds that both have; where
/// there is none, no row.
pub fn compare_pairs(cells: &[Cell]) -> Vec<PairSummary> {
    let mut pairs = Vec::new();
    for summary in summarise(cells) {
        let MethodSummary { method: method_a, depth, labels, .. } = summary;
        for method_b in Method::ALL.into_iter().filter(|&other| other < method_a) {
            let (a, b): (Vec<&Cell>, Vec<&Cell>) = over_seeds(cells, method_a, depth, labels)
                .filter_map(|a| {
                    let mut others = over_seeds(cells, method_b, depth, labels);
                    others.find(|b| b.seed == a.seed).map(|b| (a, b))
                })
                .unzip();
            let errors = |cells: &[&Cell]| -> Vec<f64> {
                cells.iter().map(|cell| cell.test_error_pct()).collect()
            };
            let (error_a, error_b) = (errors(&a), errors(&b));
            if let Ok(difference_pct) = paired_t_test(&error_a, &error_b) {
                let sign_flip = sign_flip_p_value(&error_a, &error_b).ok().filter(|_| a.len() > 1);
                pairs.push(PairSummary {
                    method_a,
                    method_b,
                    depth,
                    labels,
                    difference_pct,
                    holm_p_value: f64::NAN,
                    sign_flip_p_value: sign_flip.unwrap_or(f64::NAN),
                    mcnemar_p_value: pooled_mcnemar(&a, &b),
                });
            }
        }
    }
    // A question counts even where the seeds, all with the same difference, have no answer to it.
    let p_value = |pair: &PairSummary| match pair.difference_pct {
        _ if !is_asked(cells, pair) => f64::NAN,
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

/// Whether the study asks how these two differ, the first being the later method.
fn is_asked(cells: &[Cell], pair: &PairSummary) -> bool {
    let (a, b) = (pair.method_a, pair.method_b);
    let is_control = matches!(b, Method::None | Method::ReluDropout);
    if a == Method::Mixed {
        return is_control && !is_another(cells, pair.depth, pair.labels);
    }
    a.is_pretraining() && (is_control || (a == Method::Rbm && b.is_autoencoder()))
}

/// Whether `mixed` is the same nets as another method's, as with one layer it is those of its first way.
fn is_another(cells: &[Cell], depth: usize, labels: usize) -> bool {
    let nets = |method| -> Vec<(u64, &[bool])> {
        let cells = over_seeds(cells, method, depth, labels);
        cells.map(|cell| (cell.seed, cell.mistakes.as_slice())).collect()
    };
    let mixed = nets(Method::Mixed);
    Method::ALL.into_iter().any(|other| other != Method::Mixed && nets(other) == mixed)
}

/// McNemar's test on the predictions of all pairs of networks together.
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

fn over_seeds(
    cells: &[Cell],
    method: Method,
    depth: usize,
    labels: usize,
) -> impl Iterator<Item = &Cell> {
    cells.iter().filter(move |c| (c.method, c.depth, c.labels) == (method, depth, labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(method: Method, seed: u64, errors: usize) -> Cell {
        Cell {
            method,
            depth: 2,
            labels: 100,
            seed,
            rates: crate::Rates { learning_rate: 0.1, hidden_factor: 1.0 },
            validation_errors: (errors, 1000),
            test_errors: (errors, 1000),
            pretrain_updates: 0,
            finetune_updates: 1,
            finetune_samples: 1,
            history: vec![],
            changes: vec![],
            mistakes: (0..1000).map(|i| i < errors).collect(),
            seconds: 0.0,
            tuning_seconds: 0.0,
        }
    }

    #[test]
    fn pairs_are_matched_by_seed() {
        let cells = [
            cell(Method::None, 1, 100),
            cell(Method::None, 2, 200),
            cell(Method::None, 3, 900),
            cell(Method::Rbm, 2, 150),
            cell(Method::Rbm, 1, 51),
        ];
        let pairs = compare_pairs(&cells);
        assert_eq!(pairs.len(), 1);
        assert_eq!((pairs[0].method_a, pairs[0].method_b), (Method::Rbm, Method::None));
        assert_eq!(pairs[0].difference_pct.n, 2);
        assert!((pairs[0].difference_pct.difference_mean + 4.95).abs() < 1e-12);
        // Both are below zero: of four sign patterns, two are as far from it.
        assert_eq!(pairs[0].sign_flip_p_value, 0.5);
        // One comparison: nothing to correct for.
        assert_eq!(pairs[0].holm_p_value, pairs[0].difference_pct.p_value);
        // 99 images that only `none` got wrong, none the other way.
        let expected = mcnemar_test(Disagreements { only_a_wrong: 0, only_b_wrong: 99 });
        assert_eq!(pairs[0].mcnemar_p_value, expected.p_value);
        let summaries = summarise(&cells);
        assert_eq!(summaries[0].test_error_pct.n, 3);
        assert!((summaries[0].test_error_pct.mean - 40.0).abs() < 1e-12);
        assert!((summaries[1].test_error_pct.mean - 10.05).abs() < 1e-12);
    }

    #[test]
    fn correction_is_over_what_is_asked() {
        let methods = [Method::None, Method::RawLogistic, Method::Denoising, Method::Rbm];
        let cells: Vec<Cell> = (1..=3)
            .flat_map(|seed| {
                methods.map(|m| cell(m, seed, 100 * (m as usize + 1) + seed as usize * m as usize))
            })
            .collect();
        let pairs = compare_pairs(&cells);
        assert_eq!(pairs.len(), 6);
        let corrected: Vec<(Method, Method)> = (pairs.iter())
            .filter(|pair| pair.holm_p_value.is_finite())
            .map(|pair| (pair.method_a, pair.method_b))
            .collect();
        let expected = [
            (Method::Denoising, Method::None),
            (Method::Rbm, Method::None),
            (Method::Rbm, Method::Denoising),
        ];
        assert_eq!(corrected, expected);
        let least = pairs.iter().filter(|p| p.holm_p_value.is_finite());
        let least = least.min_by(|a, b| a.holm_p_value.total_cmp(&b.holm_p_value)).expect("three");
        assert!((least.holm_p_value - 3.0 * least.difference_pct.p_value).abs() < 1e-12);
    }

    #[test]
    fn a_question_without_an_answer_counts_and_the_same_nets_are_asked_about_once() {
        let errors =
            |method, [first, second]: [usize; 2]| [cell(method, 1, first), cell(method, 2, second)];
        let mut cells = [
            errors(Method::None, [300, 400]),
            errors(Method::Denoising, [260, 330]),
            errors(Method::Rbm, [251, 351]),
        ]
        .concat();
        let holm_of = |cells: &[Cell], a, b| {
            let pairs = compare_pairs(cells);
            let pair = pairs.iter().find(|pair| (pair.method_a, pair.method_b) == (a, b));
            let pair = pair.expect("a pair");
            (pair.holm_p_value, pair.difference_pct.p_value)
        };
        let (corrected, p) = holm_of(&cells, Method::Denoising, Method::None);
        assert!((corrected - (3.0 * p).min(1.0)).abs() < 1e-12, "{corrected} of {p}");
        let (corrected, p) = holm_of(&cells, Method::Rbm, Method::None);
        assert!(corrected.is_nan() && p.is_nan(), "49 fewer, both times");

        cells.extend(errors(Method::Mixed, [251, 351]));
        assert!(holm_of(&cells, Method::Mixed, Method::None).0.is_nan());
        let (corrected, p) = holm_of(&cells, Method::Denoising, Method::None);
        assert!((corrected - (3.0 * p).min(1.0)).abs() < 1e-12, "still three");
        cells.truncate(6);
        cells.extend(errors(Method::Mixed, [252, 331]));
        assert!(holm_of(&cells, Method::Mixed, Method::None).0.is_finite());
    }
}
