use serde::{Deserialize, Serialize};

/// How the learning rate changes over training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It does not.
    #[default]
    Constant,
    /// Falls in a straight line to zero.
    Linear,
    /// Falls along half a cosine to zero.
    Cosine,
}

impl Schedule {
    /// The factor on the learning rate of step `step` of `steps`, in (0, 1].
    ///
    /// ```
    /// use nn_core::Schedule;
    /// assert_eq!(Schedule::Cosine.factor(0, 100), 1.0);
    /// assert!((Schedule::Cosine.factor(50, 100) - 0.5).abs() < 1e-15);
    /// assert!((Schedule::Linear.factor(99, 100) - 0.01).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn factor(self, step: usize, steps: usize) -> f64 {
        let progress = step as f64 / steps.max(1) as f64;
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear => 1.0 - progress,
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        }
    }
}
