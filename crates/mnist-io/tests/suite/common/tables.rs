//! Tables that the tests write and read.

use std::fs;
use std::path::{Path, PathBuf};

use mnist_io::{Contract, Dataset, MissingValues, NewData, Opened, ReadOptions, RowsReport, open};
use ndarray::{Array2, Axis, concatenate};

/// A folder that is removed on drop.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

pub(crate) fn options() -> ReadOptions {
    ReadOptions::default()
}

/// The training part, which must be in memory.
pub(crate) fn train_of(opened: &Opened) -> &Dataset {
    opened.data.train.in_memory().unwrap()
}

pub(crate) fn notes(opened: &Opened) -> String {
    let notes: Vec<String> = opened.notes.iter().map(ToString::to_string).collect();
    notes.join("\n") + "\n"
}

/// The contract of a file.
pub(crate) fn contract(path: &Path) -> Contract {
    open(path, &options()).unwrap().contract
}

/// All features and labels of new data, and the report.
pub(crate) fn read(contract: &Contract, path: &Path) -> (Array2<f32>, Vec<Option<u8>>, RowsReport) {
    let mut rows = contract.rows(path, &NewData::default()).unwrap();
    let blocks: Vec<_> = rows.by_ref().map(Result::unwrap).collect();
    let views: Vec<_> = blocks.iter().map(|block| block.x.view()).collect();
    let labels = blocks.iter().filter_map(|block| block.labels.clone()).flatten().collect();
    (concatenate(Axis(0), &views).unwrap(), labels, rows.report())
}

/// The error from reading new data, at its start or at a later block.
pub(crate) fn refusal(contract: &Contract, path: &Path, new: &NewData) -> String {
    match contract.rows(path, new) {
        Err(error) => error.to_string(),
        Ok(mut rows) => rows.find_map(Result::err).expect("it is wrong").to_string(),
    }
}

/// Asserts bitwise equality; NaN equals itself.
#[track_caller]
pub(crate) fn assert_same(a: &Array2<f32>, b: &Array2<f32>) {
    assert_eq!(a.dim(), b.dim());
    assert_eq!(a.mapv(f32::to_bits), b.mapv(f32::to_bits));
}

pub(crate) fn labelled_by(column: &str) -> ReadOptions {
    ReadOptions { label_column: Some(column.into()), ..options() }
}

pub(crate) fn refusing() -> ReadOptions {
    ReadOptions { missing: MissingValues::Refuse, ..options() }
}

pub(crate) fn write(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// All samples of both parts with their labels, sorted by the first column.
pub(crate) fn sorted(opened: &Opened) -> Vec<(Vec<f32>, Option<u8>)> {
    let mut rows = Vec::new();
    for part in [train_of(opened), &opened.data.test] {
        for (i, row) in part.images.rows().into_iter().enumerate() {
            rows.push((row.to_vec(), part.labels.as_ref().map(|labels| labels[i])));
        }
    }
    rows.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
    rows
}

#[track_caller]
pub(crate) fn refused(path: &Path, options: &ReadOptions, says: &[&str]) {
    let said = open(path, options).expect_err("it is wrong").to_string();
    assert!(said.starts_with(&path.display().to_string()), "the file is not named first: {said}");
    for what in says {
        assert!(said.contains(what), "{said}\nlacks: {what}");
    }
}
