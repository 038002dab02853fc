//! Tests of findings, notes, families and missing results.

use super::*;

#[test]
fn findings_do_not_depend_on_the_order_of_the_pair() {
    for (low, high, p) in [(-2.0, -1.0, 0.01), (-2.0, -1.0, 0.3), (-1.0, 1.0, 0.9)] {
        let found = Finding::of(low, high, p);
        assert_eq!(Finding::of(-high, -low, p), found.flipped());
        assert_eq!(found.flipped().flipped(), found);
    }
}

#[test]
fn of_equal_validation_errors_the_method_with_fewer_updates_is_the_best() {
    let methods = ["none", "denoising", "rbm"];
    let lines = methods.map(|method| summary(method, 3, 100, 2, 15.0));
    let pairs = ["denoising", "rbm"].map(|method| paired(method, "none", 100, 2, (-1.0, 1.0)));
    for (dear, cheap, words) in [
        ("denoising", "rbm", "RBM pretraining"),
        ("rbm", "denoising", "denoising-autoencoder pretraining"),
    ] {
        let of = |method: &str| {
            let updates = if method == dear { 9 } else { 3 };
            [1, 2].map(|seed| CellLine { updates, ..cell(method, seed, 15.0) })
        };
        let cells = ["none", dear, cheap].map(of).concat();
        let found =
            Verdict::of(Language::English, &roles(), &lines, &pairs, &cells).expect("lines");
        assert!(found.headline.contains(&format!("between {words} (")), "{}", found.headline);
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
    assert_eq!(found.pairs[1].words(Language::English), "relu-dropout better");
    // No correction covers the pairs that are not asked about.
    assert_eq!(found.pairs[2].outcome, Finding::SuggestiveBetter);
    assert_eq!(found.pairs[2].words(Language::English), "rbm better; not corrected");
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
    let found = Verdict::of(Language::English, &roles(), &lines, &[], &cells).unwrap();
    assert!(found.headline.contains("denoising-autoencoder"), "{}", found.headline);
    let pair = paired("rbm", "none", 100, 2, (-5.0, -1.0));
    let some = [lines[0].clone(), lines[2].clone()];
    let found = Verdict::of(Language::English, &roles(), &some, &[pair], &cells).unwrap();
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
    assert_eq!(Verdict::of(Language::English, &roles(), &[], &[], &[]), None);
}

#[test]
fn methods_without_a_role_have_findings_but_are_not_asked_about() {
    let lines = [summary("none", 3, 100, 5, 20.0), summary("unknown", 3, 100, 5, 10.0)];
    let found = verdict(&lines, &[paired("unknown", "none", 100, 5, (-11.0, -9.0))]);
    assert!(found.headline.starts_with("No answer yet"), "{}", found.headline);
    assert!(
        !found.pairs[0].asked
            && found.pairs[0].words(Language::English) == "unknown better; not corrected"
    );
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
    let found = Verdict::of(Language::English, &roles(), &lines, &[], &cells).unwrap();
    assert!(found.headline.contains("RBM pretraining"), "{}", found.headline);
    let found = verdict(&lines, &[]);
    assert!(found.headline.contains("denoising-autoencoder pretraining"));
    assert!(found.notes.iter().any(|note| note.ends_with("this choice flatters it.")));
}

/// The methods are equal, but one has twenty trials at the first seed, the lowest of which is its validation
/// error.
#[test]
fn the_seed_at_which_hyperparameters_are_chosen_does_not_rank_methods() {
    let lines = [
        summary("none", 3, 100, 3, 20.0),
        summary("rbm", 3, 100, 3, 15.0),
        summary("denoising", 3, 100, 3, 15.0),
    ];
    let of = |method: &str, errors: [f64; 3]| {
        let seeds = (1..).zip(errors);
        seeds.map(|(seed, error)| cell(method, seed, error)).collect::<Vec<_>>()
    };
    let cells = [of("rbm", [15.1, 15.0, 14.9]), of("denoising", [13.0, 15.0, 15.0])].concat();
    let best = |cells: &[CellLine]| {
        let found = Verdict::of(Language::English, &roles(), &lines, &[], cells).unwrap();
        let of_rbm = found.headline.contains("RBM pretraining");
        if of_rbm { "rbm" } else { "denoising" }
    };
    assert_eq!(best(&cells), "rbm");
    // The RBM failed at the first seed and chose at the second: only the third ranks.
    assert_eq!(best(&cells[1..]), "rbm");
    // Without another seed, the seed of the choice ranks.
    assert_eq!(best(&[cells[0].clone(), cells[3].clone()]), "denoising");
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
