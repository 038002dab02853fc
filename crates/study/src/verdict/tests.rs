use super::*;
use crate::{MethodRole, Role};

/// The methods of most comparisons: two controls, two references, two families, and a mixture.
fn roles() -> Roles {
    let method = |name: &str, role, family: Option<&str>, words: &str| MethodRole {
        name: name.into(),
        role,
        family: family.map(str::to_owned),
        words: words.into(),
    };
    Roles {
        methods: vec![
            method("none", Role::Control, None, "no pretraining"),
            method("pca", Role::Reference, None, "PCA initialisation"),
            method("relu-dropout", Role::Control, None, "rectified units with dropout"),
            method(
                "sparse",
                Role::Pretrained,
                Some("autoencoder"),
                "sparse-autoencoder pretraining",
            ),
            method(
                "denoising",
                Role::Pretrained,
                Some("autoencoder"),
                "denoising-autoencoder pretraining",
            ),
            method("rbm", Role::Pretrained, Some("rbm"), "RBM pretraining"),
            method("mixed", Role::Pretrained, None, "pretraining in several ways"),
        ],
    }
}

fn summary(method: &str, depth: usize, labels: usize, seeds: usize, mean: f64) -> SummaryLine {
    SummaryLine { method: method.into(), depth, labels, seeds, test_error_pct: mean }
}

fn paired(a: &str, b: &str, labels: usize, seeds: usize, ends: (f64, f64)) -> PairedLine {
    PairedLine {
        method_a: a.into(),
        method_b: b.into(),
        depth: 3,
        labels,
        seeds,
        difference_pct: f64::midpoint(ends.0, ends.1),
        low: ends.0,
        high: ends.1,
        corrected_p: f64::NAN,
    }
}

fn with_p(line: PairedLine, corrected_p: f64) -> PairedLine {
    PairedLine { corrected_p, ..line }
}

fn cell(method: &str, seed: u64, error_pct: f64) -> CellLine {
    CellLine {
        method: method.into(),
        depth: 3,
        labels: 100,
        seed,
        validation_error_pct: error_pct,
        test_error_pct: error_pct,
    }
}

fn verdict(summary: &[SummaryLine], paired: &[PairedLine]) -> Verdict {
    Verdict::of(&roles(), summary, paired, &[]).unwrap()
}

fn headline(summary: &[SummaryLine], paired: &[PairedLine]) -> String {
    verdict(summary, paired).headline
}

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
            let badge = found.pairs[0].words();
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

#[test]
fn findings_do_not_depend_on_the_order_of_the_pair() {
    for (low, high, p) in [(-2.0, -1.0, 0.01), (-2.0, -1.0, 0.3), (-1.0, 1.0, 0.9)] {
        let found = Finding::of(low, high, p);
        assert_eq!(Finding::of(-high, -low, p), found.flipped());
        assert_eq!(found.flipped().flipped(), found);
    }
}

#[test]
fn every_control_belongs_to_the_question() {
    let lines = [
        summary("none", 3, 100, 5, 20.0),
        summary("pca", 3, 100, 5, 19.0),
        summary("rbm", 3, 100, 5, 15.0),
        summary("relu-dropout", 3, 100, 5, 14.0),
    ];
    let pairs = [
        with_p(paired("rbm", "none", 100, 5, (-6.0, -4.0)), 0.01),
        with_p(paired("rbm", "relu-dropout", 100, 5, (0.5, 1.5)), 0.02),
        paired("rbm", "pca", 100, 5, (-5.0, -3.0)),
        paired("relu-dropout", "none", 100, 5, (-7.0, -5.0)),
    ];
    let found = verdict(&lines, &pairs);
    let asked: Vec<bool> = found.pairs.iter().map(|pair| pair.asked).collect();
    assert_eq!(asked, [true, true, false, false]);
    assert_eq!(found.pairs[1].words(), "relu-dropout better");
    let expected = "With 100 labels, rectified units with dropout (14.0 % test error) is better than \
                    RBM pretraining (15.0 %)";
    assert!(found.findings[1].starts_with(expected), "{:?}", found.findings);
    assert_eq!(
        found.family,
        "Holm's correction covers 2 comparisons: those of every pretrained method with no \
         pretraining and with rectified units with dropout, and those between pretrained methods of \
         different families (autoencoder and rbm), at every depth and number of labels."
    );
}

#[test]
fn networks_that_two_methods_share_have_one_finding() {
    let shared = |method, p| with_p(paired(method, "none", 100, 3, (-5.0, -1.0)), p);
    let lines = [
        summary("none", 3, 100, 3, 20.0),
        summary("rbm", 3, 100, 3, 17.0),
        summary("mixed", 3, 100, 3, 17.0),
    ];
    let found = verdict(&lines, &[shared("rbm", 0.3), shared("mixed", f64::NAN)]);
    assert_eq!(found.pairs[0].outcome, Finding::SuggestiveBetter);
    assert_eq!(found.pairs[1].outcome, Finding::SuggestiveBetter);
    assert!(found.findings[0].contains("rbm and mixed are better by their own intervals"));
    assert!(
        found.family.starts_with("Holm's correction covers 1 comparison: "),
        "{}",
        found.family
    );
}

#[test]
fn an_unfinished_run_is_judged_over_the_seeds_that_are_shared() {
    let lines = [
        summary("none", 3, 100, 3, 25.0),
        summary("denoising", 3, 100, 3, 19.0),
        summary("rbm", 3, 100, 2, 18.0),
    ];
    // The third seed is hard, and the RBM has not been trained with it yet.
    let cells: Vec<CellLine> = [
        ("none", &[20.0, 22.0, 33.0][..]),
        ("denoising", &[16.0, 16.0, 25.0]),
        ("rbm", &[18.0, 18.0]),
    ]
    .into_iter()
    .flat_map(|(method, errors)| (1..).zip(errors).map(move |(seed, &e)| cell(method, seed, e)))
    .collect();
    let found = Verdict::of(&roles(), &lines, &[], &cells).unwrap();
    assert!(found.headline.contains("denoising-autoencoder"), "{}", found.headline);
    let pair = paired("rbm", "none", 100, 2, (-5.0, -1.0));
    let some = [lines[0].clone(), lines[2].clone()];
    let found = Verdict::of(&roles(), &some, &[pair], &cells).unwrap();
    assert!(found.headline.contains("from 21.0 % to 18.0 %"), "{}", found.headline);
}

#[test]
fn a_missing_method_is_said() {
    let only = [summary("rbm", 3, 100, 5, 18.0)];
    assert!(headline(&only, &[]).starts_with("No answer yet: there are no results without"));
    let only = [summary("none", 3, 100, 5, 18.0), summary("pca", 3, 100, 5, 17.0)];
    assert!(headline(&only, &[]).starts_with("No answer yet: no pretrained method"));
    let no_autoencoder = [summary("none", 3, 100, 5, 18.0), summary("rbm", 3, 100, 5, 17.0)];
    let found = verdict(&no_autoencoder, &[]);
    assert!(found.notes.iter().any(|note| note.starts_with("The families are not compared")));
    assert_eq!(found.family, "No comparison is corrected for their number.");
    assert_eq!(Verdict::of(&roles(), &[], &[], &[]), None);
}

#[test]
fn methods_without_a_role_have_findings_but_are_not_asked_about() {
    let lines = [summary("none", 3, 100, 5, 20.0), summary("unknown", 3, 100, 5, 10.0)];
    let found = verdict(&lines, &[paired("unknown", "none", 100, 5, (-11.0, -9.0))]);
    assert!(found.headline.starts_with("No answer yet"), "{}", found.headline);
    assert!(!found.pairs[0].asked && found.pairs[0].words() == "unknown better");
}

#[test]
fn the_largest_depth_is_judged_and_every_depth_has_findings() {
    let lines = [
        summary("none", 1, 100, 5, 30.0),
        summary("rbm", 1, 100, 5, 10.0),
        summary("pca", 1, 100, 5, 12.0),
        summary("none", 3, 100, 5, 20.0),
        summary("rbm", 3, 100, 5, 15.0),
    ];
    let shallow = PairedLine { depth: 1, ..paired("rbm", "none", 100, 5, (-21.0, -19.0)) };
    let found = verdict(&lines, &[shallow, paired("rbm", "none", 100, 5, (-6.0, -4.0))]);
    assert!(found.headline.contains("from 20.0 % to 15.0 %"), "{}", found.headline);
    assert_eq!(
        found.notes[..2],
        [
            "The answer is for networks with 3 hidden layers, the largest depth of this run.",
            "There are no results at this depth for pca."
        ]
    );
    assert_eq!(found.pairs.iter().map(|pair| pair.depth).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn the_validation_error_chooses() {
    let lines = [
        summary("none", 3, 100, 2, 20.0),
        summary("rbm", 3, 100, 2, 15.0),
        summary("denoising", 3, 100, 2, 14.0),
    ];
    let cells = [cell("rbm", 1, 14.5), cell("denoising", 1, 14.9)];
    let found = Verdict::of(&roles(), &lines, &[], &cells).unwrap();
    assert!(found.headline.contains("RBM pretraining"), "{}", found.headline);
    let found = verdict(&lines, &[]);
    assert!(found.headline.contains("denoising-autoencoder pretraining"));
    assert!(found.notes.iter().any(|note| note.ends_with("this choice flatters it.")));
}

#[test]
fn the_families_are_compared() {
    let lines = [
        summary("none", 3, 100, 5, 20.0),
        summary("rbm", 3, 100, 5, 15.0),
        summary("sparse", 3, 100, 5, 17.5),
        summary("denoising", 3, 100, 5, 17.0),
    ];
    let pairs = [
        paired("rbm", "none", 100, 5, (-6.0, -4.0)),
        paired("sparse", "none", 100, 5, (-5.0, 0.5)),
        paired("denoising", "rbm", 100, 5, (1.5, 2.5)),
    ];
    assert_eq!(
        verdict(&lines, &pairs).findings,
        [
            "With 100 labels, compared with no pretraining, rbm is better; there is no clear \
             difference for sparse; there is no interval for denoising.",
            "With 100 labels, RBM pretraining (15.0 % test error) is better than \
             denoising-autoencoder pretraining (17.0 %) (difference −2.0 points, 95 % interval \
             −2.5 to −1.5, 5 seeds).",
        ]
    );
}
