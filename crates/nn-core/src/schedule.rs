use serde::{Deserialize, Serialize};

use crate::{InvalidSetting, require};

/// Learning-rate schedule.
///
/// In TOML it is written `"cosine"` or `{ step = { every = 1000, factor = 0.5 } }`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// The rate stays constant.
    #[default]
    Constant,
    /// The rate falls linearly to zero.
    Linear,
    /// The rate falls to zero along half a period of a cosine (Loshchilov & Hutter 2017, without restarts).
    Cosine,
    /// The rate is multiplied by `factor` after every `every` updates.
    Step {
        /// Number of updates between two changes.
        every: usize,
        /// Factor in (0, 1].
        factor: f64,
    },
    /// After t updates the rate is η / (1 + t / τ), as in stochastic approximation (Robbins & Monro
    /// 1951).
    Hyperbolic {
        /// Number of updates τ after which the rate has halved.
        half_after: f64,
    },
}

impl Schedule {
    /// Factor of the learning rate at step `step` of `steps`, counted from 0. It is in (0, 1]; after the last
    /// step, where `Linear` and `Cosine` have ended, it is 0.
    ///
    /// ```
    /// use nn_core::Schedule;
    /// assert_eq!(Schedule::Cosine.factor(0, 100), 1.0);
    /// assert!((Schedule::Cosine.factor(50, 100) - 0.5).abs() < 1e-15);
    /// assert!((Schedule::Linear.factor(99, 100) - 0.01).abs() < 1e-15);
    /// assert_eq!(Schedule::Step { every: 10, factor: 0.5 }.factor(29, 100), 0.25);
    /// assert_eq!(Schedule::Hyperbolic { half_after: 20.0 }.factor(60, 100), 0.25);
    /// ```
    #[must_use]
    pub fn factor(self, step: usize, steps: usize) -> f64 {
        let progress = (step as f64 / steps.max(1) as f64).min(1.0);
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear => 1.0 - progress,
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
            Schedule::Step { every, factor } => factor.powf((step / every.max(1)) as f64),
            Schedule::Hyperbolic { half_after } => 1.0 / (1.0 + step as f64 / half_after),
        }
    }

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first parameter out of its range.
    pub fn validate(self) -> Result<(), InvalidSetting> {
        match self {
            Schedule::Constant | Schedule::Linear | Schedule::Cosine => Ok(()),
            Schedule::Step { every, factor } => {
                require(every >= 1, "training.schedule.step.every", &every, "at least 1")?;
                let holds = factor > 0.0 && factor <= 1.0;
                require(holds, "training.schedule.step.factor", &factor, "a number in (0, 1]")
            }
            Schedule::Hyperbolic { half_after: tau } => {
                let holds = tau.is_finite() && tau > 0.0;
                let field = "training.schedule.hyperbolic.half_after";
                require(holds, field, &tau, "a finite number above 0")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_begin_at_one_never_rise_and_stay_positive() {
        let step = Schedule::Step { every: 30, factor: 0.3 };
        let hyperbolic = Schedule::Hyperbolic { half_after: 7.0 };
        for schedule in [Schedule::Constant, Schedule::Linear, Schedule::Cosine, step, hyperbolic] {
            let factors: Vec<f64> = (0..100).map(|step| schedule.factor(step, 100)).collect();
            assert_eq!(factors[0], 1.0, "{schedule:?}");
            assert!(factors.windows(2).all(|pair| pair[1] <= pair[0] && pair[1] > 0.0));
            assert!(schedule.validate().is_ok());
        }
    }

    #[test]
    fn nothing_is_learned_after_the_end() {
        for schedule in [Schedule::Linear, Schedule::Cosine] {
            assert_eq!([100, 150, 1000].map(|step| schedule.factor(step, 100)), [0.0; 3]);
        }
    }

    #[test]
    fn constants_out_of_range_are_named() {
        let error = Schedule::Step { every: 0, factor: 0.5 }.validate().expect_err("never");
        assert_eq!(error.to_string(), "training.schedule.step.every = 0: expected at least 1");
        for schedule in [
            Schedule::Step { every: 5, factor: 1.5 },
            Schedule::Step { every: 5, factor: f64::NAN },
            Schedule::Hyperbolic { half_after: 0.0 },
        ] {
            assert!(schedule.validate().is_err(), "{schedule:?}");
        }
    }
}
