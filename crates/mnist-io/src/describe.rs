//! A description of how a file would be read.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Note;
use crate::contract::{Column, ColumnKind, Contract, Input, ScaledBy, Scaling, Shift};
use crate::error::Error;
use crate::read::format::Reader;
use crate::read::formats::format_of;
use crate::read::{ReadOptions, fitted_table, name_of, open};
use crate::some_of::some_of;

/// The way [`open`](crate::open) would read a file with the same options. `Display` formats it as a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The file or folder.
    pub path: PathBuf,
    /// The format, in words.
    pub format: String,
    /// Number of labelled training rows, including those for validation; all training rows if there are
    /// no labels.
    pub n_train: usize,
    /// Number of test rows.
    pub n_test: usize,
    /// Number of rows without a label that are used for pretraining.
    pub n_unlabelled: usize,
    /// Number of training rows of each class, in the order of the classes.
    pub class_counts: Vec<usize>,
    /// Columns with types and scaling, and classes.
    pub contract: Contract,
    /// The decisions made while reading that the other fields do not show, one line each.
    pub notes: Vec<String>,
}

/// Describes how a file or folder would be read with these options.
///
/// # Errors
/// As [`open`](crate::open).
pub fn describe(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Description, Error> {
    let path = path.as_ref();
    let format = format_of(path)?;
    let (path, name) = (path.to_path_buf(), name_of(path));
    let format_name = format.name.to_owned();
    if let (Reader::Table(read), None) = (&format.reader, &options.test) {
        let table = fitted_table(name, &path, *read, options)?;
        let (n_train, n_test, n_unlabelled) = table.counts();
        return Ok(Description {
            path,
            format: format_name,
            n_train,
            n_test,
            n_unlabelled,
            class_counts: table.class_counts(),
            notes: beside_columns(&table.notes),
            contract: table.contract,
        });
    }
    let opened = open(&path, options)?;
    let notes = match opened.contract.input {
        Input::Table(_) => beside_columns(&opened.notes),
        Input::Array(_) => opened.notes.iter().map(ToString::to_string).collect(),
    };
    let train = &opened.data.train;
    let mut class_counts = vec![0; train.class_names().len()];
    for &label in train.labels().unwrap_or_default() {
        class_counts[usize::from(label)] += 1;
    }
    Ok(Description {
        path,
        format: format_name,
        n_train: train.n_samples(),
        n_test: opened.data.test.n_samples(),
        n_unlabelled: opened.unlabelled.map_or(0, |unlabelled| unlabelled.n_samples()),
        class_counts,
        notes,
        contract: opened.contract,
    })
}

/// The notes on a table that its counts, classes and columns do not already show.
fn beside_columns(notes: &[Note]) -> Vec<String> {
    let is_shown = |note: &&Note| {
        matches!(
            note,
            Note::Values { .. }
                | Note::Classes { .. }
                | Note::Ignored { .. }
                | Note::Categories { .. }
                | Note::Missing { .. }
        )
    };
    notes.iter().filter(|note| !is_shown(note)).map(ToString::to_string).collect()
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.path.display(), self.format)?;
        let Description { n_train, n_test, n_unlabelled, .. } = self;
        writeln!(f, "{n_train} training rows, {n_test} test rows, {n_unlabelled} without a label")?;
        writeln!(f, "{} features", self.contract.n_features())?;
        if let Some(classes) = &self.contract.classes {
            let place = classes.column.as_ref().map(|column| format!(" in column {column}"));
            write!(f, "{} classes{}:", classes.names.len(), place.unwrap_or_default())?;
            for (name, count) in classes.names.iter().zip(&self.class_counts) {
                write!(f, " {name} ({count})")?;
            }
            writeln!(f)?;
        }
        match &self.contract.input {
            Input::Table(table) => columns(&table.columns, f)?,
            Input::Array(array) => {
                let scaling = match &array.scaling {
                    Scaling::Keep => "kept".to_owned(),
                    Scaling::Divide { divisor } => format!("divided by {divisor}"),
                    Scaling::Columns { within_unit: true, .. } => "scaled to unit range".to_owned(),
                    Scaling::Columns { .. } => "each feature standardised".to_owned(),
                };
                let shape = array.shape;
                if shape.is_image() {
                    writeln!(f, "an array of {shape}, {scaling}")?;
                } else {
                    writeln!(f, "an array of {} values, {scaling}", shape.n_values())?;
                }
            }
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

/// The columns, aligned.
fn columns(columns: &[Column], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let width = columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0).min(40);
    for column in columns {
        let kind = in_words(&column.kind);
        let missing = match column.missing_share {
            0.0 => String::new(),
            share => format!(", {:.1} % missing", 100.0 * share),
        };
        writeln!(f, "  {:width$}  {kind}{missing}", column.name)?;
    }
    Ok(())
}

/// A number with six significant digits.
fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// The scaling of a number, in words.
fn scaling_in_words(scaling: ScaledBy, shift: &Shift) -> String {
    let Shift { centre, spread, .. } = shift;
    match scaling {
        ScaledBy::Kept => "kept".to_owned(),
        ScaledBy::Divided => format!("divided by {}", short(*spread)),
        ScaledBy::Unit => "mapped to [0, 1]".to_owned(),
        ScaledBy::Standard => {
            format!("standardised (mean {}, standard deviation {})", short(*centre), short(*spread))
        }
        ScaledBy::Robust => {
            let (median, spread) = (short(*centre), short(*spread));
            format!("standardised by median and quartiles (median {median}, spread {spread})")
        }
    }
}

/// The type of a column, in words.
fn in_words(kind: &ColumnKind) -> String {
    match kind {
        ColumnKind::Number { scaling, range: [low, high], shift, .. } => {
            format!("number from {low} to {high}, {}", scaling_in_words(*scaling, shift))
        }
        ColumnKind::Date { format, range, shift } => {
            let [first, last] = range.map(|end| crate::frame::dates::text(end, format));
            let scaling = if shift.limits.is_some() { "mapped to [0, 1]" } else { "standardised" };
            format!("date from {first} to {last}, {scaling}")
        }
        ColumnKind::Boolean { no, yes } => format!("boolean, {no} or {yes}"),
        ColumnKind::Category { levels } => {
            format!("category of {} levels: {}", levels.len(), some_of(levels))
        }
        ColumnKind::Ignored { reason } => format!("ignored: {reason}"),
    }
}
