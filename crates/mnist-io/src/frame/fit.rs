//! The types and constants of columns, fitted to given rows.

mod number;
mod word;

use rayon::prelude::*;

use super::dates;
use super::schema::{Declared, DeclaredScaling, Schema};
use super::store::{Store, Stored};
use crate::contract::{Column, ColumnKind, Reason, ScaledBy, Shift, TableInput};
use crate::error::Error;
use crate::read::note::{Note, Scaled};
use crate::read::scaling::Scale;
use crate::shape::ImageShape;
use crate::table_error::TableError;
use number::Statistics;

/// A fitted table, with notes.
pub(crate) struct Fitted {
    pub(crate) input: TableInput,
    pub(crate) notes: Vec<Note>,
}

/// Requests about the columns.
pub(crate) struct Asked<'a> {
    pub(crate) scale: Scale,
    pub(crate) schema: &'a Schema,
    /// Columns that are left out, with the reason.
    pub(crate) left_out: &'a [(usize, Reason)],
    /// The label column, which is not an input.
    pub(crate) label: Option<usize>,
}

/// A column whose type is known, before its scaling is chosen.
enum Draft {
    Done(ColumnKind),
    Number(Statistics, Option<DeclaredScaling>),
    Date(Statistics, String),
}

/// Fits the columns to these rows. No other row influences types and constants.
///
/// # Errors
/// [`TableError::Cell`] for text among numbers and for infinite numbers.
pub(crate) fn fit(table: &Stored, rows: &[usize], asked: &Asked) -> Result<Fitted, Error> {
    let inputs: Vec<usize> = (0..table.columns.len()).filter(|i| Some(*i) != asked.label).collect();
    for &index in &inputs {
        check_numbers(table, index, asked)?;
    }
    let is_left_out = |index: usize| {
        let found = asked.left_out.iter().find(|(left_out, _)| *left_out == index);
        let declared = asked.schema.of(&table.names[index]);
        match (found, declared) {
            (Some((_, reason)), _) => Some(*reason),
            (None, Some(Declared::Ignore)) => Some(Reason::Dropped),
            (None, Some(_)) => None,
            (None, None) => counts_rows(table, index).then_some(Reason::RowNumber),
        }
    };
    let left_out: Vec<Option<Reason>> = inputs.iter().map(|&index| is_left_out(index)).collect();
    let image = image_shape(table, rows, &inputs, &left_out, asked);
    let draft = |(&index, left_out): (&usize, &Option<Reason>)| match left_out {
        Some(reason) => Draft::Done(ColumnKind::Ignored { reason: *reason }),
        None => draft(table, rows, index, asked, image.is_some()),
    };
    let mut drafts: Vec<Draft> = inputs.par_iter().zip(&left_out).map(draft).collect();
    let (scaling, note) = number::choose(asked.scale, &mut drafts, image.is_some());
    let columns = inputs.iter().zip(drafts).map(|(&index, draft)| {
        let n_missing = rows.iter().filter(|&&row| table.columns[index].is_missing(row)).count();
        let missing_share = n_missing as f64 / rows.len().max(1) as f64;
        let kind = match draft {
            Draft::Done(kind) => kind,
            Draft::Number(statistics, declared) => scaling.number(&statistics, declared),
            Draft::Date(statistics, format) => scaling.date(&statistics, format),
        };
        Column { name: table.names[index].clone(), index, kind, missing_share }
    });
    let input = TableInput { header: table.has_header, image, columns: columns.collect() };
    if input.columns.iter().all(|column| column.n_features() == 0) {
        return Err(TableError::NoFeatures { file: table.file.clone() }.into());
    }
    let mut notes: Vec<Note> = note.into_iter().collect();
    notes.extend(remarks(&input));
    Ok(Fitted { input, notes })
}

/// The type of a column.
fn draft(table: &Stored, rows: &[usize], index: usize, asked: &Asked, is_pixel: bool) -> Draft {
    let declared = asked.schema.of(&table.names[index]);
    let ignored = |reason| Draft::Done(ColumnKind::Ignored { reason });
    match &table.columns[index] {
        Store::Skipped => ignored(Reason::Dropped),
        Store::Empty(_) => ignored(Reason::AllMissing),
        Store::Words { words, codes } => {
            Draft::Done(word::kind(words, rows.iter().map(|&row| codes[row]), declared))
        }
        Store::Numbers(numbers) | Store::Moments { seconds: numbers, .. } => {
            let statistics = Statistics::of(rows.iter().map(|&row| numbers[row]));
            let scaling = match declared {
                Some(Declared::Number { scaling }) => *scaling,
                _ => None,
            };
            if statistics.n == 0 {
                return ignored(Reason::AllMissing);
            }
            if !is_pixel && statistics.is_constant() && declared.is_none() {
                return ignored(Reason::Constant);
            }
            if let Store::Moments { format, .. } = &table.columns[index] {
                let format = format.clone().unwrap_or_else(|| native_format(numbers).to_owned());
                return Draft::Date(statistics, format);
            }
            match statistics.two_integers {
                Some([no, yes]) if !is_pixel && declared.is_none() => {
                    let [no, yes] = [no, yes].map(|value| value.to_string());
                    Draft::Done(ColumnKind::Boolean { no, yes })
                }
                _ => Draft::Number(statistics, scaling),
            }
        }
    }
}

/// The text format of moments that were not text: days if all are whole days.
fn native_format(seconds: &[f64]) -> &'static str {
    let whole = seconds.iter().all(|moment| moment.is_nan() || moment % 86_400.0 == 0.0);
    dates::FORMATS[if whole { 0 } else { 2 }]
}

/// Refuses infinite numbers, and words in a column of which nearly all cells are numbers.
fn check_numbers(table: &Stored, index: usize, asked: &Asked) -> Result<(), TableError> {
    let left_out = asked.left_out.iter().any(|(left_out, _)| *left_out == index);
    if left_out {
        return Ok(());
    }
    let wrong = |place, found: String, expected: String| TableError::Cell {
        file: table.file.clone(),
        place,
        column: table.names[index].clone(),
        found,
        expected,
    };
    match &table.columns[index] {
        Store::Numbers(numbers) => match table.first_infinite[index] {
            Some(place) => {
                let found = numbers.iter().find(|x| x.is_infinite()).map(ToString::to_string);
                Err(wrong(place, found.unwrap_or_default(), "a finite number".into()))
            }
            None => Ok(()),
        },
        Store::Words { words, codes } if asked.schema.of(&table.names[index]).is_none() => {
            match word::odd_among_numbers(words, codes, table.cells) {
                Some((word, place, share)) => {
                    let expected = format!(
                        "a number, as {:.4} % of the column are; correct it, leave it empty, or \
                         declare the column's type",
                        100.0 * share
                    );
                    Err(wrong(place, word.to_owned(), expected))
                }
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Whether a column counts the rows, like the index that pandas writes.
fn counts_rows(table: &Stored, index: usize) -> bool {
    let Store::Numbers(numbers) = &table.columns[index] else { return false };
    let name = table.names[index].to_lowercase();
    let unnamed = name.starts_with("unnamed: ") && index == 0;
    let called = ["id", "index", "row", "rowid", "row_id", "rownames"].contains(&name.as_str());
    let first = numbers.first().copied().unwrap_or(f64::NAN);
    let counts = || {
        (first == 0.0 || first == 1.0)
            && numbers.iter().enumerate().all(|(i, number)| *number == first + i as f64)
    };
    table.has_header && (unnamed || called) && counts()
}

/// The size of the rows as images, if the number of columns is a square and all columns hold grey values:
/// integers up to 255 or numbers in [0, 1].
fn image_shape(
    table: &Stored,
    rows: &[usize],
    inputs: &[usize],
    left_out: &[Option<Reason>],
    asked: &Asked,
) -> Option<ImageShape> {
    let kept: Vec<usize> =
        inputs.iter().zip(left_out).filter(|(_, left)| left.is_none()).map(|(&i, _)| i).collect();
    let shape = ImageShape::of_features(kept.len());
    if !shape.is_image() || kept.iter().any(|&i| asked.schema.of(&table.names[i]).is_some()) {
        return None;
    }
    let (mut unit, mut bytes) = (true, true);
    for &index in &kept {
        let Store::Numbers(numbers) = &table.columns[index] else { return None };
        for &row in rows {
            let x = numbers[row];
            unit &= (0.0..=1.0).contains(&x);
            bytes &= (0.0..=255.0).contains(&x) && x.fract() == 0.0;
        }
        if !unit && !bytes {
            return None;
        }
    }
    Some(shape)
}

/// Notes on the columns.
fn remarks(input: &TableInput) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut ignored: Vec<(Reason, Vec<String>)> = Vec::new();
    for column in &input.columns {
        if let ColumnKind::Ignored { reason } = column.kind {
            match ignored.iter_mut().find(|(found, _)| *found == reason) {
                Some((_, names)) => names.push(column.name.clone()),
                None => ignored.push((reason, vec![column.name.clone()])),
            }
        }
    }
    notes.extend(ignored.into_iter().map(|(reason, columns)| Note::Ignored { columns, reason }));
    let categories: Vec<(String, usize)> = input
        .columns
        .iter()
        .filter_map(|column| match &column.kind {
            ColumnKind::Category { levels } => Some((column.name.clone(), levels.len())),
            _ => None,
        })
        .collect();
    if !categories.is_empty() {
        notes.push(Note::Categories { columns: categories });
    }
    let missing: Vec<(String, f64)> = input
        .columns
        .iter()
        .filter(|column| column.missing_share > 0.0 && column.n_features() > 0)
        .map(|column| (column.name.clone(), column.missing_share))
        .collect();
    if !missing.is_empty() {
        notes.push(Note::Missing { columns: missing });
    }
    notes
}

/// The note on scaled numbers.
fn values_note(statistics: &[&Statistics], scaled: Scaled) -> Note {
    let min = statistics.iter().map(|s| s.min).fold(f64::INFINITY, f64::min);
    let max = statistics.iter().map(|s| s.max).fold(f64::NEG_INFINITY, f64::max);
    Note::Values { whole: statistics.iter().all(|s| s.whole), min, max, scaled }
}

/// The type of a number column with this map.
fn kept(
    statistics: &Statistics,
    scaling: ScaledBy,
    shift: Shift,
    unit_interval: bool,
) -> ColumnKind {
    let range = [statistics.min, statistics.max];
    ColumnKind::Number { scaling, shift, range, unit_interval }
}
