//! Tests that the headline agrees with the badges.

use super::*;

#[test]
fn a_clear_win_is_a_yes() {
    let lines = [summary("none", 3, 1000, 3, 11.2), summary("rbm", 3, 1000, 3, 6.4)];
    assert_eq!(
        headline(&lines, &[paired("rbm", "none", 1000, 3, (-5.3, -4.3))]),
        "Yes: with 1,000 labels, RBM pretraining cuts the test error from 11.2 % to 6.4 % \
         (difference −4.8 points, 95 % interval −5.3 to −4.3, 3 seeds)."
    );
}

#[test]
fn the_order_of_the_pair_does_not_matter() {
    let lines = [summary("none", 3, 1000, 3, 11.2), summary("rbm", 3, 1000, 3, 6.4)];
    for p in [f64::NAN, 0.01, 0.4] {
        assert_eq!(
            headline(&lines, &[with_p(paired("rbm", "none", 1000, 3, (-5.3, -4.3)), p)]),
            headline(&lines, &[with_p(paired("none", "rbm", 1000, 3, (4.3, 5.3)), p)]),
        );
    }
}

#[test]
fn an_interval_with_zero_shows_no_clear_difference() {
    let lines = [summary("none", 3, 50_000, 5, 1.5), summary("rbm", 3, 50_000, 5, 1.46)];
    assert_eq!(
        headline(&lines, &[paired("rbm", "none", 50_000, 5, (-0.1, 0.02))]),
        "No clear difference: with 50,000 labels, there is no clear difference between RBM \
         pretraining (1.46 % test error) and no pretraining (1.50 %) (difference −0.04 points, 95 % \
         interval −0.10 to +0.02, which includes zero, 5 seeds)."
    );
    let lines = [summary("none", 3, 100, 5, 20.0), summary("rbm", 3, 100, 5, 18.0)];
    let ends_at_zero = headline(&lines, &[paired("rbm", "none", 100, 5, (-4.0, 0.0))]);
    assert!(ends_at_zero.starts_with("No clear difference"), "{ends_at_zero}");
}

#[test]
fn a_small_end_is_not_rounded_to_zero() {
    let lines = [summary("none", 3, 100, 5, 2.0), summary("rbm", 3, 100, 5, 1.9)];
    let text = headline(&lines, &[paired("rbm", "none", 100, 5, (-0.2, -0.002))]);
    assert!(text.contains("95 % interval −0.200 to −0.002"), "{text}");
}

#[test]
fn a_loss_is_a_no() {
    let lines = [summary("none", 3, 100, 5, 20.0), summary("sparse", 3, 100, 5, 23.0)];
    assert_eq!(
        headline(&lines, &[paired("sparse", "none", 100, 5, (2.0, 4.0))]),
        "No: with 100 labels, sparse-autoencoder pretraining raises the test error from 20.0 % to \
         23.0 % (difference +3.0 points, 95 % interval +2.0 to +4.0, 5 seeds)."
    );
}

#[test]
fn one_seed_gives_no_interval() {
    let lines = [summary("none", 3, 100, 1, 20.0), summary("rbm", 3, 100, 1, 15.0)];
    let nan = (f64::NAN, f64::NAN);
    let pair = PairedLine { difference_pct: -5.0, ..paired("rbm", "none", 100, 1, nan) };
    let expected = "No interval, so no answer yet: with 100 labels, RBM pretraining has a test \
                    error of 15.0 % and no pretraining of 20.0 % (difference −5.0 points; 1 seed, \
                    which gives no interval).";
    assert_eq!(headline(&lines, &[pair]), expected);
    assert_eq!(headline(&lines, &[]), expected, "the same from the means, if nothing is paired");
}

#[test]
fn a_headline_quotes_the_numbers_of_labels_that_have_its_answer() {
    let all = |labels: [usize; 3]| -> Vec<SummaryLine> {
        let both = |n| [summary("none", 3, n, 5, 10.0), summary("rbm", 3, n, 5, 8.0)];
        labels.into_iter().flat_map(both).collect()
    };
    let (yes, no) = ((-3.0, -1.0), (-0.05, 0.03));
    let pairs = |ends: [(f64, f64); 3]| -> Vec<PairedLine> {
        let labels = [100, 1000, 50_000].into_iter();
        labels.zip(ends).map(|(n, ends)| paired("rbm", "none", n, 5, ends)).collect()
    };
    let lines = all([100, 1000, 50_000]);
    let text = headline(&lines, &pairs([yes, yes, no]));
    let start =
        "Yes with 100 and 1,000 labels; no clear difference with 50,000: with 100 labels, RBM";
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains("; with 1,000 labels, ") && !text.contains("; with 50,000"), "{text}");
    let text = headline(&lines, &pairs([no, yes, no]));
    let start =
        "Yes with 1,000 labels; no clear difference with 100 and 50,000: with 1,000 labels, ";
    assert!(text.starts_with(start), "{text}");
    assert!(!text.contains("; with 1"), "one clause is enough: {text}");
    let text = headline(&lines, &pairs([yes, yes, yes]));
    assert!(text.starts_with("Yes: with 100 labels, ") && text.contains("; with 50,000 labels, "));
}

#[test]
fn a_difference_that_does_not_survive_correction_is_suggestive() {
    let lines = [
        summary("none", 3, 100, 3, 20.0),
        summary("rbm", 3, 100, 3, 15.0),
        summary("none", 3, 1000, 3, 10.0),
        summary("rbm", 3, 1000, 3, 6.0),
        summary("denoising", 3, 1000, 3, 7.0),
    ];
    let pairs = [
        with_p(paired("rbm", "none", 100, 3, (-8.0, -2.0)), 0.38),
        with_p(paired("rbm", "none", 1000, 3, (-5.0, -3.0)), 0.01),
        with_p(paired("denoising", "none", 1000, 3, (-5.0, -1.0)), 0.3),
        with_p(paired("rbm", "denoising", 1000, 3, (-1.5, -0.5)), 0.4),
    ];
    let found = verdict(&lines, &pairs);
    let start =
        "Yes with 1,000 labels; suggestive, not after correction, with 100: with 1,000 labels, ";
    assert!(found.headline.starts_with(start), "{}", found.headline);
    assert_eq!(
        found.findings,
        [
            "With 100 labels, compared with no pretraining, rbm is better by its own interval, but not \
             after correction.",
            "With 1,000 labels, compared with no pretraining, rbm is better; denoising is better by its \
             own interval, but not after correction.",
            "With 1,000 labels, RBM pretraining (6.0 % test error) is better than \
             denoising-autoencoder pretraining (7.0 %) by its own interval, but not after correction \
             (difference −1.0 points, 95 % interval −1.5 to −0.5, 3 seeds, corrected p 0.400).",
        ]
    );
    assert_eq!(
        headline(&lines[..2], &pairs[..1]),
        "Suggestive, not after correction: with 100 labels, RBM pretraining (15.0 % test error) is \
         better than no pretraining (20.0 %) by its own interval, but not after correction \
         (difference −5.0 points, 95 % interval −8.0 to −2.0, 3 seeds, corrected p 0.380)."
    );
    assert!(found.notes.iter().any(|note| note.contains("below 0.05 after Holm's correction")));
}

#[test]
fn badge_and_headline_agree() {
    let lines = [summary("none", 3, 100, 3, 10.0), summary("rbm", 3, 100, 3, 9.0)];
    let ends = [-2.0, -1.0, 0.0, 1.0, 2.0, f64::NAN];
    let p_values = [0.001, 0.0499, 0.05, 0.38, 1.0, f64::NAN];
    let mut cases = Vec::new();
    for low in ends {
        for high in ends.into_iter().filter(|&high| high.is_nan() || low.is_nan() || low <= high) {
            cases.extend(p_values.map(|p| (low, high, p)));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for (low, high, p) in cases {
        for seeds in [1, 3] {
            let line = with_p(paired("rbm", "none", 100, seeds, (low, high)), p);
            let found = verdict(&lines, &[line]);
            let PairFinding { asked, outcome, .. } = found.pairs[0];
            let badge = found.pairs[0].words(Language::English);
            let (answer, _) = found.headline.split_once(": ").expect("an answer");
            let finding = &found.findings[0];
            let (expected_answer, expected_badge, in_finding) = match outcome {
                Finding::Better => ("Yes", "rbm better", "rbm is better."),
                Finding::Worse => ("No", "none better", "rbm is worse."),
                Finding::SuggestiveBetter => (
                    "Suggestive, not after correction",
                    "rbm better; not after correction",
                    "rbm is better by its own interval, but not after correction.",
                ),
                Finding::SuggestiveWorse => (
                    "Suggestive of harm, not after correction",
                    "none better; not after correction",
                    "rbm is worse by its own interval, but not after correction.",
                ),
                Finding::NoDifference => {
                    ("No clear difference", "no clear difference", "no clear difference for rbm.")
                }
                Finding::NoInterval => (
                    "No interval, so no answer yet",
                    "no interval",
                    "there is no interval for rbm.",
                ),
            };
            assert!(asked);
            assert_eq!(
                (answer, badge.as_str()),
                (expected_answer, expected_badge),
                "{low} {high} {p}"
            );
            assert!(finding.ends_with(in_finding), "{finding} {low} {high} {p}");
            seen.insert(outcome);
        }
    }
    assert_eq!(seen.len(), 6, "every finding occurs");
}
