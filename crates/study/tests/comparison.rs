//! A comparison as a whole, on data made up here: every method, kept stages, equal time, and the
//! control that must fail.

use std::ops::ControlFlow;

use ae_core::{Corruption, Penalty};
use mnist_io::{Dataset, ImageShape, SplitRule, Splits, TrainTest};
use ndarray::Array2;
use nn_core::{Activation, Initialiser};
use numerics::{Purpose, Stream};
use stack::Dropout;
use study::stage::Store;
use study::{
    Cell, ComparisonConfig, Event, LabelBudget, Method, Outcome, StudyError, run_comparison,
    summarise,
};

/// Noisy bars at one of four places in a row of 16; the place is the class, or nothing is.
fn bars(n: usize, salt: usize, shuffled: bool) -> Dataset {
    let uniform = |layer: usize, n: usize| {
        let mut values = vec![0.0_f32; n];
        Stream::new(3, Purpose::new("bars")).layer(layer).fill_uniform(0, &mut values);
        values
    };
    let noise = uniform(salt, n * 16);
    let images = Array2::from_shape_fn((n, 16), |(i, j)| {
        f32::from(u8::from((j / 4 == i % 4) != (noise[i * 16 + j] < 0.2)))
    });
    let chance = uniform(100 + salt, n);
    let by_chance = |i: usize| [0.25, 0.5, 0.75].iter().filter(|&&at| chance[i] >= at).count();
    let class = |i: usize| if shuffled { by_chance(i) } else { i % 4 };
    let labels = (0..n).map(|i| class(i) as u8).collect();
    let shape = ImageShape { height: 4, width: 4 };
    Dataset::from_arrays("bars", images, Some((labels, 4)), shape).expect("as many labels")
}

fn splits(shuffled: bool) -> Splits {
    let data = TrainTest { train: bars(500, 0, shuffled), test: bars(400, 1, shuffled) };
    data.split(SplitRule::Train(300)).expect("some are left")
}

fn config(methods: &[Method]) -> ComparisonConfig {
    let mut config: ComparisonConfig = serde_json::from_str(
        r#"{"methods": [], "layers": [10, 6], "depths": [1, 2], "seeds": 2, "labels": [],
            "learning_rates": [0.01, 0.03], "hidden_rate_factors": [1.0, 0.1],
            "equal_seconds": {"labels": [100], "seeds": 1}}"#,
    )
    .expect("a configuration");
    config.methods = methods.to_vec();
    config.labels = [(40, 60), (100, 100)]
        .map(|(count, updates)| LabelBudget { count, updates, batch_size: 20, dropout: None })
        .to_vec();
    for settings in [
        &mut config.autoencoder,
        &mut config.sparse,
        &mut config.denoising,
        &mut config.contractive,
    ] {
        settings.training.epochs = 2;
    }
    config.sparse.training.penalty = Some(Penalty::Kl { target: 0.1, weight: 0.1 });
    config.contractive.training.penalty = Some(Penalty::Contractive { weight: 0.1 });
    config.denoising.training.corruption = Some(Corruption::Masking { fraction: 0.25 });
    config.fine_tuning.dropout = Dropout { input: 0.1, hidden: 0.1 };
    config.rbm.training.epochs = 2;
    config.mixed = vec![Method::Rbm, Method::Denoising];
    config.fine_tuning.evaluations = 5;
    config
}

/// The outcome, with the numbers of stages that were computed and reused.
fn run(config: &ComparisonConfig, data: &Splits, store: &Store) -> (Outcome, usize, usize) {
    let (mut computed, mut reused) = (0, 0);
    let mut listen = |event: Event<'_>| {
        match event {
            Event::Finished { reused: true } => reused += 1,
            Event::Finished { reused: false } => computed += 1,
            _ => (),
        }
        ControlFlow::Continue(())
    };
    let outcome = run_comparison(config, data, "bars", store, &mut listen, &mut |_| ());
    (outcome.expect("it converges"), computed, reused)
}

fn of(outcome: &Outcome, method: Method, depth: usize) -> Vec<&Cell> {
    outcome.cells.iter().filter(|c| (c.method, c.depth) == (method, depth)).collect()
}

#[test]
fn every_method_has_its_cells_and_finished_ones_are_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let some = config(&Method::ALL[..5]);
    let (first, computed, _) = run(&some, &data, &store);
    assert!(computed > 0);
    let (again, computed, reused) = run(&some, &data, &store);
    assert_eq!((again, computed), (first, 0));
    assert!(reused > 0);

    let all = config(&Method::ALL);
    let (outcome, _, reused_now) = run(&all, &data, &store);
    // But for equal time, which another method may make longer.
    assert!(reused_now + some.methods.len() >= reused, "a new method leaves what is there");
    assert_eq!(outcome.cells.len(), Method::ALL.len() * 2 * 2 * 2);
    for method in Method::ALL {
        for depth in [1, 2] {
            let layers = if method == Method::RawLogistic { 0 } else { depth };
            for cell in of(&outcome, method, depth) {
                assert_eq!(cell.changes.len(), layers, "{method:?}");
                assert_eq!(cell.mistakes.iter().filter(|&&m| m).count(), cell.test_errors.0);
                let moved = cell.changes.iter().any(|change| change.distance > 0.0);
                assert_eq!(moved, layers > 0 && method != Method::RandomFeatures, "{method:?}");
            }
        }
    }
    let errors = |depth| -> Vec<_> {
        of(&outcome, Method::RawLogistic, depth).iter().map(|cell| cell.test_errors).collect()
    };
    assert_eq!(errors(1), errors(2), "logistic regression has no depth");

    assert_eq!(outcome.equal_seconds.len(), Method::ALL.len());
    let most = Method::ALL.into_iter().map(|method| seconds(&outcome, method));
    let most = most.fold(0.0, f64::max);
    for row in &outcome.equal_seconds {
        let cell = of(&outcome, row.method, 2);
        let cell = cell.iter().find(|c| (c.labels, c.seed) == (100, 1)).expect("a cell");
        assert!(row.finetune_updates >= cell.finetune_updates, "{row:?}");
        // The clock of a busy machine is not exact.
        assert!(row.seconds <= 3.0 * most + 0.5, "{row:?} of {most}");
    }
}

/// Pretraining and one fine-tuning of the first seed's deepest net with most labels.
fn seconds(outcome: &Outcome, method: Method) -> f64 {
    let layers = outcome.layers.iter().filter(|l| (l.method, l.seed) == (method, 1));
    let pretraining: f64 = layers.flat_map(|layer| &layer.seconds).sum();
    let cell = of(outcome, method, 2).into_iter().find(|c| (c.labels, c.seed) == (100, 1));
    assert_eq!(pretraining > 0.0, method >= Method::Autoencoder || method == Method::Pca);
    pretraining + cell.expect("a cell").tuning_seconds
}

/// With the clock's readings left out.
fn without_times(mut outcome: Outcome) -> Outcome {
    for cell in &mut outcome.cells {
        (cell.seconds, cell.tuning_seconds) = (0.0, 0.0);
    }
    outcome.layers.iter_mut().for_each(|layer| layer.seconds.clear());
    outcome
}

#[test]
fn broken_off_and_gone_on_with_is_never_broken_off() {
    let data = splits(false);
    let mut config = config(&[Method::None, Method::Denoising, Method::Rbm]);
    config.equal_seconds = None;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, n_stages, _) = run(&config, &data, &Store::new(folder.path().join("whole")));
    let store = Store::new(folder.path().join("broken"));
    for breaks_after in [1, 40, 75, 200] {
        let mut events = 0;
        let mut listen = |_: Event<'_>| {
            events += 1;
            if events > breaks_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = run_comparison(&config, &data, "bars", &store, &mut listen, &mut |_| ());
        let error = outcome.expect_err("broken off");
        assert!(
            matches!(error, StudyError::Training(nn_core::TrainingError::Interrupted)),
            "{error}"
        );
    }
    let (resumed, computed, reused) = run(&config, &data, &store);
    assert!(reused > 0 && computed > 0 && computed < n_stages, "{reused} and {computed}");
    assert_eq!(without_times(resumed), without_times(whole));
}

#[test]
fn another_number_of_labels_leaves_the_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&[Method::None, Method::Denoising, Method::Rbm]);
    config.equal_seconds = None;
    // Units that are not the usual ones must come back with the layers; no layer learns from theirs.
    config.depths = vec![1];
    config.denoising.model.code = Some(Activation::Relu);
    config.rbm.model = serde_json::from_str(r#"{"hidden": "gaussian"}"#).expect("a model");
    config.rbm.training.learning_rate = 0.001;
    let (first, ..) = run(&config, &data, &store);
    config.labels.insert(1, LabelBudget { count: 60, updates: 60, batch_size: 20, dropout: None });
    let (second, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 3 * 2, "methods and seeds at the new count");
    let others: Vec<&Cell> = second.cells.iter().filter(|cell| cell.labels != 60).collect();
    assert_eq!(others, first.cells.iter().collect::<Vec<_>>());
    let (fresh, ..) = run(&config, &data, &Store::new(folder.path().join("fresh")));
    assert_eq!(without_times(second), without_times(fresh));
}

#[test]
fn dropout_of_a_number_of_labels_is_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&[Method::None, Method::ReluDropout]);
    config.equal_seconds = None;
    let (shared, ..) = run(&config, &data, &store);
    config.labels[1].dropout = Some(Dropout { input: 0.3, hidden: 0.0 });
    let (own, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 2 * 2, "depths and seeds of `none` at the second count");
    for (a, b) in shared.cells.iter().zip(&own.cells) {
        let changed = (a.method, a.labels) == (Method::None, 100);
        assert_eq!(a.history != b.history, changed, "{:?}, {} labels", a.method, a.labels);
    }
    config.fine_tuning.dropout = Dropout { input: 0.3, hidden: 0.0 };
    config.labels[1].dropout = None;
    let (everywhere, ..) = run(&config, &data, &store);
    let at = |outcome: &Outcome| -> Vec<Cell> {
        outcome.cells.iter().filter(|cell| cell.labels == 100).cloned().collect()
    };
    assert_eq!(at(&own), at(&everywhere));
}

#[test]
fn a_rate_that_diverges_is_left_out_unless_it_is_the_only_one() {
    let (folder, data) = (tempfile::tempdir().expect("a temporary folder"), splits(false));
    let mut config = config(&[Method::None]);
    config.equal_seconds = None;
    config.hidden_rate_factors = vec![1.0];
    config.learning_rates = vec![1e300, 0.03];
    let mut diverged = 0;
    let mut listen = |event: Event<'_>| {
        diverged += usize::from(matches!(event, Event::Diverged { .. }));
        ControlFlow::Continue(())
    };
    let store = Store::new(folder.path());
    let outcome = run_comparison(&config, &data, "bars", &store, &mut listen, &mut |_| ());
    let cells = outcome.expect("one rate is left").cells;
    assert!(cells.iter().all(|cell| cell.rates.learning_rate == 0.03));
    assert_eq!(diverged, 2 * 2, "depths and numbers of labels of the first seed");

    config.learning_rates = vec![1e300];
    let mut listen = |_: Event<'_>| ControlFlow::Continue(());
    let outcome = run_comparison(&config, &data, "bars", &store, &mut listen, &mut |_| ());
    let error = outcome.expect_err("none is left");
    assert!(matches!(error, StudyError::Training(nn_core::TrainingError::Diverged { .. })));
}

/// The same labels, order, read-out and dropout: with frozen layers of the same random weights, two
/// methods are one.
#[test]
fn methods_are_matched() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut config = config(&[Method::None, Method::RandomFeatures]);
    config.equal_seconds = None;
    config.hidden_rate_factors = vec![0.0];
    let (outcome, ..) = run(&config, &splits(false), &Store::new(folder.path()));
    for depth in [1, 2] {
        let [none, frozen] = [Method::None, Method::RandomFeatures].map(|m| of(&outcome, m, depth));
        for (a, b) in none.into_iter().zip(frozen) {
            assert_eq!((a.labels, a.seed, &a.mistakes), (b.labels, b.seed, &b.mistakes));
            assert_eq!(a.history, b.history);
        }
    }
    let pairs = study::compare_pairs(&outcome.cells);
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
    let mut config = config(&[Method::None, Method::RandomFeatures, Method::Denoising]);
    config.equal_seconds = None;
    let (suited, ..) = run(&config, &data, &store);
    config.none.initialiser = Some(Initialiser::Normal { std: 0.0 });
    let (zero, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 2 * 2 * 2, "depths, numbers of labels and seeds of `none`");
    for cell in of(&zero, Method::None, 2) {
        let other = of(&suited, Method::None, 2);
        let other = other.iter().find(|c| (c.labels, c.seed) == (cell.labels, cell.seed));
        assert_ne!(cell.history, other.expect("its pair").history);
    }
}

#[test]
fn methods_are_what_their_names_say() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut config = config(&[Method::Autoencoder, Method::Sparse, Method::Contractive]);
    config.equal_seconds = None;
    let (outcome, ..) = run(&config, &splits(false), &Store::new(folder.path()));
    let costs = |method| -> Vec<f64> {
        let layers = outcome.layers.iter().filter(|layer| layer.method == method);
        layers.flat_map(|layer| layer.costs.clone()).collect()
    };
    assert_ne!(costs(Method::Autoencoder), costs(Method::Sparse));
    assert_ne!(costs(Method::Autoencoder), costs(Method::Contractive));

    let error = |change: &dyn Fn(&mut ComparisonConfig)| {
        let mut config = config.clone();
        change(&mut config);
        config.validate().expect_err("a mistake").to_string()
    };
    let plain = error(&|config| config.sparse.training.penalty = None);
    assert!(plain.starts_with("comparison.sparse.training.penalty = none"), "{plain}");
    let wrong = error(&|c| c.contractive.training.penalty = c.sparse.training.penalty);
    assert!(wrong.starts_with("comparison.contractive.training.penalty"), "{wrong}");
    let twice = error(&|config| config.methods.push(Method::Sparse));
    assert_eq!(twice, "comparison.methods = sparse: expected every method once");
    let twice = error(&|config| config.depths = vec![2, 1, 2]);
    assert_eq!(twice, "comparison.depths = 2: expected every depth once");
    let bottom = error(&|config| config.mixed = vec![Method::Rbm, Method::None]);
    assert!(bottom.starts_with("comparison.mixed = none: expected ways"), "{bottom}");
    let empty = error(&|c| (c.methods, c.mixed) = (vec![Method::Mixed], vec![]));
    assert_eq!(empty, "comparison.mixed = []: expected at least one entry");
    let plain = error(&|c| {
        (c.methods, c.denoising.training.corruption) = (vec![Method::Mixed], None);
    });
    assert!(plain.starts_with("comparison.denoising.training.corruption = none"), "{plain}");
    let size = error(&|config| config.rbm.model.n_hidden = 3);
    assert!(size.starts_with("comparison.rbm.model.n_hidden = 3: expected no value"), "{size}");
    let deep = error(&|config| config.sparse.model.encoder_layers = vec![9]);
    assert!(deep.starts_with("comparison.sparse.model.encoder_layers"), "{deep}");
    let top = error(&|config| config.denoising.model.top_k = Some(2));
    assert!(top.starts_with("comparison.denoising.model.top_k = 2"), "{top}");
    let rate = error(&|config| config.learning_rates = vec![0.1, -0.1]);
    assert!(rate.starts_with("comparison.learning_rates = -0.1"), "{rate}");
    let deep = error(&|config| config.fine_tuning.rate_factors = vec![1.0, -0.5]);
    assert!(deep.starts_with("fine_tuning.rate_factors = -0.5"), "{deep}");
    let all = error(&|config| config.relu_dropout.dropout.hidden = 1.0);
    assert!(all.starts_with("comparison.relu_dropout.dropout.hidden = 1"), "{all}");
    let of_labels =
        error(&|config| config.labels[1].dropout = Some(Dropout { input: -0.1, hidden: 0.0 }));
    assert!(of_labels.starts_with("comparison.labels.dropout.input = -0.1"), "{of_labels}");
    let same = error(&|c| {
        (c.methods, c.mixed) = (vec![Method::Mixed], vec![Method::Rbm, Method::Rbm]);
    });
    assert!(same.starts_with("comparison.mixed = rbm: expected at least two"), "{same}");
    let std = error(&|c| c.none.initialiser = Some(Initialiser::Normal { std: -1.0 }));
    assert!(std.starts_with("comparison.none.initialiser.std = -1"), "{std}");
    let unused = error(&|config| config.fine_tuning.updates = 7);
    assert!(unused.starts_with("fine_tuning.updates = 7"), "{unused}");
}

#[test]
fn a_stack_of_several_ways_shares_the_layers_it_has_in_common() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data) = (Store::new(folder.path()), splits(false));
    let mut config = config(&[Method::Rbm]);
    config.equal_seconds = None;
    run(&config, &data, &store);
    config.methods.push(Method::Mixed);
    let (outcome, computed, _) = run(&config, &data, &store);
    assert_eq!(computed, 2 + 2 * 2, "the upper layer of two seeds, and two numbers of labels");

    let costs = |method, layer| -> Vec<_> {
        let of = |l: &&study::LayerRecord| (l.method, l.layer) == (method, layer);
        outcome.layers.iter().filter(of).map(|l| (l.seed, l.costs.clone())).collect()
    };
    assert_eq!(costs(Method::Mixed, 1), costs(Method::Rbm, 1));
    assert_ne!(costs(Method::Mixed, 2), costs(Method::Rbm, 2));
    let mistakes = |method, depth| -> Vec<_> {
        of(&outcome, method, depth).into_iter().map(|cell| cell.mistakes.clone()).collect()
    };
    assert_eq!(mistakes(Method::Mixed, 1), mistakes(Method::Rbm, 1));
    assert_ne!(mistakes(Method::Mixed, 2), mistakes(Method::Rbm, 2));
    let updates = |method| of(&outcome, method, 2)[0].pretrain_updates;
    config.methods = vec![Method::Denoising];
    let (denoising, ..) = run(&config, &data, &store);
    let twice = updates(Method::Rbm) + of(&denoising, Method::Denoising, 2)[0].pretrain_updates;
    assert_eq!(2 * updates(Method::Mixed), twice);
}

#[test]
fn labels_that_mean_nothing_are_not_learned() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let methods = [Method::None, Method::Denoising, Method::Rbm];
    let mut config = config(&methods);
    config.equal_seconds = None;
    let (outcome, ..) = run(&config, &splits(true), &Store::new(folder.path()));
    for summary in summarise(&outcome.cells) {
        // Chance is 75 %; the standard error of 400 test samples is 2.2 points.
        let error = summary.test_error_pct.mean;
        assert!((66.0..84.0).contains(&error), "{:?}: {error} %", summary.method);
    }
    let (outcome, ..) = run(&config, &splits(false), &Store::new(folder.path().join("other")));
    let means: Vec<f64> = summarise(&outcome.cells).iter().map(|s| s.test_error_pct.mean).collect();
    assert!(means.iter().all(|&error| error < 60.0), "labels that mean something are: {means:?}");
}
