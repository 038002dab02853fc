//! Fine-tuned classifiers, in memory and in folders.

#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;

use ndarray::{Array2, ArrayView2};
use nn_core::{Activation, Connection, Layer, TensorMap, observed, restore, store};
use serde::{Deserialize, Serialize};
use stack::Classifier;
use study::Choice;
use study::tensor_file::{self, TensorFileError};

use crate::{Error, stored, with_threads};

/// The file of a classifier in its folder.
pub(crate) const FILE: &str = "classifier.safetensors";

/// A fine-tuned classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedClassifier {
    /// The network: hidden layers, then the output layer.
    pub classifier: Classifier<f32>,
    /// Error in percent on the rows that were held out to decide when to stop; `None` if none were.
    pub validation_error_pct: Option<f64>,
    /// Number of those rows; 0 if there were none, and in classifiers of earlier versions, which did not
    /// record it.
    pub validation_rows: usize,
    /// The origin of a classifier that a comparison or `fit` wrote; `None` for one trained through the
    /// library.
    pub origin: Option<Origin>,
}

/// The training of a classifier and its results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The method of pretraining.
    pub method: String,
    /// Words for the method.
    pub words: String,
    /// Name of the data.
    pub data: String,
    /// SHA-256 of the training data.
    pub data_sha256: String,
    /// The names of the classes, in the order of the outputs.
    pub classes: Vec<String>,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Number of samples that pretraining saw.
    pub pretraining_samples: usize,
    /// The seed.
    pub seed: u64,
    /// The hyperparameters that were chosen on the validation samples.
    #[serde(rename = "rates")]
    pub chosen: Choice,
    /// Number of misclassified test samples, and number of test samples.
    pub test_errors: (usize, usize),
    /// Mean over the classes of the test error of each class, in percent.
    pub balanced_error_pct: f64,
    /// The calibration of the probabilities.
    pub calibration: Calibration,
    /// The command that trains it again.
    pub command: String,
}

/// Temperature scaling, and the expected calibration error on the test samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The temperature, fitted to the validation samples; the output layer is divided by it.
    pub temperature: f64,
    /// The error before, in percent.
    pub error_before_pct: f64,
    /// The error after, in percent.
    pub error_after_pct: f64,
}

/// The part of a classifier that its tensors do not hold.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Description {
    /// Inputs of the first layer, then outputs of every layer.
    sizes: Vec<usize>,
    /// Activations of the hidden layers.
    activations: Vec<Activation>,
    /// Connections of all layers; none if every layer is fully connected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    connections: Vec<Connection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validation_error_pct: Option<f64>,
    #[serde(default)]
    validation_rows: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

impl TrainedClassifier {
    /// Number of inputs: the features of a row.
    pub fn n_inputs(&self) -> usize {
        self.classifier.layers.first().map_or(0, Layer::n_inputs)
    }

    /// Number of outputs: the classes.
    pub fn n_classes(&self) -> usize {
        self.classifier.layers.last().map_or(0, Layer::n_outputs)
    }

    /// The most probable class of each row; missing values (NaN) give no input. Shapes:
    /// (n × features) → n.
    ///
    /// # Panics
    /// If the width of the rows differs from the number of inputs of the network.
    pub fn predict<'a>(&self, x: impl Into<ArrayView2<'a, f32>>) -> Vec<u8> {
        let x = observed(x.into());
        with_threads(|| self.classifier.predict(x.view()))
    }

    /// The probability of each class for each row; missing values (NaN) give no input. Shapes:
    /// (n × features) → (n × classes).
    ///
    /// # Panics
    /// If the width of the rows differs from the number of inputs of the network.
    pub fn probabilities<'a>(&self, x: impl Into<ArrayView2<'a, f32>>) -> Array2<f32> {
        let x = observed(x.into());
        with_threads(|| self.classifier.probabilities(x.view()))
    }

    /// The outputs of the last hidden layer; missing values (NaN) give no input. Shapes:
    /// (n × features) → (n × last hidden).
    ///
    /// # Panics
    /// If the width of the rows differs from the number of inputs of the network.
    pub fn codes<'a>(&self, x: impl Into<ArrayView2<'a, f32>>) -> Array2<f32> {
        let x = observed(x.into());
        with_threads(|| self.classifier.codes(x.view()))
    }

    /// The part of the classifier that its tensors do not hold.
    pub(crate) fn description(&self) -> Description {
        let layers = &self.classifier.layers;
        let inputs = layers.first().map(Layer::n_inputs);
        let mut connections: Vec<Connection> =
            layers.iter().map(|layer| layer.connection).collect();
        if connections.iter().all(|connection| *connection == Connection::Full) {
            connections.clear();
        }
        Description {
            sizes: inputs.into_iter().chain(layers.iter().map(Layer::n_outputs)).collect(),
            activations: self.classifier.units.clone(),
            connections,
            validation_error_pct: self.validation_error_pct,
            validation_rows: self.validation_rows,
            origin: self.origin.clone(),
        }
    }

    /// Reads the classifier that [`save`](Self::save) wrote into `folder`.
    ///
    /// # Errors
    /// [`Error::NoClassifier`] if there is none, [`Error::Tensors`] if it is damaged.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let path = folder.join(FILE);
        let read = tensor_file::read::<Description>(&path)?;
        let read = read.ok_or_else(|| Error::NoClassifier { folder: folder.to_owned() })?;
        Self::restored(read, &path)
    }

    /// The content of the classifier's file.
    ///
    /// # Errors
    /// [`Error::Tensors`] if the description cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut tensors = TensorMap::new();
        store(&self.classifier, "", &mut tensors);
        let written = tensor_file::to_bytes(&tensors, &self.description());
        Ok(written.map_err(|source| TensorFileError::Io { path: FILE.into(), source })?)
    }

    /// The classifier of a file with this content.
    ///
    /// # Errors
    /// [`Error::Tensors`] if it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let path = Path::new(FILE);
        Self::restored(tensor_file::from_bytes(bytes, path)?, path)
    }

    /// Restores the classifier from these tensors, which were read from the file at `path`.
    fn restored(
        (tensors, description): (TensorMap, Description),
        path: &Path,
    ) -> Result<Self, Error> {
        let sizes = &description.sizes;
        let damaged = |reason| TensorFileError::Damaged { path: path.to_owned(), reason };
        if sizes.contains(&0) || sizes.len() != description.activations.len() + 2 {
            let reason = format!("its record has layers of {sizes:?} units");
            return Err(damaged(reason).into());
        }
        let mut connections = description.connections;
        if connections.is_empty() {
            connections = vec![Connection::Full; sizes.len() - 1];
        }
        // Sizes are checked against the tensors before anything is allocated.
        stored::check_connections(sizes, &connections).map_err(damaged)?;
        let expected = sizes.windows(2).zip(&connections).enumerate().flat_map(
            |(layer, (pair, connection))| stored::layer(layer, connection, pair[0], pair[1]),
        );
        stored::check_tensors(&expected.collect::<Vec<_>>(), &tensors).map_err(damaged)?;
        let layers = sizes.windows(2).zip(connections);
        let layers =
            layers.map(|(pair, connection)| Layer::connected(connection, pair[0], pair[1]));
        let layers = layers.collect();
        let mut classifier = Classifier { layers, units: description.activations };
        restore(&mut classifier, "", &tensors).map_err(|error| damaged(error.to_string()))?;
        let Description { validation_error_pct, validation_rows, origin, .. } = description;
        Ok(TrainedClassifier { classifier, validation_error_pct, validation_rows, origin })
    }

    /// Reads the classifier in `folder`; returns `None` if it has none.
    ///
    /// # Errors
    /// [`Error::Tensors`] if it is damaged.
    pub(crate) fn load_if_there(folder: &Path) -> Result<Option<Self>, Error> {
        folder.join(FILE).is_file().then(|| Self::load(folder)).transpose()
    }
}
