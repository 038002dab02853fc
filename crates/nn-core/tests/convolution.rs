//! Convolutional layers: their gradients against central differences, and their passes against dense layers
//! with explicit matrices.

use ndarray::{Array2, ArrayView2, Axis, s};
use nn_core::{
    Activation, Chain, Connection, Convolution, Initialiser, Layer, LayerView, Loss, Parameters,
    Pooling, Tensor, TensorMut, Workspace, check_gradient,
};
use numerics::{Purpose, Real, Stream, with_team};

const TEST: Purpose = Purpose::new("test");

#[derive(Debug, Clone, PartialEq)]
struct Network<F> {
    layers: Vec<Layer<F>>,
    units: Vec<Activation>,
}

impl<F: Real> Chain<F> for Network<F> {
    fn n_layers(&self) -> usize {
        self.layers.len()
    }

    fn layer(&self, index: usize) -> LayerView<'_, F> {
        self.layers[index].view(self.units[index])
    }
}

impl<F: Real> Parameters<F> for Network<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        self.layers.tensors()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        self.layers.tensors_mut()
    }
}

/// A layer with random weights and biases.
fn layer<F: Real>(connection: Connection, n: (usize, usize), index: usize) -> Layer<F> {
    let stream = Stream::new(1, TEST).layer(index);
    let mut layer = Initialiser::Normal { std: 0.4 }.layer(connection, n.0, n.1, stream);
    stream.sublayer(1).fill_uniform(0, layer.bias.as_slice_mut().expect("contiguous"));
    layer
}

fn samples<F: Real>(n: usize, width: usize, salt: usize) -> Array2<F> {
    let mut x = Array2::zeros((n, width));
    Stream::new(2, TEST).layer(salt).fill_uniform(0, x.as_slice_mut().expect("contiguous"));
    x
}

/// The mean loss of a batch and its gradient.
fn cost_and_gradient<F: Real>(
    model: &Network<F>,
    (x, target): (ArrayView2<F>, ArrayView2<F>),
    (loss, workspace): (Loss, &mut Workspace<F>),
    gradient: &mut Network<F>,
) -> f64 {
    let output = model.units[model.units.len() - 1];
    workspace.forward(model, x);
    let cost = workspace.output(model, x, |sample, bias, row| {
        let target = target.row(sample).to_slice().expect("contiguous");
        loss.replace_by_delta(output, bias, target, row)
    });
    workspace.backward(model);
    for (i, layer) in gradient.layers.iter_mut().enumerate() {
        workspace.set_weights_gradient(i, x, layer);
        workspace.set_bias_gradient(i, layer);
    }
    cost
}

fn convolution(input: [usize; 3], of: [usize; 3], pool: Pooling) -> Convolution {
    let [kernel, stride, padding] = of;
    let convolution = Convolution { input, maps: 3, kernel, stride, padding, pool };
    convolution.validate().expect("valid");
    convolution
}

/// Two convolutions and a full layer, or a convolution and its transpose.
fn networks(unit: Activation, output: Activation) -> Vec<Network<f64>> {
    let mut networks = Vec::new();
    for of in [[3, 1, 0], [3, 1, 1], [3, 2, 1], [2, 2, 0]] {
        for pool in [Pooling::Max(1), Pooling::Max(2), Pooling::AVERAGE] {
            let c = convolution([6, 5, 2], of, pool);
            let first = layer(Connection::Convolution(c), (0, 0), 0);
            let n = c.n_outputs();
            let above = match c.unpooled() {
                Some(back) => layer(Connection::Transposed(back), (0, 0), 1),
                None => layer(Connection::Full, (n, 60), 1),
            };
            networks.push(Network { layers: vec![first, above], units: vec![unit, output] });
        }
    }
    let below = convolution([9, 8, 1], [3, 1, 0], Pooling::Max(2));
    for (of, pool) in
        [([2, 1, 0], Pooling::Max(1)), ([2, 1, 1], Pooling::Max(2)), ([2, 1, 1], Pooling::AVERAGE)]
    {
        let above = convolution(below.output(), of, pool);
        let layers = vec![
            layer(Connection::Convolution(below), (0, 0), 0),
            layer(Connection::Convolution(above), (0, 0), 1),
            layer(Connection::Full, (above.n_outputs(), 4), 2),
        ];
        networks.push(Network { layers, units: vec![unit, unit, output] });
    }
    // The last layer may be a convolution, too.
    let last = convolution(below.output(), [2, 1, 0], Pooling::Max(2));
    let layers = vec![
        layer(Connection::Convolution(below), (0, 0), 0),
        layer(Connection::Convolution(last), (0, 0), 1),
    ];
    networks.push(Network { layers, units: vec![unit, output] });
    networks
}

#[test]
fn gradients_match_central_differences() {
    let outputs = [
        (Activation::Identity, Loss::SquaredError),
        (Activation::Logistic, Loss::CrossEntropy),
        (Activation::Tanh, Loss::MeanSquaredError),
    ];
    for unit in Activation::ALL {
        for (output, loss) in outputs {
            for model in networks(unit, output) {
                let (first, last) = (&model.layers[0], &model.layers[model.layers.len() - 1]);
                let x = samples(2, first.n_inputs(), 0);
                let target = samples(2, last.n_outputs(), 1);
                let mut workspace = Workspace::new(&model, 3);
                let (mut gradient, mut scratch) = (model.clone(), model.clone());
                let mut cost = |model: &Network<f64>, gradient: &mut Network<f64>| {
                    let data = (x.view(), target.view());
                    cost_and_gradient(model, data, (loss, &mut workspace), gradient)
                };
                cost(&model, &mut gradient);
                let check = check_gradient(&model, &gradient, |model| cost(model, &mut scratch));
                let what = format!("{unit:?} {loss:?} {:?}", first.connection);
                assert!(check.max_relative_error < 1e-6, "{what}: {check:?}");
            }
        }
    }
}

#[test]
fn derivatives_with_respect_to_the_input_match_central_differences() {
    for model in networks(Activation::Tanh, Activation::Logistic) {
        let (first, last) = (&model.layers[0], &model.layers[model.layers.len() - 1]);
        let (x, target) = (samples(2, first.n_inputs(), 0), samples(2, last.n_outputs(), 1));
        let mut workspace = Workspace::new(&model, 2);
        let mut gradient = model.clone();
        let mut cost = |x: &Array2<f64>| {
            let data = (x.view(), target.view());
            let of = (Loss::CrossEntropy, &mut workspace);
            let cost = cost_and_gradient(&model, data, of, &mut gradient);
            let mut found = Array2::zeros(x.dim());
            workspace.input_gradient_then(&model, found.view_mut(), |_, _| ());
            (cost, found)
        };
        let (_, found) = cost(&x);
        for (index, &found) in found.indexed_iter() {
            let mut at = |step: f64| {
                let mut x = x.clone();
                x[index] += step;
                cost(&x).0
            };
            // The cost is a mean over two samples; δ is that of a sum.
            let numeric = 2.0 * (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((found - numeric).abs() < 1e-8, "{index:?}: {found} {numeric}");
        }
    }
}

/// The matrix (inputs × outputs) and the biases of the dense layer that a layer without pooling equals.
fn written_out(layer: &Layer<f64>) -> Layer<f64> {
    let (Connection::Convolution(c) | Connection::Transposed(c)) = layer.connection else {
        return layer.clone();
    };
    let [height, width, channels] = c.input;
    let [rows, columns, maps] = c.output();
    let transposed = matches!(layer.connection, Connection::Transposed(_));
    let mut matrix = Array2::zeros((height * width * channels, rows * columns * maps));
    for (y, x, map) in ndarray::indices((rows, columns, maps)) {
        for (ky, kx, channel) in ndarray::indices((c.kernel, c.kernel, channels)) {
            let (row, column) = (y * c.stride + ky, x * c.stride + kx);
            if row < c.padding || column < c.padding {
                continue;
            }
            let (row, column) = (row - c.padding, column - c.padding);
            if row < height && column < width {
                let part = (ky * c.kernel + kx) * channels + channel;
                let index = if transposed { [map, part] } else { [part, map] };
                let (input, output) =
                    ((row * width + column) * channels + channel, (y * columns + x) * maps + map);
                matrix[[input, output]] = layer.weights[index];
            }
        }
    }
    let n = if transposed { height * width } else { rows * columns };
    let bias = layer.bias.iter().copied().cycle().take(n * layer.bias.len()).collect();
    let weights = if transposed { matrix.reversed_axes() } else { matrix };
    Layer::full(weights.as_standard_layout().into_owned(), bias)
}

#[test]
fn a_convolution_is_the_dense_layer_whose_matrix_is_written_out() {
    for of in [[3, 1, 0], [5, 1, 2], [3, 2, 1], [2, 3, 1]] {
        let c = convolution([7, 9, 2], of, Pooling::default());
        for connection in [Connection::Convolution(c), Connection::Transposed(c)] {
            let layer = layer(connection, (0, 0), 0);
            let dense = written_out(&layer);
            assert_eq!((layer.n_inputs(), layer.n_outputs()), dense.weights.dim());
            let x = samples(30, layer.n_inputs(), 0);
            for unit in Activation::ALL {
                let [found, expected] = [&layer, &dense].map(|layer| {
                    let mut out = Array2::zeros((30, layer.n_outputs()));
                    layer.view(unit).forward(x.view(), out.view_mut());
                    out
                });
                let difference = (&found - &expected).mapv(f64::abs);
                assert!(difference.iter().all(|&d| d < 1e-12), "{connection:?} {unit:?}");
            }
        }
    }
}

#[test]
fn pooling_takes_the_largest_or_the_mean_output() {
    let of = [3, 1, 1];
    let plain = convolution([7, 9, 2], of, Pooling::default());
    let layer = layer::<f64>(Connection::Convolution(plain), (0, 0), 0);
    let x = samples(30, layer.n_inputs(), 0);
    for unit in Activation::ALL {
        let output = |pool| {
            let pooled = convolution([7, 9, 2], of, pool);
            let layer = Layer { connection: Connection::Convolution(pooled), ..layer.clone() };
            let mut out = Array2::zeros((30, layer.n_outputs()));
            layer.view(unit).forward(x.view(), out.view_mut());
            let [rows, columns, maps] = pooled.output();
            out.into_shape_with_order((30, rows, columns, maps)).expect("its size")
        };
        let whole = output(Pooling::default());
        let largest = output(Pooling::Max(2));
        assert_eq!(largest.dim(), (30, 3, 4, 3));
        for ((n, y, x, map), &found) in largest.indexed_iter() {
            let window = whole.slice(s![n, 2 * y..2 * y + 2, 2 * x..2 * x + 2, map]);
            assert_eq!(found, window.fold(f64::NEG_INFINITY, |a, &b| a.max(b)), "{unit:?}");
        }
        for ((n, _, _, map), &found) in output(Pooling::AVERAGE).indexed_iter() {
            let mean = whole.slice(s![n, .., .., map]).mean().expect("positions");
            assert!((found - mean).abs() < 1e-12, "{unit:?}");
        }
    }
}

/// Outputs and gradients of a batch in single precision, as bits.
fn bits_of_a_step(x: &Array2<f32>) -> (Array2<u32>, Vec<Vec<u32>>) {
    let below = convolution([12, 12, 1], [5, 1, 0], Pooling::Max(2));
    let above = convolution(below.output(), [3, 1, 1], Pooling::Max(2));
    let back = above.unpooled().expect("max-pooling");
    let units = vec![Activation::Relu, Activation::Elu, Activation::Logistic];
    let layers = vec![
        layer(Connection::Convolution(below), (0, 0), 0),
        layer(Connection::Convolution(above), (0, 0), 1),
        layer(Connection::Transposed(back), (0, 0), 2),
    ];
    let model = Network { layers, units };
    let mut gradient = model.clone();
    let mut workspace = Workspace::new(&model, x.nrows());
    let target = samples(x.nrows(), back.n_inputs(), 1);
    let of = (Loss::CrossEntropy, &mut workspace);
    cost_and_gradient(&model, (x.view(), target.view()), of, &mut gradient);
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect();
    let tensors = gradient.tensors().map(|tensor| bits(tensor.values)).collect();
    (workspace.layer_output(1).mapv(f32::to_bits), tensors)
}

#[test]
fn bits_depend_neither_on_the_number_of_threads_nor_on_the_batch() {
    // The images of every other sample are sparse.
    let mut x = samples::<f32>(61, 144, 0);
    for mut row in x.rows_mut().into_iter().step_by(2) {
        row.mapv_inplace(|x| if x < 0.8 { 0.0 } else { x });
    }
    let one = with_team(1, || bits_of_a_step(&x));
    for threads in [2, 3, 8] {
        assert_eq!(with_team(threads, || bits_of_a_step(&x)), one, "{threads} threads");
    }
    for (i, row) in x.axis_chunks_iter(Axis(0), 1).enumerate() {
        let (alone, _) = bits_of_a_step(&row.to_owned());
        assert_eq!(alone.row(0), one.0.row(i), "sample {i}");
    }
}
