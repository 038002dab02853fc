//! Forward and backward passes through a chain of layers.
//!
//! Layers i = 1 … L with input a₀ = x compute aᵢ = fᵢ(aᵢ₋₁ Wᵢ + bᵢ). With δ_L = ∂cost/∂z_L given by
//! the loss, δᵢ₋₁ = (δᵢ Wᵢᵀ) ⊙ f′ᵢ₋₁, and the gradients are ∂Wᵢ = aᵢ₋₁ᵀ δᵢ, ∂bᵢ = Σ δᵢ
//! (Rumelhart, Hinton & Williams 1986).

use std::ops::Range;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use numerics::Real;

use crate::{Kind, LayerView, Parameters, TensorGradient};

/// A model whose layers form a chain: each takes the output of the one before.
pub trait Chain<F: Real> {
    /// Number of layers, including the output layer.
    fn n_layers(&self) -> usize;

    /// Layer `index`, counted from 0.
    fn layer(&self, index: usize) -> LayerView<'_, F>;
}

/// Buffers for passes over batches of up to a given size.
#[derive(Debug, Clone)]
pub struct Workspace<F> {
    /// Outputs aᵢ of every layer except the last.
    outputs: Vec<Array2<F>>,
    /// δᵢ of every layer.
    deltas: Vec<Array2<F>>,
    /// Cost of each sample.
    costs: Vec<F>,
    /// Number of samples of the current batch.
    n: usize,
}

impl<F: Real> Workspace<F> {
    /// Buffers for batches of up to `batch_size` samples through `chain`.
    pub fn new(chain: &impl Chain<F>, batch_size: usize) -> Self {
        let widths = (0..chain.n_layers()).map(|i| chain.layer(i).bias.len());
        let matrices: Vec<_> = widths.map(|width| Array2::zeros((batch_size, width))).collect();
        Workspace {
            outputs: matrices[..matrices.len() - 1].to_vec(),
            deltas: matrices,
            costs: vec![F::zero(); batch_size],
            n: 0,
        }
    }

    /// Passes the batch `x` through all layers except the last.
    ///
    /// # Panics
    /// If the batch is larger than the workspace, or its width does not fit the first layer.
    pub fn forward(&mut self, chain: &impl Chain<F>, x: ArrayView2<F>) {
        self.forward_then(chain, x, |_, _, _| ());
    }

    /// Like [`Workspace::forward`], but calls `select` on each row of a hidden layer's outputs, with
    /// the layer and the sample's index in the batch, before the next layer reads it.
    pub fn forward_then(
        &mut self,
        chain: &impl Chain<F>,
        x: ArrayView2<F>,
        select: impl Fn(usize, usize, &mut [F]) + Sync,
    ) {
        self.n = x.nrows();
        for i in 0..self.outputs.len() {
            let (before, from) = self.outputs.split_at_mut(i);
            let input = before.last().map_or(x, |output| output.slice(s![..self.n, ..]));
            let out = from[0].slice_mut(s![..self.n, ..]);
            chain.layer(i).forward_then(input, out, |sample, row| select(i, sample, row));
        }
    }

    /// Computes the last layer's product and the mean cost over the batch, which is returned.
    ///
    /// `replace_by_delta` gets the sample's index in the batch, the bias, and the row of total inputs
    /// without bias; it replaces the row by ∂cost/∂z and returns the sample's cost.
    pub fn output(
        &mut self,
        chain: &impl Chain<F>,
        x: ArrayView2<F>,
        replace_by_delta: impl Fn(usize, &[F], &mut [F]) -> F + Sync,
    ) -> f64 {
        let last = chain.layer(chain.n_layers() - 1);
        let bias = last.bias.as_slice().expect("a bias is contiguous");
        let input = self.outputs.last().map_or(x, |output| output.slice(s![..self.n, ..]));
        let delta = self.deltas.last_mut().expect("a chain has a layer");
        let costs = &mut self.costs[..self.n];
        let epilogue = |rows: Range<usize>, mut delta: ArrayViewMut2<F>, costs: &mut [F]| {
            for ((sample, mut row), cost) in rows.zip(delta.rows_mut()).zip(costs) {
                let row = row.as_slice_mut().expect("rows are contiguous");
                *cost = replace_by_delta(sample, bias, row);
            }
        };
        let delta = delta.slice_mut(s![..self.n, ..]);
        numerics::matmul_then(input, last.weights, delta, costs, epilogue);
        self.costs[..self.n].iter().map(|cost| cost.as_f64()).sum::<f64>() / self.n as f64
    }

    /// Propagates δ from the last layer back to the first.
    pub fn backward(&mut self, chain: &impl Chain<F>) {
        self.backward_then(chain, |_, _, _| ());
    }

    /// Like [`Workspace::backward`], but calls `penalise` on each row of ∂cost/∂a of a hidden layer,
    /// with the layer and the row of outputs a, before it is multiplied by f′.
    pub fn backward_then(
        &mut self,
        chain: &impl Chain<F>,
        penalise: impl Fn(usize, &[F], &mut [F]) + Sync,
    ) {
        for i in (1..self.deltas.len()).rev() {
            let (before, from) = self.deltas.split_at_mut(i);
            let delta = from[0].slice(s![..self.n, ..]);
            let outputs = self.outputs[i - 1].slice(s![..self.n, ..]);
            let unit = chain.layer(i - 1).activation;
            numerics::matmul_then(
                delta,
                chain.layer(i).weights.reversed_axes(),
                before[i - 1].slice_mut(s![..self.n, ..]),
                (),
                |rows, mut deltas, ()| {
                    let outputs = outputs.slice(s![rows, ..]);
                    for (mut delta, output) in deltas.rows_mut().into_iter().zip(outputs.rows()) {
                        let delta = delta.as_slice_mut().expect("rows are contiguous");
                        let output = output.to_slice().expect("rows are contiguous");
                        penalise(i - 1, output, delta);
                        unit.multiply_derivative(output, delta);
                    }
                },
            );
        }
    }

    /// δ of layer `index`. Shape: batch × outputs of the layer.
    pub fn delta(&self, index: usize) -> ArrayView2<'_, F> {
        self.deltas[index].slice(s![..self.n, ..])
    }

    /// Outputs of layer `index`, which is not the last. Shape: batch × outputs of the layer.
    pub fn layer_output(&self, index: usize) -> ArrayView2<'_, F> {
        self.outputs[index].slice(s![..self.n, ..])
    }

    /// The gradients of the chain's tensors after the passes of the batch `x`. Layers for which
    /// `products` holds have their weight gradients given as products that are not yet computed; all
    /// other gradients are taken from `gradient`.
    pub fn gradients<'a>(
        &'a self,
        x: ArrayView2<'a, F>,
        gradient: &'a impl Parameters<F>,
        products: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = TensorGradient<'a, F>> {
        let scale = F::one() / F::of(self.n as f64);
        gradient.tensors().map(move |tensor| {
            if tensor.kind == Kind::Weights && products(tensor.layer) {
                let (x, delta) = (self.layer_input(tensor.layer, x), self.delta(tensor.layer));
                TensorGradient::Product { scale, x, delta }
            } else {
                TensorGradient::Values(tensor.values)
            }
        })
    }

    /// Inputs of layer `index` for the batch `x`.
    pub fn layer_input<'a>(&'a self, index: usize, x: ArrayView2<'a, F>) -> ArrayView2<'a, F> {
        if index == 0 { x } else { self.layer_output(index - 1) }
    }
}
