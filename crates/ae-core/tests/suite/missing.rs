//! Missing values and output layers by blocks: missing values do not affect cost, gradient or code.

use ae_core::{
    Autoencoder, AutoencoderConfig, Batch, Corruption, DataKind, Emphasis, Objective, StepMemory,
    Training, TrainingConfig, cost_and_gradient,
};
use ndarray::{Array2, Axis, array};
use nn_core::{Activation, BlockKind, Layer, Layout, Loss, Parameters, TrainingError};
use numerics::{Purpose, Stream};

const NAN: f32 = f32::NAN;

fn layout() -> Layout {
    Layout::new([(BlockKind::Real, 2), (BlockKind::Category, 3), (BlockKind::Binary, 2)])
}

fn config(layout: Layout) -> AutoencoderConfig {
    AutoencoderConfig {
        n_hidden: 5,
        hidden: Activation::Tanh,
        layout: Some(layout),
        ..Default::default()
    }
}

/// Rows from three groups, which determine each column up to noise.
fn table(n: usize) -> Array2<f32> {
    let mut noise = vec![0.0_f32; 3 * n];
    Stream::new(2, Purpose::new("test")).fill_uniform(0, &mut noise);
    Array2::from_shape_fn((n, 7), |(i, j)| {
        let group = i % 3;
        match j {
            0 | 1 => {
                (group as f32 - 1.0) * if j == 0 { 1.2 } else { -1.1 } + noise[3 * i + j] - 0.5
            }
            2..=4 => f32::from(u8::from(j - 2 == group)),
            _ => f32::from(u8::from((noise[3 * i + 2] < 0.9) == (group == j - 5))),
        }
    })
}

/// The same rows with about 30 % of the features missing at random.
fn incomplete(n: usize) -> Array2<f32> {
    let (mut data, features) = (table(n), layout().features());
    let mut uniform = vec![0.0_f32; n * features.len()];
    Stream::new(3, Purpose::new("missing")).fill_uniform(0, &mut uniform);
    for (sample, u) in uniform.chunks(features.len()).enumerate() {
        for (feature, _) in features.iter().zip(u).filter(|(_, u)| **u < 0.3) {
            data.slice_mut(ndarray::s![sample, feature.clone()]).fill(NAN);
        }
    }
    data
}

fn gradient_of(
    model: &Autoencoder<f64>,
    config: &AutoencoderConfig,
    batch: &Batch<'_, f64>,
) -> (f64, Autoencoder<f64>) {
    let objective = Objective::new(config, &TrainingConfig::default()).expect("valid");
    let (mut memory, mut gradient) = (StepMemory::new(model, 1), model.zeros_like());
    let cost = cost_and_gradient(model, &objective, batch, &mut memory, &mut gradient);
    (cost, gradient)
}

/// The gradient of one sample equals that of the smaller model without the missing columns.
#[test]
fn the_gradient_is_that_of_the_model_without_the_missing_columns() {
    let config = config(layout());
    let model = Autoencoder::<f64>::new(&config, 7, 1, 0).expect("valid");
    // The second real number and the category are missing.
    let kept = [0, 5, 6];
    let x = array![[0.7, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]];
    let weights = array![[1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]];
    let batch = Batch { weights: Some(weights.view()), ..Batch::clean(x.view()) };
    let (cost, gradient) = gradient_of(&model, &config, &batch);

    let small_config = AutoencoderConfig {
        layout: Some(Layout::new([(BlockKind::Real, 1), (BlockKind::Binary, 2)])),
        ..config.clone()
    };
    let mut small = Autoencoder::<f64>::new(&small_config, 3, 1, 0).expect("valid");
    let select = |to: &mut [&mut Layer<f64>], from: &Autoencoder<f64>| {
        let ae_core::Decoder::Untied(decoder) = &from.decoder else { panic!("untied") };
        let standard = |weights: Array2<f64>| weights.as_standard_layout().into_owned();
        to[0].weights = standard(from.encoder[0].weights.select(Axis(0), &kept));
        to[0].bias.assign(&from.encoder[0].bias);
        to[1].weights = standard(decoder[0].weights.select(Axis(1), &kept));
        to[1].bias = decoder[0].bias.select(Axis(0), &kept);
    };
    let fill = |small: &mut Autoencoder<f64>, from: &Autoencoder<f64>| {
        let ae_core::Decoder::Untied(decoder) = &mut small.decoder else { panic!("untied") };
        select(&mut [&mut small.encoder[0], &mut decoder[0]], from);
    };
    fill(&mut small, &model);
    let observed = x.select(Axis(1), &kept).as_standard_layout().into_owned();
    let (expected_cost, expected) =
        gradient_of(&small, &small_config, &Batch::clean(observed.view()));
    let mut found = small.zeros_like();
    fill(&mut found, &gradient);
    assert!((cost - expected_cost).abs() < 1e-12);
    for (found, expected) in found.tensors().zip(expected.tensors()) {
        let pairs = found.values.iter().zip(expected.values);
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12), "{}", found.name());
    }
    let total = |of: &Autoencoder<f64>| -> f64 {
        of.tensors().flat_map(|tensor| tensor.values.to_vec()).map(f64::abs).sum()
    };
    assert!((total(&gradient) - total(&found)).abs() < 1e-12, "nothing else has a gradient");
}

fn trained(how: &TrainingConfig, data: &Array2<f32>) -> Autoencoder<f32> {
    let config = config(layout());
    let mut model = Autoencoder::new(&config, 7, 1, 0).expect("valid");
    let mut training = Training::new(&model, &config, how, data.view(), 1, 0).expect("valid");
    while training.epochs_done() < how.epochs {
        let cost = training.epoch(&mut model, data.view()).expect("converges");
        assert!(cost.is_finite() && model.all_finite());
    }
    model
}

#[test]
fn training_with_missing_values_learns_to_fill_them() {
    let (whole, data) = (table(600), incomplete(600));
    let plain =
        TrainingConfig { epochs: 60, batch_size: 30, learning_rate: 0.01, ..Default::default() };
    let noisy = TrainingConfig {
        corruption: Some(Corruption::Masking { fraction: 0.2 }),
        emphasis: Some(Emphasis { corrupted: 1.0, uncorrupted: 0.7 }),
        ..plain.clone()
    };
    for how in [plain, noisy] {
        let model = trained(&how, &data);
        let filled = model.impute(&data, 10);
        let (mut error, mut of_mean, mut n) = (0.0, 0.0, 0.0);
        for ((&x, &observed), &y) in whole.iter().zip(&data).zip(&filled) {
            if observed.is_nan() {
                error += (x - y).powi(2);
                // The overall mean of real columns is 0; those of the others are between 0 and 1.
                of_mean += (x - 0.3).powi(2);
                n += 1.0;
            } else {
                assert_eq!(observed, y, "what is observed stays");
            }
        }
        assert!(error < 0.5 * of_mean, "{} {} of {n}", error / n, of_mean / n);
        assert!(model.encode(&data).iter().all(|h| h.is_finite()));
        let losses = model.feature_losses(&data, Loss::CrossEntropy);
        assert_eq!(losses.dim(), (600, 5));
        for (losses, x) in losses.rows().into_iter().zip(data.rows()) {
            assert!(losses.iter().zip([0, 1, 2, 5, 6]).all(|(l, i)| l.is_nan() == x[i].is_nan()));
        }
        // The probabilities of a category add up to one.
        let sums = model.reconstruct(&data).slice(ndarray::s![.., 2..5]).sum_axis(Axis(1));
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-5));
    }
}

#[test]
fn shares_of_features_add_up_to_the_cost() {
    let data = table(40).mapv(f64::from);
    let of = |config: AutoencoderConfig, data: &Array2<f64>| {
        let model = Autoencoder::<f64>::new(&config, data.ncols(), 1, 0).expect("valid");
        let objective = Objective::new(&config, &TrainingConfig::default()).expect("valid");
        let (mut memory, mut gradient) = (StepMemory::new(&model, 40), model.zeros_like());
        let batch = Batch::clean(data.view());
        let cost = cost_and_gradient(&model, &objective, &batch, &mut memory, &mut gradient);
        let shares = model.feature_losses(data, config.loss());
        assert!((shares.sum() / 40.0 - cost).abs() < 1e-10 * cost.max(1.0), "{config:?}");
    };
    of(config(layout()), &data);
    let bits = data.slice(ndarray::s![.., 2..]).to_owned();
    of(AutoencoderConfig::default(), &bits);
    for loss in [Loss::SquaredError, Loss::MeanSquaredError] {
        let real =
            AutoencoderConfig { data: DataKind::Real, loss: Some(loss), ..Default::default() };
        of(real, &data);
    }
}

#[test]
fn a_cost_that_explodes_is_an_error_and_the_model_is_restored() {
    let data = table(300);
    let config = config(layout());
    let before = Autoencoder::<f32>::new(&config, 7, 1, 0).expect("valid");
    for rate in [1e30, 1e4] {
        let how =
            TrainingConfig { learning_rate: rate, epochs: 3, batch_size: 50, ..Default::default() };
        let mut model = before.clone();
        let mut training = Training::new(&model, &config, &how, data.view(), 1, 0).expect("valid");
        let error = training.epoch(&mut model, data.view()).expect_err("diverges");
        assert!(matches!(error, TrainingError::Diverged { .. }), "{error}");
        assert_eq!(model, before);
    }
}

#[test]
fn settings_that_a_layout_decides_are_refused() {
    let set = AutoencoderConfig { loss: Some(Loss::SquaredError), ..config(layout()) };
    assert!(set.validate().expect_err("set").to_string().starts_with("model.layout = set"));
    let error = Autoencoder::<f32>::new(&config(layout()), 8, 1, 0).expect_err("seven columns");
    assert!(error.to_string().starts_with("model.layout = 7"), "{error}");
}
