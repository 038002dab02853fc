use std::collections::BTreeMap;

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Number of differing test samples from which the χ² approximation replaces the exact test.
pub const EXACT_BELOW: usize = 25;

/// The distribution from which a p-value of McNemar's test is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum McNemarMethod {
    /// All signs of the differences, for fewer than [`EXACT_BELOW`] samples with a difference.
    Exact,
    /// The χ² distribution with one degree of freedom, corrected for continuity.
    ChiSquared,
}

/// The outcome of McNemar's test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// The two-sided p-value of the hypothesis that both are wrong equally often.
    pub p_value: f64,
    /// The distribution from which it is computed.
    pub method: McNemarMethod,
}

/// McNemar's test of two sets of classifiers on the same test samples, with each sample as a cluster.
///
/// The argument has dᵢ for each test sample i: the number of classifiers of the first set that get it wrong,
/// minus that of the second. With one classifier in each set, dᵢ is 1, 0 or −1, and the test is McNemar's.
/// With several, such as one per seed, their errors at one sample are not independent, but the samples are.
/// If both sets are wrong equally often, the sign of each dᵢ is a fair coin flip, and D = Σ dᵢ has the
/// variance V = Σ dᵢ².
///
/// - Fewer than [`EXACT_BELOW`] of the dᵢ are nonzero: p is the share of all their sign patterns, 2ⁿ for n of
///   them, whose sum is at least as far from 0 as D. With one classifier in each set, this is the binomial
///   test.
/// - Otherwise: p = P(X > max(0, |D| − g)² / V), X ~ χ²₁, which is the two-sided p-value of D / √V as a
///   standard normal variable. The continuity correction is g, the greatest common divisor of the dᵢ, since
///   the sums of all signs are 2g apart. With one classifier in each set, g is 1, and the correction is
///   Edwards's.
/// - All dᵢ are zero: p = 1.
///
/// Assumes independent test samples. The test concerns these *trained* networks. It does not include the
/// variation between seeds, so it cannot show that a method is better.
///
/// Sources: McNemar, Psychometrika 12 (1947); Edwards, Psychometrika 13 (1948); Durkalski, Palesch, Lipsitz &
/// Rust, "Analysis of clustered matched-pair data", Statistics in Medicine 22 (2003), whose statistic is D²/V
/// for clusters of equal size; for classifiers, Dietterich, Neural Computation 10 (1998), §3.1.
///
/// ```
/// use study::statistics::{McNemarMethod, mcnemar_test};
///
/// // Of eight test samples, only the first classifier gets one wrong, and only the second five others.
/// let one_seed = mcnemar_test(&[0, 1, 0, -1, -1, -1, -1, -1]);
/// assert_eq!(one_seed.method, McNemarMethod::Exact);
/// assert!((one_seed.p_value - 2.0 * (1.0 + 6.0) / 64.0).abs() < 1e-12);
///
/// // Three more seeds with the same errors are no more evidence.
/// assert_eq!(mcnemar_test(&[0, 4, 0, -4, -4, -4, -4, -4]), one_seed);
/// ```
#[must_use]
pub fn mcnemar_test(differences: &[i64]) -> McNemar {
    let known: Vec<i64> = differences.iter().copied().filter(|d| *d != 0).collect();
    let sum = known.iter().sum::<i64>();
    if known.len() < EXACT_BELOW {
        let p_value = share_at_least(&known, sum.abs());
        return McNemar { p_value, method: McNemarMethod::Exact };
    }
    let squares: f64 = known.iter().map(|&d| (d as f64).powi(2)).sum();
    let step = known.iter().fold(0, |divisor, d| common_divisor(divisor, d.abs()));
    let excess = (sum.abs() - step).max(0) as f64;
    let chi_squared = ChiSquared::new(1.0).expect("one degree of freedom");
    McNemar {
        p_value: chi_squared.sf(excess * excess / squares),
        method: McNemarMethod::ChiSquared,
    }
}

/// The share of all sign patterns of these numbers whose sum is at least as far from 0 as `distance`.
fn share_at_least(numbers: &[i64], distance: i64) -> f64 {
    // The number of sign patterns for each sum; below 2²⁵, which f64 holds exactly.
    let mut counts = BTreeMap::from([(0_i64, 1.0_f64)]);
    for number in numbers {
        let mut next = BTreeMap::new();
        for (sum, count) in counts {
            *next.entry(sum + number).or_default() += count;
            *next.entry(sum - number).or_default() += count;
        }
        counts = next;
    }
    let extreme: f64 =
        counts.iter().filter(|(sum, _)| sum.abs() >= distance).map(|(_, count)| count).sum();
    extreme / counts.values().sum::<f64>()
}

/// The greatest common divisor of two non-negative numbers.
fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use numerics::{Purpose, Stream};

    use super::super::assert_close;
    use super::*;

    /// One classifier in each set: the numbers of samples that only the first, and only the second, gets
    /// wrong.
    fn test(only_a_wrong: usize, only_b_wrong: usize) -> McNemar {
        mcnemar_test(&[vec![1; only_a_wrong], vec![-1; only_b_wrong], vec![0; 3]].concat())
    }

    #[test]
    fn exact_agrees_with_scipy() {
        // from scipy import stats
        // for b, c in (5, 15), (0, 6), (3, 3), (12, 12), (1, 0):
        //     print(stats.binomtest(b, b + c).pvalue)
        for (b, c, p) in [
            (5, 15, 0.041_389_465_332_031_25),
            (0, 6, 0.031_25),
            (3, 3, 1.0),
            (12, 12, 1.0),
            (1, 0, 1.0),
        ] {
            let found = test(b, c);
            assert_eq!(found.method, McNemarMethod::Exact);
            assert_close(found.p_value, p);
        }
    }

    #[test]
    fn chi_squared_agrees_with_scipy() {
        // from scipy import stats
        // for b, c in (10, 15), (60, 100), (0, 25), (30, 31), (500, 700):
        //     print(stats.chi2.sf((abs(b - c) - 1)**2 / (b + c), 1))
        for (b, c, p) in [
            (10, 15, 0.423_710_797_166_793_6),
            (60, 100, 0.002_047_732_153_668_759),
            (0, 25, 1.586_656_303_951_188_5e-6),
            (30, 31, 1.0),
            (500, 700, 9.211_937_905_286_64e-9),
        ] {
            let found = test(b, c);
            assert_eq!(found.method, McNemarMethod::ChiSquared);
            assert_close(found.p_value, p);
        }
    }

    #[test]
    fn clusters_agree_with_numpy() {
        // import itertools, numpy as np; from scipy import stats
        // d = np.array([3, 1, -2, 1, 1, 2, -1])
        // s = np.array(list(itertools.product([-1, 1], repeat=7))) @ d
        // print((abs(s) >= abs(d.sum())).mean())
        assert_eq!(mcnemar_test(&[3, 1, 0, -2, 1, 1, 2, -1, 0]).p_value, 0.40625);
        // d = np.r_[[3] * 12, [1] * 9, [-2] * 10, [-1] * 8]
        // print(stats.chi2.sf((abs(d.sum()) - 1)**2 / (d**2).sum(), 1))
        let many = [vec![3; 12], vec![1; 9], vec![-2; 10], vec![-1; 8]].concat();
        let found = mcnemar_test(&many);
        assert_eq!(found.method, McNemarMethod::ChiSquared);
        assert_close(found.p_value, 0.212_911_902_811_504_52);
    }

    #[test]
    fn repeated_networks_are_no_more_evidence() {
        for (b, c) in [(1, 9), (5, 15), (60, 100), (30, 31)] {
            let once: Vec<i64> = [vec![1; b], vec![-1; c]].concat();
            for n_seeds in [2, 5, 10] {
                let repeated: Vec<i64> = once.iter().map(|d| n_seeds * d).collect();
                let (found, expected) = (mcnemar_test(&repeated), mcnemar_test(&once));
                assert_eq!(found.method, expected.method);
                assert_close(found.p_value, expected.p_value);
            }
        }
    }

    #[test]
    fn no_difference_is_no_evidence() {
        for n in [0, 1, 12, 13, 5000] {
            assert_eq!(test(n, n).p_value, 1.0, "{n} each");
        }
    }

    /// Two methods that are wrong equally often, each with five seeds whose errors nearly agree. Counting
    /// each test sample once per seed would find a difference in more than a quarter of these studies.
    #[test]
    fn equal_methods_with_dependent_seeds_are_seldom_told_apart() {
        const STUDIES: u64 = 1000;
        const SEEDS: usize = 5;
        for n_samples in [40, 400] {
            let mut rejected = 0;
            for study in 0..STUDIES {
                let stream = Stream::new(study, Purpose::new("clusters"));
                let normal = |layer: usize, n: usize| {
                    let mut values = vec![0.0_f64; n];
                    stream.layer(layer).add_normal(0, &mut values);
                    values
                };
                let (of_a, of_b) = (normal(1, n_samples), normal(2, n_samples));
                let rest = normal(3, 2 * SEEDS * n_samples);
                let wrong = |hard: f64, rest: &[f64]| -> i64 {
                    rest.iter().map(|e| i64::from(hard + 0.4 * e > 0.8)).sum()
                };
                let rests = rest.chunks(2 * SEEDS);
                let differences: Vec<i64> = (of_a.iter().zip(&of_b).zip(rests))
                    .map(|((a, b), rest)| wrong(*a, &rest[..SEEDS]) - wrong(*b, &rest[SEEDS..]))
                    .collect();
                rejected += u64::from(mcnemar_test(&differences).p_value < 0.05);
            }
            let share = rejected as f64 / STUDIES as f64;
            assert!((0.02..=0.065).contains(&share), "{n_samples}: {share}");
        }
    }
}
