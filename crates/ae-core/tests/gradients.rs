//! Every combination of units, loss and tying against central differences, in double precision.

use ae_core::{Autoencoder, AutoencoderConfig, DataKind, Decoder, cost_and_gradient};
use ndarray::Array2;
use nn_core::{Activation, Chain, Dense, Initialiser, Loss, Parameters, Workspace, check_gradient};
use numerics::{Purpose, Stream};

const HIDDEN: [Activation; 4] =
    [Activation::Identity, Activation::Logistic, Activation::Tanh, Activation::Relu];
const OUTPUTS: [(Activation, Loss); 5] = [
    (Activation::Identity, Loss::SquaredError),
    (Activation::Logistic, Loss::CrossEntropy),
    (Activation::Logistic, Loss::MeanSquaredError),
    (Activation::Tanh, Loss::SquaredError),
    (Activation::Relu, Loss::SquaredError),
];

fn data(rows: usize, columns: usize) -> Array2<f64> {
    let mut x = Array2::zeros((rows, columns));
    Stream::new(4, Purpose::new("test")).fill_uniform(0, x.as_slice_mut().expect("just made"));
    x
}

/// Biases away from zero, so that no ReLU sits on its corner.
fn with_biases(mut model: Autoencoder<f64>) -> Autoencoder<f64> {
    let stream = Stream::new(5, Purpose::new("test"));
    for (i, tensor) in model.tensors_mut().enumerate() {
        if tensor.shape[0] == 1 {
            stream.layer(i).fill_uniform(0, tensor.values);
        }
    }
    model
}

fn relative_error(model: &Autoencoder<f64>, loss: Loss, flip_sign: bool) -> f64 {
    let (input, target) = (data(5, model.n_visible()), data(6, model.n_visible()));
    let target = target.slice(ndarray::s![1.., ..]);
    let cost_of = |model: &Autoencoder<f64>, gradient: &mut Autoencoder<f64>| {
        let mut workspace = Workspace::new(model, 7);
        cost_and_gradient(model, loss, input.view(), target, &mut workspace, gradient)
    };
    let mut gradient = model.zeros_like();
    cost_of(model, &mut gradient);
    if flip_sign {
        let bias = gradient.tensors_mut().last().expect("a bias").values;
        for g in bias.iter_mut() {
            *g = -*g;
        }
    }
    let mut scratch = model.zeros_like();
    let check = check_gradient(model, &gradient, |model| cost_of(model, &mut scratch));
    check.max_relative_error
}

#[test]
fn one_hidden_layer() {
    for hidden in HIDDEN {
        for (output, loss) in OUTPUTS {
            for tied in [false, true] {
                let config = AutoencoderConfig {
                    n_hidden: 4,
                    hidden,
                    data: DataKind::Real,
                    output: Some(output),
                    loss: Some(loss),
                    tied,
                    initialiser: Some(Initialiser::Normal { std: 0.5 }),
                };
                let model = Autoencoder::new(&config, 6, 3, 0).expect("valid");
                let error = relative_error(&with_biases(model), loss, false);
                assert!(error < 1e-6, "{hidden:?} {output:?} {loss:?} tied {tied}: {error:e}");
            }
        }
    }
}

#[test]
fn several_hidden_layers() {
    for tied in [false, true] {
        let layer = |i: usize, n_in, n_out| -> Dense<f64> {
            let stream = Stream::new(8, Purpose::new("test")).layer(i);
            Initialiser::Glorot {}.dense(n_in, n_out, stream)
        };
        let encoder = vec![layer(0, 6, 5), layer(1, 5, 3)];
        let decoder = if tied {
            Decoder::Tied(vec![layer(2, 3, 5).bias, layer(3, 5, 6).bias])
        } else {
            Decoder::Untied(vec![layer(2, 3, 5), layer(3, 5, 6)])
        };
        let units = vec![
            Activation::Tanh,
            Activation::Identity,
            Activation::Logistic,
            Activation::Logistic,
        ];
        let model = with_biases(Autoencoder { encoder, decoder, units });
        assert_eq!(model.n_layers(), 4);
        let error = relative_error(&model, Loss::CrossEntropy, false);
        assert!(error < 1e-6, "tied {tied}: {error:e}");
    }
}

#[test]
fn a_wrong_sign_is_found() {
    let config = AutoencoderConfig { n_hidden: 4, ..Default::default() };
    let model = Autoencoder::new(&config, 6, 3, 0).expect("valid");
    assert!(relative_error(&model, Loss::CrossEntropy, true) > 1.0);
}
