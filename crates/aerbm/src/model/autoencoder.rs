use ae_core::Autoencoder;
use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Connection, Convolution, Layer, Parameters, TensorMap, observed, store};
use stack::Generative;

use super::kind::ModelKind;

impl ModelKind for Autoencoder<f32> {
    fn n_visible(&self) -> usize {
        Autoencoder::n_visible(self)
    }

    fn reconstruct(&self, x: ArrayView2<f32>) -> Array2<f32> {
        Autoencoder::reconstruct(self, x)
    }

    fn encode(&self, x: ArrayView2<f32>) -> Array2<f32> {
        Autoencoder::encode(self, x)
    }

    fn filters(&self) -> ArrayView2<'_, f32> {
        self.encoder[0].weights.view()
    }

    fn convolutions(&self) -> Vec<Convolution> {
        let convolution = |layer: &Layer<f32>| match layer.connection {
            Connection::Convolution(convolution) => Some(convolution),
            Connection::Full | Connection::Transposed(_) => None,
        };
        self.encoder.iter().map_while(convolution).collect()
    }

    fn features(&self, x: ArrayView2<f32>, layer: usize) -> Array2<f32> {
        let depth = self.encoder.len();
        assert!(layer < depth, "layer {layer} of an encoder of {depth}");
        if layer + 1 == depth {
            return Autoencoder::encode(self, x);
        }
        let layers = self.encoder[..=layer].iter().zip(&self.units);
        layers.fold(observed(x).into_owned(), |x, (layer, &unit)| {
            let mut out = Array2::zeros((x.nrows(), layer.n_outputs()));
            layer.view(unit).forward(x.view(), out.view_mut());
            out
        })
    }

    /// An autoencoder has no distribution.
    fn generative(&self) -> Option<Box<dyn Generative>> {
        None
    }

    fn is_finite(&self) -> bool {
        self.all_finite()
    }

    fn n_parameters(&self) -> usize {
        Parameters::n_parameters(self)
    }

    fn store(&self, map: &mut TensorMap) {
        store(self, "", map);
    }

    fn encoder_layers(&self) -> Vec<(Layer<f32>, Activation)> {
        self.encoder.iter().cloned().zip(self.units.iter().copied()).collect()
    }

    fn value_bounds(&self) -> (f64, f64) {
        self.output_unit().bounds().unwrap_or((f64::NEG_INFINITY, f64::INFINITY))
    }
}
