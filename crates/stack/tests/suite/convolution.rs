//! Convolutional layers in stacks and classifiers.

use std::ops::ControlFlow;

use ae_core::Shift;
use ndarray::Array2;
use nn_core::{
    Activation, Connection, Convolution, Initialiser, Layer, Parameters as _, Pooling, TensorMap,
    check_gradient, restore, store,
};
use numerics::{Purpose, Stream, with_team};
use stack::{
    Classifier, ClassifierMemory, Dropout, FineTuneConfig, FineTuned, Labelled, LayerPretraining,
    PlannedLayer, PretrainedLayer, classification_cost_and_gradient, fine_tune, fit_to_images,
    greedy, layer_changes, unroll,
};

/// Images of 10 × 10 pixels with a dash of four pixels, and its direction as the label.
fn dashes(n: usize) -> (Array2<f32>, Vec<u8>) {
    let labels: Vec<u8> = (0..n).map(|i| u8::from(i % 2 == 1)).collect();
    let images = Array2::from_shape_fn((n, 100), |(i, pixel)| {
        let (y, x) =
            if labels[i] == 0 { (pixel / 10, pixel % 10) } else { (pixel % 10, pixel / 10) };
        let (line, start) = (i * 7 % 10, i * 3 % 7);
        f32::from(u8::from(y == line && (start..start + 4).contains(&x)))
    });
    (images, labels)
}

const RANDOM: &str = r#"[
    {"kind": "random", "hidden": "relu", "convolution": {"maps": 6, "kernel": 3, "pool": 2}},
    {"kind": "random", "hidden": "relu", "convolution": {"maps": 8, "kernel": 3, "padding": 1, "pool": 2}},
    {"kind": "random", "hidden": "relu"}
]"#;

const PRETRAINED: &str = r#"[
    {"kind": "autoencoder", "model": {"hidden": "relu", "convolution": {"maps": 6, "kernel": 3, "pool": 2}},
     "training": {"epochs": 3, "corruption": {"kind": "masking", "fraction": 0.2}}},
    {"kind": "autoencoder",
     "model": {"hidden": "relu", "output": "relu", "loss": "squared-error",
               "convolution": {"maps": 8, "kernel": 3, "padding": 1, "pool": 2}},
     "training": {"epochs": 3}},
    {"kind": "autoencoder", "model": {"hidden": "relu", "output": "relu", "loss": "squared-error"},
     "training": {"epochs": 3}}
]"#;

fn plan(text: &str) -> Vec<PlannedLayer> {
    let mut layers: Vec<LayerPretraining> = serde_json::from_str(text).expect("settings");
    fit_to_images(&mut layers, Some([10, 10, 1])).expect("they fit");
    layers.into_iter().map(|layer| PlannedLayer::new(layer, 20)).collect()
}

fn learned(text: &str) -> Vec<PretrainedLayer> {
    let (x, _) = dashes(280);
    greedy(&plan(text), x.view(), 1, &mut |_, _| ControlFlow::Continue(())).expect("converges")
}

fn tuned(layers: &[PretrainedLayer], config: &FineTuneConfig) -> FineTuned {
    let (x, labels) = dashes(280);
    let (train, validation) = (ndarray::s![..210, ..], ndarray::s![210.., ..]);
    let part = |rows, labels| Labelled { x: x.slice(rows), labels };
    let model = Classifier::new(layers, 2, 1);
    let sets = (part(train, &labels[..210]), part(validation, &labels[210..]));
    fine_tune(model, sets.0, sets.1, config, 1, &mut |_| ControlFlow::Continue(()))
        .expect("converges")
}

#[test]
fn a_network_learns_on_any_number_of_threads() {
    let config = FineTuneConfig {
        updates: 250,
        batch_size: 30,
        learning_rate: 5e-3,
        evaluations: 5,
        dropout: Dropout { input: 0.0, hidden: 0.2 },
        shift: Some(Shift { pixels: 1, width: None, channels: 1 }),
        ..Default::default()
    };
    let layers = learned(RANDOM);
    assert!(matches!(layers[1].encoder.connection, Connection::Convolution(_)));
    assert_eq!(layers[2].encoder.weights.dim(), (2 * 2 * 8, 20));
    let one = tuned(&layers, &config);
    assert!(one.validation_errors <= 3, "{:?}", one.history);
    for threads in [2, 3, 8] {
        assert_eq!(with_team(threads, || tuned(&layers, &config)), one, "{threads} threads");
    }
    let still = tuned(&layers, &FineTuneConfig { shift: None, ..config.clone() });
    assert_ne!(still.model, one.model);
    let (x, labels) = dashes(50);
    let changes = layer_changes(&Classifier::new(&layers, 2, 1), &one.model, x.view(), &labels);
    assert!(changes.iter().all(|change| change.distance > 0.0 && change.cka > 0.0));
    let error =
        FineTuneConfig { shift: Some(Shift { pixels: 10, width: None, channels: 1 }), ..config };
    let model = Classifier::new(&layers, 2, 1);
    let data = Labelled { x: x.view(), labels: &labels };
    let error = fine_tune(model, data, data, &error, 1, &mut |_| ControlFlow::Continue(()));
    let error = error.expect_err("as far as the image is wide").to_string();
    assert!(error.starts_with("fine_tuning.shift.pixels = 10: expected less than"), "{error}");
}

#[test]
fn unlabelled_samples_train_a_convolutional_network_too() {
    let text = r#"{"updates": 20, "batch_size": 30, "evaluations": 2,
        "unlabelled": {"kind": "virtual-adversarial", "batch_size": 20}}"#;
    let config: FineTuneConfig = serde_json::from_str(text).expect("settings");
    let layers = learned(RANDOM);
    let one = tuned(&layers, &config);
    assert!(one.model.all_finite());
    assert_eq!(with_team(2, || tuned(&layers, &config)), one);
}

#[test]
fn a_stack_is_pretrained_layer_by_layer_unrolled_and_restored() {
    let layers = learned(PRETRAINED);
    let (x, _) = dashes(30);
    // The unrolled network is the mean-field pass through the stack.
    let up = layers.iter().fold(x.clone(), |x, layer| layer.encode(x.view()));
    let down = layers.iter().rev().fold(up.clone(), |h, layer| layer.decode(h.view()));
    let deep = unroll(&layers);
    assert_eq!((deep.encode(&x), deep.reconstruct(&x)), (up, down));

    let plan = plan(PRETRAINED);
    let mut n_inputs = 100;
    for (planned, layer) in plan.iter().zip(&layers) {
        let mut map = TensorMap::new();
        store(layer, "", &mut map);
        let mut copy = planned.zeros(n_inputs, layer.units());
        restore(&mut copy, "", &map).expect("the same shapes");
        assert_eq!(copy, *layer);
        n_inputs = planned.n_features();
        assert_eq!(n_inputs, layer.encoder.n_outputs());
    }
    let config = FineTuneConfig { updates: 100, batch_size: 30, ..Default::default() };
    assert!(tuned(&layers, &config).validation_errors <= 5);
}

#[test]
fn steps_allocate_nothing() {
    let layers = learned(RANDOM);
    let allocations = |updates| {
        let shift = Some(Shift { pixels: 1, width: None, channels: 1 });
        let config =
            FineTuneConfig { updates, batch_size: 30, evaluations: 2, shift, ..Default::default() };
        let mut done = None;
        let run = || done = Some(tuned(&layers, &config));
        let count = allocation_counter::measure(run).count_total;
        assert!(done.is_some());
        count
    };
    allocations(21); // buffers that grow with use grow
    assert_eq!(allocations(7), allocations(21));
}

#[test]
fn a_convolution_that_is_not_of_the_inputs_is_named() {
    let mut plan = plan(RANDOM);
    plan.truncate(1);
    let refusal =
        greedy(&plan, Array2::zeros((5, 99)).view(), 1, &mut |_, _| ControlFlow::Continue(()));
    let refusal = refusal.expect_err("100 values").to_string();
    assert!(refusal.starts_with("convolution.input = [10, 10, 1]: expected a height"), "{refusal}");
}

#[test]
fn the_gradient_of_a_convolutional_classifier_matches_central_differences() {
    let stream = Stream::new(3, Purpose::new("test"));
    let mut x = Array2::zeros((4, 98));
    stream.fill_uniform(0, x.as_slice_mut().expect("just made"));
    let below = Convolution {
        input: [7, 7, 2],
        maps: 4,
        kernel: 3,
        stride: 1,
        padding: 1,
        pool: Pooling::Max(2),
    };
    for pool in [Pooling::Max(1), Pooling::AVERAGE] {
        let above = Convolution { input: below.output(), kernel: 2, padding: 0, pool, ..below };
        let layer = |index, connection, n: (usize, usize)| -> Layer<f64> {
            let initialiser = Initialiser::Normal { std: 0.5 };
            initialiser.layer(connection, n.0, n.1, stream.layer(index))
        };
        let model = Classifier {
            layers: vec![
                layer(0, Connection::Convolution(below), (0, 0)),
                layer(1, Connection::Convolution(above), (0, 0)),
                layer(2, Connection::Full, (above.n_outputs(), 3)),
            ],
            units: vec![Activation::Tanh; 2],
        };
        let mut memory = ClassifierMemory::new(&model, 4);
        let cost = |model: &Classifier<f64>| {
            classification_cost_and_gradient(model, x.view(), &[0, 1, 2, 2], &mut memory)
        };
        let mut gradient_memory = ClassifierMemory::new(&model, 4);
        let labels = [0, 1, 2, 2];
        classification_cost_and_gradient(&model, x.view(), &labels, &mut gradient_memory);
        let check = check_gradient(&model, &gradient_memory.gradient, cost);
        assert!(check.max_relative_error < 1e-6, "{pool:?}: {}", check.worst);
    }
}

/// The encoder takes the maximum of a block instead of its log-sum-exp, so its log-odds are lower by at most
/// ln 4 with blocks of 2 × 2; the decoder is the RBM's own.
#[test]
fn a_convolutional_rbm_becomes_a_layer() {
    use rbm_core::Unit;
    use rbm_core::convolutional::{ConvRbm, ConvRbmConfig, ImageShape};

    let image = ImageShape { height: 6, width: 8, channels: 2 };
    let x = Array2::from_shape_fn((5, 96), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 10.0);
    let config = ConvRbmConfig { maps: 3, kernel: 3, pool: 2, ..ConvRbmConfig::default() };
    for visible in [Unit::Binary, Unit::Gaussian] {
        let config = ConvRbmConfig { visible, weight_std: 0.3, ..config };
        let rbm = ConvRbm::new(&config, image, &x, 1, 0).expect("it fits");
        let layer = PretrainedLayer::from(rbm.clone());
        let (pooled, found) = (rbm.encode(x.view()), layer.encode(x.view()));
        let log_odds = |p: &f32| (p / (1.0 - p)).ln();
        for (exact, found) in pooled.iter().zip(&found) {
            let above = log_odds(exact) - log_odds(found);
            assert!((-1e-4..4.0_f32.ln() + 1e-4).contains(&above), "{above}");
        }
        let (exact, found) = (rbm.decode(pooled.view()), layer.decode(pooled.view()));
        let largest = (&exact - &found).mapv(f32::abs).fold(0.0_f32, |a, &b| a.max(b));
        assert!(largest < 1e-5, "{visible:?}: {largest}");
    }
}

const RBMS: &str = r#"[
    {"kind": "conv-rbm", "model": {"maps": 6, "kernel": 3, "pool": 2}, "training": {"epochs": 2}},
    {"kind": "conv-rbm", "model": {"maps": 8, "kernel": 3}, "training": {"epochs": 2}},
    {"kind": "random"}
]"#;

#[test]
fn convolutional_rbms_are_stacked_and_fine_tuned() {
    let layers = learned(RBMS);
    let sizes = layers.iter().map(|layer| layer.encoder.n_outputs());
    assert!(sizes.eq([4 * 4 * 6, 8, 20]));
    let config = FineTuneConfig { updates: 300, learning_rate: 1e-2, ..FineTuneConfig::default() };
    let found = tuned(&layers, &config);
    assert!(found.validation_errors <= 7, "{} of 70", found.validation_errors);

    let refusal = |text: &str| {
        let mut layers: Vec<LayerPretraining> = serde_json::from_str(text).expect("settings");
        fit_to_images(&mut layers, Some([10, 10, 1])).expect_err("does not fit").to_string()
    };
    let found = refusal(r#"[{"kind": "conv-rbm", "model": {"maps": 2, "kernel": 11}}]"#);
    assert!(found.starts_with("convolution.kernel = 11"), "{found}");
}
