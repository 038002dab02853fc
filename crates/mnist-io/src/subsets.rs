//! Nested label subsets in which every class keeps its share.
//!
//! All subsets are prefixes of one order of the samples, so 100 ⊂ 1,000 ⊂ 3,000 ⊂ … by
//! construction. The order is random within a class; between classes it is determined by the
//! counts. Let `N_c` of the `N` samples be of class `c`, and `x_c(m)` of the first `m`. Then
//!
//! ```text
//! |x_c(m) − m · N_c / N| < 1     for every class c and every m
//! ```
//!
//! which is the best bound in general. The obvious method, sorting by `(rank + ½) / N_c`, violates it by
//! several samples if there are one large class and many small ones.
//!
//! ```
//! use mnist_io::{label_subset, stratified_order};
//! use rand::SeedableRng;
//! use rand::rngs::ChaCha8Rng;
//!
//! let labels = [0, 0, 0, 0, 1, 1];
//! let order = stratified_order(&labels, &mut ChaCha8Rng::seed_from_u64(1));
//! let classes: Vec<u8> = label_subset(&order, 3)?.iter().map(|&i| labels[i]).collect();
//! assert_eq!(classes, [0, 0, 1]);
//! # Ok::<(), mnist_io::Error>(())
//! ```
//!
//! R. Tijdeman, *The chairman assignment problem*, Discrete Mathematics 32 (1980) 323–330.

use rand::Rng;
use rand::seq::SliceRandom;

use crate::error::Error;

/// An order of all samples in which every prefix keeps the class proportions to within less than one sample
/// per class.
///
/// Draws one shuffle per class, in ascending order of the classes.
#[must_use]
pub fn stratified_order(labels: &[u8], rng: &mut impl Rng) -> Vec<usize> {
    let mut classes = vec![Vec::new(); 1 + usize::from(u8::MAX)];
    for (sample, &label) in labels.iter().enumerate() {
        classes[usize::from(label)].push(sample);
    }
    classes.retain(|members| !members.is_empty());
    for members in &mut classes {
        members.shuffle(rng);
    }

    let mut taken = vec![0; classes.len()];
    let next = |position| {
        let class = next_class(&classes, &taken, position, labels.len());
        taken[class] += 1;
        classes[class][taken[class] - 1]
    };
    (1..=labels.len()).map(next).collect()
}

/// The first `n_labels` samples of an order.
///
/// # Errors
/// [`Error::SubsetSize`] if `n_labels` is 0 or larger than the order.
pub fn label_subset(order: &[usize], n_labels: usize) -> Result<&[usize], Error> {
    match order.get(..n_labels) {
        Some(subset) if n_labels > 0 => Ok(subset),
        _ => Err(Error::SubsetSize { requested: n_labels, available: order.len() }),
    }
}

/// The class to take at `position`, counted from 1.
///
/// The bound gives every sample a window: sample number `x` (from 0) of class `c` may be taken only at a
/// position with `x · N < position · N_c`, and must be taken by position `⌈(x + 1) · N / N_c⌉`. Of the
/// classes that may be taken, this is the one with the earliest deadline. For unit tasks on one machine this
/// rule meets all deadlines if any rule does, and Tijdeman proves that one does. Integer arithmetic makes the
/// comparison exact.
fn next_class(classes: &[Vec<usize>], taken: &[usize], position: usize, n_samples: usize) -> usize {
    let may_come = |&class: &usize| taken[class] * n_samples < position * classes[class].len();
    let deadline = |&class: &usize| ((taken[class] + 1) * n_samples).div_ceil(classes[class].len());
    (0..classes.len())
        .filter(may_come)
        .min_by_key(deadline)
        .expect("the shares sum to the position, one more than is taken")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    /// Labels with these counts, sorted by class.
    fn labels_of(counts: &[usize]) -> Vec<u8> {
        let class = |(class, &count)| vec![class as u8; count];
        counts.iter().enumerate().flat_map(class).collect()
    }

    /// The largest distance from the exact share, in units of 1 / N, over prefixes and classes.
    fn worst_distance(counts: &[usize], order: &[usize], labels: &[u8]) -> usize {
        let mut taken = vec![0; counts.len()];
        let mut worst = 0;
        for (before, &sample) in order.iter().enumerate() {
            taken[usize::from(labels[sample])] += 1;
            for (&taken, &count) in taken.iter().zip(counts) {
                worst = worst.max((taken * order.len()).abs_diff((before + 1) * count));
            }
        }
        worst
    }

    proptest! {
        #[test]
        fn every_prefix_keeps_the_shares(
            counts in prop::collection::vec(prop_oneof![0_usize..5, 0_usize..200], 1..12),
            seed: u64,
        ) {
            let labels = labels_of(&counts);
            let order = stratified_order(&labels, &mut ChaCha8Rng::seed_from_u64(seed));
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..labels.len()).collect::<Vec<_>>());
            let worst = worst_distance(&counts, &order, &labels);
            prop_assert!(labels.is_empty() || worst < labels.len());
        }
    }

    #[test]
    fn one_large_class_among_small_ones_keeps_its_share() {
        let counts = [900, 10, 10, 10, 10, 10, 10, 10, 10, 10];
        let labels = labels_of(&counts);
        let order = stratified_order(&labels, &mut ChaCha8Rng::seed_from_u64(1));
        assert!(worst_distance(&counts, &order, &labels) < labels.len());
    }

    #[test]
    fn the_draws_are_pinned() {
        let labels = [0, 1, 0, 1, 0, 1, 0, 2];
        let order = stratified_order(&labels, &mut ChaCha8Rng::seed_from_u64(7));
        assert_eq!(order, [0, 3, 6, 5, 2, 1, 4, 7]);
    }

    #[test]
    fn sizes_are_checked() {
        let order = [2, 0, 1];
        assert_eq!(label_subset(&order, 2).unwrap(), [2, 0]);
        assert_eq!(label_subset(&order, 3).unwrap(), order);
        for size in [0, 4] {
            let message = label_subset(&order, size).unwrap_err().to_string();
            assert!(message.contains(&format!("{size} labels of 3; expected 1 to 3")), "{message}");
        }
    }
}
