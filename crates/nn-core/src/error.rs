use std::borrow::Cow;

use numerics::Real;
use thiserror::Error;

use crate::{Activation, Parameters, Samples, UnreadableSamples};

/// A hyperparameter out of its range.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{field} = {value}: expected {expected}")]
pub struct InvalidSetting {
    /// The setting's name, with its table: `model.n_hidden`.
    pub field: Cow<'static, str>,
    /// The value found.
    pub value: String,
    /// What it should have been.
    pub expected: &'static str,
}

impl InvalidSetting {
    /// The same, of the settings in `table`: a field of its own there.
    #[must_use]
    pub fn within(mut self, table: &str) -> Self {
        self.field = format!("{table}.{}", self.field).into();
        self
    }
}

/// Passes when `holds`; otherwise names the setting, its value and what was expected.
///
/// # Errors
/// [`InvalidSetting`] if not `holds`.
///
/// ```
/// let error = nn_core::require(false, "training.batch_size", &0, "at least 1").unwrap_err();
/// assert_eq!(error.to_string(), "training.batch_size = 0: expected at least 1");
/// ```
pub fn require(
    holds: bool,
    field: &'static str,
    value: &dyn std::fmt::Display,
    expected: &'static str,
) -> Result<(), InvalidSetting> {
    if holds {
        Ok(())
    } else {
        Err(InvalidSetting { field: field.into(), value: value.to_string(), expected })
    }
}

/// Why training cannot start or go on.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TrainingError {
    /// A hyperparameter is out of its range.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),

    /// The data have another number of columns than the model has visible units.
    #[error("the data have {found} columns, the model has {expected} visible units")]
    Width {
        /// Columns of the data.
        found: usize,
        /// Visible units of the model.
        expected: usize,
    },

    /// Whoever watches the training asked it to stop.
    #[error("interrupted")]
    Interrupted,

    /// The samples could not be read, before or amid training.
    #[error(transparent)]
    Unreadable(#[from] UnreadableSamples),

    /// A decomposition of the data that a layer begins with was not found; the message is LAPACK's.
    #[error("{0}")]
    Decomposition(String),

    /// There is nothing to train on.
    #[error("the training set is empty")]
    NoData,

    /// A value that the output unit or the visible unit cannot represent.
    #[error(
        "sample {sample}, column {column} is {value}: {unit} units take values in {range}; \
         scale the data or choose identity output units"
    )]
    OutOfRange {
        /// Row of the value, from 0.
        sample: usize,
        /// Column of the value, from 0.
        column: usize,
        /// The value.
        value: f64,
        /// The units that refuse it.
        unit: &'static str,
        /// What they take.
        range: &'static str,
    },

    /// The cost became NaN or infinite.
    #[error(
        "the cost became {cost} in epoch {epoch}, batch {batch} (step {step}), at learning rate \
         {learning_rate}: {tensor}; lower training.learning_rate"
    )]
    Diverged {
        /// The cost.
        cost: f64,
        /// The first tensor that is not finite, and whether it is one of the model or of the
        /// gradient.
        tensor: String,
        /// The step, from 1.
        step: usize,
        /// The epoch, from 1.
        epoch: usize,
        /// The batch in it, from 1.
        batch: usize,
        /// The learning rate of that step.
        learning_rate: f64,
    },
}

impl TrainingError {
    /// The step `step` (from 0, of `n_batches` an epoch), at which `model` and `gradient` had this
    /// cost, as an error that names the tensor where it shows.
    pub fn diverged<F: Real, P: Parameters<F>>(
        cost: f64,
        (model, gradient): (&P, &P),
        (step, n_batches): (usize, usize),
        learning_rate: f64,
    ) -> Self {
        let broken = |of: &P| {
            let mut tensors = of.tensors();
            let broken = tensors.find(|t| !t.values.iter().all(|value| value.is_finite()));
            broken.map(|tensor| tensor.name())
        };
        let tensor = match (broken(model), broken(gradient)) {
            (Some(name), _) => format!("`{name}` is no longer finite"),
            (None, Some(name)) => format!("the gradient of `{name}` is not finite"),
            (None, None) => "all tensors are still finite".to_owned(),
        };
        let (epoch, batch) = (step / n_batches + 1, step % n_batches + 1);
        TrainingError::Diverged { cost, tensor, step: step + 1, epoch, batch, learning_rate }
    }
}

/// Checks that every value is in [0, 1], as binary and logistic units need it.
///
/// # Errors
/// [`TrainingError::OutOfRange`] naming the first value that is not; NaN is not. Or
/// [`TrainingError::Unreadable`].
pub fn check_unit_interval<F: Real>(
    data: impl Samples<F>,
    unit: &'static str,
) -> Result<(), TrainingError> {
    check_values(data, unit, "[0, 1]", |value| (0.0..=1.0).contains(&value))
}

/// Checks that output units of this kind can give back every value.
///
/// # Errors
/// [`TrainingError::OutOfRange`] naming the first value that they cannot. Or
/// [`TrainingError::Unreadable`].
pub fn check_representable<F: Real>(
    data: impl Samples<F>,
    output: Activation,
) -> Result<(), TrainingError> {
    let check = |unit, range, holds: fn(f64) -> bool| check_values(&data, unit, range, holds);
    match output {
        Activation::Identity => check("identity output", "the finite numbers", f64::is_finite),
        Activation::LeakyRelu => check("leaky ReLU output", "the finite numbers", f64::is_finite),
        Activation::Logistic => check_unit_interval(&data, "logistic output"),
        Activation::Tanh => check("tanh output", "[-1, 1]", |x| (-1.0..=1.0).contains(&x)),
        Activation::Relu => check("ReLU output", "[0, ∞)", |x| (0.0..f64::INFINITY).contains(&x)),
        Activation::Softplus => {
            check("softplus output", "[0, ∞)", |x| (0.0..f64::INFINITY).contains(&x))
        }
        Activation::Elu => check("ELU output", "[-1, ∞)", |x| (-1.0..f64::INFINITY).contains(&x)),
    }
}

fn check_values<F: Real>(
    data: impl Samples<F>,
    unit: &'static str,
    range: &'static str,
    holds: fn(f64) -> bool,
) -> Result<(), TrainingError> {
    let mut refused = None;
    data.for_each_block(&mut |first, block| {
        if refused.is_none() {
            let found = block.indexed_iter().find(|(_, value)| !holds(value.as_f64()));
            refused = found.map(|((row, column), value)| (first + row, column, value.as_f64()));
        }
    })?;
    match refused {
        Some((sample, column, value)) => {
            Err(TrainingError::OutOfRange { sample, column, value, unit, range })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dense;

    #[test]
    fn divergence_names_the_tensor_the_step_and_the_rate() {
        let mut layers = vec![Dense::<f32>::zeros(2, 2), Dense::zeros(2, 1)];
        let gradient = layers.clone();
        layers[1].bias[0] = f32::NAN;
        let error = TrainingError::diverged(f64::NAN, (&layers, &gradient), (205, 100), 0.5);
        assert_eq!(
            error.to_string(),
            "the cost became NaN in epoch 3, batch 6 (step 206), at learning rate 0.5: `1.bias` is \
             no longer finite; lower training.learning_rate"
        );
        let error = TrainingError::diverged(f64::NAN, (&gradient, &layers), (205, 100), 0.5);
        assert!(error.to_string().contains("the gradient of `1.bias` is not finite"));
    }

    #[test]
    fn values_that_an_output_unit_cannot_give_back_are_named() {
        let data = ndarray::array![[0.5_f32, -0.5], [2.0, f32::INFINITY]];
        let first_refused = Activation::ALL.map(|unit| {
            let error = check_representable(data.view(), unit).expect_err("infinity is none's");
            let TrainingError::OutOfRange { sample, column, .. } = error else { return (9, 9) };
            (sample, column)
        });
        let (negative, large, infinite) = ((0, 1), (1, 0), (1, 1));
        let expected = [infinite, negative, large, negative, infinite, negative, infinite];
        assert_eq!(first_refused, expected);
        let error = check_representable(data.view(), Activation::Relu).expect_err("negative");
        assert!(
            error.to_string().contains("column 1 is -0.5: ReLU output units take values in [0")
        );
    }
}
