//! RBMs in training.

use aerbm::config::RunConfig;
use aerbm::nn_core::TensorMap;
use aerbm::{RbmLearner, Trained};
use numpy::{PyArray2, PyArrayDyn, PyReadonlyArrayDyn, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::{exception, value_error};
use crate::long::with_threads;
use crate::model::Model;
use crate::rows::Rows;

/// An RBM in training, with its chains and velocities.
#[pyclass(module = "aerbm._aerbm")]
pub(crate) struct Learner {
    inner: RbmLearner,
}

#[pymethods]
impl Learner {
    /// Creates an RBM from a preset and assignments such as `model.n_hidden=64`, for these rows.
    #[new]
    fn new(
        py: Python<'_>,
        preset: &str,
        assignments: Vec<String>,
        rows: Rows<'_>,
        seed: u64,
        threads: usize,
    ) -> PyResult<Self> {
        let (config, _) = RunConfig::load(preset, &assignments).map_err(exception)?;
        let RunConfig::Rbm(settings) = config else {
            return Err(value_error(format!("{preset} is not a preset of an RBM")));
        };
        let begun = rows.read(py, |x| {
            with_threads(threads, usize::MAX, || RbmLearner::new(&settings, x, seed))
        })?;
        Ok(Learner { inner: begun.map_err(exception)? })
    }

    /// Resumes the training of a model from a state.
    #[staticmethod]
    fn resume(
        py: Python<'_>,
        model: &Model,
        state: Bound<'_, PyDict>,
        steps: usize,
        rows: Rows<'_>,
    ) -> PyResult<Self> {
        let mut tensors = TensorMap::new();
        for (name, tensor) in state {
            let tensor: PyReadonlyArrayDyn<'_, f32> = tensor.extract()?;
            tensors.insert(name.extract()?, tensor.as_array().to_owned());
        }
        let trained: &Trained = model.trained();
        let resumed = rows.read(py, |x| RbmLearner::resume(trained, &tensors, steps, x))?;
        Ok(Learner { inner: resumed.map_err(exception)? })
    }

    /// Learns one epoch on these rows and returns their reconstruction error.
    fn epoch(&mut self, py: Python<'_>, rows: Rows<'_>, threads: usize) -> PyResult<f64> {
        rows.require_width(self.inner.rbm().n_visible())?;
        let inner = &mut self.inner;
        rows.read(py, |x| with_threads(threads, usize::MAX, || inner.epoch(x)))?.map_err(exception)
    }

    /// Takes one training step on all rows and returns their reconstruction error before the step.
    fn step(&mut self, py: Python<'_>, rows: Rows<'_>, threads: usize) -> PyResult<f64> {
        rows.require_width(self.inner.rbm().n_visible())?;
        let work = rows.n_rows() * self.inner.rbm().weights.len();
        let inner = &mut self.inner;
        rows.read(py, |x| with_threads(threads, work, || inner.step(x)))?.map_err(exception)
    }

    /// Number of epochs and steps so far.
    #[getter]
    fn steps(&self) -> usize {
        self.inner.steps()
    }

    /// The hidden states of persistent chains, chains × hidden; `None` for other algorithms.
    fn chains<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray2<f32>>> {
        self.inner.chains().map(|chains| chains.to_pyarray(py))
    }

    /// The state of training, without the model: arrays by name.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let state = PyDict::new(py);
        for (name, tensor) in self.inner.state() {
            let array: Bound<'py, PyArrayDyn<f32>> = tensor.view().to_pyarray(py);
            state.set_item(name, array)?;
        }
        Ok(state)
    }

    /// The current model.
    fn model(&self) -> Model {
        Model::new(self.inner.trained())
    }
}
