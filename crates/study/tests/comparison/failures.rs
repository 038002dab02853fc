//! Diverging training: lower rates, and cells without a network.

use std::ops::ControlFlow;

use study::stage::Store;
use study::{ComparisonConfig, Event, Methods, Outcome, StudyError, refit, run_comparison};

use crate::support::*;

/// The outcome, the number of attempts at lower rates, and the number of reported failures.
fn outcome(config: &ComparisonConfig, methods: &Methods, store: &Store) -> (Outcome, usize, usize) {
    let (mut retried, mut failed) = (0, 0);
    let mut listen = |event: Event<'_>| {
        retried += usize::from(matches!(event, Event::Retried { .. }));
        failed += usize::from(matches!(event, Event::Failed { .. }));
        ControlFlow::Continue(())
    };
    let data = splits(false);
    let found = run_comparison(config, methods, &data, "bars", store, &mut listen, &mut |_| ());
    (found.expect("the comparison goes on"), retried, failed)
}

fn small(names: &[&str]) -> ComparisonConfig {
    let mut config = config(names);
    config.equal_seconds = None;
    config.depths = vec![1];
    config.seeds = 1;
    config
}

#[test]
fn a_method_whose_training_diverges_fails_and_the_others_are_computed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut methods = methods();
    rbm(&mut methods, "rbm").training.learning_rate = 1e30;
    let config = small(&["none", "rbm"]);
    let store = Store::new(folder.path());
    let (found, retried, failed) = outcome(&config, &methods, &store);
    assert_eq!((found.cells.len(), found.failures.len(), failed), (2, 2, 2));
    assert_eq!(retried, 2 * 3, "three lower rates for each number of labels");
    let failure = &found.failures[0];
    assert_eq!((failure.method.as_str(), failure.labels, failure.seed), ("rbm", 40, 1));
    assert!(failure.reason.contains("finite"), "{}", failure.reason);
    let setting = "; lower methods.rbm.layers.training.learning_rate";
    assert!(failure.reason.ends_with(setting), "{}", failure.reason);
}

#[test]
fn a_third_of_the_rate_is_tried_before_a_cell_fails() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut config = small(&["none"]);
    config.learning_rates = vec![1e300];
    let store = Store::new(folder.path());
    let (found, ..) = outcome(&config, &methods(), &store);
    assert_eq!(found.failures.len(), 2, "a third of the rate is too much as well");
    let reason = &found.failures[0].reason;
    assert!(reason.ends_with("; lower comparison.learning_rates"), "{reason}");

    // A rate that overflows only if it is not lowered.
    let mut methods = methods();
    rbm(&mut methods, "rbm").training.learning_rate = 300.0;
    let (found, retried, _) = outcome(&small(&["rbm"]), &methods, &store);
    assert!(retried > 0 || found.failures.is_empty(), "{found:?}");
}

#[test]
fn the_network_of_a_cell_is_computed_again_to_the_bit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, data, methods) = (Store::new(folder.path()), splits(false), methods());
    let config = small(&["none", "raw-logistic", "rbm"]);
    let (found, ..) = outcome(&config, &methods, &store);
    for cell in &found.cells {
        let mut listen = |_: Event<'_>| ControlFlow::Continue(());
        let again = refit(&config, &methods, &data, "bars", &store, &mut listen, cell);
        let again = again.expect("it converged before");
        assert_eq!(again.model.predict(data.test.images.view()), cell.predictions);
        assert_eq!(again.cell.history, cell.history);
        assert_eq!(again.cell.depth, cell.depth);
    }
    let mut listen = |_: Event<'_>| ControlFlow::Break(());
    let stopped = refit(&config, &methods, &data, "bars", &store, &mut listen, &found.cells[0]);
    assert!(matches!(stopped, Err(StudyError::Training(nn_core::TrainingError::Interrupted))));
}
