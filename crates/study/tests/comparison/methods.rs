//! Tests of matched methods, their layers and penalties, and meaningless labels.

use nn_core::Initialiser;
use study::stage::Store;
use study::{Tested, summarise};

use crate::support::*;

/// Methods share labels, order, output layer and dropout: with the same random layers, both frozen, they give
/// the same networks.
#[test]
fn methods_are_matched() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut config = config(&["none", "random-features"]);
    config.equal_seconds = None;
    config.hidden_learning_rate_multipliers = vec![0.0];
    let (outcome, ..) = run(&config, &splits(false), &Store::new(folder.path()));
    for depth in [1, 2] {
        let [none, frozen] = ["none", "random-features"].map(|m| of(&outcome, m, depth));
        for (a, b) in none.into_iter().zip(frozen) {
            assert_eq!((a.labels, a.seed, &a.mistakes), (b.labels, b.seed, &b.mistakes));
            assert_eq!(a.history, b.history);
        }
    }
    let pairs = study::compare_pairs(&Tested::all(&outcome.cells), &methods().roles());
    assert_eq!(pairs.len(), 4);
    for pair in pairs {
        let found = pair.difference_pct;
        assert_eq!((found.difference_mean, found.low, found.high), (0.0, 0.0, 0.0));
        assert_eq!((found.p_value, pair.sign_flip_p_value, pair.mcnemar_p_value), (1.0, 1.0, 1.0));
    }
}

#[test]
fn the_control_may_begin_otherwise_and_alone_changes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&["none", "random-features", "denoising"]);
    config.equal_seconds = None;
    let (suited, ..) = run(&config, &data, &store);
    let mut methods = methods();
    random(&mut methods, "none").initialiser = Some(Initialiser::Normal { std: 0.0 });
    let (zero, computed, _) = run_with(&config, &methods, &data, &store);
    assert_eq!(computed, 2 * 2 * 2, "depths, numbers of labels and seeds of `none`");
    for cell in of(&zero, "none", 2) {
        let other = of(&suited, "none", 2);
        let other = other.iter().find(|c| (c.labels, c.seed) == (cell.labels, cell.seed));
        assert_ne!(cell.history, other.expect("its pair").history);
    }
}

#[test]
fn penalties_change_what_is_learned_and_its_unit_is_that_of_the_loss() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut config = config(&["autoencoder", "sparse", "contractive", "rbm"]);
    config.equal_seconds = None;
    let mut methods = methods();
    autoencoder(&mut methods, "sparse").model.loss = Some(nn_core::Loss::MeanSquaredError);
    let store = Store::new(folder.path());
    let (outcome, ..) = run_with(&config, &methods, &splits(false), &store);
    let epochs = |method| {
        let layers = outcome.layers.iter().filter(move |layer| layer.method == method);
        layers.flat_map(|layer| layer.epochs.iter())
    };
    let costs = |method| -> Vec<f64> { epochs(method).map(|epoch| epoch.value).collect() };
    assert_ne!(costs("autoencoder"), costs("sparse"));
    assert_ne!(costs("autoencoder"), costs("contractive"));
    for (method, name, unit) in [
        ("autoencoder", "cost", "nats"),
        ("sparse", "cost", "mse_per_pixel"),
        ("rbm", "sse_per_image", "sse_per_image"),
    ] {
        let all = epochs(method).map(|epoch| (&*epoch.metric.name, &*epoch.metric.unit));
        assert_eq!(all.collect::<Vec<_>>(), vec![(name, unit); 2 * 2 * 2], "{method}");
    }
}

#[test]
fn a_stack_of_several_ways_shares_the_layers_it_has_in_common() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&["rbm"]);
    config.equal_seconds = None;
    run(&config, &data, &store);
    config.methods.push("mixed".into());
    let (outcome, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 2 + 2 * 2, "the upper layer of two seeds, and two numbers of labels");

    let costs = |method, layer| -> Vec<_> {
        let of = |l: &&study::LayerRecord| (l.method.as_str(), l.layer) == (method, layer);
        let layers = outcome.layers.iter().filter(of);
        layers.flat_map(|l| l.epochs.iter().map(|epoch| (l.seed, epoch.value))).collect()
    };
    assert_eq!(costs("mixed", 1), costs("rbm", 1));
    assert_ne!(costs("mixed", 2), costs("rbm", 2));
    let mistakes = |method, depth| -> Vec<_> {
        of(&outcome, method, depth).into_iter().map(|cell| cell.mistakes.clone()).collect()
    };
    assert_eq!(mistakes("mixed", 1), mistakes("rbm", 1));
    assert_ne!(mistakes("mixed", 2), mistakes("rbm", 2));
    let updates = |method| of(&outcome, method, 2)[0].pretrain_updates;
    config.methods = vec!["denoising".into()];
    let (denoising, ..) = run(&config, &data, &store);
    let twice = updates("rbm") + of(&denoising, "denoising", 2)[0].pretrain_updates;
    assert_eq!(2 * updates("mixed"), twice);
}

#[test]
fn labels_that_mean_nothing_are_not_learned() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let methods = ["none", "denoising", "rbm"];
    let mut config = config(&methods);
    config.equal_seconds = None;
    let (outcome, ..) = run(&config, &splits(true), &Store::new(folder.path()));
    for summary in summarise(&Tested::all(&outcome.cells)) {
        // The chance level is 75 %; the standard error over 400 test samples is 2.2 points.
        let error = summary.test_error_pct;
        assert!((66.0..84.0).contains(&error), "{}: {error} %", summary.method);
    }
    let (outcome, ..) = run(&config, &splits(false), &Store::new(folder.path().join("other")));
    let means: Vec<f64> =
        summarise(&Tested::all(&outcome.cells)).iter().map(|s| s.test_error_pct).collect();
    assert!(means.iter().all(|&error| error < 60.0), "labels that mean something are: {means:?}");
}
