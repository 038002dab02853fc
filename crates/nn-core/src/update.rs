//! The formulas of the rules, applied to a tensor.

use ndarray::{ArrayView2, ArrayViewMut2};
use numerics::elementary::{or_zero, vectorised};
use numerics::{Real, by_rows, matmul_consume};

use crate::Rule;
use crate::regularisation::sign_of;

/// The gradient of one tensor.
#[derive(Debug, Clone, Copy)]
pub enum TensorGradient<'a, F> {
    /// Its values, in the tensor's order.
    Values(&'a [F]),
    /// `scale` · xᵀ δ, of weights; it is computed where the step needs it and never stored.
    Product {
        /// Of a mean over the batch: one over its size.
        scale: F,
        /// The layer's inputs, batch × inputs.
        x: ArrayView2<'a, F>,
        /// The gradients of its pre-activations, batch × outputs.
        delta: ArrayView2<'a, F>,
    },
}

/// One tensor's moments; empty where the rule keeps none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slot<F> {
    pub(crate) mean: Vec<F>,
    pub(crate) square: Vec<F>,
    /// Memory for the norms of a tensor that is held to a maximum.
    pub(crate) norms: Vec<F>,
}

/// The constants of one step.
pub(crate) struct Update<F> {
    pub(crate) rule: Rule,
    pub(crate) rate: f64,
    pub(crate) steps: u64,
    pub(crate) sign: F,
    /// L2 and L1.
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
                by_rows(gradient.len(), (values, mean, square), |range, (values, mean, square)| {
                    let (mean, square) = (mean.unwrap_or_default(), square.unwrap_or_default());
                    self.apply(values, &gradient[range], mean, square);
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
                    self.apply(whole_rows(values), gradient, mean, square);
                });
            }
        }
    }

    fn apply(&self, values: &mut [F], gradient: &[F], mean: &mut [F], square: &mut [F]) {
        let (rate, sign, one) = (F::of(self.rate), self.sign, F::one());
        let (l2, l1) = (F::of(self.penalties.0), F::of(self.penalties.1));
        let descent = move |w: F, g: F| sign * g + l2 * w + l1 * sign_of(w);
        match self.rule {
            Rule::Sgd {} => vectorised(
                #[inline(always)]
                move || {
                    for (w, &g) in values.iter_mut().zip(gradient) {
                        *w -= rate * descent(*w, g);
                    }
                },
            ),
            Rule::Momentum { momentum } => {
                let mu = F::of(momentum);
                each(values, gradient, mean, move |w, g, v| {
                    *v = or_zero(mu * *v - rate * descent(*w, g));
                    *w += *v;
                });
            }
            Rule::Nesterov { momentum } => {
                let mu = F::of(momentum);
                each(values, gradient, mean, move |w, g, v| {
                    let step = rate * descent(*w, g);
                    *v = or_zero(mu * *v - step);
                    *w += mu * *v - step;
                });
            }
            Rule::RmsProp { decay: rho, epsilon } => {
                let (rho, rest, epsilon) = (F::of(rho), F::of(1.0 - rho), F::of(epsilon));
                each(values, gradient, square, move |w, g, s| {
                    let g = descent(*w, g);
                    *s = normal(rho * *s + rest * squared(g));
                    *w -= rate * g / (s.sqrt() + epsilon);
                });
            }
            Rule::RmsPropTf1 { decay: rho, epsilon } => {
                let (rho, rest, epsilon) = (F::of(rho), F::of(1.0 - rho), F::of(epsilon));
                each(values, gradient, square, move |w, g, s| {
                    let g = descent(*w, g);
                    *s = normal(rho * *s + rest * squared(g));
                    *w -= rate * g / (*s + epsilon).sqrt();
                });
            }
            Rule::Adam { beta1, beta2, epsilon } => {
                let t = self.steps as f64;
                let rate = F::of(self.rate / (1.0 - beta1.powf(t)));
                let correction = F::of(1.0 / (1.0 - beta2.powf(t)));
                let (b1, b2, epsilon) = (F::of(beta1), F::of(beta2), F::of(epsilon));
                vectorised(
                    #[inline(always)]
                    move || {
                        let slots = mean.iter_mut().zip(square);
                        for ((w, &g), (m, s)) in values.iter_mut().zip(gradient).zip(slots) {
                            let g = descent(*w, g);
                            *m = or_zero(b1 * *m + (one - b1) * g);
                            *s = normal(b2 * *s + (one - b2) * squared(g));
                            *w -= rate * *m / ((*s * correction).sqrt() + epsilon);
                        }
                    },
                );
            }
        }
    }
}

// Without the zeros that these and `or_zero` put, the moments of a rectified unit that is never on again
// would fade to subnormal numbers and stay there, and each step would take several times as long.

/// g², where it is a normal number.
#[inline(always)]
fn squared<F: Real>(g: F) -> F {
    let g = or_zero(g);
    g * g
}

/// A mean of squares, where it is a normal number.
#[inline(always)]
fn normal<F: Real>(square: F) -> F {
    if square < F::min_positive_value() { F::zero() } else { square }
}

/// Calls `f` with each value, its gradient and its moment, vectorised. The slices and the constants
/// in `f` are moved in: behind a captured reference the compiler would not see that they are
/// distinct, and the loop would be scalar.
#[inline(always)]
fn each<F: Real>(
    values: &mut [F],
    gradient: &[F],
    moments: &mut [F],
    f: impl Fn(&mut F, F, &mut F),
) {
    vectorised(
        #[inline(always)]
        move || {
            for ((value, &gradient), moment) in values.iter_mut().zip(gradient).zip(moments) {
                f(value, gradient, moment);
            }
        },
    );
}

pub(crate) fn matrix<F>(values: &mut [F], shape: [usize; 2]) -> ArrayViewMut2<'_, F> {
    let matrix = ArrayViewMut2::from_shape(shape, values);
    matrix.expect("a tensor has as many values as its shape says")
}

fn whole_rows<F>(rows: ArrayViewMut2<'_, F>) -> &mut [F] {
    rows.into_slice().expect("whole rows are contiguous")
}
