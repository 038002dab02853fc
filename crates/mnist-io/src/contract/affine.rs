//! The encoding of raw columns as data, for use in other programs.

use serde::{Deserialize, Serialize};

use super::column::{ColumnKind, Shift};
use super::{Contract, Input, Scaling};

/// The encoding of one raw input column. The features of the columns follow one another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Encoding {
    /// One feature: (x − centre) / spread, clipped to the limits. A date is a number of seconds since
    /// 1970.
    Number {
        /// The name of the column.
        name: String,
        /// The constants.
        #[serde(flatten)]
        shift: Shift,
        /// The text format of a date; `None` for numbers.
        date_format: Option<String>,
    },
    /// One feature: 1 for `yes`, 0 for `no`.
    Boolean {
        /// The name of the column.
        name: String,
        /// The value that becomes 0.
        no: String,
        /// The value that becomes 1.
        yes: String,
    },
    /// One feature per level, and a last one for all other values.
    Category {
        /// The name of the column.
        name: String,
        /// The levels, in the order of their features.
        levels: Vec<String>,
    },
}

impl Contract {
    /// The encoding of each raw input column, in the order of the features. Ignored columns are omitted. The
    /// columns of an array are named by their index from 0.
    #[must_use]
    pub fn affine(&self) -> Vec<Encoding> {
        let table = match &self.input {
            Input::Table(table) => table,
            Input::Array(array) => {
                let encoding = |feature: usize| Encoding::Number {
                    name: feature.to_string(),
                    shift: shift_of(&array.scaling, feature),
                    date_format: None,
                };
                return (0..array.n_features()).map(encoding).collect();
            }
        };
        let encoding = |(name, kind): (&String, &ColumnKind)| {
            let name = name.clone();
            Some(match kind.clone() {
                ColumnKind::Number { shift, .. } => {
                    Encoding::Number { name, shift, date_format: None }
                }
                ColumnKind::Date { shift, format, .. } => {
                    Encoding::Number { name, shift, date_format: Some(format) }
                }
                ColumnKind::Boolean { no, yes } => Encoding::Boolean { name, no, yes },
                ColumnKind::Category { levels } => Encoding::Category { name, levels },
                ColumnKind::Ignored { .. } => return None,
            })
        };
        table
            .columns
            .iter()
            .map(|column| (&column.name, &column.kind))
            .filter_map(encoding)
            .collect()
    }
}

fn shift_of(scaling: &Scaling, feature: usize) -> Shift {
    match scaling {
        Scaling::Keep => Shift::KEEP,
        Scaling::Divide { divisor } => Shift { spread: f64::from(*divisor), ..Shift::KEEP },
        Scaling::Columns { centre, spread, within_unit } => Shift {
            centre: centre[feature],
            spread: spread[feature],
            limits: within_unit.then_some([0.0, 1.0]),
        },
    }
}
