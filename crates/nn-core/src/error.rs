use thiserror::Error;

use crate::{Samples, UnreadableSamples};

/// A hyperparameter out of its range.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{field} = {value}: expected {expected}")]
pub struct InvalidSetting {
    /// The setting's name, with its table: `model.n_hidden`.
    pub field: &'static str,
    /// The value found.
    pub value: String,
    /// What it should have been.
    pub expected: &'static str,
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
    if holds { Ok(()) } else { Err(InvalidSetting { field, value: value.to_string(), expected }) }
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

    /// There is nothing to train on.
    #[error("the training set is empty")]
    NoData,

    /// A value that the output unit or the visible unit cannot represent.
    #[error(
        "sample {sample}, column {column} is {value}: {unit} units take values in [0, 1]; \
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
    },

    /// The cost became NaN or infinite.
    #[error(
        "the cost became {cost} in epoch {epoch}, batch {batch}, at learning rate {learning_rate}; \
         lower training.learning_rate"
    )]
    Diverged {
        /// The cost.
        cost: f64,
        /// The epoch, from 1.
        epoch: usize,
        /// The batch in it, from 1.
        batch: usize,
        /// The learning rate of that step.
        learning_rate: f64,
    },
}

/// Checks that every value is in [0, 1], as binary and logistic units need it.
///
/// # Errors
/// [`TrainingError::OutOfRange`] naming the first value that is not; NaN is not. Or
/// [`TrainingError::Unreadable`].
pub fn check_unit_interval<F: numerics::Real>(
    data: impl Samples<F>,
    unit: &'static str,
) -> Result<(), TrainingError> {
    let mut refused = None;
    data.for_each_block(&mut |first, block| {
        let outside = |(_, value): &(_, &F)| !(F::zero()..=F::one()).contains(*value);
        if refused.is_none() {
            let found = block.indexed_iter().find(outside);
            refused = found.map(|((row, column), &value)| (first + row, column, value.as_f64()));
        }
    })?;
    match refused {
        Some((sample, column, value)) => {
            Err(TrainingError::OutOfRange { sample, column, value, unit })
        }
        None => Ok(()),
    }
}
