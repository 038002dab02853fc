//! Classes and their probabilities for rows of a file.

use std::sync::Arc;

use mnist_io::Rows;
use ndarray::{Array2, ArrayView1};

use super::blocks::{for_each_block, in_whole_blocks};
use super::table::{Column, TableSink, Values};
use crate::Error;
use crate::classifier::TrainedClassifier;
use crate::monitor::Monitor;

/// The columns of a table of predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PredictOptions {
    /// The probability of each class, in columns `p_CLASS`.
    pub probabilities: bool,
    /// The outputs of the last hidden layer, in columns `code_0`, `code_1`, ….
    pub codes: bool,
}

impl Default for PredictOptions {
    fn default() -> Self {
        PredictOptions { probabilities: true, codes: false }
    }
}

/// Predictions for a whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// Number of rows.
    pub n_rows: usize,
    /// Number of rows with a known class, and number of those that are misclassified.
    pub errors: Option<(usize, usize)>,
}

/// Writes the most probable class of each row, with its probabilities and codes if `options` ask for them.
/// `class_names` are those of the contract.
///
/// # Errors
/// [`Error::Data`] for a row that cannot be read, [`Error::Io`] if the table cannot be written,
/// [`Error::Interrupted`].
pub fn predict(
    model: &TrainedClassifier,
    class_names: &[String],
    rows: &mut Rows<'_>,
    options: PredictOptions,
    sink: &mut dyn TableSink,
    monitor: &dyn Monitor,
) -> Result<Predicted, Error> {
    let names: Vec<Arc<str>> =
        class_names.iter().map(|class| format!("p_{class}").into()).collect();
    let (mut known, mut wrong) = (0, 0);
    let n_rows = for_each_block(rows, monitor, |block| {
        let x = block.x.view();
        let p = in_whole_blocks(x, |x| model.probabilities(x));
        let largest =
            |row: ArrayView1<f32>| numerics::argmax(row.to_slice().expect("rows are contiguous"));
        let classes: Vec<usize> = p.rows().into_iter().map(largest).collect();
        for (class, label) in classes.iter().zip(block.labels.iter().flatten()) {
            if let Some(label) = label {
                known += 1;
                wrong += usize::from(*class != usize::from(*label));
            }
        }
        let words = classes.iter().map(|class| class_names[*class].clone()).collect();
        let mut batch = vec![Column::new("class", Values::Text(words))];
        if options.probabilities {
            batch.extend(columns(&names, &p));
        }
        if options.codes {
            let codes = in_whole_blocks(x, |x| model.codes(x));
            batch.extend(columns(&numbered("code", codes.ncols()), &codes));
        }
        sink.write(&batch)
    })?;
    Ok(Predicted { n_rows, errors: (known > 0).then_some((known, wrong)) })
}

/// Returns the names `word_0`, `word_1`, ….
pub(super) fn numbered(word: &str, n: usize) -> Vec<Arc<str>> {
    (0..n).map(|i| format!("{word}_{i}").into()).collect()
}

/// Returns the columns of an array (n × names) as columns of a table.
pub(super) fn columns(names: &[Arc<str>], values: &Array2<f32>) -> impl Iterator<Item = Column> {
    names
        .iter()
        .zip(values.columns())
        .map(|(name, column)| Column::new(Arc::clone(name), Values::Reals(column.to_vec())))
}
