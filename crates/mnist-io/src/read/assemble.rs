//! From a format's raw data to samples: classes, order, scaling, and the parts in memory.

use super::classes::{RawLabels, classes};
use super::note::Note;
use super::on_disk::{MOST_HELD, OnDisk};
use super::options::ReadOptions;
use super::order::Order;
use super::raw::{RawPart, RawSet};
use super::scaling::{self, Scale};
use super::table::Table;
use crate::dataset::{Origin, check_counts};
use crate::error::Error;
use crate::format_error::FormatError;
use crate::splits::TrainTest;
use crate::training_data::TrainingData;

/// A data set, and notes on how it was read.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The training part, in memory or on disk, and the test part.
    pub data: TrainTest<TrainingData>,
    /// The decisions made while reading.
    pub notes: Vec<Note>,
}

/// Scales and orders the samples, and reads into memory those within the limit.
pub(super) fn assemble(name: String, raw: RawSet, options: &ReadOptions) -> Result<Opened, Error> {
    let RawSet { train: raw_train, test: raw_test, in_order, mut notes } = raw;
    check_parts(&raw_train, raw_test.as_ref())?;
    let RawPart { table: train, labels, sha256 } = raw_train;
    let (test, test_labels, test_sha256) = match raw_test {
        Some(RawPart { table, labels, sha256 }) => (Some(table), labels, sha256),
        None => (None, None, sha256.clone()),
    };
    let place = train.file.display().to_string();
    let (class_names, train_labels, test_labels) = joint_classes(&place, labels, test_labels)?;

    let n_rows = train.n_rows;
    let needed = if test.is_none() { 3 } else { 2 };
    if n_rows < needed {
        return Err(FormatError::TooFewRows { place, found: n_rows, expected: needed }.into());
    }
    let (order, held) = match &test {
        Some(_) if in_order || n_rows < 3 => (Order::as_it_is(n_rows), vec![]),
        given => Order::with_rows_held_out(n_rows, train_labels.as_deref(), given.is_none()),
    };
    let tables: Vec<&Table> = std::iter::once(&train).chain(&test).collect();
    let (scaling, note) = scaling::resolve(options.scale, &tables, &order)?;
    if !(in_order && options.scale == Scale::Auto) {
        notes.push(note);
    }
    if class_names.iter().enumerate().any(|(class, name)| *name != class.to_string()) {
        notes.push(Note::Classes { names: class_names.clone() });
    }
    if test.is_none() {
        let (n_test, stratified) = (held.len(), train_labels.is_some());
        notes.push(Note::HeldOut { n_test, n_samples: n_rows, stratified });
    }

    let origin = Origin { name, class_names, shape: train.shape, sha256 };
    let test = match &test {
        None => {
            let images = scaling.rows(&train, held.len(), |i| held[i])?;
            origin.dataset(images, chosen(train_labels.as_deref(), held.iter().copied()))
        }
        Some(table) => {
            let available = table.n_rows;
            let used = if stays_on_disk(table, options) {
                let used = MOST_HELD.min(available);
                notes.push(Note::FirstTestSamples { used, available });
                used
            } else {
                available
            };
            let images = scaling.rows(table, used, |i| i)?;
            let labels = chosen(test_labels.as_deref(), 0..used);
            Origin { sha256: test_sha256, ..origin.clone() }.dataset(images, labels)
        }
    };
    let labels = chosen(train_labels.as_deref(), (0..order.len()).map(|place| order.row(place)));
    let train = if stays_on_disk(&train, options) {
        notes.push(Note::OnDisk { n_samples: order.len(), bytes: train.bytes_in_memory() });
        TrainingData::OnDisk(OnDisk::new(train, order, scaling, labels, origin))
    } else {
        let images = scaling.rows(&train, order.len(), |place| order.row(place))?;
        TrainingData::InMemory(origin.dataset(images, labels))
    };
    Ok(Opened { data: TrainTest { train, test }, notes })
}

/// Whether a table is on disk and beyond the memory limit.
fn stays_on_disk(table: &Table, options: &ReadOptions) -> bool {
    table.is_on_disk() && table.bytes_in_memory() > options.memory_limit
}

/// The labels of these rows.
fn chosen(labels: Option<&[u8]>, rows: impl Iterator<Item = usize>) -> Option<Vec<u8>> {
    labels.map(|labels| rows.map(|row| labels[row]).collect())
}

/// Class names, and the classes of training and test rows.
type JointClasses = (Vec<String>, Option<Vec<u8>>, Option<Vec<u8>>);

/// Numbers the classes of both parts jointly, so that a label is the same class in both.
fn joint_classes(
    place: &str,
    train: Option<RawLabels>,
    test: Option<RawLabels>,
) -> Result<JointClasses, Error> {
    let (has_train, has_test) = (train.is_some(), test.is_some());
    if !has_train && !has_test {
        return Ok((vec![], None, None));
    }
    let (names, labels) = classes(place, train.into_iter().chain(test).collect())?;
    let mut labels = labels.into_iter();
    let train = if has_train { labels.next() } else { None };
    let test = if has_test { labels.next() } else { None };
    Ok((names, train, test))
}

/// Refuses labels that differ from the samples in number, and parts whose shapes differ.
fn check_parts(train: &RawPart, test: Option<&RawPart>) -> Result<(), Error> {
    for part in std::iter::once(train).chain(test) {
        if let Some(labels) = &part.labels {
            check_counts(part.table.n_rows, &part.table.file, labels.len(), &part.table.file)?;
        }
    }
    match test {
        Some(test) if test.table.shape != train.table.shape => Err(Error::ShapesDiffer {
            file: test.table.file.clone(),
            found: test.table.shape,
            expected: train.table.shape,
        }),
        _ => Ok(()),
    }
}
