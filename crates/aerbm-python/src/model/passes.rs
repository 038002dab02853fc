//! Passes of rows through a model, block by block.

use aerbm::Trained;
use aerbm::ndarray::{Array2, ArrayView2};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use super::Model;
use crate::errors::exception;
use crate::long::with_threads;
use crate::rows::Rows;

impl Model {
    /// Number of multiplications in a pass of these rows through the model.
    pub(super) fn work(&self, rows: &Rows<'_>) -> usize {
        rows.n_rows().saturating_mul(self.trained.model.n_parameters())
    }

    /// Checks the rows, and applies `function` to blocks of them.
    pub(super) fn map<'py>(
        &self,
        py: Python<'py>,
        rows: &Rows<'_>,
        threads: usize,
        function: impl Fn(&aerbm::Model, ArrayView2<f32>) -> Array2<f32> + Send + Sync,
    ) -> PyResult<Bound<'py, PyAny>> {
        rows.require_width(self.trained.model.n_visible())?;
        let work = self.work(rows);
        rows.map(py, |x| with_threads(threads, work, || function(&self.trained.model, x)))
    }

    /// Returns a number for each row, computed block by block.
    pub(super) fn numbers<'py>(
        &self,
        py: Python<'py>,
        rows: &Rows<'_>,
        threads: usize,
        function: impl Fn(&Trained, ArrayView2<f32>) -> Result<Vec<f64>, aerbm::Error> + Send + Sync,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        rows.require_width(self.trained.model.n_visible())?;
        let work = self.work(rows);
        let found = rows.read(py, |samples| {
            with_threads(threads, work, || {
                let mut numbers = Ok(Vec::with_capacity(samples.n_samples()));
                let mut add = |_: usize, block: ArrayView2<f32>| {
                    if let Ok(all) = &mut numbers {
                        match function(&self.trained, block) {
                            Ok(found) => all.extend(found),
                            Err(error) => numbers = Err(error),
                        }
                    }
                };
                samples.for_each_block(&mut add).expect("the rows are in memory");
                numbers
            })
        })?;
        Ok(found.map_err(exception)?.into_pyarray(py))
    }
}
