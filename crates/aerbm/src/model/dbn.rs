//! Deep belief networks, of dense RBMs and of convolutional ones.

use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Connection, Convolution, Layer, Parameters, TensorMap, store};
use rbm_core::Rbm;
use rbm_core::convolutional::ConvRbm;
use stack::{Dbn, Generative, PretrainedLayer, StackedRbm, layer_prefix};

use super::kind::ModelKind;

/// The parts of an RBM that a stack of RBMs exposes.
pub(super) trait Shown: StackedRbm + Clone + Into<PretrainedLayer> + 'static {
    fn n_visible(&self) -> usize;
    fn weights(&self) -> ArrayView2<'_, f32>;
    fn value_bounds(&self) -> (f64, f64);
}

impl Shown for Rbm<f32> {
    fn n_visible(&self) -> usize {
        Rbm::n_visible(self)
    }

    fn weights(&self) -> ArrayView2<'_, f32> {
        self.weights.view()
    }

    fn value_bounds(&self) -> (f64, f64) {
        self.visible.unit.bounds()
    }
}

impl Shown for ConvRbm<f32> {
    fn n_visible(&self) -> usize {
        ConvRbm::n_visible(self)
    }

    fn weights(&self) -> ArrayView2<'_, f32> {
        self.weights.view()
    }

    fn value_bounds(&self) -> (f64, f64) {
        self.visible.unit.bounds()
    }
}

impl<R: Shown> ModelKind for Dbn<R> {
    fn n_visible(&self) -> usize {
        self.layers[0].n_visible()
    }

    fn reconstruct(&self, x: ArrayView2<f32>) -> Array2<f32> {
        Dbn::reconstruct(self, x)
    }

    fn encode(&self, x: ArrayView2<f32>) -> Array2<f32> {
        Dbn::encode(self, x)
    }

    fn filters(&self) -> ArrayView2<'_, f32> {
        self.layers[0].weights()
    }

    fn convolutions(&self) -> Vec<Convolution> {
        let convolution = |(layer, _): (Layer<f32>, Activation)| match layer.connection {
            Connection::Convolution(convolution) => Some(convolution),
            Connection::Full | Connection::Transposed(_) => None,
        };
        self.encoder_layers().into_iter().map_while(convolution).collect()
    }

    fn features(&self, x: ArrayView2<f32>, layer: usize) -> Array2<f32> {
        self.layers[..=layer].iter().fold(x.to_owned(), |x, rbm| rbm.encode(x.view()))
    }

    fn generative(&self) -> Option<Box<dyn Generative>> {
        Some(Box::new(self.clone()))
    }

    fn is_finite(&self) -> bool {
        self.layers.iter().all(Parameters::all_finite)
    }

    fn n_parameters(&self) -> usize {
        self.layers.iter().map(Parameters::n_parameters).sum()
    }

    fn store(&self, map: &mut TensorMap) {
        for (layer, rbm) in self.layers.iter().enumerate() {
            store(rbm, &layer_prefix(layer), map);
        }
    }

    fn encoder_layers(&self) -> Vec<(Layer<f32>, Activation)> {
        let layers = self.layers.iter().map(|rbm| rbm.clone().into());
        layers.map(|layer: PretrainedLayer| (layer.encoder, layer.unit)).collect()
    }

    fn value_bounds(&self) -> (f64, f64) {
        self.layers[0].value_bounds()
    }
}
