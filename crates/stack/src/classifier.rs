//! A network of hidden layers and a softmax read-out, and its cost.
//!
//! p(k | x) = e^(z_k) / Σ e^(z_l) with z the read-out's inputs; J = −(1/n) Σ ln p(label | x).

use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{
    Activation, Chain, Dense, Initialiser, LayerView, Optimizer, Parameters, Tensor, TensorMut,
    Workspace,
};
use numerics::{Purpose, Real, Stream, elementary, update_and_sum};

use crate::dropout::leave_out;
use crate::{Dropout, PretrainedLayer};

const READOUT: Purpose = Purpose::new("readout");

/// A feed-forward classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier<F> {
    /// The hidden layers, then the read-out (last hidden × classes).
    pub layers: Vec<Dense<F>>,
    /// The units of the hidden layers.
    pub units: Vec<Activation>,
}

impl Classifier<f32> {
    /// A classifier on top of these layers. The read-out's weights depend on seed and sizes alone,
    /// so that every way of pretraining gets the same.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn new(pretrained: &[PretrainedLayer], n_classes: usize, seed: u64) -> Self {
        let hidden = pretrained.iter().map(|layer| (layer.encoder.clone(), layer.unit)).collect();
        Self::on_top_of(hidden, n_classes, seed)
    }

    /// As [`Classifier::new`], for layers with their units.
    ///
    /// # Panics
    /// If there is no layer.
    #[must_use]
    pub fn on_top_of(hidden: Vec<(Dense<f32>, Activation)>, n_classes: usize, seed: u64) -> Self {
        let (mut layers, units): (Vec<_>, Vec<_>) = hidden.into_iter().unzip();
        let n_features = layers.last().expect("a classifier has a hidden layer").n_outputs();
        layers.push(readout(n_features, n_classes, seed));
        Classifier { layers, units }
    }

    /// Logistic regression: a read-out alone.
    #[must_use]
    pub fn linear(n_features: usize, n_classes: usize, seed: u64) -> Self {
        Classifier { layers: vec![readout(n_features, n_classes, seed)], units: vec![] }
    }
}

fn readout(n_features: usize, n_classes: usize, seed: u64) -> Dense<f32> {
    Initialiser::Glorot {}.dense(n_features, n_classes, Stream::new(seed, READOUT))
}

impl<F: Real> Classifier<F> {
    /// A model of the same shape, all zeros: a gradient to fill.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.tensors_mut().for_each(|tensor| tensor.values.fill(F::zero()));
        zeros
    }

    /// The model for use after training with `dropout`: weights as they act on average.
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
    pub fn predict(&self, x: ArrayView2<F>) -> Vec<u8> {
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
    pub fn probabilities(&self, x: ArrayView2<F>) -> Array2<F> {
        let n_classes = self.layers.last().expect("a read-out").n_outputs();
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

    /// Calls `each` with the inputs to the softmax of some samples at a time, in order.
    fn for_blocks_of_scores(&self, x: ArrayView2<F>, mut each: impl FnMut(ArrayView2<F>)) {
        const BLOCK: usize = 1000;
        let mut buffers: Vec<Array2<F>> = (self.layers.iter())
            .map(|layer| Array2::zeros((x.nrows().min(BLOCK), layer.n_outputs())))
            .collect();
        for block in x.axis_chunks_iter(Axis(0), BLOCK) {
            let n = block.nrows();
            for i in 0..buffers.len() {
                let (before, from) = buffers.split_at_mut(i);
                let input = before.last().map_or(block, |b| b.slice(ndarray::s![..n, ..]));
                self.layer(i).forward(input, from[0].slice_mut(ndarray::s![..n, ..]));
            }
            each(buffers.last().expect("a read-out").slice(ndarray::s![..n, ..]));
        }
    }

    /// How many samples are assigned another class than their label.
    ///
    /// # Panics
    /// If there are not as many labels as samples.
    pub fn count_errors(&self, x: ArrayView2<F>, labels: &[u8]) -> usize {
        assert_eq!(x.nrows(), labels.len(), "samples and labels");
        self.predict(x).iter().zip(labels).filter(|(found, label)| found != label).count()
    }
}

/// Writes the gradient of the batch's mean cost into `gradient` and returns the cost in nats.
///
/// Shapes: `x` is n × inputs with n labels, at most the workspace's batch size. Allocates nothing.
///
/// # Panics
/// If shapes differ from these, or a label is not below the number of classes.
pub fn classification_cost_and_gradient<F: Real>(
    model: &Classifier<F>,
    x: ArrayView2<F>,
    labels: &[u8],
    workspace: &mut Workspace<F>,
    gradient: &mut Classifier<F>,
) -> f64 {
    let cost = classification_pass(model, x, labels, (workspace, gradient), None);
    set_weights_gradient(x, workspace, gradient);
    cost
}

/// One step down the cost of a batch, which is returned, with the hidden units that `dropout` chooses
/// left out. Shapes and panics as for [`classification_cost_and_gradient`]; the weights' gradients are
/// never stored.
///
/// # Errors
/// [`NotFinite`], with the gradient in `gradient`, if the cost is not; no step is taken then.
pub fn classification_step<F: Real>(
    model: &mut Classifier<F>,
    x: ArrayView2<F>,
    labels: &[u8],
    (workspace, gradient): (&mut Workspace<F>, &mut Classifier<F>),
    (optimizer, learning_rate): (&mut Optimizer<F>, f64),
    dropout: Option<(Dropout, Stream)>,
) -> Result<f64, NotFinite> {
    let cost = classification_pass(model, x, labels, (workspace, gradient), dropout);
    if !cost.is_finite() {
        set_weights_gradient(x, workspace, gradient);
        return Err(NotFinite { cost });
    }
    let gradients = workspace.gradients(x, &*gradient, |_| true);
    optimizer.descend_by(model, gradients, learning_rate);
    Ok(cost)
}

/// A cost that is infinite or no number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotFinite {
    /// The cost.
    pub cost: f64,
}

/// Passes the batch forward and back, leaves its δ in the workspace and the gradient of the biases in
/// `gradient`, and returns the cost.
fn classification_pass<F: Real>(
    model: &Classifier<F>,
    x: ArrayView2<F>,
    labels: &[u8],
    (workspace, gradient): (&mut Workspace<F>, &mut Classifier<F>),
    dropout: Option<(Dropout, Stream)>,
) -> f64 {
    assert_eq!(x.nrows(), labels.len(), "samples and labels");
    workspace.forward_then(model, x, |layer, sample, row| {
        if let Some((dropout, stream)) = dropout {
            leave_out(dropout.hidden, stream.layer(layer + 1), sample, row);
        }
    });
    let cost = workspace.output(model, x, |sample, bias, row| {
        softmax_cross_entropy(bias, usize::from(labels[sample]), row)
    });
    workspace.backward_then(model, |_, outputs, delta| {
        // A unit that was left out has the output 0; of the others next to none has.
        if dropout.is_some() {
            for (delta, &output) in delta.iter_mut().zip(outputs) {
                *delta = if output == F::zero() { F::zero() } else { *delta };
            }
        }
    });
    let scale = F::one() / F::of(x.nrows() as f64);
    for (i, layer) in gradient.layers.iter_mut().enumerate() {
        layer.set_bias_gradient(scale, workspace.delta(i));
    }
    cost
}

fn set_weights_gradient<F: Real>(
    x: ArrayView2<F>,
    workspace: &Workspace<F>,
    gradient: &mut Classifier<F>,
) {
    let scale = F::one() / F::of(x.nrows() as f64);
    for (i, layer) in gradient.layers.iter_mut().enumerate() {
        layer.set_weights_gradient(scale, workspace.layer_input(i, x), workspace.delta(i));
    }
}

/// Turns a row of inputs to the softmax, still without bias, into p − onehot(label), and returns
/// −ln p(label).
fn softmax_cross_entropy<F: Real>(bias: &[F], label: usize, row: &mut [F]) -> F {
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
        *p = elementary::or_zero(*p / total);
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
    use nn_core::check_gradient;

    #[test]
    fn the_gradient_matches_central_differences() {
        let x = Array2::from_shape_fn((7, 5), |(i, j)| ((i * 5 + j * 3) % 7) as f64 / 7.0);
        let labels = [0, 1, 2, 0, 1, 2, 2];
        for unit in [Activation::Logistic, Activation::Tanh, Activation::Relu] {
            let layer = |i: usize, n_in, n_out| {
                let mut layer: Dense<f64> =
                    Initialiser::Glorot {}.dense(n_in, n_out, Stream::new(1, READOUT).layer(i));
                layer.bias.fill(0.1);
                layer
            };
            let model = Classifier {
                layers: vec![layer(0, 5, 4), layer(1, 4, 6), layer(2, 6, 3)],
                units: vec![unit; 2],
            };
            let mut workspace = Workspace::new(&model, 10);
            let mut gradient = model.zeros_like();
            let stream = Stream::new(5, READOUT);
            let half = Dropout { input: 0.0, hidden: 0.5 };
            for dropout in [None, Some((half, stream))] {
                let mut cost = |model: &Classifier<f64>, gradient: &mut Classifier<f64>| {
                    let memory = (&mut workspace, &mut *gradient);
                    let cost = classification_pass(model, x.view(), &labels, memory, dropout);
                    set_weights_gradient(x.view(), &workspace, gradient);
                    cost
                };
                cost(&model, &mut gradient);
                let mut scratch = model.zeros_like();
                let check = check_gradient(&model, &gradient, |model| cost(model, &mut scratch));
                assert!(check.max_relative_error < 1e-6, "{unit:?}: {}", check.worst);
            }
        }
    }

    /// A linear net: the mean over what may be left out is what the averaged weights give.
    #[test]
    fn the_average_model_gives_the_mean_of_the_thinned_ones() {
        let dropout = Dropout { input: 0.2, hidden: 0.5 };
        let layer = |i: usize, n_in, n_out| -> Dense<f64> {
            Initialiser::Glorot {}.dense(n_in, n_out, Stream::new(1, READOUT).layer(i))
        };
        let model = Classifier {
            layers: vec![layer(0, 5, 4), layer(1, 4, 3)],
            units: vec![Activation::Identity],
        };
        let x = Array2::from_elem((40_000, 5), 1.0);
        let stream = Stream::new(2, READOUT);
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
