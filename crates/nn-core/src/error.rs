use std::borrow::Cow;

use numerics::Real;
use thiserror::Error;

use crate::activation::OutputRange;
use crate::{Activation, Parameters, Samples, UnreadableSamples};

/// A setting that is out of its range.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{field} = {value}: expected {expected}")]
pub struct InvalidSetting {
    /// Name of the setting with its table, such as `model.n_hidden`.
    pub field: Cow<'static, str>,
    /// Its value.
    pub value: String,
    /// The values that are allowed.
    pub expected: &'static str,
}

impl InvalidSetting {
    /// Prefixes the field with the table that contains the settings.
    #[must_use]
    pub fn within(mut self, table: &str) -> Self {
        self.field = format!("{table}.{}", self.field).into();
        self
    }

    /// Replaces the name of the field's table by another.
    #[must_use]
    pub fn in_place_of(mut self, table: &str, other: &str) -> Self {
        if let Some(rest) = self.field.strip_prefix(table) {
            self.field = format!("{other}{rest}").into();
        }
        self
    }
}

/// Returns `Ok` if `holds`, and otherwise an error with the setting, its value and the allowed values.
///
/// # Errors
/// [`InvalidSetting`] if `holds` is false.
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

/// Errors of training.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum TrainingError {
    /// A setting is out of its range.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),

    /// The number of columns of the data differs from the number of visible units of the model.
    #[error("the data have {found} columns, but the model has {expected} visible units")]
    Width {
        /// Number of columns of the data.
        found: usize,
        /// Number of visible units of the model.
        expected: usize,
    },

    /// The numbers of samples and of labels differ.
    #[error("there are {labels} labels, but {samples} samples")]
    Labels {
        /// Number of samples.
        samples: usize,
        /// Number of labels.
        labels: usize,
    },

    /// A label is not one of the model's classes.
    #[error("sample {sample} has the label {label}, but the model has {n_classes} classes, from 0")]
    Class {
        /// Row of the sample, counted from 0.
        sample: usize,
        /// The label.
        label: u8,
        /// Number of classes of the model.
        n_classes: usize,
    },

    /// The observer stopped the training.
    #[error("interrupted")]
    Interrupted,

    /// The samples could not be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableSamples),

    /// The decomposition of the data that initialises a layer failed. The message is that of the linear
    /// algebra library.
    #[error("{0}")]
    Decomposition(String),

    /// There are no training samples.
    #[error("the training set is empty")]
    NoData,

    /// A value is outside the range of the output or visible units.
    #[error(
        "sample {sample}, column {column} is {value}: {unit} units take values in {range}; \
         scale the data, or choose units that take any number"
    )]
    OutOfRange {
        /// Row of the value, counted from 0.
        sample: usize,
        /// Column of the value, counted from 0.
        column: usize,
        /// The value.
        value: f64,
        /// Kind of the units.
        unit: String,
        /// Range of values that they take.
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
        /// The first tensor that is not finite, and whether it belongs to the model or to the
        /// gradient.
        tensor: String,
        /// The step, counted from 1.
        step: usize,
        /// The epoch, counted from 1.
        epoch: usize,
        /// The batch within the epoch, counted from 1.
        batch: usize,
        /// Learning rate of the step.
        learning_rate: f64,
    },
}

/// The remedy in the message of [`TrainingError::Diverged`], in terms of one model's settings.
const REMEDY: &str = "; lower training.learning_rate";

impl TrainingError {
    /// The message without the remedy, for callers whose settings have other names.
    pub fn cause(&self) -> String {
        let text = self.to_string();
        text.strip_suffix(REMEDY).map(str::to_owned).unwrap_or(text)
    }

    /// The error for a cost that is not finite, naming the first tensor of model or gradient that is
    /// not finite. `step` is counted from 0, with `n_batches` steps per epoch.
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

/// Checks that every value is in [0, 1], the range of binary and logistic units. `unit` names the
/// units in the error.
///
/// # Errors
/// [`TrainingError::OutOfRange`] for the first value outside the range, where NaN counts as outside;
/// [`TrainingError::Unreadable`] if the samples cannot be read.
pub fn check_unit_interval<F: Real>(
    data: impl Samples<F>,
    unit: &str,
) -> Result<(), TrainingError> {
    check_values(data, unit, "[0, 1]", |value| (0.0..=1.0).contains(&value))
}

/// Checks that every value is finite and in the range of the output units, or missing (NaN).
///
/// # Errors
/// [`TrainingError::OutOfRange`] for the first value outside the range; [`TrainingError::Unreadable`]
/// if the samples cannot be read.
pub fn check_representable<F: Real>(
    data: impl Samples<F>,
    output: Activation,
) -> Result<(), TrainingError> {
    let OutputRange { unit, low, high, text } = output.range();
    check_values(data, &format!("{unit} output"), text, |value| {
        value.is_nan() || value.is_finite() && low <= value && value <= high
    })
}

/// Checks that every value satisfies `holds`.
fn check_values<F: Real>(
    data: impl Samples<F>,
    unit: &str,
    range: &'static str,
    holds: impl Fn(f64) -> bool,
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
            let unit = unit.to_owned();
            Err(TrainingError::OutOfRange { sample, column, value, unit, range })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;

    #[test]
    fn divergence_names_the_tensor_the_step_and_the_rate() {
        let mut layers = vec![Layer::<f32>::zeros(2, 2), Layer::zeros(2, 1)];
        let gradient = layers.clone();
        layers[1].bias[0] = f32::NAN;
        let error = TrainingError::diverged(f64::NAN, (&layers, &gradient), (205, 100), 0.5);
        assert_eq!(
            error.to_string(),
            "the cost became NaN in epoch 3, batch 6 (step 206), at learning rate 0.5: `1.bias` is \
             no longer finite; lower training.learning_rate"
        );
        assert!(error.cause().ends_with("is no longer finite"), "{}", error.cause());
        let error = TrainingError::diverged(f64::NAN, (&gradient, &layers), (205, 100), 0.5);
        assert!(error.to_string().contains("the gradient of `1.bias` is not finite"));
    }

    #[test]
    fn values_outside_the_range_of_an_output_unit_are_named() {
        let data = ndarray::array![[0.5_f32, -0.5], [2.0, f32::INFINITY]];
        for (unit, expected) in [
            (Activation::Identity, (1, 1)), // ∞
            (Activation::Logistic, (0, 1)), // −0.5
            (Activation::Tanh, (1, 0)),     // 2
            (Activation::Elu, (1, 1)),
        ] {
            let error = check_representable(&data, unit).expect_err("infinity");
            let TrainingError::OutOfRange { sample, column, .. } = error else { panic!("{error}") };
            assert_eq!((sample, column), expected, "{unit:?}");
        }
        let error = check_representable(&data, Activation::Relu).expect_err("negative");
        assert!(
            error.to_string().contains("column 1 is -0.5: ReLU output units take values in [0")
        );
    }
}
