use ndarray::{Array2, ArrayView2, Axis};
use nn_core::{Activation, Dense, Parameters, Tensor, TensorMut};

/// A layer learned without labels: the way up, and the way down that it was learned with.
#[derive(Debug, Clone, PartialEq)]
pub struct PretrainedLayer {
    /// From the layer below to the features.
    pub encoder: Dense<f32>,
    /// The unit of the features.
    pub unit: Activation,
    /// From the features back to the layer below.
    pub decoder: Dense<f32>,
    /// The unit of the way back.
    pub output: Activation,
}

impl PretrainedLayer {
    /// A layer of these units without weights, to restore one into.
    #[must_use]
    pub fn zeros(
        n_inputs: usize,
        n_features: usize,
        (unit, output): (Activation, Activation),
    ) -> Self {
        let (encoder, decoder) =
            (Dense::zeros(n_inputs, n_features), Dense::zeros(n_features, n_inputs));
        PretrainedLayer { encoder, unit, decoder, output }
    }

    /// The features of each sample, which the next layer learns from: expectations, not draws.
    /// Shapes: (n × inputs) → (n × features).
    #[must_use]
    pub fn encode(&self, x: ArrayView2<f32>) -> Array2<f32> {
        blockwise(x, &self.encoder, self.unit)
    }

    /// The mean-field way back. Shapes: (n × features) → (n × inputs).
    #[must_use]
    pub fn decode(&self, features: ArrayView2<f32>) -> Array2<f32> {
        blockwise(features, &self.decoder, self.output)
    }
}

fn blockwise(x: ArrayView2<f32>, layer: &Dense<f32>, unit: Activation) -> Array2<f32> {
    const BLOCK: usize = 1000;
    let mut out = Array2::zeros((x.nrows(), layer.n_outputs()));
    let blocks = x.axis_chunks_iter(Axis(0), BLOCK);
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
