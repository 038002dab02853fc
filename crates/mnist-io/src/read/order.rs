//! The order of the training rows of a file, and the rows held out for testing.
//!
//! If a data set has no test part, a seventh of its rows, at most 10,000, is held out for one. The same
//! number is moved to the end of the training rows, where [`SplitRule`](crate::SplitRule) takes the
//! validation part. Both are drawn at random with a fixed seed, stratified by class if there are labels. The
//! other rows keep their file order.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::index;

use crate::subsets::stratified_order;

/// The largest number of rows held out for one part.
pub(crate) const MOST: usize = 10_000;
/// The seed of every random division.
pub(crate) const SEED: u64 = 0x686f_6c64;

/// The training rows in order: those not held out, in file order, then the reserve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// Number of rows that are not held out.
    n_rest: usize,
    /// All other rows, in ascending order.
    held: Vec<usize>,
    /// Those of the held-out rows that come last in training.
    reserve: Vec<usize>,
}

impl Order {
    /// All rows, in file order.
    pub(crate) fn as_it_is(n_rows: usize) -> Self {
        Order { n_rest: n_rows, held: vec![], reserve: vec![] }
    }

    /// These rows, in this order.
    pub(crate) fn listed(rows: Vec<usize>) -> Self {
        Order { n_rest: 0, held: vec![], reserve: rows }
    }

    /// Moves rows to the end for validation. If `for_test`, also holds out the rows of a test part and
    /// returns them.
    ///
    /// # Panics
    /// If there are fewer than three rows.
    pub(crate) fn with_rows_held_out(
        n_rows: usize,
        labels: Option<&[u8]>,
        for_test: bool,
    ) -> (Self, Vec<usize>) {
        assert!(n_rows >= 3, "one row for each of three parts");
        let each = (n_rows / 7).clamp(1, MOST);
        let n_held = if for_test { 2 * each } else { each };
        let rng = &mut ChaCha8Rng::seed_from_u64(SEED);
        let mut drawn = match labels {
            Some(labels) => {
                let mut order = stratified_order(labels, rng);
                order.truncate(n_held);
                order
            }
            None => index::sample(rng, n_rows, n_held).into_vec(),
        };
        let mut held = drawn.clone();
        held.sort_unstable();
        let reserve = drawn.split_off(n_held - each);
        (Order { n_rest: n_rows - n_held, held, reserve }, drawn)
    }

    /// Number of training rows.
    pub(crate) fn len(&self) -> usize {
        self.n_rest + self.reserve.len()
    }

    /// The file row at this position in the order.
    pub(crate) fn row(&self, place: usize) -> usize {
        match place.checked_sub(self.n_rest) {
            Some(place) => self.reserve[place],
            None => place + self.held_before(place),
        }
    }

    /// Number of held rows before the file row at this position: the first j with held[j] − j > place.
    fn held_before(&self, place: usize) -> usize {
        let (mut low, mut high) = (0, self.held.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.held[middle] - middle <= place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_one_place() {
        for (n, labels) in [(3, false), (8, true), (700, true), (701, false)] {
            let classes: Vec<u8> = (0..n).map(|i| u8::from(i < n / 3)).collect();
            let labels = labels.then_some(classes.as_slice());
            let (order, test) = Order::with_rows_held_out(n, labels, true);
            let rows: Vec<usize> = (0..order.len()).map(|place| order.row(place)).collect();
            assert!(rows[..order.n_rest].is_sorted());
            let mut all = [rows, test].concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..n), "{n} rows");
        }
        let order = Order::as_it_is(5);
        assert!((0..5).map(|place| order.row(place)).eq(0..5));
    }

    #[test]
    fn classes_keep_their_proportions_even_if_the_file_is_sorted() {
        let labels: Vec<u8> = (0..700).map(|i| u8::from(i >= 200) + u8::from(i >= 600)).collect();
        let (order, test) = Order::with_rows_held_out(700, Some(&labels), true);
        let counts =
            |rows: &[usize]| [0, 1, 2].map(|c| rows.iter().filter(|&&r| labels[r] == c).count());
        assert_eq!(test.len(), 100);
        for part in [&test, &order.reserve] {
            for (count, share) in counts(part).into_iter().zip([28.6, 57.1, 14.3]) {
                assert!((count as f64 - share).abs() < 2.0, "{count} of {share}");
            }
        }
    }

    #[test]
    fn the_draws_are_pinned_and_bounded() {
        let (order, test) = Order::with_rows_held_out(14, None, true);
        let (again, _) = Order::with_rows_held_out(14, None, true);
        assert_eq!(order, again);
        assert_eq!((test, order.reserve), (vec![5, 12], vec![1, 4]));
        let (order, test) = Order::with_rows_held_out(1_000_000, None, false);
        assert_eq!((order.reserve.len(), test.len(), order.len()), (10_000, 0, 1_000_000));
    }
}
