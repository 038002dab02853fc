//! A network of hidden layers and a softmax output layer, and its cost.
//!
//! p(k | x) = e^(z_k) / Σ e^(z_l), where z are the inputs of the softmax; J = −(1/n) Σ ln p(label | x).

use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{
    Activation, Chain, Dense, Initialiser, LayerView, Optimizer, Parameters, Tensor, TensorMut,
    Workspace,
};
use numerics::{Purpose, Real, Stream, elementary, update_and_sum};

use crate::dropout::{leave_out_units, zero_left_out};
use crate::{Dropout, DropoutDraw, PretrainedLayer};

const OUTPUT_LAYER: Purpose = Purpose::new("readout");

/// A feed-forward classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier<F> {
    /// The hidden layers, then the output layer (last hidden × classes).
    pub layers: Vec<Dense<F>>,
    /// The activations of the hidden layers.
    pub units: Vec<Activation>,
}

impl Classifier<f32> {
    /// A classifier on top of these layers. The weights of the output layer depend on seed and sizes
    /// alone, so that they are the same for every kind of pretraining.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn new(pretrained: &[PretrainedLayer], n_classes: usize, seed: u64) -> Self {
        let hidden = pretrained.iter().map(|layer| (layer.encoder.clone(), layer.unit)).collect();
        Self::on_top_of(hidden, n_classes, seed)
    }

    /// As [`Classifier::new`], for layers with their activations.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn on_top_of(hidden: Vec<(Dense<f32>, Activation)>, n_classes: usize, seed: u64) -> Self {
        let (mut layers, units): (Vec<_>, Vec<_>) = hidden.into_iter().unzip();
        let n_features = layers.last().expect("a classifier has a hidden layer").n_outputs();
        layers.push(output_layer(n_features, n_classes, seed));
        Classifier { layers, units }
    }

    /// Logistic regression: an output layer alone.
    #[must_use]
    pub fn linear(n_features: usize, n_classes: usize, seed: u64) -> Self {
        Classifier { layers: vec![output_layer(n_features, n_classes, seed)], units: vec![] }
    }
}

const OUTPUT_LAYER_EXISTS: &str = "a classifier has an output layer";

fn output_layer(n_features: usize, n_classes: usize, seed: u64) -> Dense<f32> {
    Initialiser::Glorot {}.dense(n_features, n_classes, Stream::new(seed, OUTPUT_LAYER))
}

impl<F: Real> Classifier<F> {
    /// A model of the same shape, all zeros: a gradient to fill.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.tensors_mut().for_each(|tensor| tensor.values.fill(F::zero()));
        zeros
    }

    /// Number of inputs of the first layer.
    pub(crate) fn n_inputs(&self) -> usize {
        self.layers[0].n_inputs()
    }

    /// Number of classes.
    pub(crate) fn n_classes(&self) -> usize {
        self.layers.last().expect(OUTPUT_LAYER_EXISTS).n_outputs()
    }

    /// The model for use after training with `dropout`: each weight is multiplied by the probability
    /// that its input was kept.
    #[must_use]
    pub fn on_average(&self, dropout: Dropout) -> Self {
        let mut average = self.clone();
        for (i, layer) in average.layers.iter_mut().enumerate() {
            layer.weights *= F::of(1.0 - dropout.before(i));
        }
        average
    }

    /// The most probable class of each sample. Shapes: (n × inputs) → n.
    #[must_use]
    pub fn predict<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Vec<u8> {
        let x = x.into();
        let mut classes = Vec::with_capacity(x.nrows());
        self.for_blocks_of_scores(x, |scores| {
            classes.extend(
                scores.rows().into_iter().map(|row| {
                    numerics::argmax(row.to_slice().expect("rows are contiguous")) as u8
                }),
            );
        });
        classes
    }

    /// p(k | x) of each class k for each sample. Shapes: (n × inputs) → (n × classes).
    #[must_use]
    pub fn probabilities<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        let x = x.into();
        let n_classes = self.n_classes();
        let mut p = Vec::with_capacity(x.nrows() * n_classes);
        self.for_blocks_of_scores(x, |scores| {
            for row in scores.rows() {
                let max = row.iter().copied().fold(F::neg_infinity(), F::max);
                let powers = row.iter().map(|&z| elementary::exp(z - max));
                let total: F = powers.clone().sum();
                p.extend(powers.map(|power| power / total));
            }
        });
        Array2::from_shape_vec((x.nrows(), n_classes), p).expect("a row for each sample")
    }

    /// The outputs of the last hidden layer; without hidden layers, the samples themselves.
    /// Shapes: (n × inputs) → (n × last hidden).
    #[must_use]
    pub fn codes<'a>(&self, x: impl Into<ArrayView2<'a, F>>) -> Array2<F> {
        let x = x.into();
        let Some(last) = self.units.len().checked_sub(1) else { return x.to_owned() };
        let width = self.layers[last].n_outputs();
        let mut codes = Vec::with_capacity(x.nrows() * width);
        self.for_blocks(x, last + 1, |outputs| codes.extend(outputs.iter().copied()));
        Array2::from_shape_vec((x.nrows(), width), codes).expect("a row for each sample")
    }

    /// Calls `each` with the inputs of the softmax, a block of samples at a time, in order.
    fn for_blocks_of_scores(&self, x: ArrayView2<F>, each: impl FnMut(ArrayView2<F>)) {
        self.for_blocks(x, self.layers.len(), each);
    }

    /// Calls `each` with the outputs of the first `n_layers` layers, a block of samples at a time, in order.
    fn for_blocks(&self, x: ArrayView2<F>, n_layers: usize, mut each: impl FnMut(ArrayView2<F>)) {
        const BLOCK: usize = 1000;
        let mut buffers: Vec<Array2<F>> = (self.layers[..n_layers].iter())
            .map(|layer| Array2::zeros((x.nrows().min(BLOCK), layer.n_outputs())))
            .collect();
        for block in x.axis_chunks_iter(Axis(0), BLOCK) {
            let n = block.nrows();
            for i in 0..buffers.len() {
                let (before, from) = buffers.split_at_mut(i);
                let input = before.last().map_or(block, |b| b.slice(ndarray::s![..n, ..]));
                self.layer(i).forward(input, from[0].slice_mut(ndarray::s![..n, ..]));
            }
            each(buffers.last().expect(OUTPUT_LAYER_EXISTS).slice(ndarray::s![..n, ..]));
        }
    }

    /// The number of samples that are misclassified.
    ///
    /// # Panics
    /// If there are not as many labels as samples.
    pub fn count_errors<'a>(&self, x: impl Into<ArrayView2<'a, F>>, labels: &[u8]) -> usize {
        let x = x.into();
        assert_eq!(x.nrows(), labels.len(), "samples and labels");
        self.predict(x).iter().zip(labels).filter(|(found, label)| found != label).count()
    }
}

/// The memory of a classifier's training step, so that the step allocates nothing.
#[derive(Debug, Clone)]
pub struct ClassifierMemory<F> {
    /// The outputs of each layer and their derivatives, for the samples of a batch.
    pub workspace: Workspace<F>,
    /// The gradient, in the model's shape.
    pub gradient: Classifier<F>,
}

impl<F: Real> ClassifierMemory<F> {
    /// Memory for batches of up to `batch_size` samples.
    #[must_use]
    pub fn new(model: &Classifier<F>, batch_size: usize) -> Self {
        ClassifierMemory {
            workspace: Workspace::new(model, batch_size),
            gradient: model.zeros_like(),
        }
    }
}

/// Writes the gradient of the batch's mean cost into the memory and returns the cost in nats.
///
/// Shapes: `x` is n × inputs with n labels, n at most the memory's batch size. Allocates nothing.
///
/// # Panics
/// If shapes differ from these, or a label is not below the number of classes.
pub fn classification_cost_and_gradient<F: Real>(
    model: &Classifier<F>,
    x: ArrayView2<F>,
    labels: &[u8],
    memory: &mut ClassifierMemory<F>,
) -> f64 {
    let cost = classification_pass(model, x, labels, memory, None);
    set_weights_gradient(x, memory);
    cost
}

/// Takes one step down the cost of a batch without the hidden units that `dropout` leaves out, and
/// returns the cost in nats from before the step. Shapes and panics are those of
/// [`classification_cost_and_gradient`]; the gradients of weights are never stored.
///
/// # Errors
/// [`NotFinite`] if the cost is not finite. No step is taken then, and the memory has the gradient.
pub fn classification_step<F: Real>(
    model: &mut Classifier<F>,
    x: ArrayView2<F>,
    labels: &[u8],
    memory: &mut ClassifierMemory<F>,
    optimizer: &mut Optimizer<F>,
    learning_rate: f64,
    dropout: Option<DropoutDraw>,
) -> Result<f64, NotFinite> {
    let cost = classification_pass(model, x, labels, memory, dropout);
    descend(model, x, memory, (optimizer, learning_rate), cost)
}

/// Takes the step for a pass of the batch `x` that returned this cost.
pub(crate) fn descend<F: Real>(
    model: &mut Classifier<F>,
    x: ArrayView2<F>,
    memory: &mut ClassifierMemory<F>,
    (optimizer, learning_rate): (&mut Optimizer<F>, f64),
    cost: f64,
) -> Result<f64, NotFinite> {
    if !cost.is_finite() {
        set_weights_gradient(x, memory);
        return Err(NotFinite { cost });
    }
    let gradients = memory.workspace.gradients(x, &memory.gradient, |_| true);
    optimizer.descend_by(model, gradients, learning_rate);
    Ok(cost)
}

/// A cost that is infinite or NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotFinite {
    /// The cost.
    pub cost: f64,
}

fn classification_pass<F: Real>(
    model: &Classifier<F>,
    x: ArrayView2<F>,
    labels: &[u8],
    memory: &mut ClassifierMemory<F>,
    dropout: Option<DropoutDraw>,
) -> f64 {
    assert_eq!(x.nrows(), labels.len(), "samples and labels");
    pass(model, x, memory, (dropout, |sample| sample), |sample, bias, row| {
        softmax_cross_entropy(bias, usize::from(labels[sample]), row)
    })
}

/// Passes the batch forward and backward and returns the mean cost. It leaves the derivatives δ in the
/// workspace and the gradient of the biases in the gradient. `cost` is that of [`Workspace::output`]; the
/// draws of dropout for a sample are those of the row that the function beside `dropout` gives.
pub(crate) fn pass<F: Real>(
    model: &Classifier<F>,
    x: ArrayView2<F>,
    memory: &mut ClassifierMemory<F>,
    (dropout, row_of_draws): (Option<DropoutDraw>, impl Fn(usize) -> usize + Sync),
    cost: impl Fn(usize, &[F], &mut [F]) -> F + Sync,
) -> f64 {
    let ClassifierMemory { workspace, gradient } = memory;
    workspace.forward_then(model, x, |layer, sample, row| {
        leave_out_units(dropout, layer + 1, row_of_draws(sample), row);
    });
    let cost = workspace.output(model, x, cost);
    workspace.backward_then(model, |_, outputs, delta| zero_left_out(dropout, outputs, delta));
    let scale = F::one() / F::of(x.nrows() as f64);
    for (i, layer) in gradient.layers.iter_mut().enumerate() {
        layer.set_bias_gradient(scale, workspace.delta(i));
    }
    cost
}

pub(crate) fn set_weights_gradient<F: Real>(x: ArrayView2<F>, memory: &mut ClassifierMemory<F>) {
    let ClassifierMemory { workspace, gradient } = memory;
    let scale = F::one() / F::of(x.nrows() as f64);
    for (i, layer) in gradient.layers.iter_mut().enumerate() {
        layer.set_weights_gradient(scale, workspace.layer_input(i, x), workspace.delta(i));
    }
}

/// Replaces a row of softmax inputs, still without bias, by p − onehot(label) and returns −ln p(label).
pub(crate) fn softmax_cross_entropy<F: Real>(bias: &[F], label: usize, row: &mut [F]) -> F {
    for (z, &b) in row.iter_mut().zip(bias) {
        *z += b;
    }
    let max = row.iter().copied().fold(F::neg_infinity(), |max, z| if z < max { max } else { z });
    let z_label = row[label] - max;
    let total = update_and_sum(row, bias, |z, _| {
        *z = elementary::exp(*z - max);
        *z
    });
    for p in row.iter_mut() {
        *p = elementary::flush_to_zero(*p / total);
    }
    row[label] -= F::one();
    total.ln() - z_label
}

impl<F: Real> Chain<F> for Classifier<F> {
    fn n_layers(&self) -> usize {
        self.layers.len()
    }

    fn layer(&self, index: usize) -> LayerView<'_, F> {
        let unit = self.units.get(index).copied().unwrap_or(Activation::Identity);
        self.layers[index].view(unit)
    }
}

impl<F: Real> Parameters<F> for Classifier<F> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        self.layers.tensors()
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        self.layers.tensors_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dropout::leave_out;
    use nn_core::check_gradient;

    #[test]
    fn the_gradient_matches_central_differences() {
        let x = Array2::from_shape_fn((7, 5), |(i, j)| ((i * 5 + j * 3) % 7) as f64 / 7.0);
        let labels = [0, 1, 2, 0, 1, 2, 2];
        for unit in [Activation::Logistic, Activation::Tanh, Activation::Relu] {
            let layer = |i: usize, n_in, n_out| {
                let mut layer: Dense<f64> = Initialiser::Glorot {}.dense(
                    n_in,
                    n_out,
                    Stream::new(1, OUTPUT_LAYER).layer(i),
                );
                layer.bias.fill(0.1);
                layer
            };
            let model = Classifier {
                layers: vec![layer(0, 5, 4), layer(1, 4, 6), layer(2, 6, 3)],
                units: vec![unit; 2],
            };
            let mut memory = ClassifierMemory::new(&model, 10);
            let mut gradient = model.zeros_like();
            let stream = Stream::new(5, OUTPUT_LAYER);
            let half = Dropout { input: 0.0, hidden: 0.5 };
            for dropout in [None, Some(DropoutDraw { dropout: half, stream })] {
                let mut cost = |model: &Classifier<f64>, gradient: &mut Classifier<f64>| {
                    let cost = classification_pass(model, x.view(), &labels, &mut memory, dropout);
                    set_weights_gradient(x.view(), &mut memory);
                    gradient.clone_from(&memory.gradient);
                    cost
                };
                cost(&model, &mut gradient);
                let mut scratch = model.zeros_like();
                let check = check_gradient(&model, &gradient, |model| cost(model, &mut scratch));
                assert!(check.max_relative_error < 1e-6, "{unit:?}: {}", check.worst);
            }
        }
    }

    /// For a linear network, the averaged weights give the mean of the output over all draws of
    /// dropout.
    #[test]
    fn the_average_model_gives_the_mean_of_the_thinned_ones() {
        let dropout = Dropout { input: 0.2, hidden: 0.5 };
        let layer = |i: usize, n_in, n_out| -> Dense<f64> {
            Initialiser::Glorot {}.dense(n_in, n_out, Stream::new(1, OUTPUT_LAYER).layer(i))
        };
        let model = Classifier {
            layers: vec![layer(0, 5, 4), layer(1, 4, 3)],
            units: vec![Activation::Identity],
        };
        let x = Array2::from_elem((40_000, 5), 1.0);
        let stream = Stream::new(2, OUTPUT_LAYER);
        let mut thinned = x.clone();
        for (i, mut row) in thinned.rows_mut().into_iter().enumerate() {
            leave_out(dropout.input, stream, i, row.as_slice_mut().expect("contiguous"));
        }
        let mut h = thinned.dot(&model.layers[0].weights);
        for (i, mut row) in h.rows_mut().into_iter().enumerate() {
            leave_out(dropout.hidden, stream.layer(1), i, row.as_slice_mut().expect("contiguous"));
        }
        let mean = h.dot(&model.layers[1].weights).mean_axis(Axis(0)).expect("samples");
        let average = model.on_average(dropout);
        let expected = x.row(0).dot(&average.layers[0].weights).dot(&average.layers[1].weights);
        // Standard errors are about 0.005.
        assert!((&mean - &expected).iter().all(|d| d.abs() < 0.03), "{mean} {expected}");
    }

    #[test]
    fn softmax_by_hand_and_far_out() {
        let mut row = [1.0_f64, 2.0];
        let cost = softmax_cross_entropy(&[0.0, 0.0], 0, &mut row);
        assert!((cost - 1_f64.exp().ln_1p()).abs() < 1e-12);
        assert!(
            (row[0] + 1.0 / (1.0 + (-1_f64).exp())).abs() < 1e-12
                && (row[0] + row[1]).abs() < 1e-12
        );
        let mut far = [1000.0_f32, 0.0];
        assert!((softmax_cross_entropy(&[0.0, 0.0], 1, &mut far) - 1000.0).abs() < 1e-3);
    }
}
