//! Fine-tuning with unlabelled samples: it uses them, is reproducible for any number of threads, and with
//! zero weight equals ordinary fine-tuning.

use std::ops::ControlFlow;

use ndarray::{Array2, s};
use nn_core::TrainingError;
use numerics::{Purpose, Stream, with_team};
use stack::{
    Classifier, Dropout, FineTuneConfig, FineTuned, Labelled, PretrainedLayer,
    RandomInitialisation, Unlabelled, VirtualAdversarial, fine_tune, fine_tune_with_unlabelled,
};
use stack::{PlannedLayer, greedy};

/// Points of two classes in two interleaving half rings, scaled to [0, 1]².
fn half_rings(n: usize) -> (Array2<f32>, Vec<u8>) {
    let mut uniforms = vec![0.0_f32; 3 * n];
    Stream::new(4, Purpose::new("rings")).fill_uniform(0, &mut uniforms);
    let point = |i: usize, axis: usize| {
        let (upper, angle) = (i.is_multiple_of(2), std::f32::consts::PI * uniforms[3 * i]);
        let noise = 0.05 * (uniforms[3 * i + 1 + axis] - 0.5);
        let (x, y) =
            if upper { (angle.cos(), angle.sin()) } else { (1.0 - angle.cos(), 0.5 - angle.sin()) };
        [(x + 1.0) / 3.0, (y + 0.5) / 1.5][axis] + noise
    };
    (Array2::from_shape_fn((n, 2), |(i, j)| point(i, j)), (0..n).map(|i| (i % 2) as u8).collect())
}

fn start(x: &Array2<f32>) -> Classifier<f32> {
    let relu = RandomInitialisation::suited_to(nn_core::Activation::Relu);
    let plan = [40, 40].map(|n_hidden| PlannedLayer::new(relu, n_hidden));
    let layers: Vec<PretrainedLayer> =
        greedy(&plan, x.view(), 1, &mut |_, _| ControlFlow::Continue(())).expect("random");
    Classifier::new(&layers, 2, 1)
}

fn tune(config: &FineTuneConfig) -> Result<FineTuned, TrainingError> {
    let (x, labels) = half_rings(1200);
    let train = Labelled { x: x.slice(s![..8, ..]), labels: &labels[..8] };
    let validation = Labelled { x: x.slice(s![1000.., ..]), labels: &labels[1000..] };
    let unlabelled = x.slice(s![..1000, ..]);
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    fine_tune_with_unlabelled(start(&x), train, unlabelled, validation, config, 1, go_on)
}

fn settings() -> FineTuneConfig {
    FineTuneConfig { updates: 120, batch_size: 8, evaluations: 2, ..Default::default() }
}

fn with(unlabelled: VirtualAdversarial) -> FineTuneConfig {
    FineTuneConfig { unlabelled: Some(Unlabelled::VirtualAdversarial(unlabelled)), ..settings() }
}

/// The boundary moves away from the samples, along the rings, which eight labels barely outline.
#[test]
fn unlabelled_samples_lower_the_error() {
    let long = |config: FineTuneConfig| FineTuneConfig {
        updates: 2_000,
        learning_rate: 0.005,
        evaluations: 1,
        ..config
    };
    let rings = VirtualAdversarial { radius: 0.1, finite_difference: 0.01, ..Default::default() };
    let without = tune(&long(settings())).expect("converges").validation_errors;
    let with = tune(&long(with(rings))).expect("converges").validation_errors;
    // Seen: 15 of 200, and 28 without the unlabelled samples. At least a third of the errors must disappear.
    assert!(with < 20 && with * 3 < without * 2, "{with} and {without} of 200");
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let dropout = Dropout { input: 0.1, hidden: 0.2 };
    let unlabelled = VirtualAdversarial::default();
    let config = FineTuneConfig { dropout, ..with(unlabelled) };
    let one = with_team(1, || tune(&config)).expect("converges");
    let three = with_team(3, || tune(&config)).expect("converges");
    assert_eq!(one, three);
}

#[test]
fn a_step_allocates_nothing() {
    let (x, labels) = half_rings(1200);
    let samples = Labelled { x: x.slice(s![..200, ..]), labels: &labels[..200] };
    let start = start(&x);
    let unlabelled = VirtualAdversarial::default();
    let allocations = |updates: usize| {
        let dropout = Dropout { input: 0.1, hidden: 0.2 };
        let (batch_size, evaluations) = (20, 1);
        let config =
            FineTuneConfig { updates, batch_size, evaluations, dropout, ..with(unlabelled) };
        let go_on = &mut |_: &_| ControlFlow::Continue(());
        let start = start.clone();
        let tune =
            || fine_tune_with_unlabelled(start, samples, x.view(), samples, &config, 1, go_on);
        let mut tuned = None;
        let allocations = allocation_counter::measure(|| tuned = Some(tune())).count_total;
        tuned.expect("it has run").expect("converges");
        allocations
    };
    allocations(80); // buffers that grow with use grow
    // 20 and 80 steps: two and eight epochs of the labelled samples, one and four of the others.
    assert_eq!(allocations(20), allocations(80));
}

#[test]
fn without_weight_fine_tuning_is_as_it_was() {
    let weighted = |weight| VirtualAdversarial {
        weight,
        entropy_weight: weight,
        balance_weight: weight,
        ..Default::default()
    };
    let plain = tune(&settings()).expect("converges");
    assert_eq!(tune(&with(weighted(0.0))).expect("converges"), plain);
    let little = tune(&with(weighted(1e-12))).expect("converges");
    let parameters = |tuned: &FineTuned| tuned.model.layers[0].weights.clone();
    let most = (parameters(&little) - parameters(&plain)).mapv(f32::abs);
    assert!(most.iter().all(|&difference| difference < 1e-4), "only rounding differs");
    assert_ne!(tune(&with(VirtualAdversarial::default())).expect("converges"), plain);
}

#[test]
fn unlabelled_samples_that_are_wanted_must_be_there() {
    let (x, labels) = half_rings(20);
    let samples = Labelled::new(&x, &labels);
    let none = x.slice(s![..0, ..]);
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let config = with(VirtualAdversarial::default());
    let tuned = fine_tune_with_unlabelled(start(&x), samples, none, samples, &config, 1, go_on);
    assert_eq!(
        tuned.expect_err("no samples").to_string(),
        "fine_tuning.unlabelled = virtual-adversarial: expected no value, as there are no \
         unlabelled samples"
    );
    // Without unlabelled samples, their cost applies to the labelled ones.
    let alone = fine_tune(start(&x), samples, samples, &config, 1, go_on).expect("converges");
    let both = fine_tune_with_unlabelled(start(&x), samples, x.view(), samples, &config, 1, go_on);
    assert_eq!(alone, both.expect("converges"));
    let bad = with(VirtualAdversarial { radius: -1.0, ..Default::default() });
    let error = fine_tune(start(&x), samples, samples, &bad, 1, go_on).expect_err("a radius");
    let expected = "fine_tuning.unlabelled.radius = -1: expected a finite number above 0";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn settings_of_earlier_versions_are_written_as_before() {
    let text = serde_json::to_string(&settings()).expect("plain");
    assert!(!text.contains("unlabelled"), "{text}");
    let short: FineTuneConfig =
        serde_json::from_str(r#"{"unlabelled": "virtual-adversarial"}"#).expect("a kind");
    let expected = with(VirtualAdversarial::default()).unlabelled;
    assert_eq!(short.unlabelled, expected);
}
