//! Forward and backward passes through a chain of layers.
//!
//! Layers i = 1 … L with input a₀ = x compute aᵢ = fᵢ(aᵢ₋₁ Wᵢ + bᵢ). With δ_L = ∂cost/∂z_L given by
//! the loss, δᵢ₋₁ = (δᵢ Wᵢᵀ) ⊙ f′ᵢ₋₁, and the gradients are ∂Wᵢ = aᵢ₋₁ᵀ δᵢ, ∂bᵢ = Σ δᵢ
//! (Rumelhart, Hinton & Williams 1986). In a convolution, a is a matrix of patches and δ one of maps.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use numerics::Real;

use crate::trace::Trace;
use crate::{Connection, Kind, Layer, LayerView, Parameters, TensorGradient};

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
    /// The state of pooling of every layer.
    traces: Vec<Trace<F>>,
    /// Whether each layer is fully connected.
    full: Vec<bool>,
    /// The bias of every output of the last layer, if they share biases.
    shared_bias: Vec<F>,
    /// Cost of each sample.
    costs: Vec<F>,
    /// Number of samples of the current batch.
    n: usize,
}

impl<F: Real> Workspace<F> {
    /// Buffers for batches of up to `batch_size` samples through `chain`.
    ///
    /// # Panics
    /// If the last layer averages its maps.
    pub fn new(chain: &impl Chain<F>, batch_size: usize) -> Self {
        let layers = || (0..chain.n_layers()).map(|i| chain.layer(i));
        let last = chain.layer(chain.n_layers() - 1);
        assert!(!last.averages(), "the last layer of a chain does not average");
        let full: Vec<bool> = layers().map(|layer| layer.connection == Connection::Full).collect();
        let widths = layers().map(|layer| layer.n_outputs());
        let matrices: Vec<_> = widths.map(|width| Array2::zeros((batch_size, width))).collect();
        let shares_bias = last.connection != Connection::Full;
        Workspace {
            outputs: matrices[..matrices.len() - 1].to_vec(),
            deltas: matrices,
            traces: layers().map(|layer| Trace::new(layer.connection, batch_size)).collect(),
            full,
            shared_bias: vec![F::zero(); if shares_bias { last.n_outputs() } else { 0 }],
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
            let trace = self.traces[i].rows_mut(self.n);
            chain.layer(i).forward_traced(input, out, trace, |sample, row| select(i, sample, row));
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
        let mut bias = last.bias.as_slice().expect("a bias is contiguous");
        if !self.shared_bias.is_empty() {
            for part in self.shared_bias.chunks_exact_mut(bias.len()) {
                part.copy_from_slice(bias);
            }
            bias = &self.shared_bias;
        }
        let input = self.outputs.last().map_or(x, |output| output.slice(s![..self.n, ..]));
        let delta = self.deltas.last_mut().expect("a chain has a layer");
        let delta = delta.slice_mut(s![..self.n, ..]);
        let trace = self.traces.last_mut().expect("a chain has a layer").rows_mut(self.n);
        let costs = &mut self.costs[..self.n];
        last.products_then(input, delta, trace, costs, |sample, row, cost: &mut [F]| {
            cost[0] = replace_by_delta(sample, bias, row);
        });
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
            let below = chain.layer(i - 1);
            let (unit, averages) = (below.activation, below.averages());
            let mut out = before[i - 1].slice_mut(s![..self.n, ..]);
            let layer = chain.layer(i);
            layer.backward_then(delta, &self.traces[i], out.view_mut(), |sample, delta| {
                let output = outputs.slice_move(s![sample, ..]);
                let output = output.to_slice().expect("rows are contiguous");
                penalise(i - 1, output, delta);
                if !averages {
                    unit.multiply_derivative(output, delta);
                }
            });
            self.traces[i - 1].spread(unit, out.view());
        }
    }

    /// Writes the derivatives of the cost with respect to the inputs of the first layer into `out`, which
    /// has a row for each sample, after the backward pass; then calls `finish` with the index and the
    /// row of each sample.
    pub fn input_gradient_then(
        &self,
        chain: &impl Chain<F>,
        out: ArrayViewMut2<F>,
        finish: impl Fn(usize, &mut [F]) + Sync,
    ) {
        chain.layer(0).backward_then(self.delta(0), &self.traces[0], out, finish);
    }

    /// Writes the gradient of the weights of layer `index`, after the passes of the batch `x`, into the
    /// layer's `gradient`.
    pub fn set_weights_gradient(&self, index: usize, x: ArrayView2<F>, gradient: &mut Layer<F>) {
        let (x, delta) = (self.layer_input(index, x), self.delta(index));
        gradient.set_weights_gradient(self.scale(), x, delta, &self.traces[index]);
    }

    /// Writes the gradient of the biases of layer `index` into the layer's `gradient`.
    pub fn set_bias_gradient(&self, index: usize, gradient: &mut Layer<F>) {
        gradient.set_bias_gradient(self.scale(), self.delta(index), &self.traces[index]);
    }

    /// The inverse of the number of samples in the batch.
    fn scale(&self) -> F {
        F::one() / F::of(self.n as f64)
    }

    /// Whether the gradient of the weights of layer `index` is a product of its inputs and δ, as in
    /// [`TensorGradient::Product`]. That of a convolution is a sum over positions.
    pub fn has_product(&self, index: usize) -> bool {
        self.full[index]
    }

    /// δ of layer `index`. Shape: batch × outputs of the layer.
    pub fn delta(&self, index: usize) -> ArrayView2<'_, F> {
        self.deltas[index].slice(s![..self.n, ..])
    }

    /// Outputs of layer `index`, which is not the last. Shape: batch × outputs of the layer.
    pub fn layer_output(&self, index: usize) -> ArrayView2<'_, F> {
        self.outputs[index].slice(s![..self.n, ..])
    }

    /// The gradients of the chain's tensors after the passes of the batch `x`. Layers that [have a
    /// product](Workspace::has_product) and for which `products` holds have their weight gradients given
    /// as products that are not yet computed; all other gradients are taken from `gradient`.
    pub fn gradients<'a>(
        &'a self,
        x: ArrayView2<'a, F>,
        gradient: &'a impl Parameters<F>,
        products: impl Fn(usize) -> bool + 'a,
    ) -> impl Iterator<Item = TensorGradient<'a, F>> {
        let scale = self.scale();
        gradient.tensors().map(move |tensor| {
            let weights = tensor.kind == Kind::Weights;
            if weights && self.has_product(tensor.layer) && products(tensor.layer) {
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
