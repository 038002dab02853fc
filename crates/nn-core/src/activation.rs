use numerics::{Real, elementary};
use serde::{Deserialize, Serialize};

/// What a unit does with its input z = Σᵢ xᵢ wᵢⱼ + bⱼ.
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
    /// z above 0, z / 100 below (Maas, Hannun & Ng 2013)
    LeakyRelu,
    /// ln(1 + eᶻ) (Dugas et al. 2001)
    Softplus,
    /// z above 0, eᶻ − 1 below (Clevert, Unterthiner & Hochreiter 2016, α = 1)
    Elu,
}

const LEAK: f64 = 0.01;

/// Evaluates `$body` with the constant `$UNIT`, so that the choice of the unit is made outside of the
/// body's loops, which then vectorise.
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
    /// All of them.
    pub const ALL: [Activation; 7] = [
        Activation::Identity,
        Activation::Logistic,
        Activation::Tanh,
        Activation::Relu,
        Activation::LeakyRelu,
        Activation::Softplus,
        Activation::Elu,
    ];

    /// The unit's output for the input z.
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

    /// dy/dz as a function of the output y; at a corner, that of the side below.
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

    /// d²y/dz² as a function of the output y; at a corner, that of the side below.
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

    /// Replaces each z by the unit's output.
    #[inline]
    pub fn apply<F: Real>(self, values: &mut [F]) {
        if self != Activation::Identity {
            with_constant!(self, UNIT => elementary::map_in_place(values, |z| UNIT.output(z)));
        }
    }

    /// Adds the bias to each row element and applies the unit, in one pass.
    #[inline]
    pub(crate) fn apply_with_bias<F: Real>(self, bias: &[F], row: &mut [F]) {
        with_constant!(self, UNIT => elementary::vectorised(
            #[inline(always)]
            || {
                for (value, &bias) in row.iter_mut().zip(bias) {
                    *value = UNIT.output(*value + bias);
                }
            },
        ));
    }

    /// Multiplies each delta by dy/dz at the matching output y; what is then [too small to
    /// matter](elementary::or_zero) is zero.
    #[inline]
    pub fn multiply_derivative<F: Real>(self, outputs: &[F], deltas: &mut [F]) {
        if self != Activation::Identity {
            with_constant!(self, UNIT => elementary::vectorised(
                #[inline(always)]
                || {
                    for (delta, &y) in deltas.iter_mut().zip(outputs) {
                        *delta = elementary::or_zero(*delta * UNIT.derivative(y));
                    }
                },
            ));
        }
    }

    /// Calls `f` with each value, its partner, and dy/dz and d²y/dz² at the matching output y;
    /// vectorised.
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn outputs_are_finite_far_out_and_nan_stays_nan() {
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
