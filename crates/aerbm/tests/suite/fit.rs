//! Models fitted to arrays through the library.

use std::cell::Cell;

use aerbm::config::ProbeSettings;
use aerbm::mnist_io::{Block, BlockKind, Dataset, Splits};
use aerbm::ndarray::{Array2, s};
use aerbm::nn_core::Progress;
use aerbm::probe::probe;
use aerbm::stack::FineTuneConfig;
use aerbm::{Error, Monitor, RunConfig, Trained, TrainedClassifier};

/// Rows of twelve values in three classes, and the classes.
fn data() -> (Array2<f32>, Vec<u8>) {
    let x = Array2::from_shape_fn((600, 12), |(row, column)| {
        f32::from((row / 5 + column) % 3 == 0 && (row * 7 + column) % 11 != 0)
    });
    (x, (0..600_u16).map(|row| (row / 5 % 3) as u8).collect())
}

fn settings(preset: &str) -> RunConfig {
    let config = RunConfig::preset(preset).expect("a preset");
    let config = if preset == "dbn" {
        config.with("layers=[10, 8]").and_then(|config| config.with("top.epochs=3"))
    } else {
        config.with("model.n_hidden=8").and_then(|config| config.with("training.batch_size=20"))
    };
    config.and_then(|config| config.with("training.epochs=3")).expect("settings")
}

#[test]
fn a_fit_follows_from_its_seed_alone() {
    let (x, _) = data();
    for preset in ["rbm", "autoencoder", "dbn"] {
        let fit = |seed| aerbm::fit(&settings(preset), &x, seed).expect("a fit");
        let first = fit(1);
        assert_eq!(first.model, fit(1).model, "{preset}");
        assert_ne!(first.model, fit(2).model, "{preset}");
        // This fit runs inside a team of one thread.
        let alone = std::thread::scope(|scope| {
            let one = || numerics::with_team(1, || fit(1));
            scope.spawn(one).join().expect("no panic")
        });
        assert_eq!(alone.model, first.model, "{preset}");
        assert_eq!(first.model.encode(x.view()).nrows(), 600);
    }
}

#[test]
fn rows_and_labels_must_fit_the_model() {
    let (x, labels) = data();
    let rbm = aerbm::fit(&settings("rbm"), &x, 1).expect("a fit");
    let few = FineTuneConfig { updates: 20, batch_size: 20, ..Default::default() };
    let error = rbm.fine_tune(&x, &labels[..10], &few, 1).expect_err("ten labels");
    assert!(matches!(error, Error::Config(_)), "{error}");
    let narrow = x.slice(s![.., ..5]);
    let error = rbm.fine_tune(narrow, &labels, &few, 1).expect_err("five columns");
    assert!(matches!(error, Error::Width { expected: 12, found: 5, .. }), "{error}");
    let mut broken = x.clone();
    broken[[3, 4]] = f32::NAN;
    assert!(aerbm::fit(&settings("rbm"), &broken, 1).is_err());
}

#[test]
fn a_classifier_survives_its_folder_and_damage_is_named() {
    let (x, labels) = data();
    let trained = aerbm::fit(&settings("autoencoder"), &x, 1).expect("a fit");
    let few = FineTuneConfig { updates: 300, batch_size: 20, ..Default::default() };
    let classifier = trained.fine_tune(&x, &labels, &few, 1).expect("a classifier");
    assert!(classifier.validation_error_pct.is_some_and(|error| error < 20.0));
    let folder = tempfile::tempdir().expect("a temporary folder");
    classifier.save(&folder).expect("written");
    trained.save(&folder).expect("written");
    assert_eq!(TrainedClassifier::load(&folder).expect("a classifier"), classifier);
    assert_eq!(Trained::load(&folder).expect("a model"), trained);
    let file = folder.path().join("classifier.safetensors");
    let bytes = std::fs::read(&file).expect("there");
    std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("shortened");
    let error = TrainedClassifier::load(&folder).expect_err("half a file").to_string();
    assert!(error.contains("classifier.safetensors"), "{error}");
}

#[test]
fn missing_values_give_classifiers_no_input() {
    let (mut x, labels) = data();
    let trained = aerbm::fit(&settings("autoencoder"), &x, 1).expect("a fit");
    for ((row, column), value) in x.indexed_iter_mut() {
        if (row * 13 + column * 29) % 10 == 0 {
            *value = f32::NAN;
        }
    }
    let training = FineTuneConfig { updates: 300, batch_size: 20, ..Default::default() };
    let classifier = trained.fine_tune(&x, &labels, &training, 1).expect("it converges");
    assert!(classifier.validation_error_pct.is_some_and(|error| error < 30.0));

    let layout = vec![Block { kind: BlockKind::UnitInterval, width: 12 }];
    let labels = Some((labels, 3));
    let set = Dataset::from_incomplete_arrays("gaps", x, labels, layout).expect("no infinity");
    let splits = Splits {
        train: set.slice(0..400),
        validation: set.slice(400..500),
        test: set.slice(500..600),
        unlabelled: None,
    };
    for frozen in [true, false] {
        let settings =
            ProbeSettings { frozen, learning_rates: vec![0.01], training: training.clone() };
        let found = probe(&trained, &splits, &settings, 1, &()).expect("it converges");
        assert!(found.errors.iter().all(|error| error.value.is_finite()), "{found:?}");
    }
}

/// A monitor that stops after some epochs.
struct StopsAfter(Cell<usize>);

impl Monitor for StopsAfter {
    fn advance(&self, _: &Progress, _: f64) {
        self.0.set(self.0.get().saturating_sub(1));
    }

    fn interrupted(&self) -> bool {
        self.0.get() == 0
    }
}

#[test]
fn a_monitor_stops_a_fit() {
    let (x, _) = data();
    let monitor = StopsAfter(Cell::new(2));
    let error = aerbm::fit_with(&settings("rbm"), &x, 1, &monitor).expect_err("stopped");
    assert!(matches!(error, Error::Interrupted), "{error}");
}
