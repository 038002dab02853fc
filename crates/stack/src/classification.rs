//! The cost of a classifier, its gradient, and the step of training:
//! J = −(1/n) Σ ln p(label | x).

use ndarray::ArrayView2;
use nn_core::{Optimizer, Workspace};
use numerics::{Real, elementary, update_and_sum};

use crate::dropout::{leave_out_units, zero_left_out};
use crate::{Classifier, DropoutDraw};

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
/// [`classification_cost_and_gradient`]; gradients of weights that are plain products are never stored.
///
/// # Errors
/// [`NotFinite`] if the cost is not finite. No step is taken then, and the memory holds the gradient.
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
    for (i, layer) in memory.gradient.layers.iter_mut().enumerate() {
        if !memory.workspace.has_product(i) {
            memory.workspace.set_weights_gradient(i, x, layer);
        }
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
/// workspace and the gradient of the biases in the gradient. `cost` is the function that
/// [`Workspace::output`] takes; `row_of_draws` returns the row whose dropout draws a sample uses.
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
    for (i, layer) in gradient.layers.iter_mut().enumerate() {
        workspace.set_bias_gradient(i, layer);
    }
    cost
}

pub(crate) fn set_weights_gradient<F: Real>(x: ArrayView2<F>, memory: &mut ClassifierMemory<F>) {
    let ClassifierMemory { workspace, gradient } = memory;
    for (i, layer) in gradient.layers.iter_mut().enumerate() {
        workspace.set_weights_gradient(i, x, layer);
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

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use nn_core::{Activation, Initialiser, Layer, check_gradient};
    use numerics::{Purpose, Stream};

    use super::*;
    use crate::Dropout;

    const WEIGHTS: Purpose = Purpose::new("readout");

    #[test]
    fn the_gradient_matches_central_differences() {
        let x = Array2::from_shape_fn((7, 5), |(i, j)| ((i * 5 + j * 3) % 7) as f64 / 7.0);
        let labels = [0, 1, 2, 0, 1, 2, 2];
        for unit in [Activation::Logistic, Activation::Tanh, Activation::Relu] {
            let layer = |i: usize, n_in, n_out| {
                let mut layer: Layer<f64> =
                    Initialiser::Glorot {}.dense(n_in, n_out, Stream::new(1, WEIGHTS).layer(i));
                layer.bias.fill(0.1);
                layer
            };
            let model = Classifier {
                layers: vec![layer(0, 5, 4), layer(1, 4, 6), layer(2, 6, 3)],
                units: vec![unit; 2],
            };
            let mut memory = ClassifierMemory::new(&model, 10);
            let mut gradient = model.zeros_like();
            let stream = Stream::new(5, WEIGHTS);
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
