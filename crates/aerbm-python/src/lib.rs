#![doc = include_str!("../README.md")]

mod classifier;
mod comparison;
mod contract;
mod errors;
mod learner;
mod long;
mod model;
mod rows;

use pyo3::prelude::*;

/// The extension module.
#[pymodule]
mod _aerbm {
    #[pymodule_export]
    use crate::classifier::Classifier;
    #[pymodule_export]
    use crate::comparison::Comparison;
    #[pymodule_export]
    use crate::contract::{contract_of_values, read_contract};
    #[pymodule_export]
    use crate::learner::Learner;
    #[pymodule_export]
    use crate::model::Model;

    use super::{PyResult, pyfunction};

    /// The presets, sorted by name: (name, TOML text).
    #[pyfunction]
    fn presets() -> Vec<(&'static str, &'static str)> {
        aerbm::config::presets()
    }

    /// The layers of a network of this depth by a method of the comparison, as JSON.
    #[pyfunction]
    fn method_layers(method: &str, depth: usize, n_rows: usize) -> PyResult<String> {
        crate::classifier::method_layers(method, depth, n_rows)
    }
}
