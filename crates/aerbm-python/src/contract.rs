//! Contracts of models with their data, by which the program reads new rows; as JSON.

use std::path::{Path, PathBuf};

use aerbm::contract;
use aerbm::mnist_io::{Contract, ImageShape};
use pyo3::prelude::*;

use crate::errors::{exception, value_error};

/// The contract of rows that are used unchanged, as images of (height, width, channels) with values in this
/// range.
#[pyfunction]
pub(crate) fn contract_of_values(
    image: (usize, usize, usize),
    n_rows: usize,
    range: (f64, f64),
    classes: Option<Vec<String>>,
) -> PyResult<String> {
    let (height, width, channels) = image;
    let shape = ImageShape { height, width, channels };
    let contract = Contract::of_values("array", shape, n_rows, range, classes);
    serde_json::to_string(&contract).map_err(value_error)
}

/// The contract in the folder of a model with so many inputs and, if it is a classifier, so many classes; `None` if
/// there is none.
#[pyfunction]
#[pyo3(signature = (folder, n_inputs, n_classes=None))]
pub(crate) fn read_contract(
    folder: PathBuf,
    n_inputs: usize,
    n_classes: Option<usize>,
) -> PyResult<Option<String>> {
    let found = contract::load_for(&folder, n_inputs, n_classes).map_err(exception)?;
    found.map(|found| serde_json::to_string(&found).map_err(value_error)).transpose()
}

/// Writes a contract into the folder of a model.
pub(crate) fn write(folder: &Path, text: Option<&str>) -> PyResult<()> {
    let Some(text) = text else { return Ok(()) };
    let contract: Contract = serde_json::from_str(text).map_err(value_error)?;
    contract::save(folder, &contract).map_err(exception)
}
