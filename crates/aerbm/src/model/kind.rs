//! The kinds of models behind one interface.

use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Convolution, Layer, TensorMap};
use stack::Generative;

/// A trained model of one kind. A new kind is a file that implements this trait, and its variant of
/// [`Model`](super::Model).
pub(super) trait ModelKind {
    /// Number of inputs.
    fn n_visible(&self) -> usize;

    /// Encodes and decodes. Missing values (NaN) give no input. Shapes: (n × visible) → the same.
    ///
    /// # Panics
    /// If the width of the rows differs from the number of inputs of the model.
    fn reconstruct(&self, x: ArrayView2<f32>) -> Array2<f32>;

    /// The code. Missing values (NaN) give no input. Shapes: (n × visible) → (n × code).
    ///
    /// # Panics
    /// If the width of the rows differs from the number of inputs of the model.
    fn encode(&self, x: ArrayView2<f32>) -> Array2<f32>;

    /// The weights of the first layer: visible × hidden, or kernel² · channels × maps for a convolution.
    fn filters(&self) -> ArrayView2<'_, f32>;

    /// The convolutions of the layers from the data upwards, up to the first layer that is not a convolution.
    fn convolutions(&self) -> Vec<Convolution> {
        Vec::new()
    }

    /// The outputs of the layer with this index, counted from the data, for samples `x`; those of the last
    /// layer are the code. Missing values (NaN) give no input. Shapes: (n × visible) → (n × outputs).
    ///
    /// # Panics
    /// If the model has no such layer, or the width of the rows differs from the number of its inputs.
    fn features(&self, x: ArrayView2<f32>, layer: usize) -> Array2<f32>;

    /// A model to draw samples from; `None` for a kind without a probability distribution.
    fn generative(&self) -> Option<Box<dyn Generative>>;

    /// Whether every parameter is a finite number.
    fn is_finite(&self) -> bool;

    /// Number of weights and biases.
    fn n_parameters(&self) -> usize;

    /// Adds the parameters to `map`.
    fn store(&self, map: &mut TensorMap);

    /// The layers from the data up to the code, each with its activation.
    fn encoder_layers(&self) -> Vec<(Layer<f32>, Activation)>;

    /// The bounds of the values that the visible units take.
    fn value_bounds(&self) -> (f64, f64);
}
