use super::{StatisticsError, differences};

/// The largest number of pairs, since all 2²⁰ sign patterns are enumerated.
pub const MAX_PAIRS: usize = 20;

/// The exact two-sided p-value of the sign-flip permutation test of d = a − b:
/// p = #{s ∈ {−1, +1}ⁿ : |Σ sᵢ dᵢ| ≥ |Σ dᵢ|} / 2ⁿ.
///
/// If the two methods are equal, a and b of a pair are exchangeable, and exchanging them flips the sign of
/// the difference. Nothing else is assumed about the distribution. The smallest possible p-value for n pairs
/// is 2¹⁻ⁿ, so fewer than six pairs are never significant at 5 %. Sums that differ only by rounding count as
/// equal.
///
/// Source: Fisher, *The Design of Experiments* (1935), §21.
///
/// # Errors
/// [`StatisticsError`] for samples that are empty, differ in length, have a non-finite value, or more than
/// [`MAX_PAIRS`] pairs.
pub fn sign_flip_p_value(a: &[f64], b: &[f64]) -> Result<f64, StatisticsError> {
    let differences = differences(a, b)?;
    let n = differences.len();
    if n > MAX_PAIRS {
        return Err(StatisticsError::TooManyPairs { found: n });
    }
    let sums = signed_sums(&differences);
    // Rounding errors scale with the values, which may be much larger than their differences.
    let size: f64 = a.iter().chain(b).map(|x| x.abs()).sum();
    let rounding = n as f64 * f64::EPSILON * size;
    let at_least = sums[0].abs() - rounding;
    let extreme = sums.iter().filter(|sum| sum.abs() >= at_least).count();
    Ok(extreme as f64 / sums.len() as f64)
}

/// The sums d₀ ± d₁ ± … ± dₙ₋₁ of all 2ⁿ⁻¹ patterns, the observed one first. The patterns starting with −d₀
/// are the negatives of these, so a two-sided count does not need them.
fn signed_sums(differences: &[f64]) -> Vec<f64> {
    let mut sums = vec![differences[0]];
    for d in &differences[1..] {
        let n_sums = sums.len();
        sums.extend_from_within(..);
        let (plus, minus) = sums.split_at_mut(n_sums);
        for (plus, minus) in plus.iter_mut().zip(minus) {
            *plus += d;
            *minus -= d;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy() {
        // import numpy as np; from scipy import stats
        // d = np.array([.3, -.1, .2, .4, -.05, .15, .25, -.2, .1, .35])
        // print(stats.permutation_test((d,), np.mean, permutation_type='samples',
        //                              n_resamples=np.inf).pvalue)
        let d = [0.3, -0.1, 0.2, 0.4, -0.05, 0.15, 0.25, -0.2, 0.1, 0.35];
        assert_eq!(sign_flip_p_value(&d, &[0.0; 10]), Ok(0.070_312_5));
    }

    #[test]
    fn counts_by_hand() {
        // 1 − 2 + 4 = 3; of the 8 sums ±7, ±5, ±3, ±1 six reach it.
        let found = sign_flip_p_value(&[1.0, 0.0, 4.0], &[0.0, 2.0, 0.0]);
        assert_eq!(found, Ok(6.0 / 8.0));
        // −1 + 2 + 4 = 5: four reach it.
        assert_eq!(sign_flip_p_value(&[-1.0, 2.0, 4.0], &[0.0; 3]), Ok(0.5));
    }

    #[test]
    fn rounding_does_not_split_ties() {
        // 0.1 + 0.2 − 0.3 is 5.6e-17 in floating point and 0 exactly, which every pattern reaches.
        assert_eq!(sign_flip_p_value(&[0.1, 0.2, -0.3], &[0.0; 3]), Ok(1.0));
        // Of ten equal differences, only the patterns with all signs equal reach the sum.
        assert_eq!(sign_flip_p_value(&[0.1; 10], &[0.0; 10]), Ok(2.0 / 1024.0));
    }

    #[test]
    fn rounding_makes_no_difference() {
        // The differences are 0.2, −0.2 and 0.5. Exchanging the signs of the first two preserves the sum
        // except for rounding.
        let p = sign_flip_p_value(&[0.8, 3.9, 4.8], &[0.6, 4.1, 4.3]);
        assert_eq!(p, Ok(0.75));
    }

    #[test]
    fn limits() {
        assert_eq!(sign_flip_p_value(&[1.0], &[7.0]), Ok(1.0));
        assert_eq!(sign_flip_p_value(&[1.0, 2.0], &[1.0, 2.0]), Ok(1.0));
        assert_eq!(sign_flip_p_value(&[1.0; MAX_PAIRS], &[0.0; MAX_PAIRS]), Ok(0.5_f64.powi(19)));
        assert_eq!(
            sign_flip_p_value(&[1.0; 21], &[0.0; 21]),
            Err(StatisticsError::TooManyPairs { found: 21 })
        );
    }
}
