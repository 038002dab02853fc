//! Tests of summaries and of pairwise comparisons.

use super::*;
use crate::{MethodRole, Role};

fn roles() -> Roles {
    let role = |name: &str, role, family: Option<&str>| {
        let family = family.map(str::to_owned);
        let architecture = None;
        MethodRole { name: name.into(), role, family, architecture, words: name.into() }
    };
    let methods = vec![
        role("none", Role::Control, None),
        role("logistic", Role::Reference, None),
        role("denoising", Role::Pretrained, Some("autoencoder")),
        role("rbm", Role::Pretrained, Some("rbm")),
        role("mixed", Role::Pretrained, None),
    ];
    Roles { methods }
}

fn cell(method: &str, seed: u64, errors: usize) -> Tested {
    Tested {
        method: method.into(),
        depth: 2,
        labels: 100,
        seed,
        network: "one".into(),
        mistakes: (0..1000).map(|i| i < errors).collect(),
    }
}

fn names(pair: &PairSummary) -> (&str, &str) {
    (&pair.method_a, &pair.method_b)
}

#[test]
fn pairs_are_matched_by_seed() {
    let cells = [
        cell("none", 1, 100),
        cell("none", 2, 200),
        cell("none", 3, 900),
        cell("rbm", 2, 150),
        cell("rbm", 1, 51),
    ];
    let pairs = compare_pairs(&cells, &roles());
    assert_eq!(pairs.len(), 1);
    assert_eq!(names(&pairs[0]), ("rbm", "none"));
    assert_eq!(pairs[0].difference_pct.n, 2);
    assert!((pairs[0].difference_pct.difference_mean + 4.95).abs() < 1e-12);
    // Both are below zero: two of four sign patterns are as far from it.
    assert_eq!(pairs[0].sign_flip_p_value, 0.5);
    // With one comparison there is nothing to correct for.
    assert_eq!(pairs[0].holm_p_value, pairs[0].difference_pct.p_value);
    // Only `none` got these 99 samples wrong; there are none that only `rbm` got wrong.
    let expected = mcnemar_test(&[-1; 99]);
    assert_eq!(pairs[0].mcnemar_p_value, expected.p_value);
    let summaries = summarise(&cells);
    assert_eq!(summaries[0].seeds, 3);
    assert!((summaries[0].test_error_pct - 40.0).abs() < 1e-12);
    assert!((summaries[1].test_error_pct - 10.05).abs() < 1e-12);
    // The seeds' errors of 10, 20 and 90 % alone have the interval −68 to 148 %.
    for Limits { low, high } in [summaries[0].limits, summaries[0].limits_of_seeds] {
        assert!(0.0 < low && low < 40.0 && 40.0 < high && high < 100.0, "{low} to {high}");
    }
}

#[test]
fn correction_is_over_the_pairs_that_the_roles_ask_about() {
    let methods = [("none", 0), ("logistic", 1), ("denoising", 2), ("rbm", 3)];
    let of_seed = |seed: usize| {
        methods.map(|(name, i)| cell(name, seed as u64, 100 * (i + 1) + seed * i * i))
    };
    let cells: Vec<Tested> = (1..=3).flat_map(of_seed).collect();
    let pairs = compare_pairs(&cells, &roles());
    assert_eq!(pairs.len(), 6);
    let corrected: Vec<_> =
        (pairs.iter()).filter(|pair| pair.holm_p_value.is_finite()).map(names).collect();
    assert_eq!(corrected, [("denoising", "none"), ("rbm", "none"), ("rbm", "denoising")]);
    let least = pairs.iter().filter(|p| p.holm_p_value.is_finite());
    let least = least.min_by(|a, b| a.holm_p_value.total_cmp(&b.holm_p_value)).expect("three");
    assert!((least.holm_p_value - 3.0 * least.difference_pct.p_value).abs() < 1e-12);
}

#[test]
fn the_same_networks_are_asked_about_once() {
    let errors =
        |method, [first, second]: [usize; 2]| [cell(method, 1, first), cell(method, 2, second)];
    let mut cells =
        [errors("none", [300, 400]), errors("denoising", [260, 330]), errors("rbm", [251, 351])]
            .concat();
    // The pairs covered by the correction.
    let asked = |cells: &[Tested]| {
        let pairs = compare_pairs(cells, &roles());
        let asked = pairs.iter().filter(|pair| pair.holm_p_value.is_finite());
        asked.map(|pair| format!("{} {}", pair.method_a, pair.method_b)).collect::<Vec<_>>()
    };
    let three = ["denoising none", "rbm none", "rbm denoising"];
    assert_eq!(asked(&cells), three);
    cells.extend(errors("mixed", [251, 351]));
    assert_eq!(asked(&cells), three);
    cells.truncate(6);
    cells.extend(errors("mixed", [252, 331]));
    assert_eq!(asked(&cells), [three.as_slice(), &["mixed none"]].concat());
    // Equal mistakes, even in equal number, are no proof: the training differed.
    cells.truncate(6);
    cells.extend(errors("mixed", [251, 351]));
    cells[6].network = "another".into();
    assert_eq!(asked(&cells), [three.as_slice(), &["mixed none"]].concat());
}

/// The same two networks under several seeds are no more evidence than under one.
#[test]
fn repeated_networks_leave_the_p_value_of_mcnemar_as_it_is() {
    for (none, rbm) in [(60, 40), (110, 60)] {
        let p_value = |n_seeds: u64| {
            let of_seed = |seed| [cell("none", seed, none), cell("rbm", seed, rbm)];
            let cells: Vec<Tested> = (1..=n_seeds).flat_map(of_seed).collect();
            compare_pairs(&cells, &roles())[0].mcnemar_p_value
        };
        let once = p_value(1);
        assert!(once > 0.0 && once < 0.05, "{once}");
        for n_seeds in [2, 5, 10] {
            assert!((p_value(n_seeds) / once - 1.0).abs() < 1e-9, "{n_seeds} seeds");
        }
    }
}

/// A difference that is equal for both seeds has an interval, since other samples give a different one.
#[test]
fn equal_differences_are_uncertain_through_the_samples() {
    let cells =
        [cell("none", 1, 300), cell("none", 2, 400), cell("rbm", 1, 251), cell("rbm", 2, 351)];
    let pair = &compare_pairs(&cells, &roles())[0];
    assert!(pair.of_seeds.p_value.is_nan() && pair.of_seeds.low.is_nan());
    assert!((0.0..1.0).contains(&pair.difference_pct.p_value), "{pair:?}");
    assert!(pair.difference_pct.low < -4.9 && -4.9 < pair.difference_pct.high, "{pair:?}");
}
