//! Conversion of a table of columns to samples.

use std::path::Path;

use super::Opened;
use super::assemble::{chosen, notes_on_parts, rows_of_parts};
use super::classes::{RawLabels, classes};
use super::format::FrameOptions;
use super::note::Note;
use super::options::{ReadOptions, SplitBy};
use super::table::sha256_of_file;
use crate::contract::{CONTRACT_VERSION, Classes, Contract, Input, MissingValues, Reason};
use crate::dataset::{Dataset, Origin};
use crate::error::Error;
use crate::frame::Frame;
use crate::frame::encode::{check_missing, encode};
use crate::frame::fit::{Asked, Fitted, fit};
use crate::frame::label::{label_index, named_column, unknown_column};
use crate::frame::parts::{Division, Part, Parts};
use crate::frame::schema::Schema;
use crate::frame::store::{Store, Stored, store};
use crate::frame::unseen::{check_seen, unseen};
use crate::place::Place;
use crate::splits::TrainTest;
use crate::table_error::TableError;

/// The reader of a format.
pub(crate) type ReadFrame = fn(&Path, &FrameOptions) -> Result<Frame, Error>;

/// A table with fitted columns.
pub(crate) struct FittedTable {
    stored: Stored,
    parts: Parts,
    labels: Option<Vec<Option<u8>>>,
    pub(crate) contract: Contract,
    pub(crate) notes: Vec<Note>,
}

impl FittedTable {
    /// Number of training rows, of test rows, and of rows for pretraining only.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        (self.parts.order.len(), self.parts.held.len(), self.parts.unlabelled.len())
    }

    /// Number of training rows of each class.
    pub(crate) fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.contract.class_names().len()];
        let order = &self.parts.order;
        for class in chosen(self.labels.as_deref(), (0..order.len()).map(|i| order.row(i)))
            .unwrap_or_default()
        {
            counts[usize::from(class)] += 1;
        }
        counts
    }
}

/// Reads a table within the memory limit.
pub(super) fn open(
    name: String,
    file: &Path,
    read: ReadFrame,
    options: &ReadOptions,
) -> Result<Opened, Error> {
    let FittedTable { stored, parts, labels, contract, notes } =
        fitted(name.clone(), file, read, options)?;
    let Input::Table(input) = &contract.input else { unreachable!("a table gives columns") };
    let rows: Vec<usize> = (0..parts.order.len()).map(|place| parts.order.row(place)).collect();
    let features = |rows: &[usize]| encode(&stored, rows, input, MissingValues::Mark);
    let [train, test, unlabelled] =
        [features(&rows)?, features(&parts.held)?, features(&parts.unlabelled)?];
    let has_missing =
        [&train, &test, &unlabelled].into_iter().flatten().any(|value| value.is_nan());
    let origin = Origin {
        name,
        class_names: contract.class_names().to_vec(),
        shape: contract.shape(),
        layout: contract.layout(),
        feature_names: contract.feature_names(),
        sha256: sha256_of_file(file, &[])?,
        has_missing,
    };
    let of = |rows: &[usize]| chosen(labels.as_deref(), rows.iter().copied());
    let n_validation = parts.n_validation;
    let train = Dataset { n_validation, ..origin.dataset(train, of(&rows)) };
    let test = origin.dataset(test, of(&parts.held));
    let unlabelled = (unlabelled.nrows() > 0).then(|| origin.dataset(unlabelled, None));
    let data = TrainTest { train: train.into(), test };
    Ok(Opened { data, contract, notes, unlabelled })
}

/// Reads a table, divides its rows, and fits its columns to the training rows ([`Parts::n_fitted`]).
pub(crate) fn fitted(
    name: String,
    file: &Path,
    read: ReadFrame,
    options: &ReadOptions,
) -> Result<FittedTable, Error> {
    if let Some((first, second)) = options.divisions() {
        return Err(TableError::Divisions { file: file.into(), first, second }.into());
    }
    let schema = Schema::read(options.columns.as_deref())?;
    let known: Vec<&str> = options.label_column.as_deref().into_iter().collect();
    let frame_options =
        FrameOptions { header: options.header, known: &known, memory_limit: options.memory_limit };
    let open = || read(file, &frame_options);
    let frame = open()?;
    let (names, has_header) = (frame.names.clone(), frame.has_header);
    drop(frame);
    for declared in schema.names() {
        if !names.iter().any(|name| name == declared) {
            return Err(unknown_column(file, &names, "the declaration of columns", declared).into());
        }
    }
    let column = |option, asked: &String| named_column(file, &names, has_header, option, asked);
    let label = label_index(file, &names, has_header, options.label_column.as_deref())?;
    let mut left_out = Vec::new();
    for name in &options.drop_columns {
        left_out.push((column("drop_columns", name)?, Reason::Dropped));
    }
    let split =
        options.split_column.as_ref().map(|name| column("split_column", name)).transpose()?;
    let group =
        options.group_column.as_ref().map(|name| column("group_column", name)).transpose()?;
    left_out.extend(split.iter().chain(&group).map(|&index| (index, Reason::Parts)));

    let stored = store(&open, label, &schema, options.memory_limit)?;
    let (class_names, labels) = match label {
        Some(label) => {
            let (names, labels) = classes_of(&stored, label)?;
            (names, Some(labels))
        }
        None => (vec![], None),
    };
    let for_test = options.test.is_none();
    let division = division(&stored, split, group, options, for_test)?;
    let place = file.display().to_string();
    let mut parts = rows_of_parts(stored.n_rows, labels.as_deref(), &place, for_test, division)?;
    if options.test.is_some() {
        parts.held = vec![];
    }
    let fitted = (0..parts.n_fitted).map(|place| parts.order.row(place));
    let rows: Vec<usize> = fitted.chain(parts.unlabelled.iter().copied()).collect();
    let asked = Asked { scale: options.scale, schema: &schema, left_out: &left_out, label };
    let Fitted { input, notes: on_columns } = fit(&stored, &rows, &asked)?;
    if options.missing == MissingValues::Refuse {
        check_missing(&stored, &input, file)?;
        check_seen(&stored, &input)?;
    }
    let mut notes = Vec::new();
    if let (Some(label), true, None) = (label, has_header, &options.label_column) {
        notes.push(Note::LabelColumn { column: names[label].clone() });
    }
    notes.extend(on_columns);
    let unseen = unseen(&stored, &input);
    if !unseen.is_empty() {
        notes.push(Note::Unseen { columns: unseen });
    }
    notes.extend(notes_on_parts(&class_names, &parts, stored.n_rows, for_test, options));
    let contract = Contract {
        version: CONTRACT_VERSION,
        name,
        n_training_rows: rows.len(),
        missing: options.missing,
        input: Input::Table(input),
        classes: label.map(|index| Classes {
            column: Some(names[index].clone()),
            index: Some(index),
            names: class_names,
        }),
    };
    Ok(FittedTable { stored, parts, labels, contract, notes })
}

/// The classes of the label column.
fn classes_of(table: &Stored, label: usize) -> Result<(Vec<String>, Vec<Option<u8>>), Error> {
    let column = &table.columns[label];
    let text = |row| column.text(row).unwrap_or_default();
    let labels = RawLabels::Text((0..table.n_rows).map(text).collect());
    let place = format!("{}, column {}", table.file.display(), table.names[label]);
    let (names, mut labels) = classes(&place, vec![labels])?;
    Ok((names, labels.pop().unwrap_or_default()))
}

/// The rule by which the rows are divided.
fn division(
    table: &Stored,
    split: Option<usize>,
    group: Option<usize>,
    options: &ReadOptions,
    for_test: bool,
) -> Result<Division, Error> {
    if let Some(column) = split {
        return given_parts(table, column, for_test);
    }
    if let Some(column) = group {
        let mut numbers = indexmap::IndexMap::new();
        let number = |row| {
            // Each row without a group is a group by itself.
            let name = table.columns[column].text(row).unwrap_or_else(|| format!("\0{row}"));
            let next = numbers.len() as u32;
            *numbers.entry(name).or_insert(next)
        };
        let groups: Vec<u32> = (0..table.n_rows).map(number).collect();
        let needed = if for_test { 3 } else { 2 };
        if numbers.len() < needed {
            let place = format!("{}, column {}", table.file.display(), table.names[column]);
            let found = numbers.len();
            return Err(TableError::TooFewGroups { place, found, expected: needed }.into());
        }
        return Ok(Division::Groups(groups));
    }
    Ok(match options.split {
        SplitBy::Random => Division::Random,
        SplitBy::Time => {
            let mut rows: Vec<usize> = (0..table.n_rows).collect();
            let dates = table.columns.iter().find_map(|column| match column {
                Store::Moments { seconds, .. } => Some(seconds),
                _ => None,
            });
            if let Some(seconds) = dates {
                // Rows without a date come first, so that they are not in the test part.
                let moment = |row: &usize| match seconds[*row] {
                    moment if moment.is_nan() => f64::NEG_INFINITY,
                    moment => moment,
                };
                rows.sort_by(|a, b| moment(a).total_cmp(&moment(b)));
            }
            Division::Time(rows)
        }
    })
}

/// The parts given by a column.
fn given_parts(table: &Stored, column: usize, for_test: bool) -> Result<Division, Error> {
    let part = |row: usize| {
        let word = table.columns[column].text(row).unwrap_or_default();
        Part::named(&word).ok_or_else(|| TableError::SplitWord {
            file: table.file.clone(),
            place: place_of(&table.columns[column], row),
            column: table.names[column].clone(),
            found: word,
        })
    };
    let parts = (0..table.n_rows).map(part).collect::<Result<Vec<Part>, _>>()?;
    let needed = if for_test { &[Part::Train, Part::Test][..] } else { &[Part::Train] };
    for needed in needed {
        if !parts.contains(needed) {
            let part = if *needed == Part::Train { "training" } else { "test" };
            let (file, remedy) = (table.file.clone(), "add some to the split column");
            return Err(TableError::EmptyPart { file, part, remedy }.into());
        }
    }
    Ok(Division::Given(parts))
}

/// The position of the first cell with this row's word, or the row.
fn place_of(column: &Store, row: usize) -> Place {
    match column {
        Store::Words { words, codes } => {
            words.get_index(codes[row] as usize).map_or(Place::Row(row as u64), |(_, place)| *place)
        }
        _ => Place::Row(row as u64),
    }
}
