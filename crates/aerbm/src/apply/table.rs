//! Tables that grow batch by batch.

use std::path::Path;
use std::sync::Arc;

use crate::Error;

/// A column of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name.
    pub name: Arc<str>,
    /// One value per row.
    pub values: Values,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Text.
    Text(Vec<String>),
    /// Whole numbers.
    Whole(Vec<i64>),
    /// Numbers.
    Reals(Vec<f32>),
    /// Numbers in double precision, for values in their original units.
    Doubles(Vec<f64>),
}

impl Column {
    /// A column of this name.
    pub fn new(name: impl Into<Arc<str>>, values: Values) -> Self {
        Column { name: name.into(), values }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Text(values) => values.len(),
            Values::Whole(values) => values.len(),
            Values::Reals(values) => values.len(),
            Values::Doubles(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the text of the value in this row. A number that is missing is empty.
    pub(super) fn append_text(&self, row: usize, text: &mut String) {
        use std::fmt::Write as _;
        let written = match &self.values {
            Values::Text(values) => {
                text.push_str(&values[row]);
                Ok(())
            }
            Values::Whole(values) => write!(text, "{}", values[row]),
            Values::Reals(values) if values[row].is_nan() => Ok(()),
            Values::Reals(values) => write!(text, "{}", values[row]),
            Values::Doubles(values) if values[row].is_nan() => Ok(()),
            Values::Doubles(values) => write!(text, "{}", values[row]),
        };
        written.expect("writing to a string succeeds");
    }
}

/// The destination of a table. A file appears whole, when the table is finished, or not at all.
pub trait TableSink {
    /// Appends rows. All batches have the same columns.
    ///
    /// # Errors
    /// [`Error::Io`] naming the destination.
    fn write(&mut self, batch: &[Column]) -> Result<(), Error>;

    /// Completes the table.
    ///
    /// # Errors
    /// [`Error::Io`] naming the destination.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

pub(super) fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}
