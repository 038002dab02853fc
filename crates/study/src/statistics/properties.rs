//! Properties that hold for every sample, tested on random samples.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{holm, mcnemar_test, paired_t_test, sign_flip_p_value};

/// Error rates of one method: arbitrary numbers, or multiples of a tenth, which have ties and equal pairs.
fn sample(n: usize) -> impl Strategy<Value = Vec<f64>> {
    let tenths = (0_u8..=50).prop_map(|x| f64::from(x) / 10.0);
    prop_oneof![vec(0.0..5.0_f64, n), vec(tenths, n)]
}

/// Two samples of 2 to 10 pairs.
fn pairs() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    (2_usize..=10).prop_flat_map(|n| (sample(n), sample(n)))
}

fn for_pairs(property: impl Fn(&[f64], &[f64])) {
    proptest!(|((a, b) in pairs())| property(&a, &b));
}

#[test]
fn exchanging_the_samples_negates_the_difference() {
    for_pairs(|a, b| {
        let (ab, ba) = (paired_t_test(a, b).unwrap(), paired_t_test(b, a).unwrap());
        assert_eq!(ab.difference_mean, -ba.difference_mean);
        assert_eq!(ab.p_value.is_nan(), ba.p_value.is_nan());
        if !ab.p_value.is_nan() {
            assert_eq!((ab.low, ab.high, ab.p_value), (-ba.high, -ba.low, ba.p_value));
        }
    });
}

#[test]
fn the_interval_excludes_zero_where_p_is_below_5_percent() {
    for_pairs(|a, b| {
        let found = paired_t_test(a, b).unwrap();
        if found.p_value.is_nan() {
            return; // all differences are equal
        }
        assert!(found.low <= found.difference_mean && found.difference_mean <= found.high);
        assert!((0.0..=1.0).contains(&found.p_value));
        let excluded = found.low > 0.0 || found.high < 0.0;
        assert_eq!(excluded, found.p_value < 0.05, "{found:?}");
    });
}

#[test]
fn sign_flips_give_a_symmetric_p_of_at_least_two_patterns() {
    for_pairs(|a, b| {
        let p = sign_flip_p_value(a, b).unwrap();
        assert!(p >= 0.5_f64.powi(i32::try_from(a.len()).unwrap() - 1) && p <= 1.0);
        assert_eq!(p, sign_flip_p_value(b, a).unwrap());
    });
}

#[test]
fn sign_flips_agree_with_a_literal_loop() {
    for_pairs(|a, b| {
        let d: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let sum = |flips: u32| -> f64 {
            let signed = d.iter().enumerate();
            signed.map(|(i, d)| if flips >> i & 1 == 1 { -d } else { *d }).sum()
        };
        let n_patterns = 1_u32 << d.len();
        let extreme =
            (0..n_patterns).filter(|&flips| sum(flips).abs() >= sum(0).abs() - 1e-12).count();
        let expected = extreme as f64 / f64::from(n_patterns);
        assert_eq!(sign_flip_p_value(a, b).unwrap(), expected);
    });
}

#[test]
fn mcnemar_is_symmetric_and_falls_as_the_counts_diverge() {
    for n in [10, 24, 25, 26, 101] {
        let mut last = 0.0;
        for only_a_wrong in 0..=n / 2 {
            let counts = [vec![1; only_a_wrong], vec![-1; n - only_a_wrong]].concat();
            let exchanged: Vec<i64> = counts.iter().map(|d| -d).collect();
            let p = mcnemar_test(&counts).p_value;
            assert_eq!(p, mcnemar_test(&exchanged).p_value);
            assert!(p > last && p <= 1.0, "{only_a_wrong} of {n}: {p} after {last}");
            last = p;
        }
    }
}

#[test]
fn mcnemar_flips_the_sign_of_each_sample() {
    proptest!(|(d in vec(-4_i64..=4, 1..12))| {
        let floats: Vec<f64> = d.iter().map(|d| *d as f64).collect();
        let expected = sign_flip_p_value(&floats, &vec![0.0; d.len()]).unwrap();
        assert_eq!(mcnemar_test(&d).p_value, expected);
    });
}

#[test]
fn holm_keeps_the_order_and_never_lowers() {
    for_pairs(|a, b| {
        let raw: Vec<f64> = a.iter().chain(b).map(|x| x / 5.0).collect();
        let adjusted = holm(&raw).unwrap();
        for (i, &p) in raw.iter().enumerate() {
            assert!(p <= adjusted[i] && adjusted[i] <= (p * raw.len() as f64).min(1.0));
            for (j, &q) in raw.iter().enumerate() {
                assert!(p > q || adjusted[i] <= adjusted[j]);
            }
        }
    });
}
