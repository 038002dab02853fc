use nn_core::{InvalidSetting, require};
use numerics::{Real, Stream};
use serde::{Deserialize, Serialize};

/// Dropout (Srivastava et al. 2014): the probabilities that a unit is left out of a step.
///
/// During training, units that are left out have the output 0. Afterwards no unit is left out, and the
/// weights that lead away from a unit are multiplied by the probability that it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dropout {
    /// The probability for each input, in [0, 1).
    pub input: f64,
    /// The probability for each hidden unit, in [0, 1).
    pub hidden: f64,
}

impl Dropout {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the probability that is out of range.
    pub fn validate(self) -> Result<(), InvalidSetting> {
        let range = "a number in [0, 1)";
        let holds = |p: f64| (0.0..1.0).contains(&p);
        require(holds(self.input), "dropout.input", &self.input, range)?;
        require(holds(self.hidden), "dropout.hidden", &self.hidden, range)
    }

    /// Whether no unit is ever left out.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Dropout::default()
    }

    /// The probability that an input of layer `index` is left out.
    pub(crate) fn before(self, index: usize) -> f64 {
        if index == 0 { self.input } else { self.hidden }
    }
}

/// The units that are left out of one step: probabilities, and the stream that decides.
#[derive(Debug, Clone, Copy)]
pub struct DropoutDraw {
    /// The probabilities.
    pub dropout: Dropout,
    /// The random stream of the step.
    pub stream: Stream,
}

/// Sets each value of row `row` to zero with probability `p`.
pub(crate) fn leave_out<F: Real>(p: f64, stream: Stream, row: usize, values: &mut [F]) {
    if p > 0.0 {
        let p = F::of(p);
        stream.with_uniforms(row * values.len(), values, |value, uniform: F| {
            *value = if uniform < p { F::zero() } else { *value };
        });
    }
}

/// Sets the inputs of layer `layer` that the draw leaves out for row `row` of the batch to zero.
pub(crate) fn leave_out_units<F: Real>(
    draw: Option<DropoutDraw>,
    layer: usize,
    row: usize,
    values: &mut [F],
) {
    if let Some(DropoutDraw { dropout, stream }) = draw {
        leave_out(dropout.before(layer), stream.layer(layer), row, values);
    }
}

/// Sets the derivatives of units that were left out to zero. Units that were left out have the output 0;
/// hardly any others do.
pub(crate) fn zero_left_out<F: Real>(draw: Option<DropoutDraw>, outputs: &[F], delta: &mut [F]) {
    if draw.is_some() {
        for (delta, &output) in delta.iter_mut().zip(outputs) {
            *delta = if output == F::zero() { F::zero() } else { *delta };
        }
    }
}
