//! RBMs that learn from arrays epoch by epoch and step by step.

use aerbm::ndarray::Array2;
use aerbm::nn_core::Doubles;
use aerbm::{RbmLearner, RunConfig, Trained, config::RbmSettings};

fn stripes() -> Array2<f32> {
    Array2::from_shape_fn((120, 12), |(row, column)| f32::from((row + column) % 3 == 0))
}

fn settings(assignments: &[&str]) -> RbmSettings {
    let preset = RunConfig::preset("rbm").expect("a preset");
    let with = |config: RunConfig, assignment: &&str| config.with(assignment).expect("a setting");
    let config = ["model.n_hidden=6", "training.batch_size=20", "training.epochs=3"];
    let config = config.iter().chain(assignments).fold(preset, with);
    let RunConfig::Rbm(settings) = config else { unreachable!("the preset is of an RBM") };
    settings
}

#[test]
fn epochs_give_the_model_that_fit_gives() {
    let (x, settings) = (stripes(), settings(&[]));
    let fitted = aerbm::fit(&RunConfig::Rbm(settings.clone()), &x, 7).expect("trained");
    let doubles = x.mapv(f64::from);
    let mut learner = RbmLearner::new(&settings, &Doubles(doubles.view()), 7).expect("valid");
    for _ in 0..3 {
        learner.epoch(&Doubles(doubles.view())).expect("trained");
    }
    assert_eq!(learner.trained().model, fitted.model);
    let folder = tempfile::tempdir().expect("a temporary folder");
    learner.trained().save(folder.path()).expect("saved");
    let loaded = Trained::load(folder.path()).expect("loaded");
    assert_eq!(loaded, learner.trained());
    let bytes = loaded.to_bytes().expect("serialised");
    assert_eq!(std::fs::read(folder.path().join("model.safetensors")).expect("a file"), bytes);
    let from_bytes = Trained::from_bytes(&bytes).expect("the same");
    assert_eq!(from_bytes.model, loaded.model);
    assert_eq!(from_bytes.to_bytes().expect("serialised"), bytes);
    assert!(Trained::from_bytes(&bytes[..90]).is_err());
}

#[test]
fn steps_go_on_from_a_state() {
    let x = stripes();
    let settings = settings(&["training.algorithm={kind=\"pcd\", chains=10}"]);
    let mut learner = RbmLearner::new(&settings, &x, 1).expect("valid");
    assert_eq!(learner.chains().expect("persistent").dim(), (10, 6));
    for _ in 0..5 {
        learner.step(&x).expect("a step");
    }
    let (trained, state) = (learner.trained(), learner.state());
    let mut again = RbmLearner::resume(&trained, &state, learner.steps(), &x).expect("the state");
    learner.step(&x).expect("a step");
    again.step(&x).expect("a step");
    assert_eq!(again.trained(), learner.trained());
    let other = RbmLearner::resume(&trained, &aerbm::nn_core::TensorMap::new(), 1, &x);
    assert!(other.expect_err("no state").to_string().contains("the state of training"));
}

#[test]
fn the_number_of_threads_is_kept() {
    let started = || aerbm::threads().started;
    let inside = aerbm::with_n_threads(1, || (started(), aerbm::with_threads(started)));
    assert_eq!(inside, (1, 1));
    assert_eq!(aerbm::with_n_threads(3, started), 3);
}
