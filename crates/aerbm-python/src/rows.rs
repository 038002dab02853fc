//! Rows of data from Python: C- or Fortran-ordered arrays of either precision, and sparse rows, which are read
//! in place; models convert them a batch at a time.

use aerbm::ndarray::{Array2, ArrayView2, Axis, concatenate};

use aerbm::nn_core::{CsrRows, Doubles, Samples, SparseIndex};
use numpy::{Element, IntoPyArray, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::errors::value_error;

/// Rows of data, n × features.
pub(crate) enum Rows<'py> {
    Single(PyReadonlyArray2<'py, f32>),
    Double(PyReadonlyArray2<'py, f64>),
    Sparse(Sparse<'py>),
}

/// The parts of a matrix in compressed sparse row format, and its number of columns.
pub(crate) struct Sparse<'py> {
    starts: Indices<'py>,
    columns: Indices<'py>,
    values: Values<'py>,
    n_features: usize,
}

#[derive(FromPyObject)]
enum Indices<'py> {
    Short(PyReadonlyArray1<'py, i32>),
    Long(PyReadonlyArray1<'py, i64>),
}

#[derive(FromPyObject)]
enum Values<'py> {
    Single(PyReadonlyArray1<'py, f32>),
    Double(PyReadonlyArray1<'py, f64>),
}

impl<'py> FromPyObject<'_, 'py> for Rows<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = object.extract() {
            return Ok(Rows::Single(array));
        }
        if let Ok(array) = object.extract() {
            return Ok(Rows::Double(array));
        }
        if let Ok((starts, columns, values, n_features)) = object.extract() {
            return Ok(Rows::Sparse(Sparse { starts, columns, values, n_features }));
        }
        let message = "expected a two-dimensional array of float32 or float64, or (indptr, indices, data, \
                       n_features) of sparse rows";
        Err(PyTypeError::new_err(message))
    }
}

impl Rows<'_> {
    /// Number of features.
    pub(crate) fn n_features(&self) -> usize {
        match self {
            Rows::Single(array) => array.as_array().ncols(),
            Rows::Double(array) => array.as_array().ncols(),
            Rows::Sparse(sparse) => sparse.n_features,
        }
    }

    /// Number of rows.
    pub(crate) fn n_rows(&self) -> usize {
        match self {
            Rows::Single(array) => array.as_array().nrows(),
            Rows::Double(array) => array.as_array().nrows(),
            Rows::Sparse(Sparse { starts: Indices::Short(starts), .. }) => {
                starts.as_array().len().saturating_sub(1)
            }
            Rows::Sparse(Sparse { starts: Indices::Long(starts), .. }) => {
                starts.as_array().len().saturating_sub(1)
            }
        }
    }

    /// Refuses rows with another number of features.
    pub(crate) fn require_width(&self, expected: usize) -> PyResult<()> {
        let found = self.n_features();
        if found == expected {
            return Ok(());
        }
        let message = format!("X has {found} features; the model was trained on {expected}");
        Err(PyValueError::new_err(message))
    }

    /// Calls `body` with the rows as samples, without the interpreter's lock.
    pub(crate) fn read<R: Send>(
        &self,
        py: Python<'_>,
        body: impl FnOnce(&dyn Samples<f32>) -> R + Send,
    ) -> PyResult<R> {
        match self {
            Rows::Single(array) => {
                let view = array.as_array();
                Ok(py.detach(|| body(&view)))
            }
            Rows::Double(array) => {
                let view = Doubles(array.as_array());
                Ok(py.detach(|| body(&view)))
            }
            Rows::Sparse(Sparse { starts, columns, values, n_features }) => {
                let n = *n_features;
                match (starts, columns, values) {
                    (Indices::Short(s), Indices::Short(c), Values::Single(v)) => {
                        read_sparse(py, (s, c, v, n), body)
                    }
                    (Indices::Short(s), Indices::Short(c), Values::Double(v)) => {
                        read_sparse(py, (s, c, v, n), body)
                    }
                    (Indices::Long(s), Indices::Long(c), Values::Single(v)) => {
                        read_sparse(py, (s, c, v, n), body)
                    }
                    (Indices::Long(s), Indices::Long(c), Values::Double(v)) => {
                        read_sparse(py, (s, c, v, n), body)
                    }
                    _ => Err(PyTypeError::new_err("indptr and indices differ in type")),
                }
            }
        }
    }

    /// Calls `body` with the rows as one array, which is a copy unless they are in single precision.
    pub(crate) fn read_dense<R: Send>(
        &self,
        py: Python<'_>,
        body: impl FnOnce(ArrayView2<f32>) -> R + Send,
    ) -> PyResult<R> {
        if let Rows::Single(array) = self {
            let view = array.as_array();
            return Ok(py.detach(|| body(view)));
        }
        self.read(py, |samples| {
            let mut dense = Array2::zeros((samples.n_samples(), samples.n_features()));
            let all: Vec<usize> = (0..samples.n_samples()).collect();
            samples.gather(&all, dense.view_mut()).expect("the rows are in memory");
            body(dense.view())
        })
    }

    /// Applies `function` to blocks of rows and returns its outputs as one array, in the precision of the
    /// rows. Shapes: (n × features) → (n × outputs).
    pub(crate) fn map<'py>(
        &self,
        py: Python<'py>,
        function: impl Fn(ArrayView2<f32>) -> Array2<f32> + Send + Sync,
    ) -> PyResult<Bound<'py, PyAny>> {
        let found = self.read(py, |samples| {
            let mut blocks = Vec::new();
            let mut add = |_: usize, block: ArrayView2<f32>| blocks.push(function(block));
            samples.for_each_block(&mut add).expect("the rows are in memory");
            if blocks.len() == 1 {
                return blocks.remove(0);
            }
            let views: Vec<_> = blocks.iter().map(|block| block.view()).collect();
            concatenate(Axis(0), &views).unwrap_or_default()
        })?;
        Ok(self.in_own_precision(py, found))
    }

    /// An array in the precision of the rows.
    pub(crate) fn in_own_precision<'py>(
        &self,
        py: Python<'py>,
        found: Array2<f32>,
    ) -> Bound<'py, PyAny> {
        let is_single = matches!(
            self,
            Rows::Single(_) | Rows::Sparse(Sparse { values: Values::Single(_), .. })
        );
        if is_single {
            found.into_pyarray(py).into_any()
        } else {
            found.mapv(f64::from).into_pyarray(py).into_any()
        }
    }
}

/// Calls `body` with sparse rows, without the interpreter's lock.
fn read_sparse<I: SparseIndex + Element, V: aerbm::numerics::Real + Element, R: Send>(
    py: Python<'_>,
    (starts, columns, values, n_features): (
        &PyReadonlyArray1<'_, I>,
        &PyReadonlyArray1<'_, I>,
        &PyReadonlyArray1<'_, V>,
        usize,
    ),
    body: impl FnOnce(&dyn Samples<f32>) -> R + Send,
) -> PyResult<R> {
    let contiguous = |_| PyValueError::new_err("the parts of a sparse matrix must be contiguous");
    let starts = starts.as_slice().map_err(contiguous)?;
    let columns = columns.as_slice().map_err(contiguous)?;
    let values = values.as_slice().map_err(contiguous)?;
    let rows = CsrRows::new(starts, columns, values, n_features).map_err(value_error)?;
    Ok(py.detach(|| body(&rows)))
}
