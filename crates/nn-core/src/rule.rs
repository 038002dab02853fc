use numerics::Real;
use numerics::elementary::{flush_to_zero, map_in_place, vectorised};
use serde::{Deserialize, Serialize};

use crate::regularisation::sign_of;
use crate::update::Update;
use crate::{InvalidSetting, require};

/// Update rule of an optimizer: the step of the parameters w for a gradient g and learning rate η.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// w ← w − η g
    Sgd {},
    /// v ← μ v − η g, w ← w + v (heavy ball, Polyak 1964; Hinton 2012).
    Momentum {
        /// μ in [0, 1).
        momentum: f64,
    },
    /// v ← μ v − η g, w ← w + μ v − η g (Nesterov momentum in the form of
    /// Bengio et al. 2013).
    Nesterov {
        /// μ in [0, 1).
        momentum: f64,
    },
    /// s ← ρ s + (1 − ρ) g², w ← w − η g / (√s + ε), s from 0 (Tieleman & Hinton 2012).
    RmsProp {
        /// ρ in [0, 1).
        decay: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// s ← ρ s + (1 − ρ) g², w ← w − η g / √(s + ε), s from 1: the variant
    /// of `TensorFlow` 1.
    RmsPropTf1 {
        /// ρ in [0, 1).
        decay: f64,
        /// ε > 0.
        epsilon: f64,
    },
    /// m ← β₁ m + (1 − β₁) g, s ← β₂ s + (1 − β₂) g², w ← w − η m̂ / (√ŝ + ε) with m̂ and ŝ
    /// corrected for their start at 0 (Kingma & Ba 2015).
    Adam {
        /// β₁ in [0, 1).
        beta1: f64,
        /// β₂ in [0, 1).
        beta2: f64,
        /// ε > 0.
        epsilon: f64,
    },
}

impl Rule {
    /// Adam with the constants of its authors.
    #[must_use]
    pub const fn adam() -> Self {
        Rule::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first parameter out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let factor = |field, value: f64| {
            require((0.0..1.0).contains(&value), field, &value, "a number in [0, 1)")
        };
        let positive = |field, value: f64| {
            let holds = value.is_finite() && value > 0.0;
            require(holds, field, &value, "a finite number above 0")
        };
        match *self {
            Rule::Sgd {} => Ok(()),
            Rule::Momentum { momentum } | Rule::Nesterov { momentum } => {
                factor("training.optimizer.momentum", momentum)
            }
            Rule::RmsProp { decay, epsilon } | Rule::RmsPropTf1 { decay, epsilon } => {
                factor("training.optimizer.decay", decay)?;
                positive("training.optimizer.epsilon", epsilon)
            }
            Rule::Adam { beta1, beta2, epsilon } => {
                factor("training.optimizer.beta1", beta1)?;
                factor("training.optimizer.beta2", beta2)?;
                positive("training.optimizer.epsilon", epsilon)
            }
        }
    }

    /// Initial value of the running mean square.
    pub(crate) fn initial_square<F: Real>(&self) -> F {
        if matches!(self, Rule::RmsPropTf1 { .. }) { F::one() } else { F::zero() }
    }

    /// Whether the rule keeps a mean of the gradients, or a velocity.
    pub(crate) fn keeps_mean(&self) -> bool {
        matches!(self, Rule::Momentum { .. } | Rule::Nesterov { .. } | Rule::Adam { .. })
    }

    /// Whether the rule keeps a mean of the squared gradients.
    pub(crate) fn keeps_square(&self) -> bool {
        matches!(self, Rule::RmsProp { .. } | Rule::RmsPropTf1 { .. } | Rule::Adam { .. })
    }
}

impl<F: Real> Update<F> {
    /// Whether a step leaves values with zero gradient unchanged.
    pub(crate) fn keeps_values_without_gradient(&self) -> bool {
        !self.rule.keeps_mean() && self.penalties == (0.0, 0.0)
    }

    /// Decays the mean squares of values whose gradient is zero.
    pub(crate) fn decay_squares(&self, square: &mut [F]) {
        if let Rule::RmsProp { decay, .. } | Rule::RmsPropTf1 { decay, .. } = self.rule {
            let rho = F::of(decay);
            map_in_place(square, |square| normal(rho * square));
        }
    }

    /// Applies the rule to some values, their gradients and their moments.
    pub(crate) fn step(&self, values: &mut [F], gradient: &[F], mean: &mut [F], square: &mut [F]) {
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
                    *v = flush_to_zero(mu * *v - rate * descent(*w, g));
                    *w += *v;
                });
            }
            Rule::Nesterov { momentum } => {
                let mu = F::of(momentum);
                each(values, gradient, mean, move |w, g, v| {
                    let step = rate * descent(*w, g);
                    *v = flush_to_zero(mu * *v - step);
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
                            *m = flush_to_zero(b1 * *m + (one - b1) * g);
                            *s = normal(b2 * *s + (one - b2) * squared(g));
                            *w -= rate * *m / ((*s * correction).sqrt() + epsilon);
                        }
                    },
                );
            }
        }
    }
}

// These functions and `flush_to_zero` flush negligible values to zero. Without them, the moments of a
// rectified unit that is never active again would become subnormal numbers and stay there, and each step
// would take several times as long.

/// g², flushed to zero if it is subnormal.
#[inline(always)]
fn squared<F: Real>(g: F) -> F {
    let g = flush_to_zero(g);
    g * g
}

/// A mean of squares, flushed to zero if it is subnormal.
#[inline(always)]
fn normal<F: Real>(square: F) -> F {
    if square < F::min_positive_value() { F::zero() } else { square }
}

/// Calls `f`, vectorised, with each value, its gradient and its moment. The slices and the constants in `f`
/// are moved into the loop: behind captured references the compiler could not prove that they do not alias,
/// and the loop would be scalar.
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Layer, Optimizer};

    /// Every rule with the weight after two steps, with g = 0.5 and then −0.25 at rate 0.1 from w = 1,
    /// worked out by hand from the formulas on [`Rule`].
    pub(crate) fn rules() -> [(Rule, f64); 6] {
        let rms_prop = Rule::RmsProp { decay: 0.9, epsilon: 1e-8 };
        let rms_prop_tf1 = Rule::RmsPropTf1 { decay: 0.9, epsilon: 1e-10 };
        [
            (Rule::Sgd {}, 1.0 - 0.05 + 0.025),
            // v = −0.05; −0.045 + 0.025 = −0.02
            (Rule::Momentum { momentum: 0.9 }, 1.0 - 0.05 - 0.02),
            // w = 1 − 0.045 − 0.05 = 0.905; v = −0.045 + 0.025 = −0.02; w += −0.018 + 0.025
            (Rule::Nesterov { momentum: 0.9 }, 0.905 - 0.018 + 0.025),
            // s = 0.025, then 0.0225 + 0.00625 = 0.02875
            (
                rms_prop,
                1.0 - 0.05 / (0.025_f64.sqrt() + 1e-8) + 0.025 / (0.02875_f64.sqrt() + 1e-8),
            ),
            // s = 0.9 + 0.025 = 0.925, then 0.8325 + 0.00625 = 0.83875
            (
                rms_prop_tf1,
                1.0 - 0.05 / (0.925_f64 + 1e-10).sqrt() + 0.025 / (0.83875_f64 + 1e-10).sqrt(),
            ),
            // m̂ = 0.5, ŝ = 0.25; then m = 0.045 − 0.025 = 0.02, m̂ = 0.02 / 0.19,
            // s = 0.00024975 + 0.0000625 = 0.00031225, ŝ = 0.00031225 / 0.001999
            (
                Rule::adam(),
                1.0 - 0.05 / (0.5 + 1e-8)
                    - 0.1 * (0.02 / 0.19) / ((0.000_312_25_f64 / 0.001_999).sqrt() + 1e-8),
            ),
        ]
    }

    /// A model with the single weight `w` and a bias of 0.
    pub(crate) fn one_weight(w: f64) -> Vec<Layer<f64>> {
        let mut layer = Layer::zeros(1, 1);
        layer.weights[[0, 0]] = w;
        vec![layer]
    }

    #[test]
    fn two_steps_by_hand() {
        for (rule, expected) in rules() {
            let mut model = one_weight(1.0);
            let mut optimizer = Optimizer::new(rule, 0.0, &model);
            for g in [0.5, -0.25] {
                optimizer.descend(&mut model, &one_weight(g), 0.1);
            }
            let w = model[0].weights[[0, 0]];
            assert!((w - expected).abs() < 1e-9, "{rule:?}: {w}, by hand {expected}");
        }
    }

    #[test]
    fn parameters_out_of_range_are_named() {
        let error = Rule::Momentum { momentum: 1.0 }.validate().expect_err("1 never decays");
        assert_eq!(
            error.to_string(),
            "training.optimizer.momentum = 1: expected a number in [0, 1)"
        );
        assert!(Rule::RmsProp { decay: 0.9, epsilon: 0.0 }.validate().is_err());
        assert!(rules().iter().all(|(rule, _)| rule.validate().is_ok()));
    }
}
