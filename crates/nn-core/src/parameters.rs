//! Models as lists of named tensors, for optimizers, files and gradient checks.

use std::collections::BTreeMap;

use ndarray::{ArrayD, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, IxDyn};
use numerics::Real;
use thiserror::Error;

/// Kind of a tensor, which determines whether penalties on weights apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Connection weights, which decay.
    Weights,
    /// Biases, or state that is not a parameter; they never decay.
    Bias,
}

/// One named tensor of a model.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'a, F> {
    /// Name within the layer: `weights`, `visible_bias`, …
    pub part: &'static str,
    /// Layer, counted from 0.
    pub layer: usize,
    /// Kind, which determines whether weight decay applies.
    pub kind: Kind,
    /// Numbers of rows and columns; a vector has one row.
    pub shape: [usize; 2],
    /// Values, row by row.
    pub values: &'a [F],
}

/// A mutable [`Tensor`].
#[derive(Debug)]
pub struct TensorMut<'a, F> {
    /// Kind, which determines whether weight decay applies.
    pub kind: Kind,
    /// Name within the layer: `weights`, `visible_bias`, …
    pub part: &'static str,
    /// Layer, counted from 0.
    pub layer: usize,
    /// Numbers of rows and columns; a vector has one row.
    pub shape: [usize; 2],
    /// Values, row by row.
    pub values: &'a mut [F],
}

impl<'a, F: Real> Tensor<'a, F> {
    /// A matrix of weights.
    #[must_use]
    pub fn matrix(part: &'static str, layer: usize, values: ArrayView2<'a, F>) -> Self {
        let shape = [values.nrows(), values.ncols()];
        let values = values.to_slice().expect("parameters are contiguous");
        Tensor { part, layer, kind: Kind::Weights, shape, values }
    }

    /// A vector of biases.
    #[must_use]
    pub fn vector(part: &'static str, layer: usize, values: ArrayView1<'a, F>) -> Self {
        let shape = [1, values.len()];
        let values = values.to_slice().expect("parameters are contiguous");
        Tensor { part, layer, kind: Kind::Bias, shape, values }
    }

    /// Name in files, such as `0.weights`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.layer, self.part)
    }
}

impl<'a, F: Real> TensorMut<'a, F> {
    /// A matrix of weights.
    #[must_use]
    pub fn matrix(part: &'static str, layer: usize, values: ArrayViewMut2<'a, F>) -> Self {
        let shape = [values.nrows(), values.ncols()];
        let values = values.into_slice().expect("parameters are contiguous");
        TensorMut { part, layer, kind: Kind::Weights, shape, values }
    }

    /// A vector of biases.
    #[must_use]
    pub fn vector(part: &'static str, layer: usize, values: ArrayViewMut1<'a, F>) -> Self {
        let shape = [1, values.len()];
        let values = values.into_slice().expect("parameters are contiguous");
        TensorMut { part, layer, kind: Kind::Bias, shape, values }
    }

    /// Name in files, such as `0.weights`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.layer, self.part)
    }
}

/// A collection of named tensors in a fixed order: a model, a gradient, the moments of an optimizer or
/// the particles of a persistent chain.
pub trait Parameters<F: Real> {
    /// All tensors.
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>>;

    /// All tensors, in the same order.
    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>>;

    /// Number of scalars.
    fn n_parameters(&self) -> usize {
        self.tensors().map(|tensor| tensor.values.len()).sum()
    }

    /// Whether every scalar is finite.
    fn all_finite(&self) -> bool {
        self.tensors().all(|tensor| tensor.values.iter().all(|value| value.is_finite()))
    }
}

/// Copies every value of `source` into `target` without allocating.
///
/// # Panics
/// If their shapes differ.
pub fn assign<F: Real, P: Parameters<F>>(target: &mut P, source: &P) {
    for (target, source) in target.tensors_mut().zip(source.tensors()) {
        target.values.copy_from_slice(source.values);
    }
}

/// Tensors by name, as stored in files.
pub type TensorMap = BTreeMap<String, ArrayD<f32>>;

/// Errors of [`restore`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// A tensor is missing.
    #[error("tensor `{0}` is missing")]
    Missing(String),
    /// A tensor has a different shape.
    #[error("tensor `{name}` has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Name of the tensor.
        name: String,
        /// Shape in the map.
        found: Vec<usize>,
        /// Shape in the model.
        expected: Vec<usize>,
    },
}

/// Adds every tensor of `source` to `map`, under `prefix` followed by its name.
pub fn store(source: &impl Parameters<f32>, prefix: &str, map: &mut TensorMap) {
    for tensor in source.tensors() {
        let values = ArrayD::from_shape_vec(IxDyn(&tensor.shape), tensor.values.to_vec());
        map.insert(
            format!("{prefix}{}", tensor.name()),
            values.expect("a tensor has as many values as its shape says"),
        );
    }
}

/// Fills every tensor of `target` from `map`, where its key is `prefix` followed by its name.
///
/// # Errors
/// [`RestoreError`] if a tensor is missing or has a different shape.
pub fn restore(
    target: &mut impl Parameters<f32>,
    prefix: &str,
    map: &TensorMap,
) -> Result<(), RestoreError> {
    for tensor in target.tensors_mut() {
        let name = format!("{prefix}{}", tensor.name());
        let found = map.get(&name).ok_or_else(|| RestoreError::Missing(name.clone()))?;
        if found.shape() != tensor.shape {
            return Err(RestoreError::Shape {
                name,
                found: found.shape().to_vec(),
                expected: tensor.shape.to_vec(),
            });
        }
        for (value, &stored) in tensor.values.iter_mut().zip(found) {
            *value = stored;
        }
    }
    Ok(())
}

impl<F: Real> Parameters<F> for Vec<crate::Layer<F>> {
    fn tensors(&self) -> impl Iterator<Item = Tensor<'_, F>> {
        self.iter().enumerate().flat_map(|(index, layer)| layer.tensors(index))
    }

    fn tensors_mut(&mut self) -> impl Iterator<Item = TensorMut<'_, F>> {
        self.iter_mut().enumerate().flat_map(|(index, layer)| layer.tensors_mut(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;

    #[test]
    fn stored_tensors_are_restored() {
        let mut layers = vec![Layer::<f32>::zeros(3, 2), Layer::zeros(2, 4)];
        for (i, tensor) in layers.tensors_mut().enumerate() {
            tensor.values.fill(i as f32 + 0.5);
        }
        let mut map = TensorMap::new();
        store(&layers, "model.", &mut map);
        assert_eq!(map.keys().next().expect("four tensors"), "model.0.bias");
        let mut copy = vec![Layer::zeros(3, 2), Layer::zeros(2, 4)];
        restore(&mut copy, "model.", &map).expect("the same shapes");
        assert_eq!(copy, layers);
        assert_eq!(layers.n_parameters(), 6 + 2 + 8 + 4);

        let mut other = vec![Layer::zeros(3, 5)];
        let error = restore(&mut other, "model.", &map).expect_err("another shape");
        assert_eq!(error.to_string(), "tensor `model.0.weights` has shape [3, 2], expected [3, 5]");
        let error = restore(&mut other, "", &map).expect_err("another prefix");
        assert_eq!(error.to_string(), "tensor `0.weights` is missing");
    }
}
