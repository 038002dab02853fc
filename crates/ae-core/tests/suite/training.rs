//! Complete trainings: resuming from a checkpoint, independence of the number of threads, divergence and
//! invalid input.

use ae_core::{
    Autoencoder, AutoencoderConfig, Corruption, DataKind, Emphasis, Kl, Penalty, Shift, Training,
    TrainingConfig,
};
use ndarray::Array2;
use nn_core::{Parameters, TensorMap, TrainingError, restore, store};
use numerics::with_team;

fn data() -> Array2<f32> {
    Array2::from_shape_fn((130, 20), |(i, j)| f32::from(u8::from((i * j + i) % 5 < 2)))
}

fn config() -> (AutoencoderConfig, TrainingConfig) {
    let architecture = AutoencoderConfig { n_hidden: 70, ..Default::default() };
    (architecture, TrainingConfig { epochs: 4, batch_size: 50, ..Default::default() })
}

/// Like [`config`], with every feature that draws random numbers or needs buffers.
fn denoising() -> (AutoencoderConfig, TrainingConfig) {
    let (architecture, config) = config();
    let config = TrainingConfig {
        shift: Some(Shift { pixels: 1, width: Some(5), channels: 1 }),
        corruption: Some(Corruption::Masking { fraction: 0.25 }),
        emphasis: Some(Emphasis { corrupted: 1.0, uncorrupted: 0.5 }),
        penalty: Some(Penalty::Kl(Kl { target: 0.2, weight: 0.1 })),
        max_norm: Some(3.0),
        ..config
    };
    (architecture, config)
}

type Outcome = (Autoencoder<f32>, Training<f32>, Vec<f64>);

fn trained(epochs: usize, how: &(AutoencoderConfig, TrainingConfig)) -> Outcome {
    let (data, (architecture, config)) = (data(), how);
    let mut model = Autoencoder::new(architecture, 20, 7, 0).expect("valid");
    let mut training =
        Training::new(&model, architecture, config, data.view(), 7, 0).expect("valid");
    let costs =
        (0..epochs).map(|_| training.epoch(&mut model, data.view()).expect("converges")).collect();
    (model, training, costs)
}

#[test]
fn the_cost_falls() {
    let (_, _, costs) = trained(4, &config());
    assert!(costs.windows(2).all(|pair| pair[1] < pair[0]), "{costs:?}");
}

#[test]
fn progress_tells_the_epoch_and_the_unit_of_the_cost() {
    let (_, training, costs) = trained(2, &config());
    let progress = training.progress(costs[1]);
    assert_eq!((progress.epoch, progress.of, progress.samples), (2, 4, 130));
    assert_eq!((progress.value, &progress.metric), (costs[1], &training.metric()));
    assert_eq!(progress.metric, nn_core::Metric::new("cost", "nats"));
}

/// Pauses an epoch before its third batch.
fn after_two_batches() -> impl FnMut() -> bool {
    let mut batches = 1;
    move || {
        batches += 1;
        batches == 3
    }
}

#[test]
fn a_resumed_training_equals_an_uninterrupted_one() {
    for (how, within_epoch) in
        [(config(), false), (config(), true), (denoising(), false), (denoising(), true)]
    {
        let (mut model, mut training, _) = trained(2, &how);
        if within_epoch {
            let pause = &mut after_two_batches();
            let left = training.epoch_until(&mut model, data().view(), pause).expect("converges");
            assert_eq!(left, None);
        }
        let mut map = TensorMap::new();
        store(&model, "model.", &mut map);
        training.store(&mut map);

        let (data, (architecture, config)) = (data(), &how);
        let mut resumed = Autoencoder::new(architecture, 20, 99, 0).expect("valid");
        restore(&mut resumed, "model.", &map).expect("the same shapes");
        let training = Training::new(&resumed, architecture, config, data.view(), 7, 0);
        let mut training = training.expect("valid");
        training.restore(&map, 2).expect("the same shapes");
        while training.epochs_done() < 4 {
            training.epoch(&mut resumed, data.view()).expect("converges");
        }
        assert_eq!(resumed, trained(4, &how).0);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for how in [config(), denoising()] {
        let one = trained(2, &how);
        for threads in [2, 3] {
            let many = with_team(threads, || trained(2, &how));
            assert_eq!(many.0, one.0);
            assert_eq!(many.2, one.2);
        }
    }
}

#[test]
fn divergence_is_reported_and_keeps_the_model_finite() {
    let data = data().mapv(|x| x * 1e3);
    let architecture =
        AutoencoderConfig { n_hidden: 5, data: DataKind::Real, ..Default::default() };
    // The first rate makes the cost huge within an epoch, the second one infinite.
    for (rate, reason) in [(1e6, "far worse than the mean"), (1e38, "finite")] {
        let config = TrainingConfig {
            learning_rate: rate,
            optimizer: nn_core::Rule::Sgd {},
            ..Default::default()
        };
        let mut model = Autoencoder::new(&architecture, 20, 1, 0).expect("valid");
        let mut training =
            Training::new(&model, &architecture, &config, data.view(), 1, 0).expect("valid");
        let mut good = model.clone();
        let error = (0..20).find_map(|_| {
            let error = training.epoch(&mut model, data.view()).err();
            if error.is_none() {
                good.clone_from(&model);
            }
            error
        });
        let error = error.expect("such a learning rate diverges");
        assert!(matches!(error, TrainingError::Diverged { .. }), "{error}");
        for part in ["lower training.learning_rate", "step ", "at learning rate", reason] {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert_eq!(model, good, "the model of the last complete epoch");
        assert!(model.all_finite());
    }
}

#[test]
fn invalid_data_and_settings_are_refused() {
    let (architecture, config) = config();
    let model = Autoencoder::<f32>::new(&architecture, 20, 1, 0).expect("valid");
    let refusal = |data: Array2<f32>, config: &TrainingConfig| {
        Training::new(&model, &architecture, config, data.view(), 1, 0)
            .expect_err("not trainable")
            .to_string()
    };
    assert_eq!(refusal(Array2::zeros((0, 20)), &config), "the training set is empty");
    let narrow = refusal(Array2::zeros((5, 19)), &config);
    assert_eq!(narrow, "the data have 19 columns, but the model has 20 visible units");
    let outside = refusal(data().mapv(|x| 2.0 * x), &config);
    assert!(outside.contains("column 0 is 2") && outside.contains("[0, 1]"), "{outside}");
    let no_batch = TrainingConfig { batch_size: 0, ..config.clone() };
    assert_eq!(refusal(data(), &no_batch), "training.batch_size = 0: expected at least 1");
    let moved =
        TrainingConfig { shift: Some(Shift { pixels: 1, width: None, channels: 1 }), ..config };
    assert_eq!(
        refusal(data(), &moved),
        "training.shift.width = 4: expected the number of pixels in a row of an image"
    );
    let no_units = AutoencoderConfig { n_hidden: 0, ..architecture };
    let error = Autoencoder::<f32>::new(&no_units, 20, 1, 0).expect_err("no code");
    assert_eq!(error.to_string(), "model.n_hidden = 0: expected at least 1");
}

#[test]
fn the_number_of_kept_code_units_falls() {
    let (architecture, training) = config();
    let train = |top_k, top_k_start, epochs| {
        let architecture = AutoencoderConfig { top_k: Some(top_k), ..architecture.clone() };
        let settings = TrainingConfig { top_k_start, epochs: 4, ..training.clone() };
        let mut model = Autoencoder::<f32>::new(&architecture, 20, 1, 0).expect("valid");
        let mut training =
            Training::new(&model, &architecture, &settings, data().view(), 1, 0).expect("valid");
        let costs: Vec<f64> = (0..epochs)
            .map(|_| training.epoch(&mut model, data().view()).expect("an epoch"))
            .collect();
        costs
    };
    // The numbers in the four epochs are 6, 4, 2 and 2.
    let falling = train(2, Some(6), 4);
    assert_eq!(falling[0], train(6, None, 1)[0]);
    assert_ne!(falling[0], train(2, None, 1)[0]);
    assert_eq!(train(2, Some(2), 4), train(2, None, 4));

    let settings = TrainingConfig { top_k_start: Some(6), ..training };
    let error = ae_core::Objective::new(&architecture, &settings).expect_err("no final number");
    let expected = "training.top_k_start = 6: expected model.top_k to model.n_hidden, together with model.top_k";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn features_keep_more_units_than_the_decoded_code() {
    let (architecture, _) = config();
    let model = |top_k, encode_top_k| {
        let config = AutoencoderConfig { top_k, encode_top_k, ..architecture.clone() };
        Autoencoder::<f32>::new(&config, 20, 1, 0)
    };
    let both = model(Some(3), Some(6)).expect("valid");
    let [three, six] = [3, 6].map(|k| model(Some(k), None).expect("valid"));
    let x = data();
    assert_eq!(both.encode(x.view()), six.encode(x.view()));
    assert_eq!(both.reconstruct(x.view()), three.reconstruct(x.view()));
    let error = model(None, Some(6)).expect_err("not k-sparse").to_string();
    assert_eq!(
        error,
        "model.encode_top_k = 6: expected 1 to model.n_hidden, together with model.top_k"
    );
}
