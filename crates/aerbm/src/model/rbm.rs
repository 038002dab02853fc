use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Layer, Parameters, TensorMap, store};
use rbm_core::Rbm;
use stack::{Dbn, Generative, PretrainedLayer};

use super::kind::ModelKind;

impl ModelKind for Rbm<f32> {
    fn n_visible(&self) -> usize {
        Rbm::n_visible(self)
    }

    /// The mean-field pass.
    fn reconstruct(&self, x: ArrayView2<f32>) -> Array2<f32> {
        Rbm::reconstruct(self, x)
    }

    /// The hidden probabilities.
    fn encode(&self, x: ArrayView2<f32>) -> Array2<f32> {
        Rbm::encode(self, x)
    }

    fn filters(&self) -> ArrayView2<'_, f32> {
        self.weights.view()
    }

    fn features(&self, x: ArrayView2<f32>, layer: usize) -> Array2<f32> {
        assert_eq!(layer, 0, "an RBM has one layer");
        Rbm::encode(self, x)
    }

    fn generative(&self) -> Option<Box<dyn Generative>> {
        Some(Box::new(Dbn { layers: vec![self.clone()] }))
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
        let layer = PretrainedLayer::from(self.clone());
        vec![(layer.encoder, layer.unit)]
    }

    fn value_bounds(&self) -> (f64, f64) {
        self.visible.unit.bounds()
    }
}
