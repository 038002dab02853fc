use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2};
use numerics::Real;

use crate::trace::TraceRows;
use crate::{Activation, Connection, Tensor, TensorMut};

/// A layer: y = f(x W + b), where the product may be a convolution (see [`Connection`]).
///
/// Shapes of a fully connected layer: x is (batch × inputs), `weights` (inputs × outputs), `bias`
/// (outputs).
#[derive(Debug, Clone, PartialEq)]
pub struct Layer<F> {
    /// W; its shape depends on the connection.
    pub weights: Array2<F>,
    /// b; its length depends on the connection.
    pub bias: Array1<F>,
    /// Connection of outputs with inputs.
    pub connection: Connection,
}

impl<F: Real> Layer<F> {
    /// A fully connected layer with all parameters zero.
    #[must_use]
    pub fn zeros(n_inputs: usize, n_outputs: usize) -> Self {
        Layer::full(Array2::zeros((n_inputs, n_outputs)), Array1::zeros(n_outputs))
    }

    /// A fully connected layer with these parameters. Shapes: (inputs × outputs), outputs.
    #[must_use]
    pub fn full(weights: Array2<F>, bias: Array1<F>) -> Self {
        Layer { weights, bias, connection: Connection::Full }
    }

    /// A layer with this connection and all parameters zero. A convolution determines its numbers of inputs
    /// and outputs.
    #[must_use]
    pub fn connected(connection: Connection, n_inputs: usize, n_outputs: usize) -> Self {
        let (weights, bias) = connection.shapes(n_inputs, n_outputs);
        Layer { weights: Array2::zeros(weights), bias: Array1::zeros(bias), connection }
    }

    /// Number of inputs.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.view(Activation::Identity).n_inputs()
    }

    /// Number of outputs.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.view(Activation::Identity).n_outputs()
    }

    /// The layer with an activation, as used in the passes.
    #[must_use]
    pub fn view(&self, activation: Activation) -> LayerView<'_, F> {
        let Layer { weights, bias, connection } = self;
        LayerView {
            weights: weights.view(),
            bias: bias.view(),
            activation,
            connection: *connection,
        }
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

impl Connection {
    /// Shape of the weights and number of biases. A convolution determines its numbers of inputs and outputs.
    #[must_use]
    pub fn shapes(&self, n_inputs: usize, n_outputs: usize) -> ((usize, usize), usize) {
        match self {
            Connection::Full => ((n_inputs, n_outputs), n_outputs),
            Connection::Convolution(c) => ((c.patches().len(), c.maps), c.maps),
            Connection::Transposed(c) => ((c.maps, c.patches().len()), c.input[2]),
        }
    }
}

/// A layer as used in the passes. The view of a tied layer borrows another layer's weights,
/// transposed.
#[derive(Debug, Clone, Copy)]
pub struct LayerView<'a, F> {
    /// W; its shape depends on the connection.
    pub weights: ArrayView2<'a, F>,
    /// b; its length depends on the connection.
    pub bias: ArrayView1<'a, F>,
    /// f.
    pub activation: Activation,
    /// Connection of outputs with inputs.
    pub connection: Connection,
}

impl<F: Real> LayerView<'_, F> {
    /// Number of inputs.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        match self.connection {
            Connection::Full => self.weights.nrows(),
            Connection::Convolution(convolution) => convolution.n_inputs(),
            Connection::Transposed(convolution) => convolution.n_outputs(),
        }
    }

    /// Number of outputs.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        match self.connection {
            Connection::Full => self.weights.ncols(),
            Connection::Convolution(convolution) => convolution.n_outputs(),
            Connection::Transposed(convolution) => convolution.n_inputs(),
        }
    }

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
        self.forward_traced(x, out, TraceRows::default(), select);
    }
}
