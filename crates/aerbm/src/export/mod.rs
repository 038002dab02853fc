//! Trained models as files of other programs: ONNX graphs, safetensors, and scikit-learn's arrays.
//!
//! | format | content | read by |
//! |---|---|---|
//! | [`Format::Onnx`] | one part as a graph, operator set 17, the encoding of raw columns inside | onnxruntime and others |
//! | [`Format::Safetensors`] | all parameters by names such as `encoder.0.weight`, outputs × inputs as in PyTorch; activations and convolutions in the metadata | PyTorch, NumPy, JAX |
//! | [`Format::Npz`] | one part in the layout of `BernoulliRBM`, `MLPClassifier` or `MLPRegressor` | scikit-learn, NumPy |
//!
//! ```
//! use aerbm::export::{Export, Format, Part};
//! # let x = aerbm::ndarray::Array2::from_shape_fn((60, 12), |(i, j)| f32::from((i + j) % 3 == 0));
//! # let settings = aerbm::RunConfig::preset("rbm")?;
//! # let settings = settings.with("model.n_hidden=8")?.with("training.epochs=1")?;
//! let rbm = aerbm::fit(&settings, &x, 1)?;
//! let graph = Export::of_model(&rbm).write(Format::Onnx, Some(Part::Encoder))?;
//! let error = Export::of_model(&rbm).write(Format::Onnx, Some(Part::Classifier));
//! let message = "rbm is an RBM and has no classifier; expected encoder, decoder or reconstruction";
//! assert_eq!(error.expect_err("no classifier").to_string(), message);
//! # assert!(!graph.is_empty());
//! # Ok::<(), aerbm::Error>(())
//! ```

mod contract;
#[cfg(test)]
mod convolution_tests;
mod error;
#[cfg(test)]
mod evaluate;
mod input;
mod network;
mod npz;
mod onnx;
mod safetensors;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

pub use error::ExportError;
pub use input::{CategoryEncoding, ColumnEncoding, InputEncoding, NumberEncoding, ValueEncoding};

use crate::{Model, Trained, TrainedClassifier};
use network::Function;
pub(crate) use network::{Layer, decoder, encoder, has_places, is_mixed};

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An ONNX graph.
    Onnx,
    /// Named tensors.
    Safetensors,
    /// NumPy arrays in scikit-learn's layout.
    Npz,
}

impl Format {
    /// The extension of file names.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Onnx => "onnx",
            Format::Safetensors => "safetensors",
            Format::Npz => "npz",
        }
    }
}

/// A part of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// From data to codes, or to probabilities of hidden units.
    Encoder,
    /// From codes to reconstructions.
    Decoder,
    /// From data to reconstructions.
    Reconstruction,
    /// From data to classes and their probabilities.
    Classifier,
}

impl Part {
    /// The name in file names and messages.
    pub fn name(self) -> &'static str {
        match self {
            Part::Encoder => "encoder",
            Part::Decoder => "decoder",
            Part::Reconstruction => "reconstruction",
            Part::Classifier => "classifier",
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Model(&'a Model),
    Classifier(&'a stack::Classifier<f32>),
}

/// A model to export, with the names and the encoding of its inputs.
#[derive(Debug, Clone)]
pub struct Export<'a> {
    source: Source<'a>,
    run: String,
    data: Option<String>,
    inputs: InputEncoding,
    columns: Vec<String>,
    classes: Vec<String>,
}

impl<'a> Export<'a> {
    /// A model without a description of its inputs: they are the numbers that it was trained on.
    pub fn of_model(trained: &'a Trained) -> Self {
        Export {
            source: Source::Model(&trained.model),
            run: trained.record.run.clone(),
            data: Some(trained.record.data.clone()),
            inputs: InputEncoding::Keep,
            columns: vec![],
            classes: vec![],
        }
    }

    /// A classifier of this name. Its inputs are the numbers that it was trained on, and its classes are 0,
    /// 1, 2, …
    pub fn of_classifier(run: &str, trained: &'a TrainedClassifier) -> Self {
        Export {
            source: Source::Classifier(&trained.classifier),
            run: run.to_owned(),
            data: None,
            inputs: InputEncoding::Keep,
            columns: vec![],
            classes: vec![],
        }
    }

    /// Sets the encoding of raw columns.
    #[must_use]
    pub fn with_inputs(self, inputs: InputEncoding) -> Self {
        let columns = match &inputs {
            InputEncoding::Table(columns) => columns.iter().map(|it| it.name.clone()).collect(),
            _ => self.columns,
        };
        Export { inputs, columns, ..self }
    }

    /// Sets the names of the columns, for an encoding without names.
    #[must_use]
    pub fn with_columns(self, columns: Vec<String>) -> Self {
        Export { columns, ..self }
    }

    /// Sets the names of the classes.
    #[must_use]
    pub fn with_classes(self, classes: Vec<String>) -> Self {
        Export { classes, ..self }
    }

    /// Returns the bytes of a file. Without `part`, a graph or scikit-learn's arrays are of the classifier or
    /// the encoder, and safetensors of the whole model.
    ///
    /// # Errors
    /// [`ExportError`] if the model has no such part, the format cannot represent it, or the description of
    /// inputs and classes does not match the size of the model.
    pub fn write(&self, format: Format, part: Option<Part>) -> Result<Vec<u8>, ExportError> {
        let layers = self.layers(part.unwrap_or(self.default_part()))?;
        self.check()?;
        match format {
            Format::Onnx => Ok(onnx::write(self, part.unwrap_or(self.default_part()), &layers)),
            Format::Safetensors => safetensors::write(self, part),
            Format::Npz => npz::write(self, part.unwrap_or(self.default_part()), &layers),
        }
    }

    /// The part that is written by default.
    pub fn default_part(&self) -> Part {
        match self.source {
            Source::Model(_) => Part::Encoder,
            Source::Classifier(_) => Part::Classifier,
        }
    }

    /// The layers of a part, in order of computation.
    fn layers(&self, part: Part) -> Result<Vec<Layer>, ExportError> {
        Ok(match (self.source, part) {
            (Source::Model(model), Part::Encoder) => network::encoder(model, false),
            (Source::Model(model), Part::Decoder | Part::Reconstruction)
                if network::is_mixed(model) =>
            {
                return Err(ExportError::Mixed { run: self.run.clone() });
            }
            (Source::Model(model), Part::Reconstruction) if network::has_places(model) => {
                return Err(ExportError::Places { run: self.run.clone() });
            }
            (Source::Model(model), Part::Decoder) => network::decoder(model),
            (Source::Model(model), Part::Reconstruction) => {
                let mut layers = network::encoder(model, true);
                layers.extend(network::decoder(model));
                layers
            }
            (Source::Classifier(classifier), Part::Classifier) => network::classifier(classifier),
            (Source::Model(_), Part::Classifier) => {
                return Err(self.no_part(part, "encoder, decoder or reconstruction"));
            }
            (Source::Classifier(_), _) => return Err(self.no_part(part, "classifier")),
        })
    }

    fn no_part(&self, part: Part, expected: &'static str) -> ExportError {
        let kind = match self.kind() {
            "autoencoder" => "an autoencoder",
            "rbm" => "an RBM",
            "dbn" => "a deep belief network",
            "conv-rbm" => "a stack of convolutional RBMs",
            _ => "a classifier",
        };
        ExportError::NoPart { run: self.run.clone(), kind, part: part.name(), expected }
    }

    fn kind(&self) -> &'static str {
        match self.source {
            Source::Model(Model::Autoencoder(_)) => "autoencoder",
            Source::Model(Model::Rbm(_)) => "rbm",
            Source::Model(Model::Dbn(_)) => "dbn",
            Source::Model(Model::ConvDbn(_)) => "conv-rbm",
            Source::Classifier(_) => "classifier",
        }
    }

    /// Number of inputs and, for a classifier, number of classes.
    fn sizes(&self) -> (usize, Option<usize>) {
        match self.source {
            Source::Model(model) => (model.n_visible(), None),
            Source::Classifier(it) => {
                let (first, last) = (it.layers.first(), it.layers.last());
                let inputs = first.map_or(0, nn_core::Layer::n_inputs);
                (inputs, last.map(nn_core::Layer::n_outputs))
            }
        }
    }

    fn check(&self) -> Result<(), ExportError> {
        let (inputs, classes) = self.sizes();
        let named_alone = !matches!(self.inputs, InputEncoding::Table(_));
        let columns = (named_alone && !self.columns.is_empty()).then_some(self.columns.len());
        let named = (!self.classes.is_empty()).then_some(self.classes.len());
        for (what, expected, found) in [
            ("inputs", inputs, self.inputs.n_inputs()),
            ("inputs", inputs, columns),
            ("classes", classes.unwrap_or_default(), named),
        ] {
            if let Some(found) = found.filter(|&found| found != expected) {
                return Err(ExportError::Count { run: self.run.clone(), what, expected, found });
            }
        }
        Ok(())
    }

    /// The description that every format carries.
    fn metadata(&self, layers: &[Layer]) -> Map<String, Value> {
        let functions: Map<String, Value> =
            layers.iter().map(|layer| (layer.name.clone(), json!(layer.function))).collect();
        let kept: Map<String, Value> = (layers.iter())
            .filter_map(|layer| Some((layer.name.clone(), json!(layer.keep?))))
            .collect();
        let convolutions: Map<String, Value> = (layers.iter())
            .filter_map(|layer| Some((layer.name.clone(), layer.geometry()?)))
            .collect();
        let mut metadata = Map::new();
        let mut add = |key: &str, value: Value| metadata.insert(key.to_owned(), value);
        add("run", json!(self.run));
        add("kind", json!(self.kind()));
        add("program", json!(concat!("aerbm ", env!("CARGO_PKG_VERSION"))));
        if let Some(data) = &self.data {
            add("data", json!(data));
        }
        add("inputs", json!(self.inputs));
        if !self.columns.is_empty() {
            add("columns", json!(self.columns));
        }
        if !self.classes.is_empty() {
            add("classes", json!(self.classes));
        }
        // The order of computation: the objects below are sorted by name.
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        add("layers", json!(names));
        add("activations", Value::Object(functions));
        if !kept.is_empty() {
            add("largest_units_kept", Value::Object(kept));
        }
        if !convolutions.is_empty() {
            add("convolutions", Value::Object(convolutions));
            add("image_rows", json!("height x width x channels, the channel running fastest"));
        }
        metadata
    }

    fn failed(&self, reason: impl ToString) -> ExportError {
        ExportError::Bytes { run: self.run.clone(), reason: reason.to_string() }
    }

    /// Returns the RBM if its units are binary, as those of scikit-learn are.
    fn binary_rbm(&self) -> Option<&'a rbm_core::Rbm<f32>> {
        let Source::Model(Model::Rbm(rbm)) = self.source else { return None };
        let binary = |units: &rbm_core::Units| *units == rbm_core::Unit::Binary;
        (binary(&rbm.visible.unit) && binary(&rbm.hidden.unit)).then_some(rbm)
    }
}
