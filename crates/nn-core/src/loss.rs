use numerics::elementary::{logistic, softplus};
use numerics::{Real, update_and_sum};
use serde::{Deserialize, Serialize};

use crate::{Activation, InvalidSetting, require};

/// What a reconstruction y of x costs, per sample. The cost of a batch is the mean over its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Σᵢ (yᵢ − xᵢ)²: the squared error of an image.
    SquaredError,
    /// (1/d) Σᵢ (yᵢ − xᵢ)²: the mean over columns, as the `tutorial` recipe has it.
    MeanSquaredError,
    /// −Σᵢ xᵢ ln yᵢ + (1 − xᵢ) ln(1 − yᵢ), in nats, for x in [0, 1] and logistic units; computed
    /// from their inputs z as Σᵢ ln(1 + e^zᵢ) − xᵢ zᵢ, which neither overflows nor takes ln 0.
    CrossEntropy,
}

impl Loss {
    /// The loss that makes this output unit a maximum-likelihood estimate: cross-entropy for the
    /// logistic unit (Bernoulli pixels), squared error otherwise (Gaussian pixels).
    #[must_use]
    pub fn suited_to(output: Activation) -> Self {
        match output {
            Activation::Logistic => Loss::CrossEntropy,
            _ => Loss::SquaredError,
        }
    }

    /// The unit of the cost in tables.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Loss::SquaredError => "sse_per_image",
            Loss::MeanSquaredError => "mse_per_pixel",
            Loss::CrossEntropy => "nats",
        }
    }

    /// Checks that the loss is defined for this output unit.
    ///
    /// # Errors
    /// [`InvalidSetting`] for cross-entropy of anything but logistic units.
    pub fn validate(self, output: Activation) -> Result<(), InvalidSetting> {
        require(
            self != Loss::CrossEntropy || output == Activation::Logistic,
            "model.loss",
            &"cross-entropy",
            "squared-error with output units other than logistic",
        )
    }

    /// Turns a row of inputs to the output units, still without bias, into ∂cost/∂z, and returns
    /// the cost; one pass.
    #[inline]
    pub fn replace_by_delta<F: Real>(
        self,
        output: Activation,
        bias: &[F],
        target: &[F],
        row: &mut [F],
    ) -> F {
        Activation::Identity.apply_with_bias(bias, row);
        let two = F::one() + F::one();
        let squared = |scale: F, row: &mut [F]| {
            // The logistic unit by name: its loop must not hold a choice of units.
            if output == Activation::Logistic {
                update_and_sum(row, target, |z, x| {
                    let y = logistic(*z);
                    let error = y - x;
                    *z = two * scale * error * y * (F::one() - y);
                    scale * error * error
                })
            } else {
                output.apply(row);
                update_and_sum(row, target, |y, x| {
                    let error = *y - x;
                    *y = two * scale * error * output.derivative(*y);
                    scale * error * error
                })
            }
        };
        match self {
            Loss::SquaredError => squared(F::one(), row),
            Loss::MeanSquaredError => squared(F::one() / F::of(row.len() as f64), row),
            Loss::CrossEntropy => update_and_sum(row, target, |z, x| {
                let cost = softplus(*z) - x * *z;
                *z = logistic(*z) - x;
                cost
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: [(Loss, Activation); 9] = [
        (Loss::SquaredError, Activation::Identity),
        (Loss::SquaredError, Activation::Logistic),
        (Loss::SquaredError, Activation::Tanh),
        (Loss::SquaredError, Activation::Relu),
        (Loss::MeanSquaredError, Activation::Identity),
        (Loss::MeanSquaredError, Activation::Logistic),
        (Loss::MeanSquaredError, Activation::Tanh),
        (Loss::MeanSquaredError, Activation::Relu),
        (Loss::CrossEntropy, Activation::Logistic),
    ];

    /// The definition, from the unit's output.
    fn slow(loss: Loss, output: Activation, z: &[f64], x: &[f64]) -> f64 {
        let mut y = z.to_vec();
        output.apply(&mut y);
        let pairs = y.iter().zip(x);
        match loss {
            Loss::SquaredError => pairs.map(|(y, x)| (y - x).powi(2)).sum(),
            Loss::MeanSquaredError => pairs.map(|(y, x)| (y - x).powi(2)).sum::<f64>() / 3.0,
            Loss::CrossEntropy => {
                pairs.map(|(y, x)| -x * y.ln() - (1.0 - x) * (1.0 - y).ln()).sum()
            }
        }
    }

    #[test]
    fn cost_and_delta_follow_the_definition() {
        let (z, x, zero) = ([0.7, -1.2, 0.3], [0.9, 0.0, 1.0], [0.0; 3]);
        for (loss, output) in PAIRS {
            let mut row = z;
            let cost = loss.replace_by_delta(output, &zero, &x, &mut row);
            assert!((cost - slow(loss, output, &z, &x)).abs() < 1e-12, "{loss:?} {output:?}");
            for i in 0..3 {
                let shifted = |step: f64| {
                    let mut z = z;
                    z[i] += step;
                    slow(loss, output, &z, &x)
                };
                let numeric = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
                assert!((row[i] - numeric).abs() < 1e-8, "{loss:?} {output:?} {i}");
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
    fn cross_entropy_wants_logistic_units() {
        assert!(Loss::CrossEntropy.validate(Activation::Logistic).is_ok());
        let error = Loss::CrossEntropy.validate(Activation::Relu).expect_err("no likelihood");
        assert!(error.to_string().contains("model.loss"));
    }
}
