use super::*;
use crate::rows::MetricRow;

fn summary(method: &str, depth: usize, labels: usize, seeds: usize, mean: f64) -> SummaryRow {
    SummaryRow {
        method: method.into(),
        depth,
        labels,
        seeds,
        test_error_pct_mean: mean,
        ci95_low: mean - 0.2,
        ci95_high: mean + 0.2,
    }
}

fn paired(a: &str, b: &str, labels: usize, seeds: usize, ends: (f64, f64)) -> PairedRow {
    PairedRow {
        method_a: a.into(),
        method_b: b.into(),
        depth: 3,
        labels,
        seeds,
        difference_pct_mean: f64::midpoint(ends.0, ends.1),
        ci95_low: ends.0,
        ci95_high: ends.1,
        p_value: 0.01,
        test: "paired t".into(),
    }
}

fn cell(method: &str, seed: u64, error_pct: f64) -> ComparisonRow {
    ComparisonRow {
        method: method.into(),
        depth: 3,
        labels: 100,
        seed,
        validation_error_pct: error_pct,
        test_error_pct: error_pct,
        test_errors: 0,
        pretrain_updates: 0,
        finetune_updates: 0,
    }
}

fn headline(summary: &[SummaryRow], paired: &[PairedRow]) -> String {
    Verdict::of(summary, paired, &[]).unwrap().headline
}

#[test]
fn a_clear_win_is_a_yes() {
    let rows = [summary("none", 3, 1000, 3, 11.2), summary("rbm", 3, 1000, 3, 6.4)];
    assert_eq!(
        headline(&rows, &[paired("rbm", "none", 1000, 3, (-5.3, -4.3))]),
        "Yes: with 1,000 labels, RBM pretraining cuts the test error from 11.2 % to 6.4 % \
         (difference −4.8 points, 95 % interval −5.3 to −4.3, 3 seeds)."
    );
}

#[test]
fn the_order_of_the_pair_does_not_matter() {
    let rows = [summary("none", 3, 1000, 3, 11.2), summary("rbm", 3, 1000, 3, 6.4)];
    assert_eq!(
        headline(&rows, &[paired("rbm", "none", 1000, 3, (-5.3, -4.3))]),
        headline(&rows, &[paired("none", "rbm", 1000, 3, (4.3, 5.3))]),
    );
}

#[test]
fn an_interval_with_zero_is_not_told_apart() {
    let rows = [summary("none", 3, 50_000, 5, 1.5), summary("rbm", 3, 50_000, 5, 1.46)];
    assert_eq!(
        headline(&rows, &[paired("rbm", "none", 50_000, 5, (-0.1, 0.02))]),
        "Not told apart: with 50,000 labels, RBM pretraining (1.46 % test error) and no \
         pretraining (1.50 %) are not told apart (difference −0.04 points, 95 % interval −0.10 to \
         +0.02, which includes zero, 5 seeds)."
    );
}

#[test]
fn an_interval_that_ends_at_zero_includes_it() {
    let rows = [summary("none", 3, 100, 5, 20.0), summary("rbm", 3, 100, 5, 18.0)];
    assert!(
        headline(&rows, &[paired("rbm", "none", 100, 5, (-4.0, 0.0))])
            .starts_with("Not told apart")
    );
}

#[test]
fn a_small_end_is_not_rounded_to_zero() {
    let rows = [summary("none", 3, 100, 5, 2.0), summary("rbm", 3, 100, 5, 1.9)];
    let text = headline(&rows, &[paired("rbm", "none", 100, 5, (-0.2, -0.002))]);
    assert!(text.contains("95 % interval −0.200 to −0.002"), "{text}");
}

#[test]
fn a_loss_is_a_no() {
    let rows = [summary("none", 3, 100, 5, 20.0), summary("sparse", 3, 100, 5, 23.0)];
    assert_eq!(
        headline(&rows, &[paired("sparse", "none", 100, 5, (2.0, 4.0))]),
        "No: with 100 labels, sparse-autoencoder pretraining raises the test error from 20.0 % to \
         23.0 % (difference +3.0 points, 95 % interval +2.0 to +4.0, 5 seeds)."
    );
}

#[test]
fn one_seed_gives_no_interval() {
    let rows = [summary("none", 3, 100, 1, 20.0), summary("rbm", 3, 100, 1, 15.0)];
    let nan = (f64::NAN, f64::NAN);
    let row = PairedRow { difference_pct_mean: -5.0, ..paired("rbm", "none", 100, 1, nan) };
    let expected = "No interval, so no answer yet: with 100 labels, RBM \
                    pretraining has a test error of 15.0 %, no pretraining of 20.0 % (difference \
                    −5.0 points; 1 seed, so no interval can be given).";
    assert_eq!(headline(&rows, &[row]), expected);
    assert_eq!(headline(&rows, &[]), expected, "the same from the means, if nothing is paired");
}

#[test]
fn many_and_few_labels_may_differ() {
    let rows = [
        summary("none", 3, 50_000, 5, 1.5),
        summary("rbm", 3, 50_000, 5, 1.49),
        summary("none", 3, 100, 5, 25.0),
        summary("rbm", 3, 100, 5, 18.0),
        summary("none", 3, 1000, 5, 10.0),
        summary("rbm", 3, 1000, 5, 6.0),
    ];
    let pairs = [
        paired("rbm", "none", 100, 5, (-8.0, -6.0)),
        paired("rbm", "none", 1000, 5, (-5.0, -3.0)),
        paired("rbm", "none", 50_000, 5, (-0.05, 0.03)),
    ];
    let text = headline(&rows, &pairs);
    let start = "Yes with 100 and 1,000 labels, not told apart with 50,000: with 100 labels, ";
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains("; with 50,000 labels, "), "{text}");
    assert!(!text.contains("with 1,000 labels"), "the ends are enough for the numbers: {text}");
}

#[test]
fn what_does_not_stand_among_all_comparisons_is_probable() {
    let rows = [
        summary("none", 3, 100, 3, 20.0),
        summary("rbm", 3, 100, 3, 15.0),
        summary("none", 3, 1000, 3, 10.0),
        summary("rbm", 3, 1000, 3, 6.0),
        summary("denoising", 3, 1000, 3, 7.0),
    ];
    let holm = |row: PairedRow, p_value: f64| PairedRow {
        p_value,
        test: "paired t-test, Holm".into(),
        ..row
    };
    let pairs = [
        holm(paired("rbm", "none", 100, 3, (-8.0, -2.0)), 0.2),
        holm(paired("rbm", "none", 1000, 3, (-5.0, -3.0)), 0.01),
        holm(paired("denoising", "none", 1000, 3, (-5.0, -1.0)), 0.3),
        holm(paired("rbm", "denoising", 1000, 3, (-1.5, -0.5)), 0.4),
    ];
    let verdict = Verdict::of(&rows, &pairs, &[]).unwrap();
    let start = "Yes with 1,000 labels, probably with 100: with 100 labels, ";
    assert!(verdict.headline.starts_with(start), "{}", verdict.headline);
    assert!(verdict.headline.contains("3 seeds, corrected p 0.2"), "{}", verdict.headline);
    assert_eq!(verdict.findings[0], "With 100 labels, probably better than no pretraining: rbm.");
    let both = "better than no pretraining: rbm; probably better than no pretraining: denoising.";
    assert!(verdict.findings[1].ends_with(both), "{}", verdict.findings[1]);
    let families = "is probably better than denoising-autoencoder pretraining (7.0 %)";
    assert!(verdict.findings[2].contains(families), "{}", verdict.findings[2]);
    assert!(headline(&rows[..2], &pairs[..1]).starts_with("Probably: with 100 labels, "));
}

#[test]
fn an_unfinished_run_is_judged_over_the_seeds_that_are_shared() {
    let rows = [
        summary("none", 3, 100, 3, 25.0),
        summary("denoising", 3, 100, 3, 19.0),
        summary("rbm", 3, 100, 2, 18.0),
    ];
    // The third seed is hard, and the RBM has not got to it.
    let cells: Vec<ComparisonRow> = [
        ("none", &[20.0, 22.0, 33.0][..]),
        ("denoising", &[16.0, 16.0, 25.0]),
        ("rbm", &[18.0, 18.0]),
    ]
    .into_iter()
    .flat_map(|(method, errors)| (1..).zip(errors).map(move |(seed, &e)| cell(method, seed, e)))
    .collect();
    let verdict = Verdict::of(&rows, &[], &cells).unwrap();
    assert!(verdict.headline.contains("denoising-autoencoder"), "{}", verdict.headline);
    let pair = paired("rbm", "none", 100, 2, (-5.0, -1.0));
    let verdict = Verdict::of(&[rows[0].clone(), rows[2].clone()], &[pair], &cells).unwrap();
    assert!(verdict.headline.contains("from 21.0 % to 18.0 %"), "{}", verdict.headline);
}

#[test]
fn a_missing_method_is_said() {
    let only = [summary("rbm", 3, 100, 5, 18.0)];
    assert!(headline(&only, &[]).starts_with("No answer yet: there are no results without"));
    let only = [summary("none", 3, 100, 5, 18.0), summary("pca", 3, 100, 5, 17.0)];
    assert!(headline(&only, &[]).starts_with("No answer yet: no pretrained method"));
    let no_autoencoder = [summary("none", 3, 100, 5, 18.0), summary("rbm", 3, 100, 5, 17.0)];
    let verdict = Verdict::of(&no_autoencoder, &[], &[]).unwrap();
    assert!(verdict.notes.iter().any(|note| note.starts_with("The families are not compared")));
    assert_eq!(Verdict::of(&[], &[], &[]), None);
}

#[test]
fn the_largest_depth_is_judged_and_said() {
    let rows = [
        summary("none", 1, 100, 5, 30.0),
        summary("rbm", 1, 100, 5, 10.0),
        summary("pca", 1, 100, 5, 12.0),
        summary("none", 3, 100, 5, 20.0),
        summary("rbm", 3, 100, 5, 15.0),
    ];
    let shallow = PairedRow { depth: 1, ..paired("rbm", "none", 100, 5, (-21.0, -19.0)) };
    let verdict =
        Verdict::of(&rows, &[shallow, paired("rbm", "none", 100, 5, (-6.0, -4.0))], &[]).unwrap();
    assert!(verdict.headline.contains("from 20.0 % to 15.0 %"), "{}", verdict.headline);
    assert_eq!(
        verdict.notes[0],
        "The answer is for networks with 3 hidden layers, the largest depth of this run."
    );
    assert_eq!(verdict.notes[1], "Without results at this depth: pca.");
}

#[test]
fn the_validation_error_chooses() {
    let rows = [
        summary("none", 3, 100, 2, 20.0),
        summary("rbm", 3, 100, 2, 15.0),
        summary("denoising", 3, 100, 2, 14.0),
    ];
    let cells = [cell("rbm", 1, 14.5), cell("denoising", 1, 14.9)];
    let verdict = Verdict::of(&rows, &[], &cells).unwrap();
    assert!(verdict.headline.contains("RBM pretraining"), "{}", verdict.headline);
    let verdict = Verdict::of(&rows, &[], &[]).unwrap();
    assert!(verdict.headline.contains("denoising-autoencoder pretraining"));
    assert!(verdict.notes.iter().any(|note| note.contains("which flatters it")));
}

#[test]
fn pretraining_is_held_against_what_is_done_without_it_today() {
    let rows = [
        summary("none", 3, 100, 5, 20.0),
        summary("rbm", 3, 100, 5, 15.0),
        summary("relu-dropout", 3, 100, 5, 14.0),
    ];
    let pairs = [
        paired("rbm", "none", 100, 5, (-6.0, -4.0)),
        paired("rbm", "relu-dropout", 100, 5, (0.5, 1.5)),
    ];
    let verdict = Verdict::of(&rows, &pairs, &[]).unwrap();
    let expected = "With 100 labels, rectified units with dropout (14.0 % test error) is better than \
                    RBM pretraining (15.0 %)";
    assert!(verdict.findings[1].starts_with(expected), "{:?}", verdict.findings);
}

#[test]
fn the_families_are_compared() {
    let rows = [
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
    let verdict = Verdict::of(&rows, &pairs, &[]).unwrap();
    assert_eq!(
        verdict.findings,
        [
            "With 100 labels, better than no pretraining: rbm; not told apart from no pretraining: \
             sparse; without an interval against no pretraining: denoising.",
            "With 100 labels, RBM pretraining (15.0 % test error) is better than \
             denoising-autoencoder pretraining (17.0 %) (difference −2.0 points, 95 % interval \
             −2.5 to −1.5, 5 seeds).",
        ]
    );
}

#[test]
fn a_single_run_has_its_last_test_values() {
    let row = |epoch: usize, split: &str, metric: &str, value: f64, unit: &str| MetricRow {
        run: "tutorial".into(),
        method: "autoencoder".into(),
        seed: 1,
        stage: "train".into(),
        layer: None,
        epoch: Some(epoch),
        split: split.into(),
        metric: metric.into(),
        value,
        unit: unit.into(),
    };
    let rows = [
        row(1, "test", "mse_per_pixel", 0.09, "mse_per_pixel"),
        row(20, "test", "mse_per_pixel", 0.0123, "mse_per_pixel"),
        row(20, "train", "cost", 0.01, ""),
        row(20, "test", "psnr_db", 19.1, "db"),
    ];
    assert_eq!(
        headline_of_run(&rows).unwrap(),
        "tutorial after 20 epochs, on the test samples: mean squared error per pixel 0.01230, PSNR \
         19.10 dB."
    );
    assert_eq!(headline_of_run(&[]), None);
}
