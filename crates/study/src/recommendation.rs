//! The network that a comparison recommends.

use crate::Cell;

/// The cell whose network is recommended: for the method and depth with the lowest mean validation error at
/// the largest number of labels, the seed with the lowest validation error. Ties go to the one with fewer
/// updates, then to the earlier one in cell order. Test errors do not influence the choice. The mean excludes the
/// first seed if there are others, as in the verdict: hyperparameters were chosen there, and a method with more
/// trials would gain more from it.
///
/// `None` if there are no cells.
pub fn recommended(cells: &[Cell]) -> Option<&Cell> {
    let labels = cells.iter().map(|cell| cell.labels).max()?;
    let mut groups: Vec<Vec<&Cell>> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.labels == labels) {
        let same = |group: &&mut Vec<&Cell>| {
            (&group[0].method, group[0].depth) == (&cell.method, cell.depth)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(cell),
            None => groups.push(vec![cell]),
        }
    }
    // A method that failed at a seed is not reliable.
    let seeds = groups.iter().map(Vec::len).max()?;
    let first = groups.iter().flatten().map(|cell| cell.seed).min()?;
    let mean = |group: &Vec<&Cell>| {
        let counted = group.iter().filter(|cell| group.len() == 1 || cell.seed != first);
        let errors: Vec<f64> = counted.map(|cell| cell.validation_error_pct()).collect();
        errors.iter().sum::<f64>() / errors.len() as f64
    };
    let updates = |group: &Vec<&Cell>| group[0].pretrain_updates + group[0].finetune_updates;
    let complete = groups.iter().filter(|group| group.len() == seeds);
    let best = complete
        .min_by(|a, b| mean(a).total_cmp(&mean(b)).then_with(|| updates(a).cmp(&updates(b))))?;
    best.iter().copied().min_by_key(|cell| cell.validation_errors.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Choice;

    fn cell(
        method: &str,
        labels: usize,
        seed: u64,
        errors: (usize, usize),
        updates: usize,
    ) -> Cell {
        Cell {
            method: method.into(),
            depth: 1,
            labels,
            seed,
            chosen: Choice::of_rates(0.1, 1.0),
            trials: vec![],
            validation_errors: (errors.0, 100),
            test_errors: (errors.1, 100),
            pretrain_updates: updates,
            finetune_updates: 10,
            history: vec![],
            changes: vec![],
            predictions: vec![],
            mistakes: vec![],
            finetune_samples: 0,
            seconds: 0.0,
            tuning_seconds: 0.0,
        }
    }

    #[test]
    fn validation_errors_choose_and_test_errors_do_not() {
        let cells = [
            cell("a", 10, 1, (0, 0), 0),
            cell("a", 20, 1, (5, 1), 0),
            cell("a", 20, 2, (7, 1), 0),
            cell("b", 20, 1, (6, 90), 0),
            cell("b", 20, 2, (4, 90), 0),
        ];
        let found = recommended(&cells).expect("a cell");
        assert_eq!((found.method.as_str(), found.seed), ("b", 2));
        assert!(recommended(&[]).is_none());
    }

    #[test]
    fn the_seed_of_the_trials_does_not_count_if_there_are_others() {
        let cells = [
            cell("a", 20, 1, (0, 0), 0),
            cell("a", 20, 2, (6, 0), 0),
            cell("b", 20, 1, (5, 0), 0),
            cell("b", 20, 2, (4, 0), 0),
        ];
        assert_eq!(recommended(&cells).expect("a cell").method, "b");
    }

    #[test]
    fn of_equals_the_cheaper_one_is_taken_and_failed_methods_are_not() {
        let cells = [
            cell("a", 20, 1, (5, 0), 9),
            cell("b", 20, 1, (5, 0), 3),
            cell("a", 20, 2, (5, 0), 9),
            cell("b", 20, 2, (5, 0), 3),
            cell("c", 20, 1, (0, 0), 3),
        ];
        assert_eq!(recommended(&cells).expect("a cell").method, "b");
    }
}
