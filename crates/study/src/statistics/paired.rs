use statrs::distribution::ContinuousCDF;

use super::{StatisticsError, differences, mean_and_error, student};

/// The difference between two methods over the same seeds, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedComparison {
    /// The mean of a − b; negative if a is lower.
    pub difference_mean: f64,
    /// Lower end of its 95 % interval; NaN without a p-value.
    pub low: f64,
    /// Upper end; NaN without a p-value.
    pub high: f64,
    /// The two-sided p-value of the hypothesis that the mean difference is 0; NaN for a single pair,
    /// and if all differences are equal but not 0.
    pub p_value: f64,
    /// The number of pairs.
    pub n: usize,
}

/// Student's paired t test of d = a − b: t = d̄ / (s/√n) with n − 1 degrees of freedom,
/// p = 2 P(T > |t|), and the interval d̄ ± t₀.₉₇₅,ₙ₋₁ · s/√n.
///
/// Assumes independent, normal differences. If their only spread is rounding, t is undefined:
/// - if all are 0, as for a method compared with itself, the interval is [0, 0] and p = 1;
/// - if all are equal but not 0, which can happen by chance with error counts, or if there is a single pair,
///   the spread is unknown, and interval and p-value are NaN. [`sign_flip_p_value`](super::sign_flip_p_value)
///   is still defined then.
///
/// Source: Student, "The probable error of a mean", Biometrika 6 (1908).
///
/// # Errors
/// [`StatisticsError`] for samples that are empty, differ in length or have a non-finite value.
pub fn paired_t_test(a: &[f64], b: &[f64]) -> Result<PairedComparison, StatisticsError> {
    let differences = differences(a, b)?;
    let n = differences.len();
    let (mean, error) = mean_and_error(&differences);
    let largest = |values: &[f64]| values.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let rounding = 2.0 * f64::EPSILON * (largest(a) + largest(b));
    let (half, p_value) = if n < 2 {
        (f64::NAN, f64::NAN)
    } else if error > rounding {
        let t = student(n);
        (t.inverse_cdf(0.975) * error, (2.0 * t.sf((mean / error).abs())).min(1.0))
    } else if mean.abs() <= rounding {
        (0.0, 1.0)
    } else {
        (f64::NAN, f64::NAN)
    };
    Ok(PairedComparison { difference_mean: mean, low: mean - half, high: mean + half, p_value, n })
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    const A: [f64; 5] = [4.2, 3.9, 4.6, 4.1, 4.4];
    const B: [f64; 5] = [4.9, 4.3, 4.8, 4.7, 5.2];

    #[test]
    fn agrees_with_scipy() {
        // from scipy import stats
        // r = stats.ttest_rel([4.2, 3.9, 4.6, 4.1, 4.4], [4.9, 4.3, 4.8, 4.7, 5.2])
        // print(r.pvalue, r.confidence_interval())
        let found = paired_t_test(&A, &B).unwrap();
        assert_eq!(found.n, 5);
        assert_close(found.difference_mean, -0.54);
        assert_close(found.p_value, 0.007_417_872_381_932_211);
        assert_close(found.low, -0.839_032_289_389_040_3);
        assert_close(found.high, -0.240_967_710_610_959_95);

        // d = [.3, -.1, .2, .4, -.05, .15, .25, -.2, .1, .35]
        // print(stats.ttest_rel(d, [0] * 10).pvalue)
        let d = [0.3, -0.1, 0.2, 0.4, -0.05, 0.15, 0.25, -0.2, 0.1, 0.35];
        let found = paired_t_test(&d, &[0.0; 10]).unwrap();
        assert_close(found.p_value, 0.055_214_533_401_941_684);
    }

    #[test]
    fn quantiles_agree_with_scipy() {
        // from scipy import stats
        // for df in 1, 2, 4, 9, 19, 29, 99, 999: print(df, stats.t.ppf(.975, df))
        for (degrees, quantile) in [
            (1, 12.706_204_736_174_694),
            (2, 4.302_652_729_749_462),
            (4, 2.776_445_105_197_793_4),
            (9, 2.262_157_162_798_205),
            (19, 2.093_024_054_408_308_7),
            (29, 2.045_229_642_132_703),
            (99, 1.984_216_951_586_417_4),
            (999, 1.962_341_461_133_449_3),
        ] {
            assert_close(student(degrees + 1).inverse_cdf(0.975), quantile);
        }
    }

    #[test]
    fn a_method_against_itself() {
        for n in [2, 5] {
            let found = paired_t_test(&A[..n], &A[..n]).unwrap();
            let expected =
                PairedComparison { difference_mean: 0.0, low: 0.0, high: 0.0, p_value: 1.0, n };
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn differences_without_spread() {
        // Halves are exact in binary; percentages, here of 251 fewer errors in 10,000, are not.
        let percent = |errors: [u32; 3]| errors.map(|n| 100.0 * f64::from(n) / 10_000.0);
        for (a, b) in [
            ([1.0, 2.0, 4.5], [1.5, 2.5, 5.0]),
            (percent([516, 520, 455]), percent([767, 771, 706])),
            (percent([516, 520, 456]), percent([767, 771, 707])),
        ] {
            let found = paired_t_test(&a, &b).unwrap();
            assert!((found.difference_mean - (a[0] - b[0])).abs() < 1e-12);
            assert!(found.low.is_nan() && found.high.is_nan() && found.p_value.is_nan());
        }
    }

    #[test]
    fn spread_without_difference() {
        let found = paired_t_test(&[1.0, -1.0], &[0.0, 0.0]).unwrap();
        assert_eq!((found.difference_mean, found.p_value), (0.0, 1.0));
        assert_eq!(found.low, -found.high);
    }

    #[test]
    fn one_pair_has_no_interval() {
        let found = paired_t_test(&[2.0], &[3.0]).unwrap();
        assert_eq!((found.difference_mean, found.n), (-1.0, 1));
        assert!(found.low.is_nan() && found.high.is_nan() && found.p_value.is_nan());
    }

    #[test]
    fn refuses_what_does_not_pair() {
        assert_eq!(paired_t_test(&[1.0], &[]), Err(StatisticsError::NotPaired { n_a: 1, n_b: 0 }));
        assert_eq!(paired_t_test(&[], &[]), Err(StatisticsError::Empty { name: "a" }));
        let error = paired_t_test(&[1.0], &[f64::NAN]).unwrap_err();
        assert_eq!(error.to_string(), "b[0] = NaN; expected a finite number");
    }
}
