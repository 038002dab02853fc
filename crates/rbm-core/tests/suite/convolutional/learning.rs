//! Training as a whole.

use ndarray::{Array1, Array2, Axis};
use nn_core::{Schedule, TensorMap, TrainingError, restore, store};
use numerics::with_team;
use rbm_core::convolutional::{
    ConvRbm, ConvRbmConfig, ConvTraining, ConvTrainingConfig, ImageShape,
};
use rbm_core::{Algorithm, Binarisation, MomentumRule, NegativeVisible, Unit, Variance};

use super::{bits, model, probabilities};

/// Images of 6 × 6 pixels with a bar of three pixels, vertical or horizontal, at any position.
fn bars() -> Array2<f32> {
    let place = |i: usize| (i.is_multiple_of(2), i / 2 % 4, i / 8 % 6);
    Array2::from_shape_fn((144, 36), |(i, j)| {
        let (upright, along, across) = place(i);
        let (y, x) = (j / 6, j % 6);
        let (a, b) = if upright { (y, x) } else { (x, y) };
        f32::from(u8::from((along..along + 3).contains(&a) && b == across))
    })
}

const IMAGE: ImageShape = ImageShape { height: 6, width: 6, channels: 1 };

fn settings() -> ConvTrainingConfig {
    ConvTrainingConfig { epochs: 6, batch_size: 50, ..Default::default() }
}

fn trained(settings: &ConvTrainingConfig, epochs: usize) -> (ConvRbm<f32>, ConvTraining<f32>) {
    let data = bars();
    let config = ConvRbmConfig { maps: 7, kernel: 3, pool: 2, ..Default::default() };
    let mut rbm = ConvRbm::new(&config, IMAGE, data.view(), 5, 0).expect("valid");
    let mut training = ConvTraining::new(&rbm, settings, data.view(), 5, 0).expect("valid");
    for _ in 0..epochs {
        training.epoch(&mut rbm, data.view()).expect("converges");
    }
    (rbm, training)
}

/// Every algorithm, with every kind of state that training can keep outside a model.
fn every_algorithm() -> [ConvTrainingConfig; 3] {
    [
        Algorithm::Cd { negative_visible: NegativeVisible::Probabilities },
        Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        Algorithm::Pcd { chains: 37 },
    ]
    .map(|algorithm| ConvTrainingConfig {
        algorithm,
        gibbs_steps: 2,
        binarisation: Binarisation::Sample,
        momentum_rule: MomentumRule::Nesterov,
        l1: 1e-4,
        ..settings()
    })
}

/// Pauses an epoch before its second batch.
fn after_a_batch() -> impl FnMut() -> bool {
    let mut is_second = true;
    move || std::mem::take(&mut is_second)
}

#[test]
fn stopped_and_resumed_is_never_stopped() {
    let all = every_algorithm();
    let both = all.into_iter().flat_map(|settings| [(settings.clone(), false), (settings, true)]);
    for (settings, within_epoch) in both {
        let (mut rbm, mut training) = trained(&settings, 3);
        if within_epoch {
            let pause = &mut after_a_batch();
            let left = training.epoch_until(&mut rbm, bars().view(), pause).expect("converges");
            assert_eq!(left, None);
        }
        let mut map = TensorMap::new();
        store(&rbm, "model.", &mut map);
        training.store(&mut map);

        let data = bars();
        let config = ConvRbmConfig { maps: 7, kernel: 3, pool: 2, ..Default::default() };
        let mut resumed = config.zeros(IMAGE).expect("it fits");
        restore(&mut resumed, "model.", &map).expect("the same shapes");
        let mut training =
            ConvTraining::new(&resumed, &settings, data.view(), 5, 0).expect("valid");
        training.restore(&map, 3).expect("the same shapes");
        while training.epochs_done() < 6 {
            training.epoch(&mut resumed, data.view()).expect("converges");
        }
        assert_eq!(resumed, trained(&settings, 6).0, "{:?}", settings.algorithm);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for settings in every_algorithm() {
        let (one, _) = trained(&settings, 2);
        let features = one.encode(bars().view());
        for threads in [2, 3, 8] {
            let (rbm, encoded) = with_team(threads, || {
                let rbm = trained(&settings, 2).0;
                let encoded = rbm.encode(bars().view());
                (rbm, encoded)
            });
            assert_eq!(rbm, one, "{:?} with {threads} threads", settings.algorithm);
            assert_eq!(encoded, features);
        }
    }
}

#[test]
fn features_do_not_depend_on_the_rows_beside_them() {
    let (rbm, _) = trained(&settings(), 1);
    let data = bars();
    let (all, free) = (rbm.encode(data.view()), rbm.free_energies(data.view()));
    for i in [0, 57, 143] {
        let row = data.slice(ndarray::s![i..=i, ..]);
        assert_eq!(rbm.encode(row).row(0), all.row(i));
        assert_eq!(rbm.free_energies(row)[0], free[i]);
    }
}

/// A student learns a teacher's distribution from all states, in proportion to their probability under the
/// teacher.
#[test]
#[allow(clippy::cast_sign_loss, reason = "probabilities")]
fn the_student_becomes_the_teacher() {
    let teacher = model((3, 3, 1), (2, 2, 2), 3.0);
    let p = probabilities(&teacher);
    let rows: Vec<usize> = p
        .iter()
        .enumerate()
        .flat_map(|(state, p)| vec![state; (p * 4_000.0).round() as usize])
        .collect();
    let data = bits(9).select(Axis(0), &rows);
    let image = teacher.geometry.image();
    let config =
        ConvRbmConfig { maps: 3, kernel: 2, pool: 2, weight_std: 0.1, ..Default::default() };
    let settings = ConvTrainingConfig {
        epochs: 300,
        batch_size: 1_000,
        algorithm: Algorithm::Pcd { chains: 1_000 },
        learning_rate: 0.4,
        schedule: Schedule::Linear,
        weight_decay: 0.0,
        sparsity_cost: 0.0,
        initial_momentum: 0.9,
        ..Default::default()
    };
    let mut student = ConvRbm::new(&config, image, &data, 2, 0).expect("valid");
    let mut training = ConvTraining::new(&student, &settings, &data, 2, 0).expect("valid");
    let divergence = |student: &ConvRbm<f64>| -> f64 {
        let q = probabilities(student);
        p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum()
    };
    let before = divergence(&student);
    while training.epochs_done() < settings.epochs {
        training.epoch(&mut student, &data).expect("converges");
    }
    let after = divergence(&student);
    assert!(before > 0.2 && after < 0.005, "from {before} to {after} nats");
}

#[test]
fn sparsity_draws_detection_units_to_their_target() {
    let data = bars();
    let activity = |sparsity_cost| {
        let settings =
            ConvTrainingConfig { sparsity_cost, sparsity_target: 0.04, epochs: 200, ..settings() };
        let (rbm, _) = trained(&settings, 200);
        rbm.hidden_means(data.view()).mean().expect("there are units")
    };
    // Near the target, not at it: the likelihood pulls the other way.
    let (without, with) = (activity(0.0), activity(3.0));
    assert!((with - 0.04).abs() < 0.01 && without > 0.06, "{with} with, {without} without");
}

#[test]
fn data_and_settings_that_do_not_fit_are_refused() {
    let data = bars();
    let config = ConvRbmConfig { maps: 7, kernel: 3, pool: 2, ..Default::default() };
    let refusal = |config: &ConvRbmConfig, image: ImageShape| {
        ConvRbm::new(config, image, data.view(), 1, 0).expect_err("it does not fit").to_string()
    };
    let wide = refusal(&config, ImageShape { width: 8, ..IMAGE });
    assert_eq!(wide, "the data have 36 columns, but the model has 48 visible units");
    let message = refusal(&ConvRbmConfig { pool: 3, ..config }, IMAGE);
    assert!(message.contains("a kernel of 3 has the pools 1, 2, 4"), "{message}");
    assert!(message.contains("a pool of 3 has the kernels 1, 4"), "{message}");
    let message = refusal(&ConvRbmConfig { variance: Variance::Data, ..config }, IMAGE);
    assert!(message.starts_with("model.variance = data"), "{message}");

    let rbm: ConvRbm<f32> = config.zeros(IMAGE).expect("it fits");
    let refusal = |data: &Array2<f32>, settings: &ConvTrainingConfig| {
        ConvTraining::new(&rbm, settings, data, 1, 0).expect_err("not trainable").to_string()
    };
    let fast = Algorithm::FastPcd { chains: 3, fast_rate: 0.1, fast_decay: 0.9 };
    let message = refusal(&data, &ConvTrainingConfig { algorithm: fast, ..settings() });
    assert_eq!(
        message,
        "training.algorithm = fast-pcd: expected cd or pcd, the algorithms of convolutional RBMs"
    );
    let message = refusal(&data, &ConvTrainingConfig { gibbs_steps: 0, ..settings() });
    assert_eq!(message, "training.gibbs_steps = 0: expected at least 1");
    let mut missing = data.clone();
    missing[[3, 4]] = f32::NAN;
    assert_eq!(
        refusal(&missing, &settings()),
        "data = images with missing pixels: expected complete images; fill the missing pixels first"
    );
    let outside = refusal(&(&data - 0.5), &settings());
    assert!(outside.contains("is -0.5: binary units take values in [0, 1]"), "{outside}");
    let none = ConvTraining::new(&rbm, &settings(), Array2::zeros((0, 36)), 1, 0);
    assert_eq!(none.expect_err("no data"), TrainingError::NoData);
}

#[test]
fn a_last_step_that_breaks_the_model_is_undone() {
    for algorithm in [
        Algorithm::Cd { negative_visible: NegativeVisible::Samples },
        Algorithm::Pcd { chains: 70 },
    ] {
        let broken =
            ConvTrainingConfig { algorithm, learning_rate: 1e300, batch_size: 144, ..settings() };
        let (data, (before, mut training)) = (bars(), trained(&broken, 0));
        let mut rbm = before.clone();
        let error = training.epoch(&mut rbm, data.view()).expect_err("infinite weights");
        assert!(matches!(error, TrainingError::Diverged { .. }), "{error}");
        assert_eq!(rbm, before);
    }
}

/// Greedy layer-wise learning: the pooled probabilities are the images of the next layer.
#[test]
fn a_second_layer_learns_from_the_pooled_probabilities() {
    let (first, _) = trained(&settings(), 6);
    let images = first.encode(bars().view());
    let config = ConvRbmConfig { maps: 5, kernel: 2, pool: 1, ..Default::default() }.above_data();
    let shape = first.geometry.pooled();
    assert_eq!(shape, ImageShape { height: 2, width: 2, channels: 7 });
    let mut second = ConvRbm::new(&config, shape, &images, 5, 1).expect("valid");
    let mut training = ConvTraining::new(&second, &settings(), &images, 5, 1).expect("valid");
    for _ in 0..6 {
        training.epoch(&mut second, &images).expect("converges");
    }
    assert_eq!(second.encode(images.view()).dim(), (144, 5));
    let health = second.code_health(images.view());
    assert_eq!((health.n_hidden, health.saturated_pct.is_some()), (5, true));
}

/// Means and standard deviations of channels, over all pixels.
#[test]
fn gaussian_channels_are_measured_in_their_own_deviation() {
    let image = ImageShape { height: 4, width: 4, channels: 2 };
    let data = Array2::from_shape_fn((80, 32), |(i, j)| {
        let value = ((i * 31 + j / 2 * 17) % 23) as f64 - 11.0;
        if j % 2 == 0 { 100.0 + 10.0 * value } else { -3.0 + 0.1 * value }
    });
    let config = ConvRbmConfig {
        maps: 3,
        kernel: 3,
        pool: 2,
        visible: Unit::Gaussian,
        variance: Variance::Data,
        visible_bias_from_data: true,
        ..Default::default()
    };
    let mut rbm = ConvRbm::new(&config, image, &data, 1, 0).expect("valid");
    for channel in 0..2 {
        let values: Array1<f64> =
            data.columns().into_iter().skip(channel).step_by(2).flatten().copied().collect();
        assert!((rbm.visible.std[channel] / values.std(0.0) - 1.0).abs() < 1e-12);
        let bias = rbm.visible.bias[channel] * rbm.visible.std[channel];
        assert!((bias - values.mean().expect("values")).abs() < 1e-9);
    }
    let settings = ConvTrainingConfig { learning_rate: 0.01, ..settings() };
    let mut training = ConvTraining::new(&rbm, &settings, &data, 1, 0).expect("valid");
    for _ in 0..5 {
        let error = training.epoch(&mut rbm, &data).expect("converges").reconstruction_sse;
        // Each of 32 values has a variance of 1 in units of σ².
        assert!((1.0..33.0).contains(&error), "{error}");
    }
    let unit = ConvRbmConfig { variance: Variance::Unit, ..config };
    let rbm = ConvRbm::new(&unit, image, &data, 1, 0).expect("valid");
    let error = ConvTraining::new(&rbm, &settings, &data, 1, 0).expect_err("not standardised");
    assert!(error.to_string().starts_with("model.variance = unit"), "{error}");
}

#[test]
fn a_step_allocates_nothing() {
    // The second kernel has four positions, and nine values in a patch.
    for (side, kernel) in [(12, 5), (4, 3)] {
        let image = ImageShape { height: side, width: side, channels: 1 };
        let pixel = |(i, j)| f32::from(u8::from((i * j + i) % 7 < 2));
        let data = Array2::from_shape_fn((120, side * side), pixel);
        let config = ConvRbmConfig { maps: 6, kernel, pool: 2, ..Default::default() };
        for algorithm in [
            Algorithm::Cd { negative_visible: NegativeVisible::Samples },
            Algorithm::Pcd { chains: 20 },
        ] {
            let counts = [60, 24].map(|batch_size| {
                let settings = ConvTrainingConfig { batch_size, algorithm, ..settings() };
                let mut rbm = ConvRbm::new(&config, image, &data, 1, 0).expect("valid");
                let mut training = ConvTraining::new(&rbm, &settings, &data, 1, 0).expect("valid");
                training.epoch(&mut rbm, &data).expect("converges");
                allocation_counter::measure(|| {
                    training.epoch(&mut rbm, &data).expect("converges");
                })
                .count_total
            });
            assert_eq!(counts, [0, 0], "2 steps and 5, {algorithm:?}, {side} pixels a side");
        }
    }
}
