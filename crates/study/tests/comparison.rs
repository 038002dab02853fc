//! Whole comparisons on artificial data: every method, cached stages, equal time, and labels that must
//! not be learned.

use std::ops::ControlFlow;

use mnist_io::{Dataset, ImageShape, SplitRule, Splits, TrainTest};
use ndarray::Array2;
use nn_core::{Activation, Initialiser};
use numerics::{Purpose, Stream};
use stack::{
    AutoencoderPretraining, Dropout, LayerPretraining, RandomInitialisation, RbmPretraining,
};
use study::stage::Store;
use study::{
    Cell, ComparisonConfig, Event, LabelBudget, Methods, Outcome, Role, StudyError, run_comparison,
    summarise,
};

/// Methods of every kind of layer.
const METHODS: &str = r##"
    none = { role = "control", color = "#282828", words = "none", layers = { kind = "random" } }
    raw-logistic = { role = "reference", color = "#969696", words = "logistic", layers = [] }
    pca = { role = "reference", color = "#e69f00", words = "PCA", layers = { kind = "pca" } }

    [random-features]
    role = "reference"
    color = "#bea06e"
    words = "random features"
    frozen = true
    layers = { kind = "random" }

    [relu-dropout]
    role = "control"
    color = "#784614"
    words = "rectified units with dropout"
    dropout = { input = 0.2, hidden = 0.5 }
    max_norm = 2.0
    layers = { kind = "random", hidden = "relu" }

    [autoencoder]
    role = "pretrained"
    family = "autoencoder"
    color = "#0072b2"
    words = "autoencoders"
    layers = { kind = "autoencoder", training = { epochs = 2 } }

    [sparse]
    role = "pretrained"
    family = "autoencoder"
    color = "#009e73"
    words = "sparse autoencoders"
    [sparse.layers]
    kind = "autoencoder"
    training = { epochs = 2, penalty = { kind = "kl", target = 0.1, weight = 0.1 } }

    [denoising]
    role = "pretrained"
    family = "autoencoder"
    color = "#56b4e9"
    words = "denoising autoencoders"
    [denoising.layers]
    kind = "autoencoder"
    training = { epochs = 2, corruption = { kind = "masking", fraction = 0.25 } }

    [contractive]
    role = "pretrained"
    family = "autoencoder"
    color = "#cc79a7"
    words = "contractive autoencoders"
    [contractive.layers]
    kind = "autoencoder"
    training = { epochs = 2, penalty = { kind = "contractive", weight = 0.1 } }

    [rbm]
    role = "pretrained"
    family = "rbm"
    color = "#d55e00"
    words = "RBMs"
    layers = { kind = "rbm", training = { epochs = 2 } }

    [mixed]
    role = "pretrained"
    color = "#005a64"
    words = "both"
    layers = ["rbm", "denoising"]
"##;

fn methods() -> Methods {
    toml::from_str(METHODS).expect("methods")
}

fn first_layer<'m>(methods: &'m mut Methods, name: &str) -> &'m mut LayerPretraining {
    methods.0[name].layers.own_mut().next().expect("a layer")
}

fn random<'m>(methods: &'m mut Methods, name: &str) -> &'m mut RandomInitialisation {
    let LayerPretraining::Random(settings) = first_layer(methods, name) else { panic!("random") };
    settings
}

fn autoencoder<'m>(methods: &'m mut Methods, name: &str) -> &'m mut AutoencoderPretraining {
    let LayerPretraining::Autoencoder(settings) = first_layer(methods, name) else {
        panic!("another")
    };
    settings
}

fn rbm<'m>(methods: &'m mut Methods, name: &str) -> &'m mut RbmPretraining {
    let LayerPretraining::Rbm(settings) = first_layer(methods, name) else { panic!("another") };
    settings
}

/// Noisy bars at one of four places in a row of 16. The class is the place, or random if `shuffled`.
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

fn config(methods: &[&str]) -> ComparisonConfig {
    let mut config: ComparisonConfig = serde_json::from_str(
        r#"{"methods": [], "layers": [10, 6], "depths": [1, 2], "seeds": 2, "labels": [],
            "learning_rates": [0.01, 0.03], "hidden_learning_rate_multipliers": [1.0, 0.1],
            "equal_seconds": {"labels": [100], "seeds": 1}}"#,
    )
    .expect("a configuration");
    config.methods = methods.iter().map(ToString::to_string).collect();
    config.labels = [(40, 60), (100, 100)]
        .map(|(count, updates)| LabelBudget { count, updates, batch_size: 20, dropout: None })
        .to_vec();
    config.fine_tuning.dropout = Dropout { input: 0.1, hidden: 0.1 };
    config.fine_tuning.evaluations = 5;
    config
}

/// Runs a comparison; returns its outcome and the numbers of stages that were computed and reused.
fn run(config: &ComparisonConfig, data: &Splits, store: &Store) -> (Outcome, usize, usize) {
    run_with(config, &methods(), data, store)
}

fn run_with(
    config: &ComparisonConfig,
    methods: &Methods,
    data: &Splits,
    store: &Store,
) -> (Outcome, usize, usize) {
    let (mut computed, mut reused) = (0, 0);
    let mut listen = |event: Event<'_>| {
        match event {
            Event::Finished { reused: true } => reused += 1,
            Event::Finished { reused: false } => computed += 1,
            _ => (),
        }
        ControlFlow::Continue(())
    };
    let outcome = run_comparison(config, methods, data, "bars", store, &mut listen, &mut |_| ());
    (outcome.expect("it converges"), computed, reused)
}

fn of<'o>(outcome: &'o Outcome, method: &str, depth: usize) -> Vec<&'o Cell> {
    outcome.cells.iter().filter(|c| (c.method.as_str(), c.depth) == (method, depth)).collect()
}

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
    // Stages of equal time may be new, as another method may make that time longer.
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
        // The clock of a busy machine is not exact.
        assert!(row.seconds <= 3.0 * most + 0.5, "{row:?} of {most}");
    }
}

/// Seconds of pretraining and of one fine-tuning: first seed, deepest network, most labels.
fn seconds(outcome: &Outcome, method: &str) -> f64 {
    let layers = outcome.layers.iter().filter(|l| (l.method.as_str(), l.seed) == (method, 1));
    let pretraining: f64 = layers.map(|layer| layer.seconds).sum();
    let cell = of(outcome, method, 2).into_iter().find(|c| (c.labels, c.seed) == (100, 1));
    let is_random = ["none", "raw-logistic", "random-features", "relu-dropout"].contains(&method);
    assert_eq!(pretraining > 0.0, !is_random, "{method}");
    pretraining + cell.expect("a cell").tuning_seconds
}

/// The outcome without times.
fn without_times(mut outcome: Outcome) -> Outcome {
    for cell in &mut outcome.cells {
        (cell.seconds, cell.tuning_seconds) = (0.0, 0.0);
    }
    for layer in &mut outcome.layers {
        layer.seconds = 0.0;
        layer.epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
    }
    outcome
}

#[test]
fn broken_off_and_gone_on_with_is_never_broken_off() {
    let data = splits(false);
    let mut config = config(&["none", "denoising", "rbm"]);
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
        let outcome =
            run_comparison(&config, &methods(), &data, "bars", &store, &mut listen, &mut |_| ());
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
    let mut config = config(&["none", "denoising", "rbm"]);
    config.equal_seconds = None;
    // Unusual units must be restored with the layers. There is one layer, so that none learns from them.
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

#[test]
fn a_rate_that_diverges_is_left_out_unless_it_is_the_only_one() {
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
    assert!(cells.iter().all(|cell| cell.rates.learning_rate == 0.03));
    assert_eq!(diverged, 2 * 2, "depths and numbers of labels of the first seed");

    config.learning_rates = vec![1e300];
    let mut listen = |_: Event<'_>| ControlFlow::Continue(());
    let outcome =
        run_comparison(&config, &methods(), &data, "bars", &store, &mut listen, &mut |_| ());
    let error = outcome.expect_err("none is left");
    assert!(matches!(error, StudyError::Training(nn_core::TrainingError::Diverged { .. })));
}

/// Methods have the same labels, order, output layer and dropout: with the same random layers, both frozen,
/// they give the same networks.
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
    let pairs = study::compare_pairs(&outcome.cells, &methods().roles());
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
fn mistakes_in_settings_are_named() {
    let (config, methods) = (config(&["autoencoder", "sparse", "mixed"]), methods());
    let error = |change: &dyn Fn(&mut ComparisonConfig)| {
        let mut config = config.clone();
        change(&mut config);
        config.validate(&methods).expect_err("a mistake").to_string()
    };
    let twice = error(&|config| config.methods.push("sparse".into()));
    assert_eq!(twice, "comparison.methods = sparse: expected every method once");
    let unknown = error(&|config| config.methods.push("spares".into()));
    assert!(unknown.starts_with("comparison.methods: there is no method `spares`"), "{unknown}");
    assert!(unknown.ends_with("; did you mean `sparse`?"), "{unknown}");
    let twice = error(&|config| config.depths = vec![2, 1, 2]);
    assert_eq!(twice, "comparison.depths = 2: expected every depth once");
    let rate = error(&|config| config.learning_rates = vec![0.1, -0.1]);
    assert!(rate.starts_with("comparison.learning_rates = -0.1"), "{rate}");
    let multiplier = error(&|config| config.hidden_learning_rate_multipliers = vec![-1.0]);
    assert!(multiplier.contains("comparison.hidden_learning_rate_multipliers = -1"));
    let of_labels =
        error(&|config| config.labels[1].dropout = Some(Dropout { input: -0.1, hidden: 0.0 }));
    assert!(of_labels.starts_with("comparison.labels.dropout.input = -0.1"), "{of_labels}");
    let elsewhere = error(&|config| config.fine_tuning.updates = 7);
    assert!(elsewhere.starts_with("fine_tuning.updates = 7"), "{elsewhere}");

    let error = |change: &dyn Fn(&mut Methods)| {
        let mut methods = methods.clone();
        change(&mut methods);
        config.validate(&methods).expect_err("a mistake").to_string()
    };
    let size = error(&|methods| rbm(methods, "rbm").model.n_hidden = 3);
    assert!(size.starts_with("methods.rbm.layers.model.n_hidden = 3: expected no value"), "{size}");
    let deep = error(&|methods| autoencoder(methods, "sparse").model.encoder_layers = vec![9]);
    assert!(deep.starts_with("methods.sparse.layers.model.encoder_layers"), "{deep}");
    let top = error(&|methods| autoencoder(methods, "denoising").model.top_k = Some(2));
    assert!(top.starts_with("methods.denoising.layers.model.top_k = 2"), "{top}");
    let std = Some(Initialiser::Normal { std: -1.0 });
    let std = error(&|methods| random(methods, "none").initialiser = std);
    assert!(std.starts_with("methods.none.layers.initialiser.std = -1"), "{std}");
    let same = error(&|methods| autoencoder(methods, "sparse").training.penalty = None);
    assert!(
        same.starts_with("comparison.methods = sparse: expected methods that differ"),
        "{same}"
    );
    let role = error(&|methods| methods.0["none"].role = Role::Pretrained);
    assert!(role.starts_with("methods.none.layers = as given: expected a pretrained"), "{role}");
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
    for summary in summarise(&outcome.cells) {
        // Chance is 75 %; the standard error of 400 test samples is 2.2 points.
        let error = summary.test_error_pct.mean;
        assert!((66.0..84.0).contains(&error), "{}: {error} %", summary.method);
    }
    let (outcome, ..) = run(&config, &splits(false), &Store::new(folder.path().join("other")));
    let means: Vec<f64> = summarise(&outcome.cells).iter().map(|s| s.test_error_pct.mean).collect();
    assert!(means.iter().all(|&error| error < 60.0), "labels that mean something are: {means:?}");
}
