//! Features back to values of the columns, in their units.

use ndarray::{ArrayView1, ArrayView2};

use super::column::ColumnKind;
use super::{Contract, Input};
use crate::frame::dates;

/// The values of one column, in its own units; `None` where a feature is NaN.
#[derive(Debug, Clone, PartialEq)]
pub enum Original {
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Levels of a category (`other` for the last feature), values of a boolean, or dates.
    Words(Vec<Option<String>>),
}

impl Original {
    /// The value of a row as text; empty if it is missing.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        match self {
            Original::Numbers(numbers) => {
                numbers[row].map(|number| number.to_string()).unwrap_or_default()
            }
            Original::Words(words) => words[row].clone().unwrap_or_default(),
        }
    }
}

impl Contract {
    /// Maps features (n_samples × n_features) back to columns with their names: numbers in their
    /// units, the likeliest level of each category, and dates as text. Ignored columns are left out.
    ///
    /// A number that was encoded comes back up to the rounding of its feature to f32, unless it was
    /// clipped.
    ///
    /// # Panics
    /// If `features` has another number of columns than the contract.
    #[must_use]
    pub fn original(&self, features: ArrayView2<f32>) -> Vec<(String, Original)> {
        assert_eq!(features.ncols(), self.n_features(), "features of the contract");
        let numbers = |feature: usize, decode: &dyn Fn(f32) -> f64| {
            let known = |&x: &f32| (!x.is_nan()).then(|| decode(x));
            Original::Numbers(features.column(feature).iter().map(known).collect())
        };
        let table = match &self.input {
            Input::Table(table) => table,
            Input::Array(array) => {
                let column = |feature: usize| {
                    let decode = |x| array.scaling.decode(feature, x);
                    (feature.to_string(), numbers(feature, &decode))
                };
                return (0..array.n_features()).map(column).collect();
            }
        };
        let mut columns = Vec::new();
        let mut first = 0;
        for column in &table.columns {
            let words = |word: &dyn Fn(f32) -> String| {
                let known = |&x: &f32| (!x.is_nan()).then(|| word(x));
                Original::Words(features.column(first).iter().map(known).collect())
            };
            let values = match &column.kind {
                ColumnKind::Ignored { .. } => continue,
                ColumnKind::Number { shift, .. } => numbers(first, &|x| shift.decode(x)),
                ColumnKind::Date { shift, format, .. } => {
                    words(&|x| dates::text(shift.decode(x), format))
                }
                ColumnKind::Boolean { no, yes } => {
                    words(&|x| if x < 0.5 { no.clone() } else { yes.clone() })
                }
                ColumnKind::Category { levels } => {
                    Original::Words(likeliest(features, first, levels))
                }
            };
            first += column.n_features();
            columns.push((column.name.clone(), values));
        }
        columns
    }
}

/// The likeliest level of each row, from the group of features that starts at `first`.
fn likeliest(features: ArrayView2<f32>, first: usize, levels: &[String]) -> Vec<Option<String>> {
    let level = |row: ArrayView1<f32>| {
        let group = row.iter().skip(first).take(levels.len() + 1);
        let largest = largest(group.copied())?;
        Some(levels.get(largest).cloned().unwrap_or_else(|| "other".to_owned()))
    };
    features.rows().into_iter().map(level).collect()
}

/// The index of the largest value; `None` if any is NaN.
fn largest(values: impl Iterator<Item = f32>) -> Option<usize> {
    let mut best = (0, f32::NEG_INFINITY);
    for (index, value) in values.enumerate() {
        if value.is_nan() {
            return None;
        }
        if value > best.1 {
            best = (index, value);
        }
    }
    Some(best.0)
}
