use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{
    Activation, Connection, Convolution, Layer, Parameters, Tensor, TensorMut, observed,
};
use serde::{Deserialize, Serialize};

/// A layer that others can be stacked on.
pub trait StackedLayer: Parameters<f32> {
    /// The features of each sample, which the next layer learns from.
    /// Shapes: (n × inputs) → (n × features).
    fn encode(&self, inputs: ArrayView2<f32>) -> Array2<f32>;
}

/// A layer learned without labels: an encoder, and the decoder that it was learned with.
#[derive(Debug, Clone, PartialEq)]
pub struct PretrainedLayer {
    /// Maps the layer's inputs to its features: inputs × features.
    pub encoder: Layer<f32>,
    /// The activation of the features.
    pub unit: Activation,
    /// Maps features back to inputs: features × inputs.
    pub decoder: Layer<f32>,
    /// The activation of the reconstructed inputs. For a layer that was learned on a mixed table it is the
    /// identity, and the decoder's outputs are the total inputs of the layout's blocks: classifiers use
    /// the encoder alone, and a deep autoencoder takes the layout from its own configuration
    /// ([`unroll_into`](crate::unroll_into)).
    pub output: Activation,
}

/// The activations of a pretrained layer, which its tensors do not record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerUnits {
    /// The activation of the features.
    pub unit: Activation,
    /// The activation of the reconstructed inputs.
    pub output: Activation,
}

impl PretrainedLayer {
    /// A layer with these activations whose tensors are all zero, to be restored from a file.
    #[must_use]
    pub fn zeros(n_inputs: usize, n_features: usize, units: LayerUnits) -> Self {
        let (encoder, decoder) =
            (Layer::zeros(n_inputs, n_features), Layer::zeros(n_features, n_inputs));
        PretrainedLayer { encoder, unit: units.unit, decoder, output: units.output }
    }

    /// A convolutional layer with these activations whose tensors are all zero, to be restored from a file.
    #[must_use]
    pub fn convolution_zeros(convolution: Convolution, units: LayerUnits) -> Self {
        let (n_inputs, n_features) = (convolution.n_inputs(), convolution.n_outputs());
        let up = Connection::Convolution(convolution);
        PretrainedLayer {
            encoder: Layer::connected(up, n_inputs, n_features),
            unit: units.unit,
            decoder: Layer::connected(way_back(&convolution), n_features, n_inputs),
            output: units.output,
        }
    }

    /// The layer's activations.
    pub fn units(&self) -> LayerUnits {
        LayerUnits { unit: self.unit, output: self.output }
    }

    /// The features of each sample, as expectations rather than draws. Missing inputs (NaN) are 0.
    /// Shapes: (n × inputs) → (n × features).
    #[must_use]
    pub fn encode(&self, x: ArrayView2<f32>) -> Array2<f32> {
        forward_in_blocks(x, &self.encoder, self.unit)
    }

    /// The mean-field reconstruction of the inputs from features.
    /// Shapes: (n × features) → (n × inputs).
    #[must_use]
    pub fn decode(&self, features: ArrayView2<f32>) -> Array2<f32> {
        forward_in_blocks(features, &self.decoder, self.output)
    }
}

/// The connection of the decoder of a convolutional layer: the transpose of the convolution with its pooling.
/// The mean of a map has its own weight to each pixel.
pub(crate) fn way_back(convolution: &Convolution) -> Connection {
    convolution.unpooled().map_or(Connection::Full, Connection::Transposed)
}

impl StackedLayer for PretrainedLayer {
    fn encode(&self, inputs: ArrayView2<f32>) -> Array2<f32> {
        PretrainedLayer::encode(self, inputs)
    }
}

fn forward_in_blocks(x: ArrayView2<f32>, layer: &Layer<f32>, unit: Activation) -> Array2<f32> {
    const BLOCK: usize = 1000;
    let mut out = Array2::zeros((x.nrows(), layer.n_outputs()));
    let observed = observed(x);
    let blocks = observed.axis_chunks_iter(Axis(0), BLOCK);
    for (x, out) in blocks.zip(out.axis_chunks_iter_mut(Axis(0), BLOCK)) {
        layer.view(unit).forward(x, out);
    }
    out
}

impl Parameters<f32> for PretrainedLayer {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, f32>> {
        self.encoder.tensors(0).chain(self.decoder.tensors(1))
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, f32>> {
        self.encoder.tensors_mut(0).chain(self.decoder.tensors_mut(1))
    }
}
