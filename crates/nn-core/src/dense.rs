use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};
use numerics::Real;

use crate::{Activation, Tensor, TensorMut};

/// A fully connected layer: y = f(x W + b).
///
/// Shapes: x is (batch × inputs), `weights` (inputs × outputs), `bias` (outputs).
#[derive(Debug, Clone, PartialEq)]
pub struct Dense<F> {
    /// W, inputs × outputs.
    pub weights: Array2<F>,
    /// b, outputs.
    pub bias: Array1<F>,
}

impl<F: Real> Dense<F> {
    /// A layer with all parameters zero.
    #[must_use]
    pub fn zeros(n_inputs: usize, n_outputs: usize) -> Self {
        Dense { weights: Array2::zeros((n_inputs, n_outputs)), bias: Array1::zeros(n_outputs) }
    }

    /// Number of inputs.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.weights.nrows()
    }

    /// Number of outputs.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.weights.ncols()
    }

    /// The layer with an activation, as used in the passes.
    #[must_use]
    pub fn view(&self, activation: Activation) -> LayerView<'_, F> {
        LayerView { weights: self.weights.view(), bias: self.bias.view(), activation }
    }

    /// Writes `scale` · xᵀ δ into `weights`: the gradient of a layer with input `x` and gradients
    /// `delta` of its total inputs.
    pub fn set_weights_gradient(&mut self, scale: F, x: ArrayView2<F>, delta: ArrayView2<F>) {
        numerics::matmul_scaled(scale, x.t(), delta, F::zero(), self.weights.view_mut());
    }

    /// Writes `scale` · Σ δ, summed over samples, into `bias`.
    pub fn set_bias_gradient(&mut self, scale: F, delta: ArrayView2<F>) {
        numerics::column_sums(scale, delta, self.bias.view_mut());
    }

    /// The layer's two tensors, named as layer number `layer` of a model.
    pub fn tensors(&self, layer: usize) -> impl Iterator<Item = Tensor<'_, F>> {
        [
            Tensor::matrix("weights", layer, self.weights.view()),
            Tensor::vector("bias", layer, self.bias.view()),
        ]
        .into_iter()
    }

    /// The layer's two tensors, named as layer number `layer` of a model.
    pub fn tensors_mut(&mut self, layer: usize) -> impl Iterator<Item = TensorMut<'_, F>> {
        [
            TensorMut::matrix("weights", layer, self.weights.view_mut()),
            TensorMut::vector("bias", layer, self.bias.view_mut()),
        ]
        .into_iter()
    }
}

/// A layer as used in the passes. The view of a tied layer borrows another layer's weights,
/// transposed.
#[derive(Debug, Clone, Copy)]
pub struct LayerView<'a, F> {
    /// W, inputs × outputs.
    pub weights: ArrayView2<'a, F>,
    /// b, outputs.
    pub bias: ndarray::ArrayView1<'a, F>,
    /// f.
    pub activation: Activation,
}

impl<F: Real> LayerView<'_, F> {
    /// Writes f(x W + b) into `out`, which has contiguous rows. Shapes: (batch × inputs) →
    /// (batch × outputs).
    pub fn forward(&self, x: ArrayView2<F>, out: ArrayViewMut2<F>) {
        self.forward_then(x, out, |_, _| ());
    }

    /// Like [`LayerView::forward`], but then calls `select` with the index and the outputs of each row.
    pub fn forward_then(
        &self,
        x: ArrayView2<F>,
        out: ArrayViewMut2<F>,
        select: impl Fn(usize, &mut [F]) + Sync,
    ) {
        let bias = self.bias.as_slice().expect("a bias is contiguous");
        numerics::matmul_then(x, self.weights, out, (), |rows, mut out, ()| {
            for (sample, mut row) in rows.zip(out.rows_mut()) {
                let row = row.as_slice_mut().expect("rows are contiguous");
                self.activation.apply_with_bias(bias, row);
                select(sample, row);
            }
        });
    }
}
