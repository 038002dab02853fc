//! Stacks as a whole: unrolled exactly, learned from labels that mean something and from none that
//! do not, and a control that differs in its initial weights alone.

use std::ops::ControlFlow;

use ae_core::{Autoencoder, AutoencoderConfig};
use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, TrainingError};
use numerics::{Purpose, Stream};
use rbm_core::Unit;
use stack::{
    AutoencoderPretraining, Classifier, DeepPretraining, FineTuneConfig, Labelled,
    LayerPretraining, PretrainedLayer, Pretraining, RandomInitialisation, RbmPretraining,
    fine_tune, greedy, unroll, unroll_into,
};

/// Noisy bars at one of four places in a row of 16: the place is the class.
fn bars(n: usize, salt: usize) -> (Array2<f32>, Vec<u8>) {
    let mut noise = vec![0.0_f32; n * 16];
    Stream::new(3, Purpose::new("noise")).layer(salt).fill_uniform(0, &mut noise);
    let x = Array2::from_shape_fn((n, 16), |(i, j)| {
        let on = j / 4 == i % 4;
        f32::from(u8::from(on != (noise[i * 16 + j] < 0.1)))
    });
    (x, (0..n).map(|i| (i % 4) as u8).collect())
}

fn methods() -> [Box<dyn Pretraining>; 3] {
    let mut autoencoder = AutoencoderPretraining::default();
    autoencoder.training.epochs = 5;
    autoencoder.model.tied = true;
    let mut rbm = RbmPretraining::default();
    rbm.training.epochs = 5;
    [Box::new(RandomInitialisation::default()), Box::new(autoencoder), Box::new(rbm)]
}

fn layers(method: &dyn Pretraining, x: ArrayView2<f32>) -> Vec<PretrainedLayer> {
    greedy(&[(method, 12), (method, 8)], x, 1, &mut |_, _| ControlFlow::Continue(()))
        .expect("converges")
}

#[test]
fn the_unrolled_network_begins_as_the_stacks_mean_field_pass() {
    let (x, _) = bars(200, 0);
    for method in methods() {
        let layers = layers(&*method, x.view());
        let code = layers[1].encode(layers[0].encode(x.view()).view());
        let back = layers[0].decode(layers[1].decode(code.view()).view());
        let deep = unroll(&layers);
        assert_eq!(deep.encode(x.view()), code);
        assert_eq!(deep.reconstruct(x.view()), back);
    }
}

/// Grey values are those of the data; above, units are as likely on as the layer below says.
#[test]
fn truncated_exponential_units_are_those_of_the_data() {
    let (x, _) = bars(200, 0);
    let mut grey = RbmPretraining::default();
    grey.training.epochs = 2;
    let binary = grey.clone();
    grey.model.visible = Unit::TruncatedExponential;
    let learn = |way: &RbmPretraining, layer| {
        let go_on = &mut |_| ControlFlow::Continue(());
        way.learn(x.view(), 12, 1, layer, go_on).expect("converges")
    };
    assert_ne!(learn(&grey, 0).encoder, learn(&binary, 0).encoder);
    assert_eq!(learn(&grey, 1), learn(&binary, 1));
}

fn validation_error(train_labels: &[u8], method: &dyn Pretraining) -> f64 {
    let ((x, _), (v, v_labels)) = (bars(400, 0), bars(400, 1));
    let classifier = Classifier::new(&layers(method, x.view()), 4, 1);
    let train = Labelled { x: x.view(), labels: train_labels };
    let validation = Labelled { x: v.view(), labels: &v_labels };
    let config =
        FineTuneConfig { updates: 400, batch_size: 30, learning_rate: 0.02, ..Default::default() };
    let tuned =
        fine_tune(classifier, train, validation, &config, 1, &mut |_| ControlFlow::Continue(()))
            .expect("converges");
    assert_eq!(tuned.model.count_errors(v.view(), &v_labels), tuned.validation_errors);
    assert_eq!(tuned.history.len(), config.evaluations);
    assert_eq!(tuned.history.last().expect("some").updates, config.updates);
    // The last look, not the best: the best of twenty is lucky by design.
    tuned.history.last().expect("some").validation_errors as f64 / 400.0
}

#[test]
fn true_labels_are_learned_and_shuffled_ones_are_not() {
    let (_, labels) = bars(400, 0);
    for method in methods() {
        let error = validation_error(&labels, &*method);
        assert!(error < 0.05, "{error}");
        // Four places have few ways to be mislabelled, so one shuffle may be lucky: six are not.
        let mean = (0..6).map(|i| {
            let mut shuffled = labels.clone();
            let mut rng = Stream::new(9, Purpose::new("shuffle")).layer(i).rng();
            rand::seq::SliceRandom::shuffle(shuffled.as_mut_slice(), &mut rng);
            validation_error(&shuffled, &*method) / 6.0
        });
        let mean: f64 = mean.sum();
        assert!(mean > 0.5, "chance is 0.75: {mean}");
    }
}

#[test]
fn methods_share_the_read_out_of_a_seed() {
    let (x, _) = bars(100, 0);
    let [none, _, rbm] = methods();
    let none = Classifier::new(&layers(&*none, x.view()), 4, 1);
    let rbm = Classifier::new(&layers(&*rbm, x.view()), 4, 1);
    assert_eq!(none.layers[2], rbm.layers[2]);
    assert_ne!(none.layers[0], rbm.layers[0]);
}

#[test]
fn a_watcher_can_stop_it() {
    let (x, _) = bars(50, 0);
    for method in &methods()[1..] {
        let mut seen = 0;
        let stopped = greedy(&[(&**method, 5); 2], x.view(), 1, &mut |layer, progress| {
            seen += 1;
            assert_eq!((layer, progress.done), (0, seen));
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
    let ways = pretraining.ways(&config);
    let ways: Vec<_> = ways.iter().map(|(way, n)| (way as &dyn Pretraining, *n)).collect();
    let layers = greedy(&ways, x.view(), 1, &mut |layer, _| {
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
        rbm.validate(config).expect_err("not to be unrolled").to_string()
    };
    // An RBM of logistic units is no way to a linear code.
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
    let mut layers = layers(&RandomInitialisation::default(), x.view());
    layers[1].unit = Activation::Identity;
    let deep = unroll(&layers);
    assert_eq!(deep.units[1], Activation::Identity);
    let code = layers[1].encode(layers[0].encode(x.view()).view());
    assert_eq!(deep.encode(x.view()), code);
    let back = layers[0].decode(layers[1].decode(code.view()).view());
    assert_eq!(deep.reconstruct(x.view()), back);
}

#[test]
fn the_readout_is_trained_alone_first_and_dropout_learns() {
    let ((x, y), (vx, vy)) = (bars(400, 0), bars(200, 1));
    let (train, validation) =
        (Labelled { x: x.view(), labels: &y }, Labelled { x: vx.view(), labels: &vy });
    let start = Classifier::new(&layers(&RandomInitialisation::default(), x.view()), 4, 1);
    let config = FineTuneConfig { updates: 60, batch_size: 20, ..Default::default() };
    let tuned = |config: &FineTuneConfig| {
        let mut go_on = |_| ControlFlow::Continue(());
        fine_tune(start.clone(), train, validation, config, 1, &mut go_on).expect("converges")
    };
    let alone = tuned(&FineTuneConfig { readout_first: 60, ..config.clone() }).model;
    assert_eq!(alone.layers[..2], start.layers[..2]);
    assert_ne!(alone.layers[2], start.layers[2]);
    let frozen = tuned(&FineTuneConfig { rate_factors: vec![0.0], ..config.clone() }).model;
    assert_eq!(frozen.layers[0], start.layers[0]);
    assert_ne!(frozen.layers[1], start.layers[1]);
    let dropout = FineTuneConfig {
        updates: 2_000,
        learning_rate: 0.01,
        dropout: stack::Dropout { input: 0.1, hidden: 0.3 },
        max_norm: Some(3.0),
        ..config
    };
    // One in four by chance.
    assert!(tuned(&dropout).validation_errors < 20, "{}", tuned(&dropout).validation_errors);
}
