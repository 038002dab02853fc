//! A comparison as a whole, on data made up here: every method, kept stages, equal time, and the
//! control that must fail.

use std::ops::ControlFlow;

use mnist_io::{Dataset, ImageShape, Mnist, Partition, Splits};
use ndarray::Array2;
use numerics::{Purpose, Stream};
use study::stage::Store;
use study::{
    Cell, ComparisonConfig, Event, LabelBudget, Method, Outcome, run_comparison, summarise,
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
    let mnist = Mnist { train: bars(500, 0, shuffled), test: bars(400, 1, shuffled) };
    Splits::new(mnist, Partition::Train(300)).expect("some are left")
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
        .map(|(count, updates)| LabelBudget { count, updates, batch_size: 20 })
        .to_vec();
    for settings in [
        &mut config.autoencoder,
        &mut config.sparse,
        &mut config.denoising,
        &mut config.contractive,
    ] {
        settings.training.epochs = 2;
    }
    config.rbm.training.epochs = 2;
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
    assert!(reused_now >= reused, "a new method leaves what is there");
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
    let most = outcome.equal_seconds.iter().map(|row| row.seconds).fold(0.0, f64::max);
    for row in &outcome.equal_seconds {
        let cell = of(&outcome, row.method, 2);
        let cell = cell.iter().find(|c| (c.labels, c.seed) == (100, 1)).expect("a cell");
        assert!(row.finetune_updates >= cell.finetune_updates, "{row:?}");
        assert!(row.seconds <= 5.0 * most);
    }
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
    assert!(means.iter().any(|&error| error < 30.0), "labels that mean something are: {means:?}");
}
