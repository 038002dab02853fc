use statrs::distribution::ContinuousCDF;

use super::{StatisticsError, mean_and_error, require_values, student};

/// A mean with its 95 % confidence interval, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanInterval {
    /// The mean.
    pub mean: f64,
    /// Lower end; NaN for a single value, whose spread is unknown.
    pub low: f64,
    /// Upper end; NaN for a single value.
    pub high: f64,
    /// The number of values.
    pub n: usize,
}

/// The mean with its 95 % interval x̄ ± t₀.₉₇₅,ₙ₋₁ · s/√n, s² = Σ (xᵢ − x̄)² / (n − 1).
///
/// Assumes independent values from a normal distribution, which holds approximately for the errors of
/// about ten seeds unless they are close to 0 %. Equal values have an interval of width 0: their spread
/// is *estimated* as 0, but few seeds do not prove that it is.
///
/// Source: Student, "The probable error of a mean", Biometrika 6 (1908).
///
/// # Errors
/// [`StatisticsError`] if there are no values, or one is not finite.
pub fn mean_interval(values: &[f64]) -> Result<MeanInterval, StatisticsError> {
    require_values("values", values)?;
    let (mean, error) = mean_and_error(values);
    let half =
        if values.len() < 2 { f64::NAN } else { student(values.len()).inverse_cdf(0.975) * error };
    Ok(MeanInterval { mean, low: mean - half, high: mean + half, n: values.len() })
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // from scipy import stats
        // for v in [4.2, 3.9, 4.6, 4.1, 4.4], [1, 2], [1, 2, 4]:
        //     print(stats.t.interval(.95, len(v) - 1, loc=sum(v) / len(v), scale=stats.sem(v)))
        for (values, low, high) in [
            (&[4.2, 3.9, 4.6, 4.1, 4.4][..], 3.904_520_861_507_333_7, 4.575_479_138_492_665),
            (&[1.0, 2.0], -4.853_102_368_087_347, 7.853_102_368_087_347),
            (&[1.0, 2.0, 4.0], -1.461_249_700_263_426, 6.127_916_366_930_092_5),
        ] {
            let interval = mean_interval(values).unwrap();
            assert_eq!(interval.n, values.len());
            assert_close(interval.mean, values.iter().sum::<f64>() / values.len() as f64);
            assert_close(interval.low, low);
            assert_close(interval.high, high);
        }
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
    fn one_value_has_no_interval() {
        let interval = mean_interval(&[3.5]).unwrap();
        assert_eq!((interval.mean, interval.n), (3.5, 1));
        assert!(interval.low.is_nan() && interval.high.is_nan());
    }

    #[test]
    fn equal_values_have_a_point() {
        // 0.1 is rounded in binary: the plain sum of seven, divided by 7, is not 0.1.
        let interval = mean_interval(&[0.1; 7]).unwrap();
        assert_eq!((interval.mean, interval.low, interval.high), (0.1, 0.1, 0.1));
    }

    #[test]
    fn refuses_what_has_no_mean() {
        assert_eq!(mean_interval(&[]), Err(StatisticsError::Empty { name: "values" }));
        let error = mean_interval(&[1.0, f64::INFINITY]).unwrap_err();
        assert_eq!(error.to_string(), "values[1] = inf; expected a finite number");
    }
}
