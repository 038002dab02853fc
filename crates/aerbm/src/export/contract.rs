//! The contract of the data as the encoding of a graph's inputs.

use mnist_io::{Contract, Encoding, Input, Scaling, Shift};

use super::{CategoryEncoding, ColumnEncoding, InputEncoding, NumberEncoding, ValueEncoding};

impl From<&Contract> for InputEncoding {
    fn from(contract: &Contract) -> Self {
        match &contract.input {
            Input::Table(_) => {
                InputEncoding::Table(contract.affine().into_iter().map(Into::into).collect())
            }
            Input::Array(array) => match &array.scaling {
                Scaling::Keep => InputEncoding::Keep,
                Scaling::Divide { divisor } => InputEncoding::Divide(*divisor),
                Scaling::Columns { .. } => {
                    let number = |encoding| match encoding {
                        Encoding::Number { shift, .. } => Some(shift.into()),
                        Encoding::Boolean { .. } | Encoding::Category { .. } => None,
                    };
                    InputEncoding::Numbers(
                        contract.affine().into_iter().filter_map(number).collect(),
                    )
                }
            },
        }
    }
}

impl From<Shift> for NumberEncoding {
    fn from(shift: Shift) -> Self {
        let bounds = shift.limits.map(|[low, high]| (low, high));
        NumberEncoding { centre: shift.centre, spread: shift.spread, bounds }
    }
}

/// A date is a number of seconds since 1970. Missing words, and unknown ones of a boolean, become
/// zeros, as the models take missing values.
impl From<Encoding> for ColumnEncoding {
    fn from(encoding: Encoding) -> Self {
        let category = |levels: Vec<String>, width, unknown| {
            ValueEncoding::Category(CategoryEncoding { levels, width, unknown, missing: None })
        };
        match encoding {
            Encoding::Number { name, shift, .. } => {
                ColumnEncoding { name, values: ValueEncoding::Number(shift.into()) }
            }
            Encoding::Boolean { name, yes, .. } => {
                ColumnEncoding { name, values: category(vec![yes], 1, None) }
            }
            Encoding::Category { name, levels } => {
                let others = levels.len();
                ColumnEncoding { name, values: category(levels, others + 1, Some(others)) }
            }
        }
    }
}
