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
    /// max(0, z)
    Relu,
}

impl Activation {
    /// Replaces each z by the unit's output.
    #[inline]
    pub fn apply<F: Real>(self, values: &mut [F]) {
        match self {
            Activation::Identity => (),
            Activation::Logistic => elementary::map_in_place(values, elementary::logistic),
            Activation::Tanh => elementary::map_in_place(values, elementary::tanh),
            Activation::Relu => {
                elementary::map_in_place(values, |z| if z < F::zero() { F::zero() } else { z });
            }
        }
    }

    /// Adds the bias to each row element and applies the unit, in one pass.
    #[inline]
    pub(crate) fn apply_with_bias<F: Real>(self, bias: &[F], row: &mut [F]) {
        #[inline(always)]
        fn pass<F: Real>(bias: &[F], row: &mut [F], unit: impl Fn(F) -> F) {
            elementary::vectorised(
                #[inline(always)]
                || {
                    for (value, &bias) in row.iter_mut().zip(bias) {
                        *value = unit(*value + bias);
                    }
                },
            );
        }
        match self {
            Activation::Identity => pass(bias, row, |z| z),
            Activation::Logistic => pass(bias, row, elementary::logistic),
            Activation::Tanh => pass(bias, row, elementary::tanh),
            Activation::Relu => pass(bias, row, |z| if z < F::zero() { F::zero() } else { z }),
        }
    }

    /// dy/dz as a function of the output y; at ReLU's corner, 0.
    #[inline(always)]
    pub fn derivative<F: Real>(self, y: F) -> F {
        match self {
            Activation::Identity => F::one(),
            Activation::Logistic => y * (F::one() - y),
            Activation::Tanh => F::one() - y * y,
            Activation::Relu => {
                if y > F::zero() {
                    F::one()
                } else {
                    F::zero()
                }
            }
        }
    }

    /// Multiplies each delta by dy/dz at the matching output y.
    #[inline]
    pub fn multiply_derivative<F: Real>(self, outputs: &[F], deltas: &mut [F]) {
        #[inline(always)]
        fn pass<F: Real>(outputs: &[F], deltas: &mut [F], derivative: impl Fn(F) -> F) {
            elementary::vectorised(
                #[inline(always)]
                || {
                    for (delta, &y) in deltas.iter_mut().zip(outputs) {
                        *delta *= derivative(y);
                    }
                },
            );
        }
        match self {
            Activation::Identity => (),
            // Named here one by one, so that the choice is made outside the loop.
            Activation::Logistic => pass(outputs, deltas, |y| Activation::Logistic.derivative(y)),
            Activation::Tanh => pass(outputs, deltas, |y| Activation::Tanh.derivative(y)),
            Activation::Relu => pass(outputs, deltas, |y| Activation::Relu.derivative(y)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 4] =
        [Activation::Identity, Activation::Logistic, Activation::Tanh, Activation::Relu];

    #[test]
    fn derivatives_match_central_differences() {
        for unit in ALL {
            for z in [-3.0_f64, -0.4, 0.3, 2.0] {
                let at = |z: f64| {
                    let mut y = [z];
                    unit.apply(&mut y);
                    y[0]
                };
                let numeric = (at(z + 1e-6) - at(z - 1e-6)) / 2e-6;
                assert!((unit.derivative(at(z)) - numeric).abs() < 1e-8, "{unit:?} at {z}");
            }
        }
    }

    #[test]
    fn fused_passes_equal_their_parts() {
        let bias: Vec<f64> = (0..37).map(|i| f64::from(i) / 20.0 - 1.0).collect();
        let z: Vec<f64> = (0..37).map(|i| f64::from((i * 7) % 11) - 5.0).collect();
        for unit in ALL {
            let mut fused = z.clone();
            unit.apply_with_bias(&bias, &mut fused);
            let mut parts: Vec<f64> = z.iter().zip(&bias).map(|(z, b)| z + b).collect();
            unit.apply(&mut parts);
            assert_eq!(fused, parts);
            let mut deltas = vec![2.0; 37];
            unit.multiply_derivative(&parts, &mut deltas);
            assert!(deltas.iter().zip(&parts).all(|(&d, &y)| d == 2.0 * unit.derivative(y)));
        }
    }
}
