//! The original values of a file, beside the features that models see.

use std::collections::HashSet;
use std::ops::Range;

use ndarray::{Array2, ArrayView2};

use super::RowBlock;
#[cfg(feature = "columnar")]
use super::typed::Typed;
use crate::contract::{Column, ColumnKind, Contract, Input, Original};
use crate::error::Error;
use crate::frame::cell;
use crate::frame::{Cell, CellFormat, Cells};
use crate::read::table::{Table, Values};

/// Reads the values of a file unchanged.
pub(super) struct Keeper {
    /// The names of all columns of the file.
    names: Vec<String>,
    /// The index in the file of each column that [`Contract::original`] returns.
    sources: Vec<usize>,
    /// The first feature of each of these columns.
    first_features: Vec<usize>,
    /// Whether each column of the file is numeric.
    is_number: Vec<bool>,
    format: CellFormat,
    #[cfg(feature = "columnar")]
    typed: Option<Typed>,
}

/// The values of some rows, in all columns of the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    columns: Vec<(String, Original)>,
    sources: Vec<usize>,
    first_features: Vec<usize>,
    /// Rows and features that are NaN although the file has a value, because the model does not know it.
    observed: HashSet<(usize, usize)>,
    decimal_comma: bool,
}

impl Keeper {
    pub(super) fn new(
        contract: &Contract,
        (names, sources): (Vec<String>, Vec<usize>),
        format: CellFormat,
        file: &std::path::Path,
    ) -> Result<Self, Error> {
        let (mut first_features, mut is_number) = (vec![], vec![false; names.len()]);
        let (mut n_features, mut columns) = (0, used(contract));
        for &source in &sources {
            let column = columns.next();
            is_number[source] =
                column.is_none_or(|column| matches!(column.kind, ColumnKind::Number { .. }));
            first_features.push(n_features);
            n_features += column.map_or(1, Column::n_features);
        }
        #[cfg(feature = "columnar")]
        let typed = Typed::open(file)?;
        #[cfg(not(feature = "columnar"))]
        let _ = file;
        Ok(Keeper {
            names,
            sources,
            first_features,
            is_number,
            format,
            #[cfg(feature = "columnar")]
            typed,
        })
    }

    /// The values of the rows of a table with the features `x`.
    pub(super) fn of_cells(&mut self, cells: &dyn Cells, x: &Array2<f32>) -> Result<Kept, Error> {
        let columns = self.columns(cells)?;
        let mut observed = HashSet::new();
        for (&source, &feature) in self.sources.iter().zip(&self.first_features) {
            let unknown = x.column(feature).into_iter().enumerate().filter(|(_, x)| x.is_nan());
            let unknown = unknown.filter(|&(row, _)| !cells.cell(row, source).is_missing());
            observed.extend(unknown.map(|(row, _)| (row, feature)));
        }
        Ok(self.kept(columns, observed))
    }

    /// The values of rows of an array.
    pub(super) fn of_array(&self, table: &Table, rows: Range<usize>) -> Result<Kept, Error> {
        let mut values = Array2::<f64>::zeros((rows.len(), table.n_columns()));
        table.read(rows, values.view_mut())?;
        let is_single = is_single(table);
        let known = |x: &f64| (!x.is_nan()).then_some(*x);
        let columns = values.columns().into_iter().map(|column| {
            let values = column.iter().map(known);
            if is_single {
                Original::Floats(values.map(|x| x.map(|x| x as f32)).collect())
            } else {
                Original::Numbers(values.collect())
            }
        });
        Ok(self.kept(columns.collect(), HashSet::new()))
    }

    fn columns(&mut self, cells: &dyn Cells) -> Result<Vec<Original>, Error> {
        #[cfg(feature = "columnar")]
        if let Some(typed) = &mut self.typed {
            return typed.next(cells.n_rows());
        }
        let rows = 0..cells.n_rows();
        let column = |(column, &is_number): (usize, &bool)| {
            let text = rows.clone().map(|row| match cells.cell(row, column) {
                Cell::Text(text) => text.to_owned(),
                other => other.text().into_owned(),
            });
            let number = |row| cells.cell(row, column).number(self.format).unwrap_or(f64::NAN);
            let numbers = is_number.then(|| rows.clone().map(number).collect());
            Original::Written { text: text.collect(), numbers }
        };
        Ok(self.is_number.iter().enumerate().map(column).collect())
    }

    fn kept(&self, columns: Vec<Original>, observed: HashSet<(usize, usize)>) -> Kept {
        let has_point = |column: &Original| match column {
            Original::Written { text, numbers: Some(_) } => text
                .iter()
                .any(|text| text.contains('.') && cell::number(text, self.format).is_some()),
            _ => false,
        };
        let decimal_comma = self.format.decimal_comma && !columns.iter().any(has_point);
        Kept {
            columns: self.names.iter().cloned().zip(columns).collect(),
            sources: self.sources.clone(),
            first_features: self.first_features.clone(),
            observed,
            decimal_comma,
        }
    }
}

impl RowBlock {
    /// All columns of the file with their original values, filled in from `features` (rows × features of the
    /// contract) where [`x`](Self::x) is NaN, except where the file has a value that the model does not know.
    /// Labels and columns that the contract ignores are unchanged. `None` without
    /// [`Rows::keep_values`](super::Rows::keep_values).
    #[must_use]
    pub fn filled(
        &self,
        contract: &Contract,
        features: ArrayView2<f32>,
    ) -> Option<Vec<(String, Original)>> {
        let kept = self.kept.as_ref()?;
        let mut columns = kept.columns.clone();
        let mut of_contract = used(contract);
        for (k, (_, model)) in contract.original(features).iter().enumerate() {
            let feature = kept.first_features[k];
            let date_format = of_contract.next().and_then(|column| match &column.kind {
                ColumnKind::Date { format, .. } => Some(format.as_str()),
                _ => None,
            });
            let (_, column) = &mut columns[kept.sources[k]];
            for (row, x) in self.x.column(feature).iter().enumerate() {
                if x.is_nan() && !kept.observed.contains(&(row, feature)) {
                    column.fill(row, model, date_format, kept.decimal_comma);
                }
            }
        }
        Some(columns)
    }
}

/// The columns of a table that become features; none for an array.
fn used(contract: &Contract) -> impl Iterator<Item = &Column> {
    let columns = match &contract.input {
        Input::Table(table) => &table.columns[..],
        Input::Array(_) => &[],
    };
    columns.iter().filter(|column| column.n_features() > 0)
}

/// Whether the numbers of an array are in single precision.
fn is_single(table: &Table) -> bool {
    let (Values::Packed { element, .. } | Values::OnDisk { element, .. }) = &table.values;
    element.to_string().starts_with("f32")
}

/// Names for the columns of a file without names: those of the contract's columns at these positions.
pub(super) fn contract_names(
    contract: &Contract,
    n_columns: usize,
    sources: &[usize],
    label: Option<usize>,
) -> Vec<String> {
    let classes = contract.classes.as_ref();
    let label_name = classes.and_then(|classes| classes.column.clone());
    let label_name = label_name.unwrap_or_else(|| "label".to_owned());
    let mut names: Vec<Option<String>> = vec![None; n_columns];
    let mut of_contract = used(contract);
    for (k, &source) in sources.iter().enumerate() {
        let name = of_contract.next().map(|column| column.name.clone());
        names[source] = Some(name.unwrap_or_else(|| k.to_string()));
    }
    // The other columns are those ignored by the contract, in its order.
    let mut others: Vec<(usize, String)> = match &contract.input {
        Input::Table(table) => {
            let ignored = table.columns.iter().filter(|column| column.n_features() == 0);
            ignored.map(|column| (column.index, column.name.clone())).collect()
        }
        Input::Array(_) => vec![],
    };
    match (label, classes.and_then(|classes| classes.index)) {
        (Some(label), _) => names[label] = Some(label_name),
        (None, Some(index)) if names.iter().flatten().count() + others.len() < n_columns => {
            others.push((index, label_name));
        }
        _ => (),
    }
    others.sort_unstable();
    let mut others = others.into_iter().map(|(_, name)| name);
    let name = |(place, name): (usize, Option<String>)| {
        name.or_else(|| others.next()).unwrap_or_else(|| place.to_string())
    };
    names.into_iter().enumerate().map(name).collect()
}
