//! Trained models.

use std::sync::atomic::{AtomicU64, Ordering};

use aerbm::config::{LikelihoodSettings, RunConfig};
use aerbm::likelihood::LogZ;
use aerbm::mnist_io::ImageShape;
use aerbm::ndarray::{Array1, Array2, Axis, CowArray};
use aerbm::nn_core::{BlockKind, Layout, TensorMap};
use aerbm::rbm_core::Rbm;
use aerbm::{Trained, apply};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayDyn, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::{exception, value_error};
use crate::long::{Listener, with_threads};
use crate::rows::Rows;

mod passes;

/// Number of rows in other formats that are converted at a time.
const DRAWN_TOGETHER: usize = 1000;

/// Two matrices with the same number of rows.
type Two<'py> = (Bound<'py, PyArray2<f32>>, Bound<'py, PyArray2<f32>>);

/// A trained model with the record of its training.
#[pyclass(frozen, module = "aerbm._aerbm")]
pub(crate) struct Model {
    trained: Trained,
}

impl Model {
    pub(crate) fn new(trained: Trained) -> Self {
        Model { trained }
    }

    pub(crate) fn trained(&self) -> &Trained {
        &self.trained
    }

    fn rbm(&self) -> PyResult<&Rbm<f32>> {
        match &self.trained.model {
            aerbm::Model::Rbm(rbm) => Ok(rbm),
            _ => Err(value_error(format!("{} is not a dense RBM", self.trained.record.method))),
        }
    }
}

#[pymethods]
impl Model {
    /// Fits a model from a preset and assignments such as `model.n_hidden=64`. `image` is (height, width,
    /// channels) of the rows; without it, rows whose length is a square count as square images. `real`
    /// declares that values are real numbers rather than in [0, 1]; units and losses are chosen to suit them.
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "Python calls it by one line")]
    fn fit(
        py: Python<'_>,
        preset: &str,
        assignments: Vec<String>,
        rows: Rows<'_>,
        image: Option<(usize, usize, usize)>,
        real: bool,
        seed: u64,
        threads: usize,
        listener: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let (config, _) = RunConfig::load(preset, &assignments).map_err(exception)?;
        let shape = match image {
            Some((height, width, channels)) => ImageShape { height, width, channels },
            None => ImageShape::of_features(rows.n_features()),
        };
        let config = if real {
            let layout = Layout::new([(BlockKind::Real, rows.n_features())]);
            config.for_layout(&layout).map_err(value_error)?.0
        } else {
            config
        };
        let found = rows.read_dense(py, |x| {
            let listener = Listener::new(listener.as_ref());
            let found = with_threads(threads, usize::MAX, || {
                aerbm::fit_images(&config, x, shape, seed, &listener)
            });
            listener.result(found)
        })?;
        Ok(Model::new(found?))
    }

    /// The rows in the form that likelihoods refer to: for binary units, grey values become binary states,
    /// drawn in the same way for every model.
    fn states<'py>(&self, py: Python<'py>, rows: Rows<'_>) -> PyResult<Bound<'py, PyAny>> {
        let config = self.trained.config().map_err(value_error)?;
        let RunConfig::Rbm(settings) = config else {
            return Err(value_error(format!("{} is not a dense RBM", self.trained.record.method)));
        };
        let rbm = self.rbm()?;
        rows.require_width(rbm.n_visible())?;
        let binarisation = settings.training.binarisation;
        let found = rows.read_dense(py, |x| aerbm::likelihood::states(rbm, binarisation, x))?;
        Ok(rows.in_own_precision(py, found))
    }

    /// The codes of rows, or hidden probabilities.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'_>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.map(py, &rows, threads, |model, x| model.encode(x))
    }

    /// The reconstructions of rows.
    fn reconstruct<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'_>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.map(py, &rows, threads, |model, x| model.reconstruct(x))
    }

    /// The rows that codes represent: decoded by an autoencoder or, for an RBM, the means of the visible
    /// units given the hidden ones.
    fn decode<'py>(&self, py: Python<'py>, codes: Rows<'_>) -> PyResult<Bound<'py, PyAny>> {
        match &self.trained.model {
            aerbm::Model::Autoencoder(model) => {
                codes.require_width(model.n_code())?;
                codes.map(py, |h| model.decode(h))
            }
            aerbm::Model::Rbm(rbm) => {
                codes.require_width(rbm.n_hidden())?;
                codes.map(py, |h| {
                    let mut v = Array2::zeros((h.nrows(), rbm.n_visible()));
                    rbm.mean_v_given_h(h, v.view_mut());
                    v
                })
            }
            _ => {
                let kind = &self.trained.record.method;
                Err(value_error(format!("a {kind} has no decoder of codes alone")))
            }
        }
    }

    /// The anomaly score of each row: the reconstruction loss, or the free energy in nats.
    fn scores<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'_>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        self.numbers(py, &rows, threads, |trained, x| {
            apply::scores_of_array(trained, x).map(Array1::into_raw_vec_and_offset).map(|(v, _)| v)
        })
    }

    /// An estimate of the pseudo-log-likelihood of each row, from one unit that is chosen by `seed`.
    fn pseudo_log_likelihoods<'py>(
        &self,
        py: Python<'py>,
        rows: Rows<'_>,
        seed: u64,
        threads: usize,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        self.rbm()?;
        // Each block draws from its own stream, so that the format of the rows changes nothing.
        let block = AtomicU64::new(0);
        self.numbers(py, &rows, threads, |trained, x| {
            let aerbm::Model::Rbm(rbm) = &trained.model else { return Ok(vec![]) };
            let mut found = Vec::with_capacity(x.nrows());
            for x in x.axis_chunks_iter(Axis(0), DRAWN_TOGETHER) {
                let block = block.fetch_add(1, Ordering::Relaxed);
                found.extend(rbm.estimate_pseudo_log_likelihoods(x, seed ^ block << 32)?);
            }
            Ok(found)
        })
    }

    /// Visible states after Gibbs steps from these rows, and the hidden states that they were drawn from.
    fn gibbs<'py>(
        &self,
        py: Python<'py>,
        rows: PyReadonlyArray2<'_, f32>,
        steps: usize,
        seed: u64,
    ) -> PyResult<Two<'py>> {
        let rbm = self.rbm()?;
        let v = rows.as_array();
        let (visible, hidden) = py.detach(|| {
            let mut chains = aerbm::rbm_core::Chains::from_visible(rbm, v);
            for step in 1..=steps {
                aerbm::rbm_core::gibbs_step(rbm, &mut chains, seed, step);
            }
            let visible = CowArray::into_owned(chains.visible(rbm));
            (visible, chains.hidden().to_owned())
        });
        Ok((visible.into_pyarray(py), hidden.into_pyarray(py)))
    }

    /// Samples of the model at the ends of chains of Gibbs steps from noise; `None` for autoencoders.
    fn sample<'py>(
        &self,
        py: Python<'py>,
        n: usize,
        steps: usize,
        seed: u64,
        threads: usize,
    ) -> Option<Bound<'py, PyArray2<f32>>> {
        let model = &self.trained.model;
        let found =
            py.detach(|| with_threads(threads, usize::MAX, || model.sample(n, steps, seed)));
        found.map(|found| found.into_pyarray(py))
    }

    /// log Z in nats with its interval (lower, value, upper) and a judgement in words. Half of the chains
    /// start from the rows, which are in the form that the model sees.
    fn log_z(
        &self,
        py: Python<'_>,
        rows: Rows<'_>,
        precision: f64,
        seed: u64,
        threads: usize,
        listener: Option<Py<PyAny>>,
    ) -> PyResult<((f64, f64, f64), String)> {
        let rbm = self.rbm()?;
        rows.require_width(rbm.n_visible())?;
        let settings = LikelihoodSettings { precision, ..LikelihoodSettings::default() };
        settings.validate().map_err(value_error)?;
        let found = rows.read_dense(py, |x| {
            let listener = Listener::new(listener.as_ref());
            let found = with_threads(threads, usize::MAX, || {
                LogZ::of(rbm, x, &settings.log_z(), seed, &listener)
            });
            listener.result(found)
        })??;
        let interval = match &found {
            LogZ::Exact(value) => (*value, *value, *value),
            LogZ::Estimate(estimate) => (estimate.lower, estimate.log_z, estimate.upper),
        };
        Ok((interval, found.verdict()))
    }

    /// The parameters: arrays by name. Those of an RBM have no layer number, since it has only one layer.
    fn tensors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let mut map = TensorMap::new();
        self.trained.model.store(&mut map);
        let is_rbm = matches!(self.trained.model, aerbm::Model::Rbm(_));
        let tensors = PyDict::new(py);
        for (name, tensor) in map {
            let plain = name.split_once('.').filter(|_| is_rbm).map(|(_, name)| name);
            // Files store vectors as rows.
            let is_vector = plain.is_some_and(|name| name != "weights");
            let tensor = if is_vector { tensor.index_axis_move(Axis(0), 0) } else { tensor };
            let array: Bound<'py, PyArrayDyn<f32>> = tensor.view().to_pyarray(py);
            tensors.set_item(plain.unwrap_or(&name), array)?;
        }
        Ok(tensors)
    }

    /// An RBM like this one with other parameters: W (visible × hidden), a, b.
    fn with_parameters(
        &self,
        weights: PyReadonlyArray2<'_, f32>,
        visible_bias: numpy::PyReadonlyArray1<'_, f32>,
        hidden_bias: numpy::PyReadonlyArray1<'_, f32>,
    ) -> PyResult<Self> {
        let mut rbm = self.rbm()?.clone();
        let shapes =
            (weights.as_array().dim(), visible_bias.as_array().len(), hidden_bias.as_array().len());
        let expected = (rbm.weights.dim(), rbm.n_visible(), rbm.n_hidden());
        if shapes != expected {
            return Err(value_error(format!(
                "parameters of shapes {shapes:?}; expected {expected:?}"
            )));
        }
        rbm.weights.assign(&weights.as_array());
        rbm.visible.bias.assign(&visible_bias.as_array());
        rbm.hidden.bias.assign(&hidden_bias.as_array());
        let record = self.trained.record.clone();
        Ok(Model::new(Trained { model: aerbm::Model::Rbm(rbm), record }))
    }

    /// The weights of the first layer, inputs × units, or kernel² · channels × maps for a convolution.
    fn filters<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray2<f32>> {
        self.trained.model.filters().to_pyarray(py)
    }

    /// The epochs of training: (epoch, value, metric, seconds).
    fn epochs(&self) -> Vec<(usize, f64, String, f64)> {
        let of = |training: &aerbm::nn_core::EpochRecord| {
            (training.epoch, training.value, training.metric.name.to_string(), training.seconds)
        };
        self.trained.record.epochs.iter().map(|epoch| of(&epoch.training)).collect()
    }

    /// The kind of model: `autoencoder`, `rbm`, `dbn` or `conv-rbm`.
    #[getter]
    fn kind(&self) -> &str {
        &self.trained.record.method
    }

    /// Number of inputs.
    #[getter]
    fn n_visible(&self) -> usize {
        self.trained.model.n_visible()
    }

    /// Height, width and channels of the images; a single row of pixels if samples are not images.
    #[getter]
    fn image(&self) -> (usize, usize, usize) {
        let ImageShape { height, width, channels } = self.trained.record.image;
        (height, width, channels)
    }

    /// The settings of the model and of its training, as JSON.
    #[getter]
    fn settings(&self) -> PyResult<String> {
        let config = self.trained.config().map_err(value_error)?;
        serde_json::to_string(&config).map_err(value_error)
    }

    /// Seed of the training.
    #[getter]
    fn seed(&self) -> u64 {
        self.trained.record.seed
    }

    /// Writes the model, its card and the contract of its data into a folder, which is created if it is
    /// missing.
    fn save(
        &self,
        py: Python<'_>,
        folder: std::path::PathBuf,
        contract: Option<&str>,
    ) -> PyResult<()> {
        py.detach(|| self.trained.save(&folder)).map_err(exception)?;
        crate::contract::write(&folder, contract)
    }

    /// Reads the model in a folder.
    #[staticmethod]
    fn load(py: Python<'_>, folder: std::path::PathBuf) -> PyResult<Self> {
        Ok(Model::new(py.detach(|| Trained::load(folder)).map_err(exception)?))
    }

    /// The bytes of the file of the model.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.trained.to_bytes().map_err(exception)?))
    }

    /// Reads a model from the bytes of its file.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Self> {
        Ok(Model::new(Trained::from_bytes(bytes).map_err(exception)?))
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        let from_bytes = py.get_type::<Model>().getattr("from_bytes")?;
        Ok((from_bytes, (self.to_bytes(py)?,)))
    }
}
