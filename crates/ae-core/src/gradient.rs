//! The cost of a reconstruction and its gradient, by backpropagation.
//!
//! J = (1/n) Σ L(y(x̃), x) over a batch of n samples, where x̃ is what the encoder sees and x what
//! it should give back; for the basic autoencoder they are the same. With the δ of
//! [`nn_core::Workspace`], ∂W = x̃ᵀ δ₁ and ∂W′ = hᵀ δ₂; where the decoder is tied, W′ = Wᵀ and the
//! two parts add up: ∂W = x̃ᵀ δ₁ + δ₂ᵀ h.

use ndarray::ArrayView2;
use nn_core::{Chain, Loss, Workspace};
use numerics::Real;

use crate::{Autoencoder, Decoder};

/// Writes the gradient of the batch's cost into `gradient` and returns the cost.
///
/// Shapes: `input` and `target` are n × visible, with n at most the workspace's batch size;
/// `gradient` is of the model's shape. Allocates nothing.
///
/// # Panics
/// If shapes differ from these.
pub fn cost_and_gradient<F: Real>(
    model: &Autoencoder<F>,
    loss: Loss,
    input: ArrayView2<F>,
    target: ArrayView2<F>,
    workspace: &mut Workspace<F>,
    gradient: &mut Autoencoder<F>,
) -> f64 {
    let output = model.layer(model.n_layers() - 1).activation;
    workspace.forward(model, input);
    let cost = workspace.output(model, input, |sample, bias, row| {
        let target = target.row(sample);
        let target = target.to_slice().expect("rows are contiguous");
        loss.replace_by_delta(output, bias, target, row)
    });
    workspace.backward(model);

    let scale = F::one() / F::of(input.nrows() as f64);
    let depth = model.encoder.len();
    for (i, layer) in gradient.encoder.iter_mut().enumerate() {
        layer.set_gradient(scale, workspace.layer_input(i, input), workspace.delta(i));
    }
    match &mut gradient.decoder {
        Decoder::Untied(layers) => {
            for (i, layer) in (depth..).zip(layers) {
                layer.set_gradient(scale, workspace.layer_input(i, input), workspace.delta(i));
            }
        }
        Decoder::Tied(biases) => {
            for (i, bias) in (depth..).zip(biases) {
                let (h, delta) = (workspace.layer_input(i, input), workspace.delta(i));
                let weights = gradient.encoder[2 * depth - 1 - i].weights.view_mut();
                numerics::matmul_scaled(scale, delta.t(), h, F::one(), weights);
                numerics::column_sums(scale, delta, bias.view_mut());
            }
        }
    }
    cost
}
