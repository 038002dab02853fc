//! Storage of predicted classes among the tensors of a stage.

use ndarray::Array1;
use nn_core::TensorMap;

const NAME: &str = "test_predictions";

/// The tensors that store these classes in a stage.
pub(super) fn stored(predictions: &[u8]) -> TensorMap {
    let classes: Array1<f32> = predictions.iter().copied().map(f32::from).collect();
    TensorMap::from([(NAME.to_owned(), classes.into_dyn())])
}

/// The classes stored by [`stored`].
#[expect(clippy::cast_sign_loss, reason = "classes were stored as numbers")]
pub(super) fn read(tensors: &TensorMap) -> Vec<u8> {
    tensors.get(NAME).into_iter().flatten().map(|&class| class as u8).collect()
}
