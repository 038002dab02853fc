//! Conversion of a format's arrays to samples: classes, order, scaling, and parts in memory.

use super::classes::{RawLabels, classes};
use super::note::Note;
use super::on_disk::{MOST_HELD, OnDisk};
use super::options::{ReadOptions, SplitBy};
use super::raw::{RawPart, RawSet};
use super::scaling::{self, Resolved, Scale};
use super::table::Table;
use crate::contract::{
    ArrayInput, CONTRACT_VERSION, Classes, Contract, Input, MissingValues, Scaling,
};
use crate::dataset::{Dataset, Origin, check_counts};
use crate::error::Error;
use crate::format_error::FormatError;
use crate::frame::parts::{Division, Parts, divide};
use crate::splits::TrainTest;
use crate::training_data::TrainingData;

/// A data set, and notes on how it was read.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The training part, in memory or on disk, and the test part.
    pub data: TrainTest<TrainingData>,
    /// Types and constants fitted to the training part, by which new data are read in the same way.
    pub contract: Contract,
    /// The decisions made while reading.
    pub notes: Vec<Note>,
    /// Encoded samples without a label, for pretraining only; `None` if all samples have labels or none has.
    pub unlabelled: Option<Dataset>,
}

/// Scales and orders the samples, and reads those within the limit into memory.
pub(super) fn assemble(name: String, raw: RawSet, options: &ReadOptions) -> Result<Opened, Error> {
    let RawSet { train: raw_train, test: raw_test, n_validation, in_order, mut notes } = raw;
    check_parts(&raw_train, raw_test.as_ref())?;
    let sha256 = raw_train.fingerprint.sha256()?;
    let test_sha256 = raw_test.as_ref().map(|part| part.fingerprint.sha256()).transpose()?;
    let test_sha256 = test_sha256.unwrap_or_else(|| sha256.clone());
    let (train, labels) = (raw_train.table, raw_train.labels);
    let (test, test_labels) = raw_test.map(|part| (part.table, part.labels)).unzip();
    let test_labels = test_labels.flatten();
    let place = train.file.display().to_string();
    let (class_names, train_labels, test_labels) = joint_classes(&place, labels, test_labels)?;
    let holds_out = test.is_none() && options.test.is_none();
    let parts = rows_of_parts(
        train.n_rows,
        train_labels.as_deref(),
        &place,
        holds_out,
        division(&train, in_order, n_validation, options),
    )?;
    let Parts { order, n_fitted, held, unlabelled, .. } = &parts;

    let row = |place: usize| match place.checked_sub(*n_fitted) {
        Some(place) => unlabelled[place],
        None => order.row(place),
    };
    let n_rows = n_fitted + unlabelled.len();
    let validation = (*n_fitted..order.len()).map(|place| order.row(place));
    let others: Vec<usize> = validation.chain(held.iter().copied()).collect();
    let missing_allowed = options.missing == MissingValues::Mark;
    let resolved = scaling::resolve(
        options.scale,
        &scaling::Parts {
            train: &train,
            rows: &row,
            n_rows,
            held: &others,
            test: test.as_ref(),
            missing_allowed,
        },
    )?;
    let Resolved { scaling, note, ranges, n_missing } = resolved;
    if !(in_order && options.scale == Scale::Auto) {
        notes.push(note);
    }
    if n_missing > 0 {
        notes.push(Note::MissingInArray { n_values: n_missing });
    }
    notes.extend(notes_on_parts(&class_names, &parts, train.n_rows, holds_out, options));

    let labelled = train_labels.is_some() || test_labels.is_some();
    let contract = Contract {
        version: CONTRACT_VERSION,
        name: name.clone(),
        n_training_rows: n_rows,
        missing: options.missing,
        input: Input::Array(ArrayInput {
            shape: train.shape,
            pixels: train.pixels,
            scaling: scaling.clone(),
            ranges,
        }),
        classes: labelled.then(|| Classes {
            column: None,
            index: None,
            names: class_names.clone(),
        }),
    };
    let origin = Origin {
        name,
        class_names,
        shape: train.shape,
        layout: contract.layout(),
        feature_names: vec![],
        sha256,
        has_missing: n_missing > 0,
    };
    let without_label = match &unlabelled[..] {
        [] => None,
        rows => Some(origin.dataset(scaling.rows(&train, rows.len(), |i| rows[i])?, None)),
    };
    let test = match &test {
        None => {
            let images = scaling.rows(&train, held.len(), |i| held[i])?;
            origin.dataset(images, chosen(train_labels.as_deref(), held.iter().copied()))
        }
        Some(table) => {
            let origin = Origin { sha256: test_sha256, ..origin.clone() };
            let (test, note) =
                test_part(table, test_labels.as_deref(), &scaling, &origin, options)?;
            notes.extend(note);
            test
        }
    };
    let labels = chosen(train_labels.as_deref(), (0..order.len()).map(|place| order.row(place)));
    let train = if stays_on_disk(&train, options) {
        notes.push(Note::OnDisk { n_samples: order.len(), bytes: train.bytes_in_memory() });
        TrainingData::OnDisk(OnDisk::new(train, order.clone(), scaling, labels, origin))
    } else {
        let images = scaling.rows(&train, order.len(), |place| order.row(place))?;
        let n_validation = parts.n_validation;
        TrainingData::InMemory(Dataset { n_validation, ..origin.dataset(images, labels) })
    };
    Ok(Opened { data: TrainTest { train, test }, contract, notes, unlabelled: without_label })
}

/// The samples of a separate test part, only those with a label if any have one. If they would exceed the
/// memory limit, only the first ones are read, with a note.
fn test_part(
    table: &Table,
    labels: Option<&[Option<u8>]>,
    scaling: &Scaling,
    origin: &Origin,
    options: &ReadOptions,
) -> Result<(Dataset, Option<Note>), Error> {
    let has_label = |row: &usize| labels.is_none_or(|labels| labels[*row].is_some());
    let mut rows: Vec<usize> = (0..table.n_rows).filter(has_label).collect();
    let mut note = None;
    if stays_on_disk(table, options) {
        let available = rows.len();
        rows.truncate(MOST_HELD);
        note = Some(Note::FirstTestSamples { used: rows.len(), available });
    }
    let images = scaling.rows(table, rows.len(), |i| rows[i])?;
    Ok((origin.dataset(images, chosen(labels, rows.into_iter())), note))
}

/// The rule by which the rows of an array are divided.
fn division(
    train: &Table,
    in_order: bool,
    n_validation: Option<usize>,
    options: &ReadOptions,
) -> Division {
    match (options.split, n_validation) {
        (_, Some(n_validation)) => {
            let first = train.n_rows - n_validation;
            let part = |row| {
                use crate::frame::parts::Part::{Train, Validation};
                if row < first { Train } else { Validation }
            };
            Division::Given((0..train.n_rows).map(part).collect())
        }
        _ if in_order => Division::AsItIs,
        (SplitBy::Random, None) => Division::Random,
        (SplitBy::Time, None) => Division::Time((0..train.n_rows).collect()),
    }
}

/// Determines the rows of each part; refuses too few rows.
pub(super) fn rows_of_parts(
    n_rows: usize,
    labels: Option<&[Option<u8>]>,
    place: &str,
    for_test: bool,
    division: Division,
) -> Result<Parts, FormatError> {
    let needed = if for_test { 3 } else { 2 };
    let found = labels.map_or(n_rows, |labels| labels.iter().flatten().count());
    if found < needed {
        return Err(FormatError::TooFewRows { place: place.to_owned(), found, expected: needed });
    }
    Ok(divide(n_rows, labels, for_test, &division))
}

/// Notes on the classes, the held-out rows and the unlabelled rows.
pub(super) fn notes_on_parts(
    class_names: &[String],
    parts: &Parts,
    n_rows: usize,
    holds_out: bool,
    options: &ReadOptions,
) -> Vec<Note> {
    let mut notes = Vec::new();
    if class_names.iter().enumerate().any(|(class, name)| *name != class.to_string()) {
        notes.push(Note::Classes { names: class_names.to_vec() });
    }
    if !parts.unlabelled.is_empty() {
        notes.push(Note::Unlabelled { n_samples: parts.unlabelled.len() });
    }
    if holds_out {
        let n_test = parts.held.len();
        notes.push(match (&options.split_column, &options.group_column, options.split) {
            (Some(column), _, _) => Note::Divided { by: format!("as column {column} says") },
            (_, Some(column), _) => {
                let by = format!(
                    "so that equal values of {column} stay together; {n_test} are the test part"
                );
                Note::Divided { by }
            }
            (_, _, SplitBy::Time) => {
                let by = format!("by time: the last {n_test} of {n_rows} are the test part");
                Note::Divided { by }
            }
            _ => {
                let stratified = !class_names.is_empty();
                Note::HeldOut { n_test, n_samples: n_rows, stratified }
            }
        });
    }
    notes
}

/// Whether a table is on disk and beyond the memory limit.
fn stays_on_disk(table: &Table, options: &ReadOptions) -> bool {
    table.is_on_disk() && table.bytes_in_memory() > options.memory_limit
}

/// The labels of these rows, all of which have one.
pub(super) fn chosen(
    labels: Option<&[Option<u8>]>,
    rows: impl Iterator<Item = usize>,
) -> Option<Vec<u8>> {
    labels.map(|labels| rows.filter_map(|row| labels[row]).collect())
}

/// The classes of the rows of one part.
type RowClasses = Option<Vec<Option<u8>>>;

/// Numbers the classes of both parts jointly, so that a label is the same class in both.
fn joint_classes(
    place: &str,
    train: Option<RawLabels>,
    test: Option<RawLabels>,
) -> Result<(Vec<String>, RowClasses, RowClasses), Error> {
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

/// Refuses parts whose labels and samples differ in number, and parts of different shapes.
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
