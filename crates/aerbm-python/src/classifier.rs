//! Pretrained and fine-tuned classifiers.

use aerbm::config::ProfileConfig;
use aerbm::ndarray::ArrayView2;
use aerbm::stack::{FineTuneConfig, PlannedLayer};
use aerbm::{ClassifierSettings, TrainedClassifier, fit_classifier};
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{exception, value_error};
use crate::long::{Listener, with_threads};
use crate::rows::Rows;

/// A classifier.
#[pyclass(frozen, module = "aerbm._aerbm")]
pub(crate) struct Classifier {
    inner: TrainedClassifier,
}

/// The layers of a network of this depth by a method of the comparison, as JSON, with enough epochs for
/// `n_rows` rows.
pub(crate) fn method_layers(method: &str, depth: usize, n_rows: usize) -> PyResult<String> {
    let methods = ProfileConfig::built_in_methods();
    let mut layers = methods.layers_of(method, depth).map_err(value_error)?;
    for layer in &mut layers {
        layer.lengthen(n_rows);
    }
    serde_json::to_string(&layers).map_err(value_error)
}

impl Classifier {
    fn work(&self, rows: &Rows<'_>) -> usize {
        let layers = self.inner.classifier.layers.iter();
        let weights = layers.map(|layer| layer.weights.len()).sum();
        rows.n_rows().saturating_mul(weights)
    }

    fn require_width(&self, rows: &Rows<'_>) -> PyResult<()> {
        let n_inputs =
            self.inner.classifier.layers.first().map_or(0, aerbm::nn_core::Layer::n_inputs);
        rows.require_width(n_inputs)
    }
}

#[pymethods]
impl Classifier {
    /// Pretrains layers (JSON, from the data up) on all rows, and fine-tunes them (settings as JSON) on those
    /// whose label is not `None`.
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "Python calls it by one line")]
    fn fit(
        py: Python<'_>,
        layers: &str,
        fine_tuning: &str,
        validation_fraction: f64,
        rows: Rows<'_>,
        labels: Vec<Option<u8>>,
        n_classes: usize,
        seed: u64,
        threads: usize,
        listener: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let layers: Vec<PlannedLayer> = serde_json::from_str(layers).map_err(value_error)?;
        let fine_tuning: FineTuneConfig = serde_json::from_str(fine_tuning).map_err(value_error)?;
        let settings = ClassifierSettings { layers, fine_tuning, validation_fraction };
        let found = rows.read_dense(py, |x| {
            let listener = Listener::new(listener.as_ref());
            let found = with_threads(threads, usize::MAX, || {
                fit_classifier(&settings, x, &labels, n_classes, seed, &listener)
            });
            listener.result(found)
        })?;
        Ok(Classifier { inner: found? })
    }

    /// The number of the most probable class of each row.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'_>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyArray1<u8>>> {
        self.require_width(&rows)?;
        let work = self.work(&rows);
        let found = rows.read(py, |samples| {
            let mut classes = Vec::with_capacity(samples.n_samples());
            let mut add = |_: usize, block: ArrayView2<f32>| {
                classes.extend(with_threads(threads, work, || self.inner.predict(block)));
            };
            samples.for_each_block(&mut add).expect("the rows are in memory");
            classes
        })?;
        Ok(found.into_pyarray(py))
    }

    /// The probability of each class for each row.
    fn probabilities<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'_>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.require_width(&rows)?;
        let work = self.work(&rows);
        rows.map(py, |x| with_threads(threads, work, || self.inner.probabilities(x)))
    }

    /// The outputs of the last hidden layer.
    fn codes<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'_>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.require_width(&rows)?;
        let work = self.work(&rows);
        rows.map(py, |x| with_threads(threads, work, || self.inner.codes(x)))
    }

    /// Error in percent on the held-out rows (`None` without such rows), and their number.
    #[getter]
    fn validation(&self) -> (Option<f64>, usize) {
        (self.inner.validation_error_pct, self.inner.validation_rows)
    }

    /// Numbers of inputs, hidden units and classes, layer by layer.
    #[getter]
    fn sizes(&self) -> Vec<usize> {
        let layers = &self.inner.classifier.layers;
        let inputs = layers.first().map(aerbm::nn_core::Layer::n_inputs);
        inputs.into_iter().chain(layers.iter().map(aerbm::nn_core::Layer::n_outputs)).collect()
    }

    /// The names of the classes, for a classifier that a comparison or the program wrote.
    #[getter]
    fn classes(&self) -> Option<Vec<String>> {
        self.inner.origin.as_ref().map(|origin| origin.classes.clone())
    }

    /// Writes the classifier and its card into a folder, which is created if it is missing.
    fn save(
        &self,
        py: Python<'_>,
        folder: std::path::PathBuf,
        contract: Option<&str>,
    ) -> PyResult<()> {
        py.detach(|| self.inner.save(&folder)).map_err(exception)?;
        crate::contract::write(&folder, contract)
    }

    /// Reads the classifier in a folder.
    #[staticmethod]
    fn load(py: Python<'_>, folder: std::path::PathBuf) -> PyResult<Self> {
        let inner = py.detach(|| TrainedClassifier::load(aerbm::best::resolve(&folder)));
        Ok(Classifier { inner: inner.map_err(exception)? })
    }

    /// The bytes of the file of the classifier.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.inner.to_bytes().map_err(exception)?))
    }

    /// Reads a classifier from the bytes of its file.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        Ok(Classifier { inner: TrainedClassifier::from_bytes(bytes).map_err(exception)? })
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let from_bytes = py.get_type::<Classifier>().getattr("from_bytes")?;
        Ok((from_bytes, (self.to_bytes(py)?,)))
    }
}
