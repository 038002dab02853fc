//! What the cells say together.

use crate::statistics::{MeanInterval, PairedComparison, mean_interval, paired_t_test};
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
        let errors: Vec<f64> = over_seeds(cells, method, depth, labels).map(|(_, e)| e).collect();
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
            let (a, b): (Vec<f64>, Vec<f64>) = over_seeds(cells, method_a, depth, labels)
                .filter_map(|(seed, a)| {
                    over_seeds(cells, method_b, depth, labels)
                        .find(|(other, _)| *other == seed)
                        .map(|(_, b)| (a, b))
                })
                .unzip();
            if let Ok(difference_pct) = paired_t_test(&a, &b) {
                pairs.push(PairSummary { method_a, method_b, depth, labels, difference_pct });
            }
        }
    }
    pairs
}

fn over_seeds(
    cells: &[Cell],
    method: Method,
    depth: usize,
    labels: usize,
) -> impl Iterator<Item = (u64, f64)> {
    cells
        .iter()
        .filter(move |c| (c.method, c.depth, c.labels) == (method, depth, labels))
        .map(|cell| (cell.seed, cell.test_error_pct()))
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
            learning_rate: 0.1,
            validation_errors: (errors, 1000),
            test_errors: (errors, 1000),
            pretrain_updates: 0,
            finetune_updates: 1,
            finetune_samples: 1,
            history: vec![],
            seconds: 0.0,
        }
    }

    #[test]
    fn pairs_are_matched_by_seed() {
        let cells = [
            cell(Method::None, 1, 100),
            cell(Method::None, 2, 200),
            cell(Method::None, 3, 900),
            cell(Method::Rbm, 2, 150),
            cell(Method::Rbm, 1, 50),
        ];
        let pairs = compare_pairs(&cells);
        assert_eq!(pairs.len(), 1);
        assert_eq!((pairs[0].method_a, pairs[0].method_b), (Method::Rbm, Method::None));
        assert_eq!(pairs[0].difference_pct.n, 2);
        assert!((pairs[0].difference_pct.difference_mean + 5.0).abs() < 1e-12);
        let summaries = summarise(&cells);
        assert_eq!(summaries[0].test_error_pct.n, 3);
        assert!((summaries[0].test_error_pct.mean - 40.0).abs() < 1e-12);
        assert!((summaries[1].test_error_pct.mean - 10.0).abs() < 1e-12);
    }
}
