//! Tables that are written batch by batch.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use mnist_io::Original;

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
    /// Values of a file's column, in its own type.
    Original(Original),
}

impl Column {
    /// Creates a column of this name.
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
            Values::Original(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the text of the value in this row; that of a missing number is empty.
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
            Values::Original(values) => {
                text.push_str(&values.text(row));
                Ok(())
            }
        };
        written.expect("writing to a string succeeds");
    }
}

/// The destination of a table. A file appears whole when the table is finished, or not at all.
pub trait TableSink {
    /// Appends rows. All batches have the same columns.
    ///
    /// # Errors
    /// [`Error::Io`] naming the destination.
    fn write(&mut self, batch: &[Column]) -> Result<(), Error>;

    /// Sets the character that separates the values of text tables, before the first rows. Other formats
    /// ignore it.
    fn separate_by(&mut self, _separator: u8) {}

    /// The names of the columns that the format cannot hold, which are left out.
    fn left_out(&self) -> &[String] {
        &[]
    }

    /// Completes the table.
    ///
    /// # Errors
    /// [`Error::Io`] naming the destination.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

pub(super) fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}

/// Returns the names of the columns, made unique: a name that an earlier column has gets a number, as in
/// `score_a_2`. The columns of the data come first and so keep their names.
pub(super) fn names(batch: &[Column]) -> Vec<String> {
    let mut taken: HashSet<&str> = HashSet::new();
    let is_first: Vec<bool> = batch.iter().map(|column| taken.insert(&column.name)).collect();
    let mut taken: HashSet<String> = taken.into_iter().map(str::to_owned).collect();
    let name = |(column, is_first): (&Column, bool)| {
        if is_first {
            return column.name.to_string();
        }
        let numbered = (2..).map(|number| format!("{}_{number}", column.name));
        let mut free = numbered.filter(|name| !taken.contains(name));
        let name = free.next().expect("some number is free");
        drop(free);
        taken.insert(name.clone());
        name
    };
    batch.iter().zip(is_first).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let batch = ["a", "std_a", "std_a_2", "std_a", "std_a", "b"]
            .map(|name| Column::new(name, Values::Whole(vec![])));
        assert_eq!(names(&batch), ["a", "std_a", "std_a_2", "std_a_3", "std_a_4", "b"]);
    }
}
