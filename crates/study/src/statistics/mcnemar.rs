use statrs::distribution::{Binomial, ChiSquared, ContinuousCDF, DiscreteCDF};

use super::{StatisticsError, require_pairs};

/// From this number of disagreements on, the χ² approximation replaces the exact binomial test.
pub const EXACT_BELOW: u64 = 25;

/// The numbers of samples on which exactly one of two classifiers is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disagreements {
    /// The number that only the first gets wrong.
    pub only_a_wrong: u64,
    /// The number that only the second gets wrong.
    pub only_b_wrong: u64,
}

/// The distribution that a p-value of McNemar's test is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum McNemarMethod {
    /// The binomial distribution, for fewer than [`EXACT_BELOW`] disagreements.
    Exact,
    /// The χ² distribution with one degree of freedom, corrected for continuity.
    ChiSquared,
}

/// The outcome of McNemar's test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// The two-sided p-value of the hypothesis that both are wrong equally often.
    pub p_value: f64,
    /// The distribution that it is computed from.
    pub method: McNemarMethod,
}

/// Counts the samples on which exactly one classifier is wrong. The arguments tell for each sample
/// whether the classifier was correct.
///
/// # Errors
/// [`StatisticsError`] if the arguments differ in length.
pub fn disagreements(
    a_correct: &[bool],
    b_correct: &[bool],
) -> Result<Disagreements, StatisticsError> {
    require_pairs(a_correct.len(), b_correct.len())?;
    let count = |wanted| {
        let pairs = a_correct.iter().zip(b_correct);
        pairs.filter(|&(&a, &b)| (a, b) == wanted).count() as u64
    };
    Ok(Disagreements { only_a_wrong: count((false, true)), only_b_wrong: count((true, false)) })
}

/// McNemar's test. If two classifiers are wrong equally often, each of their n = b + c disagreements is
/// a fair coin flip.
///
/// - n < [`EXACT_BELOW`]: p = min(1, 2 P(K ≤ min(b, c))), K ~ Binomial(n, ½);
/// - otherwise: p = P(X > max(0, |b − c| − 1)² / n), X ~ χ²₁, with Edwards' correction for
///   continuity, limited to 0 so that b = c gives p = 1;
/// - no disagreement: p = 1.
///
/// Assumes independent samples. The test compares two *trained* networks on one test set. It does not
/// include the variation between seeds, so that it cannot show that a method is better.
///
/// Sources: McNemar, Psychometrika 12 (1947); Edwards, Psychometrika 13 (1948); its use for
/// classifiers, Dietterich, Neural Computation 10 (1998), §3.1.
///
/// ```
/// use study::statistics::{McNemarMethod, disagreements, mcnemar_test};
///
/// let a = [true, false, true, true, false, true, true, true];
/// let b = [false, false, false, true, true, false, false, false];
/// let counts = disagreements(&a, &b)?;
/// assert_eq!((counts.only_a_wrong, counts.only_b_wrong), (1, 5));
///
/// let test = mcnemar_test(counts);
/// assert_eq!(test.method, McNemarMethod::Exact);
/// assert!((test.p_value - 2.0 * (1.0 + 6.0) / 64.0).abs() < 1e-12);
/// # Ok::<(), study::statistics::StatisticsError>(())
/// ```
#[must_use]
pub fn mcnemar_test(disagreements: Disagreements) -> McNemar {
    let (b, c) = (disagreements.only_a_wrong, disagreements.only_b_wrong);
    let n = b + c;
    if n < EXACT_BELOW {
        let coin = Binomial::new(0.5, n).expect("a half is a probability");
        McNemar { p_value: (2.0 * coin.cdf(b.min(c))).min(1.0), method: McNemarMethod::Exact }
    } else {
        let excess = b.abs_diff(c).saturating_sub(1) as f64;
        let chi_squared = ChiSquared::new(1.0).expect("one degree of freedom");
        McNemar {
            p_value: chi_squared.sf(excess * excess / n as f64),
            method: McNemarMethod::ChiSquared,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    fn test(only_a_wrong: u64, only_b_wrong: u64) -> McNemar {
        mcnemar_test(Disagreements { only_a_wrong, only_b_wrong })
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
    fn no_difference_is_no_evidence() {
        for n in [0, 1, 12, 13, 5000] {
            assert_eq!(test(n, n).p_value, 1.0, "{n} each");
        }
    }

    #[test]
    fn counts_disagreements_only() {
        let a = [true, true, false, false, false];
        let b = [true, false, true, true, false];
        let expected = Disagreements { only_a_wrong: 2, only_b_wrong: 1 };
        assert_eq!(disagreements(&a, &b), Ok(expected));
        assert_eq!(disagreements(&a, &b[..3]), Err(StatisticsError::NotPaired { n_a: 5, n_b: 3 }));
    }
}
