//! The convolutional autoencoder: gradients against central differences, training, and the settings that
//! do not combine with it.

use ae_core::{
    Autoencoder, AutoencoderConfig, Batch, Corruption, DataKind, Emphasis, Objective, Penalty,
    StepMemory, Training, TrainingConfig, cost_and_gradient,
};
use ndarray::Array2;
use nn_core::{
    Activation, Connection, ConvolutionConfig, Initialiser, Loss, Parameters, Pooling,
    check_gradient,
};
use numerics::{Purpose, Stream, with_team};

const TEST: Purpose = Purpose::new("test");

fn convolution(kernel: usize, stride: usize, padding: usize, pool: usize) -> ConvolutionConfig {
    let pool = Pooling::Max(pool);
    ConvolutionConfig { input: Some([6, 5, 2]), maps: 3, kernel, stride, padding, pool }
}

fn config(convolution: ConvolutionConfig) -> AutoencoderConfig {
    AutoencoderConfig { convolution: Some(convolution), ..Default::default() }
}

#[test]
fn gradients_match_central_differences() {
    let mut target = Array2::zeros((3, 60));
    Stream::new(4, TEST).fill_uniform(0, target.as_slice_mut().expect("just made"));
    let outputs = [
        (Activation::Logistic, Loss::CrossEntropy),
        (Activation::Identity, Loss::SquaredError),
        (Activation::Tanh, Loss::MeanSquaredError),
    ];
    let noise = Corruption::Masking { fraction: 0.4 };
    let emphasis = Emphasis { corrupted: 1.0, uncorrupted: 0.3 };
    let noises = [(None, None), (Some(noise), None), (Some(noise), Some(emphasis))];
    let mut checked = 0;
    for of in [convolution(3, 1, 0, 2), convolution(3, 1, 1, 2), convolution(2, 2, 0, 1)] {
        for hidden in [Activation::Logistic, Activation::Tanh, Activation::Elu, Activation::Relu] {
            for (output, loss) in outputs {
                for penalty in [None].into_iter().chain(Penalty::EXAMPLES.iter().copied().map(Some))
                {
                    for (corruption, emphasis) in noises {
                        let config = AutoencoderConfig {
                            hidden,
                            output: Some(output),
                            loss: Some(loss),
                            data: DataKind::Real,
                            initialiser: Some(Initialiser::Normal { std: 0.4 }),
                            ..config(of)
                        };
                        let training =
                            TrainingConfig { penalty, corruption, emphasis, ..Default::default() };
                        let Ok(objective) = Objective::new(&config, &training) else { continue };
                        let mut model = Autoencoder::new(&config, 60, 3, 0).expect("valid");
                        model.encoder[0].bias.fill(0.1);
                        let mut memory = StepMemory::new(&model, 4);
                        let mut cost =
                            |model: &Autoencoder<f64>, gradient: &mut Autoencoder<f64>| {
                                let (mut input, mut weights) = (target.clone(), None);
                                if let Some(corruption) = corruption {
                                    corruption.apply(Stream::new(6, TEST), input.view_mut());
                                    weights = emphasis.map(|emphasis| {
                                        let mut weights = target.clone();
                                        let stream = Stream::new(6, TEST);
                                        emphasis.weigh(corruption, stream, weights.view_mut());
                                        weights
                                    });
                                }
                                let weights = weights.as_ref().map(|weights| weights.view());
                                let target = target.view();
                                let batch = Batch { input: input.view(), target, weights };
                                cost_and_gradient(model, &objective, &batch, &mut memory, gradient)
                            };
                        let (mut gradient, mut scratch) = (model.zeros_like(), model.zeros_like());
                        cost(&model, &mut gradient);
                        let check =
                            check_gradient(&model, &gradient, |model| cost(model, &mut scratch));
                        let error = check.max_relative_error;
                        assert!(error < 1e-6, "{config:?} {penalty:?} {corruption:?}: {check:?}");
                        checked += 1;
                    }
                }
            }
        }
    }
    // No penalty and L1 with each of the four units, KL with logistic ones, in 3 × 3 × 3 combinations.
    assert_eq!(checked, 27 * (4 + 4 + 1));
}

#[test]
fn settings_that_do_not_combine_are_refused_by_name() {
    let good = config(convolution(3, 1, 1, 2));
    let refusal = |model: AutoencoderConfig| model.validate().expect_err("refused").to_string();
    for (model, expected) in [
        (
            AutoencoderConfig { tied: true, ..good.clone() },
            "model.tied = true: expected false with",
        ),
        (
            AutoencoderConfig { n_hidden: 9, ..good.clone() },
            "model.n_hidden = 9: expected no value",
        ),
        (AutoencoderConfig { top_k: Some(3), ..good.clone() }, "model.top_k = 3: expected none"),
        (
            AutoencoderConfig { encoder_layers: vec![9], ..good.clone() },
            "model.encoder_layers or decoder_layers = set: expected none",
        ),
        (config(convolution(9, 1, 1, 2)), "model.convolution.kernel = 9: expected at least 1"),
        (
            config(ConvolutionConfig { pool: Pooling::AVERAGE, ..convolution(3, 1, 1, 2) }),
            "model.convolution.pool = average: expected",
        ),
    ] {
        assert!(refusal(model.clone()).starts_with(expected), "{}", refusal(model));
    }
    let contractive = toml::from_str("penalty = { kind = \"contractive\", weight = 0.1 }");
    let error = Objective::new(&good, &contractive.expect("settings")).expect_err("no closed form");
    assert!(
        error.to_string().starts_with("training.penalty.kind = contractive: expected one fully")
    );
    let other = Autoencoder::<f32>::new(&good, 61, 1, 0).expect_err("60 values").to_string();
    assert!(other.starts_with("model.convolution.input = [6, 5, 2]: expected a height"), "{other}");
}

#[test]
fn settings_are_read_as_a_table() {
    let text = "hidden = \"relu\"\n[convolution]\ninput = [28, 28, 1]\nmaps = 32\nkernel = 5\n\
        padding = 2\npool = 2\n";
    let config: AutoencoderConfig = toml::from_str(text).expect("settings");
    let model = Autoencoder::<f32>::new(&config, 784, 1, 0).expect("valid");
    assert_eq!((model.n_visible(), model.n_code()), (784, 14 * 14 * 32));
    assert!(matches!(model.encoder[0].connection, Connection::Convolution(_)));
    let written = toml::to_string(&config).expect("plain");
    assert!(written.contains("maps = 32"), "{written}");
    assert_eq!(toml::from_str::<AutoencoderConfig>(&written), Ok(config));
    let usual = toml::to_string(&AutoencoderConfig::default()).expect("plain");
    assert!(!usual.contains("convolution"), "{usual}");
}

/// Images of 8 × 8 pixels with one bar, horizontal or vertical.
fn bars(n: usize) -> Array2<f32> {
    Array2::from_shape_fn((n, 64), |(i, pixel)| {
        let line = if i % 2 == 0 { pixel / 8 } else { pixel % 8 };
        f32::from(u8::from(line == i / 2 % 8))
    })
}

#[test]
fn training_learns_to_restore_images_on_any_number_of_threads() {
    let x = bars(200);
    let of = ConvolutionConfig {
        input: Some([8, 8, 1]),
        maps: 8,
        kernel: 3,
        stride: 1,
        padding: 1,
        pool: Pooling::Max(2),
    };
    let config = AutoencoderConfig { hidden: Activation::Relu, ..config(of) };
    let settings = TrainingConfig {
        epochs: 20,
        batch_size: 10,
        learning_rate: 2e-2,
        corruption: Some(Corruption::Masking { fraction: 0.1 }),
        ..Default::default()
    };
    let train = || {
        let mut model = Autoencoder::new(&config, 64, 1, 0).expect("valid");
        let mut training = Training::new(&model, &config, &settings, &x, 1, 0).expect("fits");
        let costs: Vec<f64> =
            (0..20).map(|_| training.epoch(&mut model, &x).expect("converges")).collect();
        (model, costs)
    };
    let (model, costs) = train();
    assert!(costs[19] < 0.25 * costs[0], "{costs:?}");
    let restored = model.reconstruct(&x);
    assert_eq!(restored, model.decode(&model.encode(&x)));
    let wrong = restored.iter().zip(&x).filter(|(y, x)| (*y - *x).abs() > 0.5).count();
    assert!(wrong < x.len() / 200, "{wrong} of {} pixels", x.len());
    assert!(model.all_finite());
    for threads in [2, 3, 8] {
        assert_eq!(with_team(threads, train), (model.clone(), costs.clone()), "{threads} threads");
    }
}

/// Compares the norm of the code's Jacobian with central differences; missing values count as 0.
#[test]
fn the_norm_of_the_jacobian_counts_every_place() {
    for of in [convolution(3, 1, 0, 2), convolution(3, 1, 1, 2), convolution(2, 2, 0, 1)] {
        let config = AutoencoderConfig { hidden: Activation::Tanh, ..config(of) };
        let model = Autoencoder::<f64>::new(&config, 60, 3, 0).expect("valid");
        let mut x = Array2::zeros((4, 60));
        Stream::new(6, TEST).fill_uniform(0, x.as_slice_mut().expect("just made"));
        let mut squares = [0.0; 4];
        for i in 0..60 {
            let shifted = |step: f64| {
                let mut x = x.clone();
                x.column_mut(i).mapv_inplace(|x| x + step);
                model.encode(&x)
            };
            let slope = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
            for (square, row) in squares.iter_mut().zip(slope.rows()) {
                *square += row.mapv(|d| d * d).sum();
            }
        }
        let expected = squares.map(f64::sqrt).iter().sum::<f64>() / 4.0;
        let found = model.code_statistics(&x).mean_jacobian_norm;
        assert!((found / expected - 1.0).abs() < 1e-6, "{of:?}: {found}, expected {expected}");
        x[[0, 7]] = 0.0;
        let of_zero = model.code_statistics(&x).mean_jacobian_norm;
        x[[0, 7]] = f64::NAN;
        assert_eq!(model.code_statistics(&x).mean_jacobian_norm, of_zero, "{of:?}");
    }
}
