//! Encoding of table cells as features, row by row, with the constants of a contract.

use std::collections::HashMap;
use std::path::Path;

use indexmap::IndexMap;
use ndarray::{Array2, ArrayViewMut1};
use serde::{Deserialize, Serialize};

use super::MissingValues;
use super::column::{Column, ColumnKind, Shift};
use crate::frame::cell::canonical;
use crate::frame::{Cell, CellFormat, Cells, dates};
use crate::some_of::some_of;
use crate::table_error::TableError;

/// The treatment of levels not seen in training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownLevels {
    /// A category gets its level `other`, and a boolean is missing; the report counts such values.
    #[default]
    Other,
    /// An unknown level is an error.
    Refuse,
}

/// Encodes the columns of new data.
pub(crate) struct Encoder<'a> {
    plans: Vec<Plan<'a>>,
    pub(crate) n_features: usize,
    unknown: UnknownLevels,
    missing: MissingValues,
}

/// The encoding of one column, with counts.
struct Plan<'a> {
    column: &'a Column,
    /// The index of the column in the new data.
    source: usize,
    /// The first feature.
    first: usize,
    levels: HashMap<&'a str, usize>,
    seen: Seen,
}

/// Counts for one column of new data.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Number of values outside the training range.
    pub(crate) n_outside: u64,
    /// Number of missing values.
    pub(crate) n_missing: u64,
    /// Unknown levels, with their number of rows.
    pub(crate) unknown: IndexMap<String, u64>,
}

/// The largest number of unknown levels per column that are counted by name.
const MOST_NAMED: usize = 1000;

/// A cell that cannot be encoded, with the value that was expected.
struct Refused(String);

impl<'a> Encoder<'a> {
    /// An encoder for these columns; `sources` are their indices in the new data.
    pub(crate) fn new(
        columns: impl Iterator<Item = (&'a Column, usize)>,
        unknown: UnknownLevels,
        missing: MissingValues,
    ) -> Self {
        let mut plans = Vec::new();
        let mut n_features = 0;
        for (column, source) in columns {
            let levels = match &column.kind {
                ColumnKind::Category { levels } => {
                    levels.iter().enumerate().map(|(i, level)| (level.as_str(), i)).collect()
                }
                _ => HashMap::new(),
            };
            plans.push(Plan { column, source, first: n_features, levels, seen: Seen::default() });
            n_features += column.n_features();
        }
        Encoder { plans, n_features, unknown, missing }
    }

    /// Encodes some rows.
    ///
    /// # Errors
    /// [`TableError::Cell`] naming the cell.
    pub(crate) fn encode(
        &mut self,
        file: &Path,
        cells: &dyn Cells,
        format: CellFormat,
    ) -> Result<Array2<f32>, TableError> {
        let mut x = Array2::zeros((cells.n_rows(), self.n_features));
        for plan in &mut self.plans {
            let features = plan.first..plan.first + plan.column.n_features();
            let mut columns = x.slice_mut(ndarray::s![.., features]);
            for (row, out) in columns.rows_mut().into_iter().enumerate() {
                let cell = cells.cell(row, plan.source);
                let encoded = plan.encode(cell, format, self.missing, self.unknown, out);
                encoded.map_err(|Refused(expected)| TableError::Cell {
                    file: file.into(),
                    place: cells.place(row),
                    column: plan.column.name.clone(),
                    found: cell.text().into_owned(),
                    expected,
                })?;
            }
        }
        Ok(x)
    }

    /// Counts for each column so far.
    pub(crate) fn seen(&self) -> impl Iterator<Item = (&'a Column, &Seen)> {
        self.plans.iter().map(|plan| (plan.column, &plan.seen))
    }
}

impl Plan<'_> {
    fn encode(
        &mut self,
        cell: Cell,
        format: CellFormat,
        missing: MissingValues,
        unknown: UnknownLevels,
        mut out: ArrayViewMut1<f32>,
    ) -> Result<(), Refused> {
        if cell.is_missing() && !self.is_level(cell) {
            if missing == MissingValues::Refuse {
                return Err(Refused("a value, as missing ones are refused".into()));
            }
            self.seen.n_missing += 1;
            out.fill(f32::NAN);
            return Ok(());
        }
        match &self.column.kind {
            ColumnKind::Ignored { .. } => (),
            ColumnKind::Number { shift, range, .. } => {
                let number = cell.number(format).filter(|number| number.is_finite());
                let number =
                    number.ok_or_else(|| Refused("a finite number, as in training".into()))?;
                out[0] = shifted(*shift, *range, number, &mut self.seen)?;
            }
            ColumnKind::Date { shift, range, format } => {
                let moment = match cell {
                    Cell::Moment(moment) => Some(moment),
                    Cell::Text(text) => dates::seconds(text, format),
                    _ => None,
                };
                let moment =
                    moment.ok_or_else(|| Refused(format!("a date in the format {format}")))?;
                out[0] = shifted(*shift, *range, moment, &mut self.seen)?;
            }
            ColumnKind::Boolean { no, yes } => {
                let text = cell.text();
                out[0] = if let Some(truth) = truth(&text, no, yes) {
                    f32::from(u8::from(truth))
                } else {
                    self.seen.unknown(unknown, &text, || format!("{no} or {yes}"))?;
                    f32::NAN
                };
            }
            ColumnKind::Category { levels } => {
                let level = self.level(cell);
                if level.is_none() {
                    let expected = || format!("one of {}", some_of(levels));
                    self.seen.unknown(unknown, &cell.text(), expected)?;
                }
                out[level.unwrap_or(levels.len())] = 1.0;
            }
        }
        Ok(())
    }

    /// The index of a level of a category.
    fn level(&self, cell: Cell) -> Option<usize> {
        let text = cell.text();
        self.levels
            .get(text.as_ref())
            .or_else(|| self.levels.get(canonical(&text).as_ref()))
            .copied()
    }

    /// Whether a word that could denote a missing value is itself a level.
    fn is_level(&self, cell: Cell) -> bool {
        !self.levels.is_empty() && !cell.text().is_empty() && self.level(cell).is_some()
    }
}

/// Whether a text is the second of two words rather than the first; `None` if it is neither.
pub(crate) fn truth(text: &str, no: &str, yes: &str) -> Option<bool> {
    let is = |word: &str| word.eq_ignore_ascii_case(text) || canonical(word) == canonical(text);
    if is(no) { Some(false) } else { is(yes).then_some(true) }
}

impl Seen {
    fn unknown(
        &mut self,
        policy: UnknownLevels,
        level: &str,
        expected: impl Fn() -> String,
    ) -> Result<(), Refused> {
        if policy == UnknownLevels::Refuse {
            return Err(Refused(expected()));
        }
        let is_named = self.unknown.len() < MOST_NAMED || self.unknown.contains_key(level);
        let name = if is_named { level } else { "(others)" };
        *self.unknown.entry(name.to_owned()).or_default() += 1;
        Ok(())
    }
}

fn shifted(
    shift: Shift,
    [low, high]: [f64; 2],
    value: f64,
    seen: &mut Seen,
) -> Result<f32, Refused> {
    seen.n_outside += u64::from(value < low || value > high);
    let feature = shift.encode(value);
    if feature.is_finite() {
        Ok(feature)
    } else {
        Err(Refused("a number of at most 3.4e38 in size".into()))
    }
}
