//! The encoding of raw columns as the numbers that a network learned from.

use serde::Serialize;

/// The map from raw values to the inputs of a network. Its constants were fitted to the training data. A
/// missing number, which is NaN, becomes the input 0.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputEncoding {
    /// The network takes the values unchanged.
    #[default]
    Keep,
    /// Every value is divided by this number, as the bytes of images are by 255.
    Divide(f32),
    /// Every column is a number with its own scaling.
    Numbers(Vec<NumberEncoding>),
    /// The columns of a table, in the order of the network's inputs.
    Table(Vec<ColumnEncoding>),
}

/// The scaling of a number: (value − centre) / spread, in `f64`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NumberEncoding {
    /// The value that becomes 0.
    pub centre: f64,
    /// The distance from the centre that becomes 1; positive.
    pub spread: f64,
    /// Bounds of the scaled value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<(f64, f64)>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnEncoding {
    /// The name of the column.
    pub name: String,
    /// Its encoding.
    pub values: ValueEncoding,
}

/// The encoding of a column's values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueEncoding {
    /// A number, which becomes one input.
    Number(NumberEncoding),
    /// A word, which becomes `width` inputs: 1 at its position, 0 elsewhere.
    Category(CategoryEncoding),
}

/// The positions of a category's levels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CategoryEncoding {
    /// The levels; level i is at position i.
    pub levels: Vec<String>,
    /// Number of positions: that of the levels, or one more.
    pub width: usize,
    /// The position of words that are not levels. Without one, all inputs are 0.
    pub unknown: Option<usize>,
    /// The position of missing values, which are empty. Without one, all inputs are 0.
    pub missing: Option<usize>,
}

impl InputEncoding {
    /// Number of inputs of the network, if the encoding determines it.
    pub fn n_inputs(&self) -> Option<usize> {
        match self {
            InputEncoding::Keep | InputEncoding::Divide(_) => None,
            InputEncoding::Numbers(columns) => Some(columns.len()),
            InputEncoding::Table(columns) => {
                Some(columns.iter().map(|column| column.values.width()).sum())
            }
        }
    }

    /// The scaling of each column, if every column is a number.
    pub(super) fn numbers(&self) -> Option<Vec<NumberEncoding>> {
        match self {
            InputEncoding::Keep | InputEncoding::Divide(_) => None,
            InputEncoding::Numbers(columns) => Some(columns.clone()),
            InputEncoding::Table(columns) => columns
                .iter()
                .map(|column| match column.values {
                    ValueEncoding::Number(number) => Some(number),
                    ValueEncoding::Category(_) => None,
                })
                .collect(),
        }
    }
}

impl ValueEncoding {
    /// Number of inputs.
    fn width(&self) -> usize {
        match self {
            ValueEncoding::Number(_) => 1,
            ValueEncoding::Category(category) => category.width,
        }
    }
}
