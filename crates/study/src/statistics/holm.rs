use super::StatisticsError;

/// Holm's correction of the p-values of m tests. If the corrected values are compared with a level α, the
/// probability of one or more false positives among all tests is at most α, even if the tests depend on each
/// other.
///
/// With p₍₁₎ ≤ … ≤ p₍ₘ₎, the corrected p₍ₖ₎ is the largest of min(1, (m − j + 1) p₍ⱼ₎) over j ≤ k; the result
/// has the order of the argument. NaN means "no test", as with a single seed; it stays NaN and is not counted
/// in m.
///
/// Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
/// of Statistics 6 (1979).
///
/// # Errors
/// [`StatisticsError`] for a value outside [0, 1].
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    let out_of_range = |p: &f64| *p < 0.0 || *p > 1.0;
    if let Some(index) = p_values.iter().position(out_of_range) {
        return Err(StatisticsError::PValueRange { index, value: p_values[index] });
    }
    let mut order: Vec<usize> =
        (0..p_values.len()).filter(|&index| !p_values[index].is_nan()).collect();
    order.sort_by(|&i, &j| p_values[i].total_cmp(&p_values[j]));

    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        let n_left = (order.len() - rank) as f64;
        largest = largest.max((n_left * p_values[index]).min(1.0));
        adjusted[index] = largest;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn agrees_with_statsmodels() {
        // from statsmodels.stats.multitest import multipletests
        // print(multipletests([.01, .04, .03, .005, .2], method='holm')[1])
        let found = holm(&[0.01, 0.04, 0.03, 0.005, 0.2]).unwrap();
        for (found, expected) in found.iter().zip([0.04, 0.09, 0.09, 0.025, 0.2]) {
            assert_close(*found, expected);
        }
    }

    #[test]
    fn edges() {
        assert_eq!(holm(&[]), Ok(vec![]));
        assert_eq!(holm(&[0.3]), Ok(vec![0.3]));
        assert_eq!(holm(&[0.0, 0.6, 0.7]), Ok(vec![0.0, 1.0, 1.0]));
        let error = holm(&[0.5, 1.5]).unwrap_err();
        assert_eq!(error.to_string(), "p_values[1] = 1.5; expected 0 to 1, or NaN for \"no test\"");
    }

    #[test]
    fn no_test_is_not_counted() {
        let found = holm(&[0.01, f64::NAN, 0.02]).unwrap();
        assert_eq!((found[0], found[2]), (0.02, 0.02));
        assert!(found[1].is_nan());
    }
}
