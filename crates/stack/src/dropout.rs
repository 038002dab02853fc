use nn_core::{InvalidSetting, require};
use numerics::{Real, Stream};
use serde::{Deserialize, Serialize};

/// How likely a unit is left out of a step (Srivastava et al. 2014).
///
/// In training, the outputs of units that are left out are zero. After it, nothing is left out, and
/// the weights that lead away from a unit are multiplied by the probability that it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dropout {
    /// Of the inputs, in [0, 1).
    pub input: f64,
    /// Of each hidden layer, in [0, 1).
    pub hidden: f64,
}

impl Dropout {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the probability that is none.
    pub fn validate(self) -> Result<(), InvalidSetting> {
        let range = "a number in [0, 1)";
        let holds = |p: f64| (0.0..1.0).contains(&p);
        require(holds(self.input), "dropout.input", &self.input, range)?;
        require(holds(self.hidden), "dropout.hidden", &self.hidden, range)
    }

    /// Whether nothing is left out.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Dropout::default()
    }

    /// The probability of leaving out inputs of layer `index`.
    pub(crate) fn before(self, index: usize) -> f64 {
        if index == 0 { self.input } else { self.hidden }
    }
}

/// Zeros each value of row `row` with probability `p`.
pub(crate) fn leave_out<F: Real>(p: f64, stream: Stream, row: usize, values: &mut [F]) {
    if p > 0.0 {
        let p = F::of(p);
        stream.with_uniforms(row * values.len(), values, |value, uniform: F| {
            *value = if uniform < p { F::zero() } else { *value };
        });
    }
}
