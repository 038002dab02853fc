//! Codes and reconstructions of rows of a file.

use mnist_io::{Contract, Dataset, Original, RowBlock, Rows};
use ndarray::ArrayView2;

use super::blocks::{for_each_block, in_whole_blocks};
use super::predict::{columns, numbered};
use super::table::{Column, TableSink, Values};
use crate::Error;
use crate::model::Model;
use crate::monitor::Monitor;

/// Writes the code of each row, in columns `unit_0`, `unit_1`, …, preceded by its class if the rows have
/// labels. Returns the number of rows.
///
/// # Errors
/// [`Error::Data`] for a row that cannot be read, [`Error::Io`] if the table cannot be written,
/// [`Error::Interrupted`].
pub fn encode(
    model: &Model,
    contract: &Contract,
    rows: &mut Rows<'_>,
    sink: &mut dyn TableSink,
    monitor: &dyn Monitor,
) -> Result<usize, Error> {
    let mut names = Vec::new();
    for_each_block(rows, monitor, |block| {
        let codes = in_whole_blocks(block.x.view(), |x| model.encode(x));
        if names.is_empty() {
            names = numbered("unit", codes.ncols());
        }
        let label = class_column(contract, &block);
        let batch: Vec<Column> = label.into_iter().chain(columns(&names, &codes)).collect();
        sink.write(&batch)
    })
}

/// Writes the codes of a set in memory as [`encode`] does, and returns the number of rows.
///
/// # Errors
/// [`Error::Io`] if the table cannot be written.
pub fn encode_set(model: &Model, set: &Dataset, sink: &mut dyn TableSink) -> Result<usize, Error> {
    let codes = in_whole_blocks(set.images.view(), |x| model.encode(x));
    let label = set.labels.as_ref().map(|labels| {
        let words = labels.iter().map(|&class| set.class_names[usize::from(class)].clone());
        Column::new("label", Values::Text(words.collect()))
    });
    let names = numbered("unit", codes.ncols());
    let batch: Vec<Column> = label.into_iter().chain(columns(&names, &codes)).collect();
    sink.write(&batch)?;
    Ok(codes.nrows())
}

/// Writes the reconstruction of each row, as columns of the data in their original units. Returns the number
/// of rows.
///
/// # Errors
/// As [`encode`].
pub fn reconstruct(
    model: &Model,
    contract: &Contract,
    rows: &mut Rows<'_>,
    sink: &mut dyn TableSink,
    monitor: &dyn Monitor,
) -> Result<usize, Error> {
    for_each_block(rows, monitor, |block| {
        let found = in_whole_blocks(block.x.view(), |x| model.reconstruct(x));
        sink.write(&originals(contract, found.view()))
    })
}

/// Writes features (n × features of the contract) as columns of the data in their original units.
///
/// # Errors
/// [`Error::Io`] if the table cannot be written.
pub fn write_features(
    contract: &Contract,
    features: ArrayView2<f32>,
    sink: &mut dyn TableSink,
) -> Result<(), Error> {
    sink.write(&originals(contract, features))
}

/// Returns features as columns of the data in their original units.
pub(super) fn originals(contract: &Contract, features: ArrayView2<f32>) -> Vec<Column> {
    let columns = contract.original(features).into_iter();
    columns
        .map(|(name, values)| {
            let values = match values {
                Original::Numbers(numbers) => Values::Doubles(
                    numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect(),
                ),
                words => Values::Text((0..words.len()).map(|row| words.text(row)).collect()),
            };
            Column::new(name, values)
        })
        .collect()
}

/// Returns the class name of each row of a block if its rows have labels; it is empty for a row without one.
pub(super) fn class_column(contract: &Contract, block: &RowBlock) -> Option<Column> {
    let names = contract.class_names();
    let word = |label: &Option<u8>| {
        label.and_then(|class| names.get(usize::from(class)).cloned()).unwrap_or_default()
    };
    let labels = block.labels.as_ref()?;
    Some(Column::new("label", Values::Text(labels.iter().map(word).collect())))
}
