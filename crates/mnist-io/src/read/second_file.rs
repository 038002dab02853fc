//! A second file as the test part.

use std::path::Path;

use ndarray::{Array2, Axis, concatenate};

use super::assemble::Opened;
use super::note::Note;
use super::options::ReadOptions;
use super::table::sha256_of_file;
use crate::dataset::{Dataset, Origin};
use crate::error::Error;
use crate::format_error::FormatError;
use crate::rows::NewData;
use crate::table_error::TableError;

/// Reads the test part from a separate file, by the contract of the training part. Its rows without a label
/// are omitted if the training part has labels.
pub(super) fn second_file(
    opened: &Opened,
    path: &Path,
    options: &ReadOptions,
) -> Result<(Dataset, Vec<Note>), Error> {
    let contract = &opened.contract;
    let new = NewData { memory_limit: options.memory_limit, ..NewData::default() };
    let mut rows = contract.rows(path, &NewData { refuse_unknown_classes: true, ..new })?;
    let (mut blocks, mut labels) = (Vec::<Array2<f32>>::new(), Vec::new());
    let mut bytes = 0;
    for block in rows.by_ref() {
        let block = block?;
        bytes += 4 * block.x.len() as u64;
        if bytes > options.memory_limit {
            let (place, limit) = (path.display().to_string(), options.memory_limit);
            let remedy = "test on fewer rows";
            return Err(FormatError::Memory { place, bytes, limit, remedy }.into());
        }
        match block.labels {
            None => blocks.push(block.x),
            Some(of_rows) => {
                let kept: Vec<usize> =
                    (0..of_rows.len()).filter(|&row| of_rows[row].is_some()).collect();
                blocks.push(block.x.select(Axis(0), &kept));
                labels.extend(of_rows.into_iter().flatten());
            }
        }
    }
    let views: Vec<_> = blocks.iter().map(|block| block.view()).collect();
    let images = concatenate(Axis(0), &views).unwrap_or_default();
    let labelled = !contract.class_names().is_empty();
    if images.is_empty() || labelled && labels.len() != images.nrows() {
        let (file, part) = (path.into(), "test");
        let remedy = "the file has no rows with a label";
        return Err(TableError::EmptyPart { file, part, remedy }.into());
    }
    let has_missing = images.iter().any(|value| value.is_nan());
    let train = &opened.data.train;
    let origin = Origin {
        name: train.name().to_owned(),
        class_names: contract.class_names().to_vec(),
        shape: contract.shape(),
        layout: contract.layout(),
        feature_names: contract.feature_names(),
        sha256: if path.is_dir() { train.sha256().to_owned() } else { sha256_of_file(path, &[])? },
        has_missing,
    };
    let mut notes = rows.notes().to_vec();
    let outside_share = rows.report().outside_share();
    notes.push(Note::TestFile { file: path.into(), n_test: images.nrows(), outside_share });
    Ok((origin.dataset(images, labelled.then_some(labels)), notes))
}
