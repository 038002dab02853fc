//! Whole stacks: they unroll exactly, learn true labels but not shuffled ones, continue from
//! checkpoints, and the control differs from the others in its initial weights alone.

use std::ops::ControlFlow;

use ae_core::{Autoencoder, AutoencoderConfig};
use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Metric, TensorMap, TrainingError};
use numerics::{Purpose, Stream};
use rbm_core::{Rbm, RbmConfig, Unit};
use stack::{
    AutoencoderPretraining, Begun, Classifier, DeepPretraining, FineTuneConfig, Greedy, Labelled,
    LayerPretraining, PcaInitialisation, PlannedLayer, PretrainedLayer, Pretraining as _,
    RandomInitialisation, RbmLayerTraining, RbmPretraining, fine_tune, greedy, unroll, unroll_into,
};

/// Noisy bars at one of four positions in a row of 16; the position is the class.
fn bars(n: usize, salt: usize) -> (Array2<f32>, Vec<u8>) {
    let mut noise = vec![0.0_f32; n * 16];
    Stream::new(3, Purpose::new("noise")).layer(salt).fill_uniform(0, &mut noise);
    let x = Array2::from_shape_fn((n, 16), |(i, j)| {
        let on = j / 4 == i % 4;
        f32::from(u8::from(on != (noise[i * 16 + j] < 0.1)))
    });
    (x, (0..n).map(|i| (i % 4) as u8).collect())
}

fn methods() -> [LayerPretraining; 3] {
    let mut autoencoder = AutoencoderPretraining::default();
    autoencoder.training.epochs = 5;
    autoencoder.model.tied = true;
    let mut rbm = RbmPretraining::default();
    rbm.training.epochs = 5;
    [RandomInitialisation::default().into(), autoencoder.into(), rbm.into()]
}

fn plan(method: &LayerPretraining, sizes: &[usize]) -> Vec<PlannedLayer> {
    sizes.iter().map(|&n_hidden| PlannedLayer::new(method.clone(), n_hidden)).collect()
}

fn layers(method: &LayerPretraining, x: ArrayView2<f32>) -> Vec<PretrainedLayer> {
    let plan = plan(method, &[12, 8]);
    greedy(&plan, x, 1, &mut |_, _| ControlFlow::Continue(())).expect("converges")
}

#[test]
fn the_unrolled_network_begins_as_the_stacks_mean_field_pass() {
    let (x, _) = bars(200, 0);
    for method in methods() {
        let layers = layers(&method, x.view());
        let code = layers[1].encode(layers[0].encode(x.view()).view());
        let back = layers[0].decode(layers[1].decode(code.view()).view());
        let deep = unroll(&layers);
        assert_eq!(deep.encode(x.view()), code);
        assert_eq!(deep.reconstruct(x.view()), back);
    }
}

/// Only the first layer sees grey values; the inputs of those above are probabilities.
#[test]
fn truncated_exponential_units_are_those_of_the_data() {
    let (x, _) = bars(200, 0);
    let mut grey = RbmPretraining::default();
    grey.training.epochs = 2;
    let binary = grey.clone();
    grey.model.visible = Unit::TruncatedExponential;
    let learn = |settings: &RbmPretraining, layer| {
        let go_on = &mut |_: &_| ControlFlow::Continue(());
        let method = LayerPretraining::from(settings.clone());
        method.learn(x.view(), 12, 1, layer, go_on).expect("converges")
    };
    assert_ne!(learn(&grey, 0).encoder, learn(&binary, 0).encoder);
    assert_eq!(learn(&grey, 1), learn(&binary, 1));
}

fn validation_error(train_labels: &[u8], method: &LayerPretraining) -> f64 {
    let ((x, _), (v, v_labels)) = (bars(400, 0), bars(400, 1));
    let classifier = Classifier::new(&layers(method, x.view()), 4, 1);
    let (train, validation) = (Labelled::new(&x, train_labels), Labelled::new(&v, &v_labels));
    let config =
        FineTuneConfig { updates: 400, batch_size: 30, learning_rate: 0.02, ..Default::default() };
    let tuned =
        fine_tune(classifier, train, validation, &config, 1, &mut |_| ControlFlow::Continue(()))
            .expect("converges");
    assert_eq!(tuned.model.count_errors(&v, &v_labels), tuned.validation_errors);
    assert_eq!(tuned.history.len(), config.evaluations);
    assert_eq!(tuned.history.last().expect("some").updates, config.updates);
    // The last evaluation, since the best of twenty is biased downwards.
    tuned.history.last().expect("some").validation_errors as f64 / 400.0
}

#[test]
fn true_labels_are_learned_and_shuffled_ones_are_not() {
    let (_, labels) = bars(400, 0);
    for method in methods() {
        let error = validation_error(&labels, &method);
        assert!(error < 0.05, "{error}");
        // With four positions a single shuffle can be close to the true labels; the mean of six is not.
        let mean = (0..6).map(|i| {
            let mut shuffled = labels.clone();
            let mut rng = Stream::new(9, Purpose::new("shuffle")).layer(i).rng();
            rand::seq::SliceRandom::shuffle(shuffled.as_mut_slice(), &mut rng);
            validation_error(&shuffled, &method) / 6.0
        });
        let mean: f64 = mean.sum();
        assert!(mean > 0.5, "chance is 0.75: {mean}");
    }
}

#[test]
fn methods_share_the_output_layer_of_a_seed() {
    let (x, _) = bars(100, 0);
    let [none, _, rbm] = methods();
    let none = Classifier::new(&layers(&none, x.view()), 4, 1);
    let rbm = Classifier::new(&layers(&rbm, x.view()), 4, 1);
    assert_eq!(none.layers[2], rbm.layers[2]);
    assert_ne!(none.layers[0], rbm.layers[0]);
}

#[test]
fn an_observer_can_stop_it() {
    let (x, _) = bars(50, 0);
    let nats = Metric::new("cost", "nats");
    for (method, metric) in methods()[1..].iter().zip([nats, Metric::SSE_PER_IMAGE]) {
        let mut seen = 0;
        let stopped = greedy(&plan(method, &[5, 5]), x.view(), 1, &mut |layer, progress| {
            seen += 1;
            assert_eq!((layer, progress.epoch, &progress.metric), (0, seen, &metric));
            if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(stopped, Err(TrainingError::Interrupted));
    }
}

fn deep_config() -> AutoencoderConfig {
    AutoencoderConfig {
        n_hidden: 3,
        encoder_layers: vec![12, 8],
        code: Some(Activation::Identity),
        ..Default::default()
    }
}

#[test]
fn a_deep_autoencoder_is_pretrained_layer_by_layer_and_then_learns_on() {
    let (x, _) = bars(400, 0);
    let config = deep_config();
    let mut way = AutoencoderPretraining::default();
    way.training.epochs = 30;
    way.training.batch_size = 20;
    let layers = LayerPretraining::Autoencoder(way);
    let pretraining = DeepPretraining { layers, code: None };
    let mut seen = vec![0; 3];
    pretraining.validate(&config).expect("can be unrolled");
    let layers = greedy(&pretraining.plan(&config), x.view(), 1, &mut |layer, _| {
        seen[layer] += 1;
        ControlFlow::Continue(())
    });
    let mut deep = unroll_into(&config, &layers.expect("converges"));
    assert_eq!(seen, [30; 3]);
    assert_eq!(deep.units, config.units());
    let random = Autoencoder::new(&config, 16, 1, 0).expect("valid");
    let error = |model: &Autoencoder<f32>| {
        nn_core::reconstruction_error(x.view(), model.reconstruct(x.view()).view()).mse_per_pixel
    };
    let pretrained = error(&deep);
    assert!(pretrained < 0.7 * error(&random), "{pretrained} {}", error(&random));

    let how = ae_core::TrainingConfig { epochs: 20, batch_size: 20, ..Default::default() };
    let training = ae_core::Training::new(&deep, &config, &how, x.view(), 1, 0);
    let mut training = training.expect("an unrolled model is of its configuration's shape");
    while training.epochs_done() < how.epochs {
        training.epoch(&mut deep, x.view()).expect("converges");
    }
    assert!(error(&deep) < 0.9 * pretrained, "{} {pretrained}", error(&deep));
}

#[test]
fn what_cannot_be_unrolled_is_refused_before_any_work() {
    let rbm =
        DeepPretraining { layers: LayerPretraining::Rbm(RbmPretraining::default()), code: None };
    let refusal = |config: &AutoencoderConfig| {
        rbm.validate(config).expect_err("it cannot be unrolled").to_string()
    };
    // The hidden units of this RBM are logistic, the code is linear.
    assert!(refusal(&deep_config()).starts_with("model.hidden = Identity"));
    let logistic = AutoencoderConfig { code: None, ..deep_config() };
    assert!(rbm.validate(&logistic).is_ok());
    assert!(refusal(&AutoencoderConfig { tied: true, ..logistic.clone() }).contains("model.tied"));
    let lopsided = AutoencoderConfig { decoder_layers: Some(vec![5]), ..logistic };
    assert!(refusal(&lopsided).contains("model.decoder_layers"));
}

#[test]
fn an_identity_code_layer_unrolls_like_any_other() {
    let (x, _) = bars(50, 0);
    let mut layers = layers(&RandomInitialisation::default().into(), x.view());
    layers[1].unit = Activation::Identity;
    let deep = unroll(&layers);
    assert_eq!(deep.units[1], Activation::Identity);
    let code = layers[1].encode(layers[0].encode(x.view()).view());
    assert_eq!(deep.encode(x.view()), code);
    let back = layers[0].decode(layers[1].decode(code.view()).view());
    assert_eq!(deep.reconstruct(x.view()), back);
}

#[test]
fn the_output_layer_is_trained_alone_first_and_dropout_learns() {
    let ((x, y), (vx, vy)) = (bars(400, 0), bars(200, 1));
    let (train, validation) = (Labelled::new(&x, &y), Labelled::new(&vx, &vy));
    let start = Classifier::new(&layers(&RandomInitialisation::default().into(), x.view()), 4, 1);
    let config = FineTuneConfig { updates: 60, batch_size: 20, ..Default::default() };
    let tuned = |config: &FineTuneConfig| {
        let mut go_on = |_: &_| ControlFlow::Continue(());
        fine_tune(start.clone(), train, validation, config, 1, &mut go_on).expect("converges")
    };
    let alone = tuned(&FineTuneConfig { output_layer_first: 60, ..config.clone() }).model;
    assert_eq!(alone.layers[..2], start.layers[..2]);
    assert_ne!(alone.layers[2], start.layers[2]);
    let frozen =
        tuned(&FineTuneConfig { learning_rate_multipliers: vec![0.0], ..config.clone() }).model;
    assert_eq!(frozen.layers[0], start.layers[0]);
    assert_ne!(frozen.layers[1], start.layers[1]);
    let dropout = FineTuneConfig {
        updates: 2_000,
        learning_rate: 0.01,
        dropout: stack::Dropout { input: 0.1, hidden: 0.3 },
        max_norm: Some(3.0),
        ..config
    };
    // By chance it would be 150 of 200.
    assert!(tuned(&dropout).validation_errors < 20, "{}", tuned(&dropout).validation_errors);
}

#[test]
fn of_equal_validation_errors_the_latest_network_is_kept() {
    let ((x, y), (vx, vy)) = (bars(200, 0), bars(3, 1));
    let (train, validation) = (Labelled::new(&x, &y), Labelled::new(&vx, &vy));
    let start = Classifier::new(&layers(&RandomInitialisation::default().into(), x.view()), 4, 1);
    let tuned = |evaluations| {
        // The rate is so low that no class changes.
        let config = FineTuneConfig {
            updates: 40,
            batch_size: 20,
            learning_rate: 1e-6,
            evaluations,
            ..Default::default()
        };
        let mut go_on = |_: &_| ControlFlow::Continue(());
        fine_tune(start.clone(), train, validation, &config, 1, &mut go_on).expect("converges")
    };
    let (often, once) = (tuned(8), tuned(1));
    assert!(often.history.iter().all(|found| found.validation_errors == once.validation_errors));
    assert_eq!(often.model, once.model);
    assert_ne!(often.model, start);
}

#[test]
fn kinds_are_tables_with_a_kind_and_their_settings() {
    let read = |text: &str| serde_json::from_str::<LayerPretraining>(text);
    let pca = read(r#"{"kind": "pca"}"#).expect("no settings");
    assert_eq!(pca, PcaInitialisation {}.into());
    assert_eq!((pca.epochs(), pca.updates(100)), (0, 0));
    assert_eq!(serde_json::to_string(&pca).expect("plain"), r#"{"kind":"pca"}"#);
    let random = read(r#"{"kind": "random", "hidden": "relu"}"#).expect("settings");
    assert_eq!(random.units().unit, Activation::Relu);
    let rbm = read(r#"{"kind": "rbm", "training": {"epochs": 3, "batch_size": 40}}"#);
    let mut rbm = rbm.expect("settings");
    assert_eq!((rbm.epochs(), rbm.updates(90)), (3, 9));
    rbm.set_epochs(4);
    assert_eq!((rbm.epochs(), rbm.updates(90)), (4, 12));
    for text in [
        r#"{"kind": "pca", "epochs": 3}"#,
        r#"{"kind": "random", "epochs": 3}"#,
        r#"{"kind": "rbm", "epochs": 3}"#,
        r#"{"kind": "autoencoder", "epochs": 3}"#,
    ] {
        let error = read(text).expect_err("an unknown key").to_string();
        assert!(error.contains("unknown field `epochs`"), "{error}");
    }
    for method in methods().into_iter().chain([pca]) {
        method.validate().expect("valid");
        let text = serde_json::to_string(&method).expect("plain");
        assert_eq!(read(&text).expect("as written"), method);
    }
    let deep = r#"{"kind": "autoencoder", "model": {"encoder_layers": [9]}}"#;
    let error = read(deep).expect("syntax").validate().expect_err("two hidden layers").to_string();
    assert!(error.starts_with("model.encoder_layers or decoder_layers = set"), "{error}");
}

#[test]
fn earlier_names_of_settings_are_read() {
    let old = r#"{"rate_factors": [0.5], "readout_first": 3}"#;
    let config: FineTuneConfig = serde_json::from_str(old).expect("earlier names");
    assert_eq!(
        (config.learning_rate_multipliers.as_slice(), config.output_layer_first),
        (&[0.5][..], 3)
    );
    let text = serde_json::to_string(&config).expect("plain");
    assert!(text.contains("learning_rate_multipliers") && !text.contains("rate_factors"), "{text}");
}

#[test]
fn a_stack_continues_from_a_checkpoint_as_if_never_interrupted() {
    // Three batches, so that an epoch can be paused between two.
    let (x, _) = bars(250, 0);
    let [random, autoencoder, rbm] = methods();
    let plan = [
        PlannedLayer::new(autoencoder, 9),
        PlannedLayer::new(random, 7),
        PlannedLayer::new(rbm, 5),
    ];
    let whole = greedy(&plan, x.view(), 1, &mut |_, _| ControlFlow::Continue(()));
    let whole = whole.expect("converges");
    // The next epoch, if any, is paused between two batches.
    for (stop_after, within_epoch) in (0..=10).flat_map(|after| [(after, false), (after, true)]) {
        let mut first = Greedy::planned(&plan, x.view(), 1);
        for _ in 0..stop_after {
            first.epoch().expect("converges").expect("five epochs of two layers");
        }
        if within_epoch {
            assert_eq!(first.epoch_until(&mut || true), Ok(None), "left, or complete");
        }
        let mut checkpoint = TensorMap::new();
        first.store(&mut checkpoint);
        let mut second = Greedy::planned(&plan, x.view(), 1);
        second.restore(&checkpoint, stop_after).expect("its own checkpoint");
        let mut epochs = stop_after;
        while second.epoch().expect("converges").is_some() {
            epochs += 1;
        }
        assert_eq!((epochs, second.into_layers()), (10, whole.clone()), "after {stop_after}");
    }
}

#[test]
fn a_stack_of_rbms_is_learned_by_the_same_loop() {
    let (x, _) = bars(60, 0);
    let training = rbm_core::TrainingConfig { epochs: 2, ..Default::default() };
    let mut stack: Greedy<'_, Rbm<f32>> = Greedy::new(x.view(), 2, |inputs, layer| {
        let config = RbmConfig { n_hidden: [12, 8][layer], ..Default::default() };
        let training = RbmLayerTraining::new(&config, &training, inputs, 1, layer)?;
        Ok(Begun::Training(Box::new(training)))
    });
    let mut seen = Vec::new();
    while let Some(progress) = stack.epoch().expect("converges") {
        seen.push((stack.layers().len(), stack.unfinished().is_some(), progress.epoch));
    }
    assert_eq!(seen, [(0, true, 1), (1, false, 2), (1, true, 1), (2, false, 2)]);
    let settings = RbmPretraining { training: training.clone(), ..Default::default() };
    let pretrained = layers(&settings.into(), x.view());
    for (rbm, layer) in stack.into_layers().into_iter().zip(pretrained) {
        assert_eq!(PretrainedLayer::from(rbm), layer);
    }
}

#[test]
fn few_samples_are_seen_often_enough() {
    let mut rbm = RbmPretraining::default();
    (rbm.training.epochs, rbm.training.batch_size) = (25, 100);
    assert_eq!((rbm.lengthen(50_000), rbm.epochs()), (None, 25));
    assert_eq!((rbm.lengthen(1_200), rbm.epochs()), (Some(167), 167));
    assert_eq!(PcaInitialisation {}.lengthen(10), None, "it has no epochs");
}
