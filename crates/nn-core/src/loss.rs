use numerics::elementary::{logistic, softplus, vectorised};
use numerics::{Real, update_and_sum};
use serde::{Deserialize, Serialize};

use crate::activation::with_constant;
use crate::{Activation, InvalidSetting, Metric, require};

/// Loss of a reconstruction y of a sample x with d columns. The cost of a batch is the mean over its
/// samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Squared error Σᵢ (yᵢ − xᵢ)².
    SquaredError,
    /// Mean squared error (1/d) Σᵢ (yᵢ − xᵢ)², as in the `tutorial` preset.
    MeanSquaredError,
    /// Cross-entropy −Σᵢ xᵢ ln yᵢ + (1 − xᵢ) ln(1 − yᵢ) in nats, for x in [0, 1] and logistic units. It
    /// is computed from their total inputs z as Σᵢ ln(1 + e^zᵢ) − xᵢ zᵢ, which neither overflows nor
    /// takes the logarithm of 0.
    CrossEntropy,
}

impl Loss {
    /// The loss for maximum-likelihood estimation with this output unit: cross-entropy for logistic
    /// units (Bernoulli data), squared error for all others (Gaussian data).
    #[must_use]
    pub fn suited_to(output: Activation) -> Self {
        match output {
            Activation::Logistic => Loss::CrossEntropy,
            _ => Loss::SquaredError,
        }
    }

    /// Unit of the cost in tables.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Loss::SquaredError => "sse_per_image",
            Loss::MeanSquaredError => "mse_per_pixel",
            Loss::CrossEntropy => "nats",
        }
    }

    /// Metric `cost`, in the unit of the loss.
    #[must_use]
    pub fn metric(self) -> Metric {
        Metric::new("cost", self.unit())
    }

    /// Checks that the loss is defined for this output unit.
    ///
    /// # Errors
    /// [`InvalidSetting`] for cross-entropy with units other than logistic.
    pub fn validate(self, output: Activation) -> Result<(), InvalidSetting> {
        require(
            self != Loss::CrossEntropy || output == Activation::Logistic,
            "model.loss",
            &"cross-entropy",
            "squared-error, or logistic output units",
        )
    }

    /// Replaces a row of total inputs without bias by ∂cost/∂z and returns the cost.
    #[inline]
    pub fn replace_by_delta<F: Real>(
        self,
        output: Activation,
        bias: &[F],
        target: &[F],
        row: &mut [F],
    ) -> F {
        Activation::Identity.apply_with_bias(bias, row);
        match self {
            Loss::CrossEntropy => update_and_sum(row, target, cross_entropy),
            Loss::SquaredError | Loss::MeanSquaredError => {
                let scale = self.scale(row.len());
                with_constant!(output, UNIT => {
                    update_and_sum(row, target, |z, x| squared(UNIT, scale, z, x))
                })
            }
        }
    }

    /// Like [`Loss::replace_by_delta`], with the cost of each column multiplied by its weight.
    #[inline]
    pub fn replace_by_weighted_delta<F: Real>(
        self,
        output: Activation,
        bias: &[F],
        target: &[F],
        weights: &[F],
        row: &mut [F],
    ) -> F {
        Activation::Identity.apply_with_bias(bias, row);
        match self {
            Loss::CrossEntropy => weighted(row, target, weights, cross_entropy),
            Loss::SquaredError | Loss::MeanSquaredError => {
                let scale = self.scale(row.len());
                with_constant!(output, UNIT => {
                    weighted(row, target, weights, |z, x| squared(UNIT, scale, z, x))
                })
            }
        }
    }

    /// Factor of the squared error of each column.
    fn scale<F: Real>(self, n_columns: usize) -> F {
        match self {
            Loss::MeanSquaredError => F::one() / F::of(n_columns as f64),
            Loss::SquaredError | Loss::CrossEntropy => F::one(),
        }
    }
}

/// Replaces the total input z of one unit by ∂cost/∂z and returns the squared error.
#[inline(always)]
fn squared<F: Real>(unit: Activation, scale: F, z: &mut F, x: F) -> F {
    let y = unit.output(*z);
    let error = y - x;
    *z = (scale + scale) * error * unit.derivative(y);
    scale * error * error
}

/// Replaces the total input z of a logistic unit by ∂cost/∂z and returns the cross-entropy.
#[inline(always)]
pub(crate) fn cross_entropy<F: Real>(z: &mut F, x: F) -> F {
    let cost = softplus(*z) - x * *z;
    *z = logistic(*z) - x;
    cost
}

/// Like [`update_and_sum`] over `of_column`, with both the new value and the cost multiplied by the
/// column's weight.
#[inline(always)]
pub(crate) fn weighted<F: Real>(
    row: &mut [F],
    target: &[F],
    weights: &[F],
    of_column: impl Fn(&mut F, F) -> F,
) -> F {
    assert_eq!(row.len(), weights.len(), "columns and their weights");
    vectorised(
        #[inline(always)]
        || {
            let mut lanes = [F::zero(); 16];
            let (rows, rest) = row.as_chunks_mut::<16>();
            let (targets, target_rest) = target.as_chunks::<16>();
            let (blocks, weight_rest) = weights.as_chunks::<16>();
            for ((z, x), w) in rows.iter_mut().zip(targets).zip(blocks) {
                for i in 0..16 {
                    lanes[i] += w[i] * of_column(&mut z[i], x[i]);
                    z[i] *= w[i];
                }
            }
            for (i, (z, &x)) in rest.iter_mut().zip(target_rest).enumerate() {
                lanes[i] += weight_rest[i] * of_column(z, x);
                *z *= weight_rest[i];
            }
            lanes.into_iter().sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs() -> impl Iterator<Item = (Loss, Activation)> {
        let squared = [Loss::SquaredError, Loss::MeanSquaredError];
        let squared = squared.into_iter().flat_map(|loss| Activation::ALL.map(|unit| (loss, unit)));
        squared.chain([(Loss::CrossEntropy, Activation::Logistic)])
    }

    /// The loss by its definition, from the unit's output.
    fn slow(loss: Loss, output: Activation, z: &[f64], x: &[f64], weights: &[f64]) -> f64 {
        let of_column = |((&z, &x), w): ((&f64, &f64), &f64)| {
            let y = output.output(z);
            w * match loss {
                Loss::SquaredError => (y - x).powi(2),
                Loss::MeanSquaredError => (y - x).powi(2) / weights.len() as f64,
                Loss::CrossEntropy => -x * y.ln() - (1.0 - x) * (1.0 - y).ln(),
            }
        };
        z.iter().zip(x).zip(weights).map(of_column).sum()
    }

    #[test]
    fn cost_and_delta_follow_the_definition() {
        // Nineteen columns make a block of sixteen and a remainder.
        let of =
            |f: &dyn Fn(f64) -> f64| -> Vec<f64> { (0..19).map(|i| f(f64::from(i))).collect() };
        let (z, x) = (of(&|i| 1.3 * (i + 0.1).sin()), of(&|i| 0.5 + 0.5 * (3.0 * i).cos()));
        let (zero, ones, uneven) = (of(&|_| 0.0), of(&|_| 1.0), of(&|i| (i * 0.7) % 2.0));
        for (loss, output) in pairs() {
            for weights in [&ones, &uneven] {
                let mut row = z.clone();
                let cost = loss.replace_by_weighted_delta(output, &zero, &x, weights, &mut row);
                let exact = slow(loss, output, &z, &x, weights);
                assert!((cost - exact).abs() < 1e-12 * exact.abs().max(1.0), "{loss:?} {output:?}");
                for i in 0..19 {
                    let shifted = |step: f64| {
                        let mut z = z.clone();
                        z[i] += step;
                        slow(loss, output, &z, &x, weights)
                    };
                    let numeric = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                    assert!((row[i] - numeric).abs() < 1e-8, "{loss:?} {output:?} {i}");
                }
                if weights == &ones {
                    let mut plain = z.clone();
                    let same = loss.replace_by_delta(output, &zero, &x, &mut plain);
                    assert_eq!((same, plain), (cost, row), "{loss:?} {output:?}");
                }
            }
        }
    }

    #[test]
    fn cross_entropy_of_a_confident_mistake_is_finite() {
        let mut row = [-200.0_f32, 200.0];
        let cost = Loss::CrossEntropy.replace_by_delta(
            Activation::Logistic,
            &[0.0; 2],
            &[1.0, 0.0],
            &mut row,
        );
        assert_eq!(cost, 400.0);
        assert_eq!(row, [-1.0, 1.0]);
    }

    #[test]
    fn cross_entropy_requires_logistic_units() {
        assert!(Loss::CrossEntropy.validate(Activation::Logistic).is_ok());
        let error = Loss::CrossEntropy.validate(Activation::Relu).expect_err("not a probability");
        assert!(error.to_string().contains("model.loss"));
    }
}
