//! Fine-tuning that is paused between two steps and continued from a checkpoint equals uninterrupted
//! fine-tuning.

use ndarray::{Array2, s};
use nn_core::{Rule, TensorMap};
use numerics::{Purpose, Stream, with_team};
use stack::{
    Classifier, Dropout, FineTuneConfig, FineTuned, FineTuning, Job as _, Labelled, PlannedLayer,
    RandomInitialisation, ResumeError, Shift, Unlabelled, VirtualAdversarial,
    fine_tune_with_unlabelled, greedy,
};
use std::ops::ControlFlow;

/// Noisy bars at one of four positions of a 4 × 4 image.
fn bars(n: usize) -> (Array2<f32>, Vec<u8>) {
    let mut noise = vec![0.0_f32; 16 * n];
    Stream::new(7, Purpose::new("bars")).fill_uniform(0, &mut noise);
    let x = Array2::from_shape_fn((n, 16), |(i, j)| {
        f32::from(u8::from((j / 4 == i % 4) != (noise[i * 16 + j] < 0.2)))
    });
    (x, (0..n).map(|i| (i % 4) as u8).collect())
}

fn settings() -> Vec<FineTuneConfig> {
    let plain = FineTuneConfig {
        updates: 31,
        batch_size: 8,
        learning_rate: 0.02,
        evaluations: 4,
        ..Default::default()
    };
    let unlabelled = VirtualAdversarial { batch_size: 9, ..Default::default() };
    vec![
        FineTuneConfig {
            dropout: Dropout { input: 0.1, hidden: 0.3 },
            max_norm: Some(1.0),
            optimizer: Rule::Momentum { momentum: 0.9 },
            ..plain.clone()
        },
        FineTuneConfig {
            output_layer_first: 10,
            learning_rate_multipliers: vec![0.5, 0.1],
            shift: Some(serde_json::from_str::<Shift>(r#"{"pixels": 1}"#).expect("a shift")),
            evaluations: 100,
            ..plain.clone()
        },
        FineTuneConfig {
            unlabelled: Some(Unlabelled::VirtualAdversarial(unlabelled)),
            optimizer: Rule::RmsPropTf1 { decay: 0.9, epsilon: 1e-10 },
            evaluations: 1,
            ..plain.clone()
        },
        plain,
    ]
}

#[test]
fn fine_tuning_that_is_left_and_continued_gives_the_same_network() {
    let (x, labels) = bars(100);
    let plan = [9, 7].map(|n| PlannedLayer::new(RandomInitialisation::default(), n));
    let go_on = &mut |_: usize, _: &_| ControlFlow::Continue(());
    let start = Classifier::new(&greedy(&plan, x.view(), 1, go_on).expect("random"), 4, 1);
    let train = Labelled { x: x.slice(s![..30, ..]), labels: &labels[..30] };
    let validation = Labelled { x: x.slice(s![50.., ..]), labels: &labels[50..] };
    for (case, config) in settings().iter().enumerate() {
        let begin = || FineTuning::new(start.clone(), train, x.view(), validation, config, 1);
        let whole = fine_tune_with_unlabelled(
            start.clone(),
            train,
            x.view(),
            validation,
            config,
            1,
            &mut |_| ControlFlow::Continue(()),
        );
        let whole = whole.expect("converges");
        // Each session takes this many steps; the last one may stop at an evaluation.
        let left_every = |most: usize| -> (FineTuned, usize) {
            let (mut checkpoint, mut parts, mut sessions) = (None::<TensorMap>, 0, 0);
            loop {
                sessions += 1;
                let mut tuning = begin().expect("valid");
                if let Some(map) = &checkpoint {
                    tuning.restore(map, parts).expect("its own checkpoint");
                }
                let mut steps = 1;
                let mut pause = || {
                    steps += 1;
                    steps > most
                };
                parts += usize::from(tuning.part_until(&mut pause).expect("converges").is_some());
                if parts == tuning.n_evaluations() {
                    return (tuning.finish(), sessions);
                }
                let mut map = TensorMap::new();
                tuning.store(&mut map);
                checkpoint = Some(map);
            }
        };
        for (most, threads) in [(1, 1), (3, 2), (usize::MAX, 1)] {
            let (tuned, sessions) = with_team(threads, || left_every(most));
            assert_eq!(tuned, whole, "settings {case}, {most} steps");
            assert!(most > 3 || sessions >= 31 / most, "{sessions} sessions");
        }
    }
}

#[test]
fn checkpoints_that_lack_something_are_refused() {
    let (x, labels) = bars(40);
    let data = Labelled::new(&x, &labels);
    let config = FineTuneConfig { updates: 6, evaluations: 3, ..Default::default() };
    let model = Classifier::linear(16, 4, 1);
    let begin = || {
        FineTuning::new(model.clone(), data, x.view(), data, &config, 1).expect("valid settings")
    };
    let mut tuning = begin();
    assert_eq!(tuning.part_until(&mut || true), Ok(None));
    let mut map = TensorMap::new();
    tuning.store(&mut map);
    begin().restore(&map, 0).expect("whole");
    begin().restore(&map, 1).expect_err("no evaluation was made");
    for name in map.keys() {
        let mut lacking = map.clone();
        lacking.remove(name);
        let error = begin().restore(&lacking, 0).expect_err(name);
        assert!(matches!(&error, ResumeError::Tensors(_)), "{error}");
        assert!(error.to_string().contains(name.as_str()), "{name}: {error}");
    }
}

#[test]
fn samples_and_labels_that_do_not_fit_are_refused() {
    let (x, labels) = bars(40);
    let good = Labelled::new(&x, &labels);
    let config = FineTuneConfig { updates: 6, evaluations: 3, ..Default::default() };
    let narrow = x.slice(s![.., ..15]);
    let strange: Vec<u8> = labels.iter().map(|label| label + u8::from(*label == 3)).collect();
    let begin = |train, unlabelled, validation, config: &FineTuneConfig| {
        let model = Classifier::linear(16, 4, 1);
        FineTuning::new(model, train, unlabelled, validation, config, 1).map(|_| ())
    };
    for (bad, expected) in [
        (Labelled::new(&x, &labels[..39]), "there are 39 labels, but 40 samples"),
        (Labelled::new(narrow, &labels), "the data have 15 columns, but the model has 16"),
        (Labelled::new(&x, &strange), "sample 3 has the label 4, but the model has 4 classes"),
        (Labelled::new(x.slice(s![..0, ..]), &[]), "the training set is empty"),
    ] {
        for (train, validation) in [(bad, good), (good, bad)] {
            let error = begin(train, x.view(), validation, &config).expect_err(expected);
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }
    let settings = VirtualAdversarial::default();
    let unlabelled = Some(Unlabelled::VirtualAdversarial(settings));
    let config = FineTuneConfig { unlabelled, ..config };
    let error = begin(good, narrow, good, &config).expect_err("narrow").to_string();
    assert!(error.starts_with("the data have 15 columns"), "{error}");
}
