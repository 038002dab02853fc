//! Plans, and stages computed one by one, in any order, and by several workers at once.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use study::plan::{Graph, Plan, Planned};
use study::stage::{Key, Store};
use study::{ComparisonConfig, Event, Methods, Search, SearchSpace, Study, StudyError};

use crate::support::*;

/// A comparison of three methods and the standard classifiers, without clock-dependent parts.
fn three() -> ComparisonConfig {
    let mut config = config(&["none", "raw-logistic", "denoising", "rbm"]);
    config.equal_seconds = None;
    config.references = true;
    config.learning_rates = vec![0.01, 0.03];
    config.hidden_learning_rate_multipliers = vec![1.0];
    config
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.stages.iter().map(|stage| stage.name.as_str()).collect()
}

fn keys(stages: &[Planned]) -> Vec<Key> {
    stages.iter().map(|stage| stage.key.clone()).collect()
}

/// Computes the stages of these keys; returns the numbers of computed and abandoned stages.
fn work(study: &Study<'_>, keys: &[Key]) -> (usize, usize) {
    let (mut computed, mut abandoned) = (0, 0);
    let mut listen = |event: Event<'_>| {
        computed += usize::from(matches!(event, Event::Finished { .. }));
        abandoned += usize::from(matches!(event, Event::Abandoned { .. }));
        ControlFlow::Continue(())
    };
    study.work(keys, &mut listen).expect("the stages are there");
    (computed, abandoned)
}

#[test]
fn a_plan_has_the_keys_that_a_comparison_keeps_and_is_done_after_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (cache, data, methods, config) =
        (&Store::new(folder.path()), &splits(false), &methods(), &three());
    let study = Study { config, methods, data, data_key: "bars", cache };
    let before = study.plan().expect("a plan");
    assert!(before.stages.iter().all(|stage| !stage.done && stage.multiply_adds > 0.0));
    assert_eq!(before.multiply_adds_per_second, None);
    let words = names(&before);
    for name in [
        "denoising, layer 1, seed 1",
        "rbm, layer 2, seed 2",
        "none, 1 layer, 40 labels, seed 1, trial 2 of 2",
        "rbm, 2 layers, 100 labels, seed 2",
        "boosted trees, 100 labels, seed 1",
    ] {
        assert!(words.contains(&name), "{name} is not among {words:?}");
    }
    // Every stage comes after its dependencies.
    let mut seen = HashSet::new();
    for stage in &before.stages {
        assert!(stage.needs.iter().all(|need| seen.contains(need)), "{}", stage.name);
        assert!(seen.insert(&stage.key), "{} is there twice", stage.name);
    }
    // Layers, trials, cells that choose, layers above, cells of the second seed.
    assert_eq!(Graph::of(&before.stages, 1e9).waves().len(), 5);

    run(config, data, cache);
    let after = study.plan().expect("a plan");
    assert_eq!(keys(&after.stages), keys(&before.stages), "keys do not change");
    assert!(after.stages.iter().all(|stage| stage.done));
    assert!(after.multiply_adds_per_second.is_some_and(|speed| speed > 1e3));
    let kept = cache.keys().expect("a folder");
    assert_eq!(kept.len(), after.stages.len());
    for stage in before.stages.iter().filter(|stage| stage.name.contains("seed 1")) {
        assert!(kept.contains(stage.key.as_str()), "{}", stage.name);
    }
}

#[test]
fn stages_in_the_worst_order_give_what_a_comparison_gives() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, methods, config) = (&splits(false), &methods(), &three());
    let (whole, ..) = run(config, data, &Store::new(folder.path().join("whole")));
    let cache = &Store::new(folder.path().join("pieces"));
    let study = Study { config, methods, data, data_key: "bars", cache };
    let plan = study.plan().expect("a plan");
    let mut backwards = keys(&plan.stages);
    backwards.reverse();
    for some in backwards.chunks(3) {
        work(&study, some);
    }
    assert!(study.plan().expect("a plan").stages.iter().all(|stage| stage.done));
    let (pieces, computed, _) = run(config, data, cache);
    assert_eq!(computed, 0, "everything is there");
    assert_eq!(without_times(pieces), without_times(whole));

    let unknown = Key::new("no such stage", &1);
    let error = study.work(&[unknown], &mut |_| ControlFlow::Continue(()));
    let error = error.expect_err("no such stage");
    assert!(matches!(error, StudyError::UnknownStage(_)), "{error}");
}

#[test]
fn workers_at_one_store_compute_each_stage_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, methods, config) = (&splits(false), &methods(), &three());
    let (whole, n_stages, _) = run(config, data, &Store::new(folder.path().join("whole")));
    let cache = &Store::new(folder.path().join("shared"));
    let study = Study { config, methods, data, data_key: "bars", cache };
    let plan = study.plan().expect("a plan");
    let computed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let (study, plan, computed) = (&study, &plan, &computed);
            scope.spawn(move || {
                // Every worker does everything, in three orders.
                let mut all = keys(&plan.stages);
                all.rotate_left(worker * plan.stages.len() / 3);
                computed.fetch_add(work(study, &all).0, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(computed.into_inner(), n_stages);
    let (shared, computed, _) = run(config, data, cache);
    assert_eq!(computed, 0);
    assert_eq!(without_times(shared), without_times(whole));
    let ending = |path: std::path::PathBuf| path.extension().map(ToOwned::to_owned);
    let files = std::fs::read_dir(cache.folder()).expect("a folder");
    let is_result =
        |file: std::fs::DirEntry| ending(file.path()).is_some_and(|e| e == "safetensors");
    assert!(files.into_iter().all(|file| is_result(file.expect("an entry"))), "no claim is left");
}

#[test]
fn layers_of_later_seeds_are_planned_when_the_noise_is_chosen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, methods) = (&splits(false), &methods());
    let mut config = config(&["denoising"]);
    (config.depths, config.equal_seconds) = (vec![1], None);
    let space = SearchSpace { corruption: vec![0.1, 0.6], ..SearchSpace::default() };
    config.search = Some(Search { trials: 3, space });
    let config = &config;
    let (whole, ..) = run(config, data, &Store::new(folder.path().join("whole")));
    let cache = &Store::new(folder.path().join("pieces"));
    let study = Study { config, methods, data, data_key: "bars", cache };
    let plan = study.plan().expect("a plan");
    let layers = |plan: &Plan| -> Vec<String> {
        let all = plan.stages.iter().map(|stage| stage.name.clone());
        all.filter(|name| name.contains("layer 1,")).collect()
    };
    assert!(layers(&plan).iter().all(|name| name.ends_with("seed 1")), "{:?}", layers(&plan));
    let of_first = |plan: &Plan| -> Vec<Key> {
        let stages = plan.stages.iter().filter(|stage| stage.name.contains("seed 1"));
        stages.map(|stage| stage.key.clone()).collect()
    };
    work(&study, &of_first(&plan));
    let then = study.plan().expect("a plan");
    assert!(layers(&then).iter().any(|name| name.ends_with("seed 2")), "{:?}", layers(&then));
    assert_eq!(of_first(&then), of_first(&plan));
    work(&study, &keys(&then.stages));
    let (pieces, computed, _) = run(config, data, cache);
    assert_eq!(computed, 0);
    assert_eq!(without_times(pieces), without_times(whole));
}

/// The methods with an RBM that diverges at this learning rate.
fn diverging(rate: f64) -> Methods {
    let mut methods = methods();
    rbm(&mut methods, "rbm").training.learning_rate = rate;
    methods
}

#[test]
fn stages_that_diverge_are_settled_and_not_tried_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, methods) = (&splits(false), &diverging(1e30));
    let mut config = config(&["none", "rbm"]);
    (config.depths, config.equal_seconds) = (vec![1], None);
    let config = &config;
    let cache = &Store::new(folder.path());
    let study = Study { config, methods, data, data_key: "bars", cache };
    let plan = study.plan().expect("a plan");
    let (_, abandoned) = work(&study, &keys(&plan.stages));
    let of_rbm = plan.stages.iter().filter(|stage| stage.name.starts_with("rbm"));
    assert_eq!(abandoned, of_rbm.clone().count());
    assert!(study.plan().expect("a plan").stages.iter().all(|stage| stage.done));
    for stage in of_rbm {
        let settled = cache.settled(&stage.key).expect("readable").expect("a note");
        assert_eq!(settled.result, None);
        assert!(settled.failure.is_some_and(|reason| reason.contains("finite")), "{}", stage.name);
    }
    let (outcome, ..) = run_with(config, methods, data, cache);
    assert_eq!((outcome.cells.len(), outcome.failures.len()), (4, 4));
}

/// Layers trained at a lower rate have different keys than planned, as do the cells on them.
#[test]
fn stages_of_lower_rates_are_settled_with_their_results() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, methods) = (&splits(false), &diverging(1e38));
    let mut config = config(&["rbm"]);
    (config.depths, config.seeds, config.equal_seconds) = (vec![1], 1, None);
    let config = &config;
    let (whole, ..) = run_with(config, methods, data, &Store::new(folder.path().join("whole")));
    let cache = &Store::new(folder.path().join("pieces"));
    let study = Study { config, methods, data, data_key: "bars", cache };
    work(&study, &keys(&study.plan().expect("a plan").stages));
    assert!(study.plan().expect("a plan").stages.iter().all(|stage| stage.done));
    let (pieces, ..) = run_with(config, methods, data, cache);
    assert_eq!(without_times(pieces), without_times(whole));
}
