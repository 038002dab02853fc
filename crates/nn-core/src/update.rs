//! Optimizer steps on one tensor, whose gradient is given as values or as a product.

use ndarray::{ArrayView2, ArrayViewMut2};
use numerics::{Real, by_elements, count_non_zeros, matmul_consume, times};

use crate::Rule;

/// Gradient of one tensor.
#[derive(Debug, Clone, Copy)]
pub enum TensorGradient<'a, F> {
    /// Values in the order of the tensor.
    Values(&'a [F]),
    /// The product `scale` · xᵀ δ for weights. It is computed as part of the step and never stored.
    Product {
        /// Factor of the product: for a mean over the batch, the inverse of its size.
        scale: F,
        /// Inputs of the layer, batch × inputs.
        x: ArrayView2<'a, F>,
        /// Gradients δ of its total inputs, batch × outputs.
        delta: ArrayView2<'a, F>,
    },
}

/// Running moments of one tensor. A vector is empty if the rule does not keep that moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slot<F> {
    /// Mean of the gradients, or velocity.
    pub(crate) mean: Vec<F>,
    /// Mean of the squared gradients.
    pub(crate) square: Vec<F>,
    /// Buffer for the norms of a tensor with a maximal norm, otherwise empty.
    pub(crate) norms: Vec<F>,
}

/// Parameters of one step.
pub(crate) struct Update<F> {
    pub(crate) rule: Rule,
    /// Learning rate.
    pub(crate) rate: f64,
    /// Number of steps, including this one.
    pub(crate) steps: u64,
    /// 1 for descent, −1 for ascent.
    pub(crate) sign: F,
    /// Coefficients of the L2 and L1 penalties.
    pub(crate) penalties: (f64, f64),
}

impl<F: Real> Update<F> {
    /// Updates a tensor of this shape and its moments.
    pub(crate) fn apply_to(
        &self,
        values: &mut [F],
        slot: &mut Slot<F>,
        (gradient, shape): (TensorGradient<F>, [usize; 2]),
    ) {
        let mean = (!slot.mean.is_empty()).then_some(slot.mean.as_mut_slice());
        let square = (!slot.square.is_empty()).then_some(slot.square.as_mut_slice());
        match gradient {
            TensorGradient::Values(gradient) => {
                let outputs = (values, mean, square);
                times::phase("optimizer", || {
                    by_elements(gradient.len(), outputs, |range, (values, mean, square)| {
                        let (mean, square) = (mean.unwrap_or_default(), square.unwrap_or_default());
                        self.step(values, &gradient[range], mean, square);
                    });
                });
            }
            TensorGradient::Product { scale, x, delta } => {
                let matrix = |values| matrix(values, shape);
                let outputs = (matrix(values), mean.map(matrix), square.map(matrix));
                matmul_consume(scale, x.t(), delta, outputs, |gradient, outputs| {
                    let (values, mean, square) = outputs;
                    let gradient = gradient.to_slice().expect("whole rows");
                    let mean = mean.map(whole_rows).unwrap_or_default();
                    let square = square.map(whole_rows).unwrap_or_default();
                    let values = whole_rows(values);
                    if self.keeps_values_without_gradient() && shape[1] >= WIDE_ROW {
                        self.step_by_rows(shape[1], (values, square), gradient);
                    } else {
                        self.step(values, gradient, mean, square);
                    }
                });
            }
        }
    }

    /// Updates rows of `width` values for a rule that keeps no mean, and skips the rows without a gradient:
    /// the weights of an input that is zero in the whole batch, as most pixels are in a small one.
    fn step_by_rows(&self, width: usize, (values, square): (&mut [F], &mut [F]), gradient: &[F]) {
        let mut squares = square.chunks_exact_mut(width);
        for (values, gradient) in values.chunks_exact_mut(width).zip(gradient.chunks_exact(width)) {
            let square = squares.next().unwrap_or_default();
            if count_non_zeros(gradient) == 0 {
                self.decay_squares(square);
            } else {
                self.step(values, gradient, &mut [], square);
            }
        }
    }
}

/// With fewer values in a row, it takes longer to look for a gradient than to take the step.
const WIDE_ROW: usize = 64;

/// The values of a tensor as a matrix.
pub(crate) fn matrix<F>(values: &mut [F], shape: [usize; 2]) -> ArrayViewMut2<'_, F> {
    let matrix = ArrayViewMut2::from_shape(shape, values);
    matrix.expect("a tensor has as many values as its shape says")
}

/// The values of whole rows as a slice.
fn whole_rows<F>(rows: ArrayViewMut2<'_, F>) -> &mut [F] {
    rows.into_slice().expect("whole rows are contiguous")
}
