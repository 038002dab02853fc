use numerics::{Real, elementary};
use serde::{Deserialize, Serialize};

use crate::Initialiser;

/// Activation function of a unit with the total input z = Σᵢ xᵢ wᵢⱼ + bⱼ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// z
    Identity,
    /// σ(z) = 1 / (1 + e⁻ᶻ)
    Logistic,
    /// tanh(z)
    Tanh,
    /// max(0, z) (Nair & Hinton 2010)
    Relu,
    /// z if z ≥ 0, otherwise z / 100 (Maas, Hannun & Ng 2013)
    LeakyRelu,
    /// ln(1 + eᶻ) (Dugas et al. 2001)
    Softplus,
    /// z if z ≥ 0, otherwise eᶻ − 1 (Clevert, Unterthiner & Hochreiter 2016, α = 1)
    Elu,
}

/// Slope of the leaky rectifier below 0.
const LEAK: f64 = 0.01;

/// Evaluates `$body` with the unit as the constant `$UNIT`, so that the unit is selected outside of the
/// loops in the body and they vectorise.
macro_rules! with_constant {
    ($unit:expr, $UNIT:ident => $body:expr) => {
        with_constant!(@each $unit, $UNIT, $body,
            Identity Logistic Tanh Relu LeakyRelu Softplus Elu)
    };
    (@each $unit:expr, $UNIT:ident, $body:expr, $($variant:ident)+) => {
        match $unit {
            $(Activation::$variant => {
                const $UNIT: Activation = Activation::$variant;
                $body
            })+
        }
    };
}
pub(crate) use with_constant;

impl Activation {
    /// All activation functions.
    pub const ALL: [Activation; 7] = [
        Activation::Identity,
        Activation::Logistic,
        Activation::Tanh,
        Activation::Relu,
        Activation::LeakyRelu,
        Activation::Softplus,
        Activation::Elu,
    ];

    /// The values that the unit can output or approach.
    pub(crate) fn range(self) -> OutputRange {
        const INFINITY: f64 = f64::INFINITY;
        let (unit, low, high, text) = match self {
            Activation::Identity => ("identity", -INFINITY, INFINITY, "the finite numbers"),
            Activation::Logistic => ("logistic", 0.0, 1.0, "[0, 1]"),
            Activation::Tanh => ("tanh", -1.0, 1.0, "[-1, 1]"),
            Activation::Relu => ("ReLU", 0.0, INFINITY, "[0, ∞)"),
            Activation::LeakyRelu => ("leaky ReLU", -INFINITY, INFINITY, "the finite numbers"),
            Activation::Softplus => ("softplus", 0.0, INFINITY, "[0, ∞)"),
            Activation::Elu => ("ELU", -1.0, INFINITY, "[-1, ∞)"),
        };
        OutputRange { unit, low, high, text }
    }

    /// The smallest and the largest output, or `None` if one of them is infinite.
    #[must_use]
    pub fn bounds(self) -> Option<(f64, f64)> {
        let OutputRange { low, high, .. } = self.range();
        (low.is_finite() && high.is_finite()).then_some((low, high))
    }

    /// The initialisation that suits hidden units of this kind.
    pub(crate) fn suited_initialiser(self) -> Initialiser {
        match self {
            Activation::Logistic => Initialiser::GlorotLogistic {},
            Activation::Tanh | Activation::Identity => Initialiser::Glorot {},
            Activation::Relu | Activation::LeakyRelu | Activation::Softplus | Activation::Elu => {
                Initialiser::He {}
            }
        }
    }

    /// Output for the total input z.
    #[inline(always)]
    pub fn output<F: Real>(self, z: F) -> F {
        let negative = z < F::zero();
        match self {
            Activation::Logistic => elementary::logistic(z),
            Activation::Tanh => elementary::tanh(z),
            Activation::Relu if negative => F::zero(),
            Activation::LeakyRelu if negative => F::of(LEAK) * z,
            Activation::Elu if negative => elementary::exp(z) - F::one(),
            Activation::Softplus => elementary::softplus(z),
            Activation::Identity | Activation::Relu | Activation::LeakyRelu | Activation::Elu => z,
        }
    }

    /// dy/dz as a function of the output y. At a kink, it is the derivative from below.
    #[inline(always)]
    pub fn derivative<F: Real>(self, y: F) -> F {
        let (one, positive) = (F::one(), y > F::zero());
        match self {
            Activation::Logistic => y * (one - y),
            Activation::Tanh => one - y * y,
            Activation::Softplus => one - elementary::exp(-y),
            Activation::Identity => one,
            Activation::Relu | Activation::LeakyRelu | Activation::Elu if positive => one,
            Activation::Relu => F::zero(),
            Activation::LeakyRelu => F::of(LEAK),
            Activation::Elu => y + one,
        }
    }

    /// d²y/dz² as a function of the output y. At a kink, it is the derivative from below.
    #[inline(always)]
    pub fn second_derivative<F: Real>(self, y: F) -> F {
        let (one, two) = (F::one(), F::one() + F::one());
        match self {
            Activation::Logistic => y * (one - y) * (one - two * y),
            Activation::Tanh => -two * y * (one - y * y),
            Activation::Softplus => {
                let e = elementary::exp(-y);
                e * (one - e)
            }
            Activation::Elu if y < F::zero() => y + one,
            Activation::Identity | Activation::Relu | Activation::LeakyRelu | Activation::Elu => {
                F::zero()
            }
        }
    }

    /// Replaces each total input by the unit's output.
    #[inline]
    pub fn apply<F: Real>(self, values: &mut [F]) {
        if self != Activation::Identity {
            with_constant!(self, UNIT => elementary::map_in_place(values, |z| UNIT.output(z)));
        }
    }

    /// Adds the bias to each element of the row and applies the unit, in one pass.
    #[inline]
    pub fn apply_with_bias<F: Real>(self, bias: &[F], row: &mut [F]) {
        with_constant!(self, UNIT => elementary::vectorised(
            #[inline(always)]
            || {
                for (value, &bias) in row.iter_mut().zip(bias) {
                    *value = UNIT.output(*value + bias);
                }
            },
        ));
    }

    /// Like [`Activation::apply_with_bias`], for a row that consists of parts with the same biases.
    #[inline]
    pub(crate) fn apply_with_shared_bias<F: Real>(self, bias: &[F], row: &mut [F]) {
        with_constant!(self, UNIT => elementary::vectorised(
            #[inline(always)]
            || {
                if let &[bias] = bias {
                    for value in row {
                        *value = UNIT.output(*value + bias);
                    }
                } else {
                    for part in row.chunks_exact_mut(bias.len()) {
                        for (value, &bias) in part.iter_mut().zip(bias) {
                            *value = UNIT.output(*value + bias);
                        }
                    }
                }
            },
        ));
    }

    /// Replaces each output y by `f` of its partner and of dy/dz, flushed [to
    /// zero](elementary::flush_to_zero) if it is negligible.
    #[inline]
    pub(crate) fn replace_by_derivative<F: Real>(
        self,
        partners: &[F],
        outputs: &mut [F],
        f: impl Fn(F, F) -> F,
    ) {
        with_constant!(self, UNIT => elementary::vectorised(
            #[inline(always)]
            || {
                for (y, &partner) in outputs.iter_mut().zip(partners) {
                    *y = elementary::flush_to_zero(f(partner, UNIT.derivative(*y)));
                }
            },
        ));
    }

    /// Multiplies each delta by dy/dz at the matching output y and flushes [negligible
    /// results](elementary::flush_to_zero) to zero.
    #[inline]
    pub fn multiply_derivative<F: Real>(self, outputs: &[F], deltas: &mut [F]) {
        if self != Activation::Identity {
            with_constant!(self, UNIT => elementary::vectorised(
                #[inline(always)]
                || {
                    for (delta, &y) in deltas.iter_mut().zip(outputs) {
                        *delta = elementary::flush_to_zero(*delta * UNIT.derivative(y));
                    }
                },
            ));
        }
    }

    /// Calls `f`, vectorised, with each value, its partner, and dy/dz and d²y/dz² at the matching
    /// output y.
    #[inline]
    pub fn with_derivatives<F: Real>(
        self,
        outputs: &[F],
        partners: &[F],
        values: &mut [F],
        f: impl Fn(&mut F, F, F, F),
    ) {
        with_constant!(self, UNIT => elementary::vectorised(
            #[inline(always)]
            || {
                for ((value, &partner), &y) in values.iter_mut().zip(partners).zip(outputs) {
                    f(value, partner, UNIT.derivative(y), UNIT.second_derivative(y));
                }
            },
        ));
    }
}

/// Closed range of a unit's outputs, with its name and its text for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutputRange {
    pub(crate) unit: &'static str,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) text: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_fill_the_stated_range() {
        for unit in Activation::ALL {
            let OutputRange { low, high, .. } = unit.range();
            let (least, most) = (unit.output(-1e4_f64), unit.output(1e4_f64));
            let near = |end: f64, found: f64| (found - end).abs() < 1e-12;
            assert!(if low.is_finite() { near(low, least) } else { least <= -100.0 }, "{unit:?}");
            assert!(if high.is_finite() { near(high, most) } else { most >= 1e4 }, "{unit:?}");
        }
    }

    #[test]
    fn derivatives_match_central_differences() {
        let differs = |f: &dyn Fn(f64) -> f64, z: f64| (f(z + 1e-6) - f(z - 1e-6)) / 2e-6;
        for unit in Activation::ALL {
            for z in [-3.0_f64, -0.4, 0.3, 2.0] {
                let first = differs(&|z| unit.output(z), z);
                let y = unit.output(z);
                assert!((unit.derivative(y) - first).abs() < 1e-8, "{unit:?} at {z}");
                let second = differs(&|z| unit.derivative(unit.output(z)), z);
                assert!((unit.second_derivative(y) - second).abs() < 1e-8, "{unit:?} at {z}");
            }
        }
    }

    #[test]
    fn outputs_of_large_inputs_are_finite_and_nan_stays_nan() {
        for unit in Activation::ALL {
            for z in [-1e4_f32, -100.0, 100.0, 1e4] {
                let y = unit.output(z);
                assert!(y.is_finite(), "{unit:?} at {z}");
                assert!(unit.derivative(y).is_finite() && unit.second_derivative(y).is_finite());
            }
            assert!(unit.output(f32::NAN).is_nan(), "{unit:?}");
        }
    }

    #[test]
    fn fused_passes_equal_their_parts() {
        let bias: Vec<f64> = (0..37).map(|i| f64::from(i) / 20.0 - 1.0).collect();
        let z: Vec<f64> = (0..37).map(|i| f64::from((i * 7) % 11) - 5.0).collect();
        for unit in Activation::ALL {
            let mut fused = z.clone();
            unit.apply_with_bias(&bias, &mut fused);
            let mut parts: Vec<f64> = z.iter().zip(&bias).map(|(z, b)| z + b).collect();
            unit.apply(&mut parts);
            assert_eq!(fused, parts);
            let mut shared = [&z[..], &z[..]].concat();
            unit.apply_with_shared_bias(&bias, &mut shared);
            assert_eq!(shared, [&parts[..], &parts[..]].concat());
            let mut single = z.clone();
            unit.apply_with_shared_bias(&[0.3], &mut single);
            assert!(single.iter().zip(&z).all(|(&y, z)| y == unit.output(z + 0.3)));
            let mut deltas = vec![2.0; 37];
            unit.multiply_derivative(&parts, &mut deltas);
            assert!(deltas.iter().zip(&parts).all(|(&d, &y)| d == 2.0 * unit.derivative(y)));
            unit.with_derivatives(&parts, &bias, &mut deltas, |d, b, first, second| {
                *d = b + 2.0 * first + 10.0 * second;
            });
            let expected = parts
                .iter()
                .zip(&bias)
                .map(|(&y, b)| b + 2.0 * unit.derivative(y) + 10.0 * unit.second_derivative(y));
            assert!(deltas.iter().copied().eq(expected), "{unit:?}");
        }
    }
}
