//! The division of rows into training, validation and test parts.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use crate::read::order::{MOST, Order, SEED};
use crate::split_rule::SplitRule;

/// The rows of each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The labelled training rows in order, with those for validation at the end.
    pub(crate) order: Order,
    /// Number of rows at the end of `order` that are for validation, if the division fixes it.
    pub(crate) n_validation: Option<usize>,
    /// Number of rows at the start of `order` to which types and constants are fitted: all but the validation
    /// rows if a column or groups fix these. When divided by time, those on which [`SplitRule::Study`]
    /// trains, since later rows must stay unknown. Otherwise all, because the validation part is drawn from
    /// them later.
    pub(crate) n_fitted: usize,
    /// The rows held out for testing.
    pub(crate) held: Vec<usize>,
    /// The unlabelled rows that may be used for training.
    pub(crate) unlabelled: Vec<usize>,
}

/// The rule by which rows are divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Division {
    /// At random with a fixed seed, stratified by class.
    Random,
    /// All rows are for training, in their order.
    AsItIs,
    /// The last rows in this order are for testing, those before them for validation.
    Time(Vec<usize>),
    /// All rows with the same number are in one part.
    Groups(Vec<u32>),
    /// The part of each row is given.
    Given(Vec<Part>),
}

/// A part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Train,
    Validation,
    Test,
}

impl Part {
    /// The part that a word denotes.
    pub(crate) fn named(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "train" | "training" | "fit" => Some(Part::Train),
            "val" | "valid" | "validation" | "dev" => Some(Part::Validation),
            "test" | "testing" | "eval" | "holdout" => Some(Part::Test),
            _ => None,
        }
    }
}

/// Divides the rows. `for_test` requests a test part; otherwise only rows for validation are moved to the
/// end. Unlabelled rows are for training, unless they are in a held-out part.
pub(crate) fn divide(
    n_rows: usize,
    labels: Option<&[Option<u8>]>,
    for_test: bool,
    division: &Division,
) -> Parts {
    let has_label = |row: &usize| labels.is_none_or(|labels| labels[*row].is_some());
    let (labelled, unlabelled): (Vec<usize>, Vec<usize>) = (0..n_rows).partition(has_label);
    let all_labelled = unlabelled.is_empty();
    let n = labelled.len();
    let each = (n / 7).clamp(1, MOST);
    match division {
        Division::AsItIs => {
            let order = if all_labelled { Order::as_it_is(n) } else { Order::listed(labelled) };
            Parts { n_validation: None, n_fitted: order.len(), order, held: vec![], unlabelled }
        }
        Division::Random => {
            if n < 3 {
                return divide(n_rows, labels, for_test, &Division::AsItIs);
            }
            let classes: Option<Vec<u8>> =
                labels.map(|labels| labels.iter().copied().flatten().collect());
            let (order, held) = Order::with_rows_held_out(n, classes.as_deref(), for_test);
            if all_labelled {
                return Parts {
                    n_validation: None,
                    n_fitted: order.len(),
                    order,
                    held,
                    unlabelled,
                };
            }
            let listed: Vec<usize> =
                (0..order.len()).map(|place| labelled[order.row(place)]).collect();
            let held = held.into_iter().map(|row| labelled[row]).collect();
            let n_fitted = listed.len();
            Parts { order: Order::listed(listed), n_validation: None, n_fitted, held, unlabelled }
        }
        Division::Time(rows) => {
            let n_held = if for_test { each } else { 0 };
            let mut order: Vec<usize> = rows.iter().copied().filter(has_label).collect();
            let held = order.split_off(n - n_held);
            // Only rows before the tested ones may be used for training.
            let first_tested = held.first().and_then(|row| rows.iter().position(|r| r == row));
            let before = &rows[..first_tested.unwrap_or(rows.len())];
            let unlabelled = before.iter().copied().filter(|row| !has_label(row)).collect();
            let n_fitted = SplitRule::Study.n_train(order.len()).unwrap_or(order.len());
            Parts { order: Order::listed(order), n_validation: None, n_fitted, held, unlabelled }
        }
        Division::Groups(groups) => {
            let parts = parts_of_groups(groups, &labelled, each, for_test);
            divide(n_rows, labels, for_test, &Division::Given(parts))
        }
        Division::Given(parts) => {
            let of = |part: Part, rows: &[usize]| -> Vec<usize> {
                rows.iter().copied().filter(|&row| parts[row] == part).collect()
            };
            let mut order = of(Part::Train, &labelled);
            let validation = of(Part::Validation, &labelled);
            let n_validation = (!validation.is_empty()).then_some(validation.len());
            let n_fitted = order.len();
            order.extend(validation);
            let held = of(Part::Test, &labelled);
            Parts {
                order: Order::listed(order),
                n_validation,
                n_fitted,
                held,
                unlabelled: of(Part::Train, &unlabelled),
            }
        }
    }
}

/// Assigns whole groups to the test part and to validation, in random order, until each has `each` labelled
/// rows. At least one group is left for training.
fn parts_of_groups(groups: &[u32], labelled: &[usize], each: usize, for_test: bool) -> Vec<Part> {
    let mut sizes = std::collections::BTreeMap::<u32, usize>::new();
    for &row in labelled {
        *sizes.entry(groups[row]).or_default() += 1;
    }
    let mut names: Vec<u32> = sizes.keys().copied().collect();
    names.shuffle(&mut ChaCha8Rng::seed_from_u64(SEED));
    let mut wanted =
        if for_test { vec![Part::Validation, Part::Test] } else { vec![Part::Validation] };
    let mut part_of = std::collections::BTreeMap::new();
    let (mut part, mut filled) = (wanted.pop(), 0);
    for (i, name) in names.iter().enumerate() {
        let Some(current) = part.filter(|_| i + 1 < names.len()) else { break };
        part_of.insert(*name, current);
        filled += sizes[name];
        // Each further part needs a group, and training needs one.
        if filled >= each || names.len() - i - 2 <= wanted.len() {
            (part, filled) = (wanted.pop(), 0);
        }
    }
    groups.iter().map(|group| part_of.get(group).copied().unwrap_or(Part::Train)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(order: &Order) -> Vec<usize> {
        (0..order.len()).map(|place| order.row(place)).collect()
    }

    #[test]
    fn rows_without_a_label_are_learned_from_and_never_tested() {
        let labels: Vec<Option<u8>> = (0..40).map(|i| (i % 4 != 0).then_some(i % 2)).collect();
        let parts = divide(40, Some(&labels), true, &Division::Random);
        assert_eq!(parts.unlabelled, (0..40).step_by(4).collect::<Vec<_>>());
        let mut all = [rows(&parts.order), parts.held, parts.unlabelled].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..40));
        assert!(rows(&parts.order).iter().all(|row| row % 4 != 0));
    }

    #[test]
    fn in_time_the_last_rows_are_tested_and_nothing_after_them_is_learned_from() {
        let mut labels = vec![Some(0); 16];
        (labels[1], labels[15]) = (None, None);
        let parts = divide(16, Some(&labels), true, &Division::Time((0..16).collect()));
        assert_eq!((parts.held, parts.unlabelled), (vec![13, 14], vec![1]));
        assert_eq!(rows(&parts.order), [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        // The last two of these twelve are for validation.
        assert_eq!(parts.n_fitted, 10);
    }

    #[test]
    fn groups_are_never_divided() {
        for n_groups in [3, 5, 20] {
            let groups: Vec<u32> = (0..100).map(|i| i * 7 % n_groups).collect();
            let parts = divide(100, None, true, &Division::Groups(groups.clone()));
            let order = rows(&parts.order);
            let n_train = order.len() - parts.n_validation.unwrap_or(0);
            let sides = [&order[..n_train], &order[n_train..], &parts.held];
            for (i, side) in sides.iter().enumerate() {
                assert!(!side.is_empty(), "part {i} of {n_groups} groups");
                for other in &sides[i + 1..] {
                    let meets = |row: &usize| other.iter().any(|o| groups[*o] == groups[*row]);
                    assert!(!side.iter().any(meets), "{n_groups} groups");
                }
            }
        }
    }

    #[test]
    fn given_parts_are_taken_as_they_are() {
        use Part::{Test, Train, Validation};
        let given = Division::Given(vec![Test, Train, Validation, Train]);
        let parts = divide(4, None, true, &given);
        assert_eq!((rows(&parts.order), parts.n_validation), (vec![1, 3, 2], Some(1)));
        assert_eq!(parts.n_fitted, 2);
        assert_eq!(parts.held, [0]);
    }
}
