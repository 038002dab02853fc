//! Gradients against central differences in double precision, for every combination of units, loss,
//! tying, penalty and corruption.

use ae_core::{
    Autoencoder, AutoencoderConfig, Batch, Contractive, Corruption, DataKind, Emphasis, Kl, L1,
    Objective, Penalty, StepMemory, TrainingConfig, cost_and_gradient,
};
use ndarray::{Array2, Axis};
use nn_core::{
    Activation, BlockKind, Chain, Initialiser, Layout, Loss, Parameters, check_gradient,
};
use numerics::{Purpose, Stream};

const TEST: Purpose = Purpose::new("test");

fn outputs_and_losses() -> Vec<(Activation, Loss)> {
    let mut pairs: Vec<_> = Activation::ALL.map(|unit| (unit, Loss::SquaredError)).to_vec();
    pairs.push((Activation::Logistic, Loss::MeanSquaredError));
    pairs.push((Activation::Logistic, Loss::CrossEntropy));
    pairs
}

/// A penalty, with the architectures that it combines with.
struct Row {
    penalty: Option<Penalty>,
    /// Whether it combines with this code unit and top k, in a code of one hidden layer.
    combines: fn(Activation, Option<usize>) -> bool,
    /// The code unit to test it with in a deep code, if it combines with those.
    deep: Option<Activation>,
}

const CONTRACTIVE: Penalty = Penalty::Contractive(Contractive { weight: 0.4 });

/// No penalty, and one row for each of [`Penalty::EXAMPLES`].
const PENALTIES: [Row; 4] = [
    Row { penalty: None, combines: |_, _| true, deep: Some(Activation::Identity) },
    Row {
        penalty: Some(Penalty::Kl(Kl { target: 0.1, weight: 0.7 })),
        combines: |unit, _| unit == Activation::Logistic,
        deep: Some(Activation::Logistic),
    },
    Row {
        penalty: Some(Penalty::L1(L1 { weight: 0.3 })),
        combines: |_, _| true,
        deep: Some(Activation::Elu),
    },
    Row { penalty: Some(CONTRACTIVE), combines: |_, top_k| top_k.is_none(), deep: None },
];

#[test]
fn the_table_has_a_row_for_every_penalty() {
    let rows = PENALTIES.map(|row| row.penalty);
    assert!(rows.into_iter().skip(1).eq(Penalty::EXAMPLES.iter().copied().map(Some)));
}

/// Corruption of the input and weights of the pixels.
const NOISE: [(Option<Corruption>, Option<Emphasis>); 5] = [
    (None, None),
    (Some(Corruption::Masking { fraction: 0.4 }), None),
    (Some(Corruption::SaltAndPepper { fraction: 0.4 }), None),
    (Some(Corruption::Gaussian { std: 0.3, clip: true }), None),
    (
        Some(Corruption::Masking { fraction: 0.4 }),
        Some(Emphasis { corrupted: 1.0, uncorrupted: 0.3 }),
    ),
];

fn data() -> Array2<f64> {
    let mut x = Array2::zeros((5, 6));
    Stream::new(4, TEST).fill_uniform(0, x.as_slice_mut().expect("just made"));
    x
}

/// A model with biases away from zero, so that no unit is at its kink.
fn model(config: &AutoencoderConfig) -> Autoencoder<f64> {
    let mut model = Autoencoder::new(config, 6, 3, 0).expect("valid");
    for (i, tensor) in model.tensors_mut().enumerate() {
        if tensor.shape[0] == 1 {
            Stream::new(5, TEST).layer(i).fill_uniform(0, tensor.values);
        }
    }
    model
}

/// A change that makes a gradient wrong on purpose.
type Spoil<'a> = &'a dyn Fn(&mut Autoencoder<f64>);

/// The gradient that the crate computes, after `spoil`, and its relative error. `None` if the settings
/// contradict each other.
fn checked(
    config: &AutoencoderConfig,
    training: &TrainingConfig,
    spoil: Spoil,
) -> Option<(Autoencoder<f64>, f64)> {
    let objective = Objective::new(config, training).ok()?;
    let (model, target) = (model(config), data());
    let mut memory = StepMemory::new(&model, 7);
    let mut cost = |model: &Autoencoder<f64>, gradient: &mut Autoencoder<f64>| {
        // The stream restarts at each call, so the masks match.
        let (mut input, mut weights) = (target.clone(), None);
        if let Some(corruption) = training.corruption {
            corruption.apply(Stream::new(6, TEST), input.view_mut());
            weights = training.emphasis.map(|emphasis| {
                let mut weights = target.clone();
                emphasis.weigh(corruption, Stream::new(6, TEST), weights.view_mut());
                weights
            });
        }
        let weights = weights.as_ref().map(|weights| weights.view());
        let batch = Batch { input: input.view(), target: target.view(), weights };
        cost_and_gradient(model, &objective, &batch, &mut memory, gradient)
    };
    let mut gradient = model.zeros_like();
    cost(&model, &mut gradient);
    spoil(&mut gradient);
    let mut scratch = model.zeros_like();
    let check = check_gradient(&model, &gradient, |model| cost(model, &mut scratch));
    Some((gradient, check.max_relative_error))
}

fn relative_error(config: &AutoencoderConfig, training: &TrainingConfig) -> Option<f64> {
    checked(config, training, &|_| ()).map(|(_, error)| error)
}

fn one_hidden_layer(hidden: Activation, tied: bool) -> AutoencoderConfig {
    AutoencoderConfig {
        n_hidden: 4,
        hidden,
        data: DataKind::Real,
        tied,
        initialiser: Some(Initialiser::Normal { std: 0.5 }),
        ..Default::default()
    }
}

#[test]
fn every_combination_with_one_hidden_layer() {
    for hidden in Activation::ALL {
        for tied in [false, true] {
            for (output, loss) in outputs_and_losses() {
                for top_k in [None, Some(2)] {
                    for Row { penalty, combines, .. } in PENALTIES {
                        for (corruption, emphasis) in NOISE {
                            let config = AutoencoderConfig {
                                output: Some(output),
                                loss: Some(loss),
                                top_k,
                                ..one_hidden_layer(hidden, tied)
                            };
                            let training = TrainingConfig {
                                penalty,
                                corruption,
                                emphasis,
                                ..Default::default()
                            };
                            let error = relative_error(&config, &training);
                            let expected = combines(hidden, top_k);
                            assert_eq!(error.is_some(), expected, "{config:?} {training:?}");
                            let error = error.unwrap_or_default();
                            assert!(error < 1e-6, "{config:?} {training:?}: {error:e}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_penalty_on_deep_codes() {
    for decoder_layers in [None, Some(vec![3])] {
        for tied in [false, true] {
            for Row { penalty, deep, .. } in PENALTIES {
                let config = AutoencoderConfig {
                    encoder_layers: vec![5, 4],
                    decoder_layers: decoder_layers.clone(),
                    code: Some(deep.unwrap_or(Activation::Logistic)),
                    n_hidden: 3,
                    ..one_hidden_layer(Activation::Tanh, tied)
                };
                let training = TrainingConfig { penalty, ..Default::default() };
                let error = relative_error(&config, &training);
                let asymmetric = decoder_layers.is_some();
                assert_eq!(error.is_none(), deep.is_none() || (tied && asymmetric));
                let error = error.unwrap_or_default();
                assert!(error < 1e-6, "{config:?} {penalty:?}: {error:e}");
                if !(tied && asymmetric) {
                    assert_eq!(model(&config).n_layers(), if asymmetric { 5 } else { 6 });
                }
            }
        }
    }
}

/// Output layers by blocks: real numbers, values in [0, 1] and a category, with and without missing
/// values, under every activation, penalty and noise.
#[test]
fn every_combination_with_an_output_layer_by_blocks() {
    let layouts = [
        Layout::new([(BlockKind::Real, 1), (BlockKind::UnitInterval, 2), (BlockKind::Category, 3)]),
        Layout::new([(BlockKind::Category, 2), (BlockKind::Category, 4)]),
        Layout::new([(BlockKind::Real, 6)]),
    ];
    for layout in layouts {
        for hidden in Activation::ALL {
            for tied in [false, true] {
                for Row { penalty, combines, .. } in PENALTIES {
                    for (corruption, emphasis) in NOISE {
                        let config = AutoencoderConfig {
                            layout: Some(layout.clone()),
                            ..one_hidden_layer(hidden, tied)
                        };
                        let training =
                            TrainingConfig { penalty, corruption, emphasis, ..Default::default() };
                        let error = relative_error(&config, &training);
                        assert_eq!(error.is_some(), combines(hidden, None));
                        let error = error.unwrap_or_default();
                        assert!(error < 1e-6, "{config:?} {training:?}: {error:e}");
                    }
                }
            }
        }
    }
}

/// Controls that must fail: an inverted sign, a gradient without the penalty's part, and a gradient
/// without one of the two ways in which the contractive penalty depends on the weights.
#[test]
fn wrong_gradients_are_found() {
    let config = one_hidden_layer(Activation::Logistic, false);
    let training = |penalty| TrainingConfig { penalty, ..Default::default() };
    let found = |penalty, spoil: Spoil| {
        let (_, error) = checked(&config, &training(penalty), spoil).expect("valid");
        assert!(error > 1e-3, "{penalty:?}: {error:e}");
    };
    found(None, &|gradient| {
        let bias = gradient.tensors_mut().last().expect("a bias").values;
        for g in bias.iter_mut() {
            *g = -*g;
        }
    });
    let (plain, _) = checked(&config, &training(None), &|_| ()).expect("valid");
    for penalty in Penalty::EXAMPLES {
        found(Some(*penalty), &|gradient| gradient.clone_from(&plain));
    }
    let model = model(&config);
    let slopes = model.encode(data().view()).mapv(|h| (h * (1.0 - h)).powi(2));
    let mean = slopes.mean_axis(Axis(0)).expect("five samples");
    let direct = &model.encoder[0].weights * &(0.8 * mean);
    found(Some(CONTRACTIVE), &|gradient| gradient.encoder[0].weights -= &direct);
    found(Some(CONTRACTIVE), &|gradient| {
        gradient.encoder[0].clone_from(&plain.encoder[0]);
        gradient.encoder[0].weights += &direct;
    });
}
