//! Cells, their cache, interruptions, labels and rates.

use std::ops::ControlFlow;

use nn_core::Activation;
use stack::{Dropout, FineTuneConfig};
use study::stage::Store;
use study::{ArchitectureSettings, Cell, Event, LabelBudget, Outcome, run_comparison};

use crate::support::*;

#[test]
fn every_method_has_its_cells_and_finished_ones_are_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let declared = methods();
    let all: Vec<&str> = declared.0.keys().map(String::as_str).collect();
    let some = config(&all[..5]);
    let (first, computed, _) = run(&some, &data, &store);
    assert!(computed > 0);
    let (again, computed, reused) = run(&some, &data, &store);
    assert_eq!((again, computed), (first, 0));
    assert!(reused > 0);

    let (outcome, _, reused_now) = run(&config(&all), &data, &store);
    // Equal-time stages may be new, as another method may lengthen that time.
    assert!(reused_now + some.methods.len() >= reused, "a new method leaves what is there");
    assert_eq!(outcome.cells.len(), all.len() * 2 * 2 * 2);
    for &method in &all {
        for depth in [1, 2] {
            let layers = if method == "raw-logistic" { 0 } else { depth };
            for cell in of(&outcome, method, depth) {
                assert_eq!(cell.changes.len(), layers, "{method}");
                assert_eq!(cell.mistakes.iter().filter(|&&m| m).count(), cell.test_errors.0);
                let moved = cell.changes.iter().any(|change| change.distance > 0.0);
                assert_eq!(moved, layers > 0 && method != "random-features", "{method}");
            }
        }
    }
    let errors = |depth| -> Vec<_> {
        of(&outcome, "raw-logistic", depth).iter().map(|cell| cell.test_errors).collect()
    };
    assert_eq!(errors(1), errors(2), "logistic regression has no depth");

    assert_eq!(outcome.equal_seconds.len(), all.len());
    let most = all.iter().map(|method| seconds(&outcome, method));
    let most = most.fold(0.0, f64::max);
    for row in &outcome.equal_seconds {
        let cell = of(&outcome, &row.method, 2);
        let cell = cell.iter().find(|c| (c.labels, c.seed) == (100, 1)).expect("a cell");
        assert!(row.finetune_updates >= cell.finetune_updates, "{row:?}");
        // The clock of a busy machine is inexact.
        assert!(row.seconds <= 3.0 * most + 0.5, "{row:?} of {most}");
    }
}

#[test]
fn seeds_may_start_later() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&["none", "rbm"]);
    // With a single candidate, the choice at the first seed does not affect the second.
    (config.learning_rates, config.hidden_learning_rate_multipliers) = (vec![0.01], vec![1.0]);
    config.equal_seconds = None;
    let (both, ..) = run(&config, &data, &store);
    (config.first_seed, config.seeds) = (2, 1);
    let (second, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 0, "the second seed is there");
    let expected: Vec<_> = both.cells.into_iter().filter(|cell| cell.seed == 2).collect();
    assert_eq!(second.cells, expected);
    config.first_seed = u64::MAX;
    assert!(
        config.validate(&methods()).is_err_and(|error| error.to_string().contains("first_seed"))
    );
}

/// Seconds of pretraining plus one fine-tuning run: first seed, deepest network, most labels.
fn seconds(outcome: &Outcome, method: &str) -> f64 {
    let layers = outcome.layers.iter().filter(|l| (l.method.as_str(), l.seed) == (method, 1));
    let pretraining: f64 = layers.map(|layer| layer.seconds).sum();
    let cell = of(outcome, method, 2).into_iter().find(|c| (c.labels, c.seed) == (100, 1));
    let is_random = ["none", "raw-logistic", "random-features", "relu-dropout"].contains(&method);
    assert_eq!(pretraining > 0.0, !is_random, "{method}");
    pretraining + cell.expect("a cell").tuning_seconds
}

#[test]
fn another_number_of_labels_leaves_the_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&["none", "denoising", "rbm"]);
    config.equal_seconds = None;
    // Unusual units must be restored with the layers. There is a single layer, so that none is trained on
    // them.
    config.depths = vec![1];
    let mut methods = methods();
    autoencoder(&mut methods, "denoising").model.code = Some(Activation::Relu);
    let gaussian = rbm(&mut methods, "rbm");
    gaussian.model = serde_json::from_str(r#"{"hidden": "gaussian"}"#).expect("a model");
    gaussian.training.learning_rate = 0.001;
    let (first, ..) = run_with(&config, &methods, &data, &store);
    config.labels.insert(1, LabelBudget { count: 60, updates: 60, batch_size: 20, dropout: None });
    let (second, computed, _) = run_with(&config, &methods, &data, &store);
    assert_eq!(computed, 3 * 2, "methods and seeds at the new count");
    let others: Vec<&Cell> = second.cells.iter().filter(|cell| cell.labels != 60).collect();
    assert_eq!(others, first.cells.iter().collect::<Vec<_>>());
    let fresh = Store::new(folder.path().join("fresh"));
    let (fresh, ..) = run_with(&config, &methods, &data, &fresh);
    assert_eq!(without_times(second), without_times(fresh));
}

#[test]
fn dropout_of_a_number_of_labels_is_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&["none", "relu-dropout"]);
    config.equal_seconds = None;
    let (shared, ..) = run(&config, &data, &store);
    config.labels[1].dropout = Some(Dropout { input: 0.3, hidden: 0.0 });
    let (own, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 2 * 2, "depths and seeds of `none` at the second count");
    for (a, b) in shared.cells.iter().zip(&own.cells) {
        let changed = (a.method.as_str(), a.labels) == ("none", 100);
        assert_eq!(a.history != b.history, changed, "{}, {} labels", a.method, a.labels);
    }
    config.fine_tuning.dropout = Dropout { input: 0.3, hidden: 0.0 };
    config.labels[1].dropout = None;
    let (everywhere, ..) = run(&config, &data, &store);
    let at = |outcome: &Outcome| -> Vec<Cell> {
        outcome.cells.iter().filter(|cell| cell.labels == 100).cloned().collect()
    };
    assert_eq!(at(&own), at(&everywhere));
}

/// Every method gets the unlabelled samples used in pretraining, even one without hidden layers.
#[test]
fn unlabelled_samples_count_in_fine_tuning_if_they_have_a_cost() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&["none", "raw-logistic", "rbm"]);
    (config.equal_seconds, config.depths, config.seeds) = (None, vec![1], 1);
    let changed = |a: &Outcome, b: &Outcome| -> Vec<bool> {
        a.cells.iter().zip(&b.cells).map(|(a, b)| a.history != b.history).collect()
    };
    let (without, ..) = run(&config, &data, &store);
    let unlabelled = r#"{"unlabelled": {"kind": "virtual-adversarial", "batch_size": 30}}"#;
    let unlabelled: FineTuneConfig = serde_json::from_str(unlabelled).expect("settings");
    config.fine_tuning.unlabelled = unlabelled.unlabelled;
    let (with, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 3 * 2, "methods and numbers of labels");
    assert_eq!(changed(&without, &with), [true; 6]);
    config.pretraining_samples = 60;
    let (fewer, ..) = run(&config, &data, &store);
    assert_eq!(changed(&with, &fewer), [true; 6]);
}

#[test]
fn a_rate_that_diverges_is_left_out() {
    let (folder, data) = (tempfile::tempdir().expect("a temporary folder"), splits(false));
    let mut config = config(&["none"]);
    config.equal_seconds = None;
    config.hidden_learning_rate_multipliers = vec![1.0];
    config.learning_rates = vec![1e300, 0.03];
    let mut diverged = 0;
    let mut listen = |event: Event<'_>| {
        diverged += usize::from(matches!(event, Event::Diverged { .. }));
        ControlFlow::Continue(())
    };
    let store = Store::new(folder.path());
    let outcome =
        run_comparison(&config, &methods(), &data, "bars", &store, &mut listen, &mut |_| ());
    let cells = outcome.expect("one rate is left").cells;
    assert!(cells.iter().all(|cell| cell.chosen.learning_rate == 0.03));
    assert_eq!(diverged, 2 * 2, "depths and numbers of labels of the first seed");
}

#[test]
fn a_convolution_that_does_not_fit_is_told_before_anything_is_computed() {
    let mut methods = methods();
    let convolution = nn_core::ConvolutionConfig {
        input: None,
        maps: 2,
        kernel: 1000,
        stride: 1,
        padding: 0,
        pool: nn_core::Pooling::Max(1),
    };
    random(&mut methods, "none").convolution = Some(convolution);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::new(folder.path().join("stages"));
    let mut events = 0;
    let mut listen = |_: Event<'_>| {
        events += 1;
        ControlFlow::Continue(())
    };
    let config = config(&["autoencoder", "none"]);
    let outcome =
        run_comparison(&config, &methods, &splits(false), "bars", &store, &mut listen, &mut |_| {
            panic!("nothing is computed")
        });
    let error = outcome.expect_err("it does not fit").to_string();
    assert!(error.starts_with("methods.none.layers.convolution."), "{error}");
    assert_eq!(events, 0);
}

#[test]
fn an_architecture_has_its_own_budgets_and_rates() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut methods = methods();
    for name in ["relu-dropout", "sparse"] {
        methods.0[name].architecture = Some("wide".into());
    }
    let mut config = config(&["none", "autoencoder", "relu-dropout", "sparse"]);
    config.depths = vec![2];
    let budget = LabelBudget { count: 80, updates: 30, batch_size: 10, dropout: None };
    let own = ArchitectureSettings {
        labels: vec![budget],
        learning_rates: vec![0.02],
        hidden_learning_rate_multipliers: vec![0.5],
        search: None,
    };
    config.architectures.insert("wide".into(), own);
    let store = Store::new(folder.path());
    let (outcome, ..) = run_with(&config, &methods, &splits(false), &store);
    for name in ["relu-dropout", "sparse"] {
        let cells = of(&outcome, name, 2);
        assert_eq!(cells.len(), 2, "one number of labels, two seeds");
        for cell in cells {
            assert_eq!((cell.labels, cell.finetune_updates), (80, 30));
            assert_eq!((cell.chosen.learning_rate, cell.chosen.hidden_multiplier), (0.02, 0.5));
        }
    }
    let labels: Vec<usize> = of(&outcome, "none", 2).iter().map(|cell| cell.labels).collect();
    assert_eq!(labels, [40, 40, 100, 100]);
    // The equal-time comparison includes the methods that have this number of labels.
    let methods: Vec<&str> = outcome.equal_seconds.iter().map(|row| row.method.as_str()).collect();
    assert_eq!(methods, ["none", "autoencoder"]);
}
