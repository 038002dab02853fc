//! Arrays with the names, shapes and orientation of scikit-learn's attributes.
//!
//! | model | estimator | arrays |
//! |---|---|---|
//! | encoder of an RBM of binary units | `BernoulliRBM` | `components_` (hidden × visible), `intercept_hidden_`, `intercept_visible_` |
//! | classifier | `MLPClassifier` | `coefs_0`, … (inputs × outputs), `intercepts_0`, …, `activation`, `out_activation_`, `classes_` |
//! | other parts | `MLPRegressor` | the same without classes |
//!
//! Every file also has `estimator` and `metadata`, a JSON object.

use std::io::{self, Cursor, Write as _};

use ndarray::{Array1, Array2};
use nn_core::{Activation, Connection};
use npyz::WriterBuilder as _;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::{Export, ExportError, Function, Layer, Part};

/// Returns the bytes of a file with a part of the model.
pub(super) fn write(
    export: &Export<'_>,
    part: Part,
    layers: &[Layer],
) -> Result<Vec<u8>, ExportError> {
    let mut arrays = Arrays::new();
    let outcome = if let (Some(rbm), Part::Encoder) = (export.binary_rbm(), part) {
        arrays.add_rbm(rbm)
    } else {
        let functions = Functions::of(export, layers)?;
        arrays.add_network(export, part, layers, &functions)
    };
    let metadata = serde_json::Value::Object(export.metadata(layers)).to_string();
    let finish = || {
        outcome?;
        arrays.text("metadata", &[], &[metadata])?;
        Ok(arrays.archive.finish().map_err(io::Error::from)?.into_inner())
    };
    finish().map_err(|error: io::Error| export.failed(error))
}

/// The activation functions of a network, by scikit-learn's names.
struct Functions {
    hidden: &'static str,
    output: &'static str,
}

impl Functions {
    /// The function of all hidden layers, which has to be the same in scikit-learn, and that of the output.
    fn of(export: &Export<'_>, layers: &[Layer]) -> Result<Self, ExportError> {
        let refused = |reason| ExportError::ScikitLearn { run: export.run.clone(), reason };
        let mut names = Vec::new();
        for layer in layers {
            if layer.connection != Connection::Full {
                return Err(refused(format!("the convolution of {}", layer.name)));
            }
            if let Some(k) = layer.keep {
                return Err(refused(format!("the {k} largest units of {}", layer.name)));
            }
            let name = match layer.function {
                Function::Unit(
                    Activation::Identity
                    | Activation::Logistic
                    | Activation::Tanh
                    | Activation::Relu,
                )
                | Function::Softmax => layer.function.name(),
                other => {
                    return Err(refused(format!("the {} units of {}", other.name(), layer.name)));
                }
            };
            names.push(name);
        }
        let output = names.pop().unwrap_or("identity");
        let hidden = names.first().copied().unwrap_or("identity");
        if names.iter().any(|&name| name != hidden) {
            return Err(refused(format!(
                "hidden layers of different units ({})",
                names.join(", ")
            )));
        }
        Ok(Functions { hidden, output })
    }
}

/// An archive of arrays, uncompressed as NumPy's `savez` writes it.
struct Arrays {
    archive: zip::ZipWriter<Cursor<Vec<u8>>>,
}

impl Arrays {
    fn new() -> Self {
        Arrays { archive: zip::ZipWriter::new(Cursor::new(Vec::new())) }
    }

    fn add_rbm(&mut self, rbm: &rbm_core::Rbm<f32>) -> io::Result<()> {
        self.text("estimator", &[], &["BernoulliRBM".to_owned()])?;
        self.matrix("components_", &rbm.weights.t().to_owned())?;
        self.vector("intercept_hidden_", &rbm.hidden.bias)?;
        self.vector("intercept_visible_", &rbm.visible.bias)
    }

    fn add_network(
        &mut self,
        export: &Export<'_>,
        part: Part,
        layers: &[Layer],
        functions: &Functions,
    ) -> io::Result<()> {
        let classifies = part == Part::Classifier;
        let estimator = if classifies { "MLPClassifier" } else { "MLPRegressor" };
        self.text("estimator", &[], &[estimator.to_owned()])?;
        self.text("activation", &[], &[functions.hidden.to_owned()])?;
        let (mut output, last) = (functions.output, layers.len() - 1);
        for (index, layer) in layers.iter().enumerate() {
            let (mut weights, mut bias) = (layer.weights.clone(), layer.bias.clone());
            if classifies && index == last && layer.n_outputs() == 2 {
                // For two classes, scikit-learn has the logistic function of the second one.
                weights = difference(&weights);
                bias = Array1::from_elem(1, bias[1] - bias[0]);
                output = "logistic";
            }
            self.matrix(&format!("coefs_{index}"), &weights)?;
            self.vector(&format!("intercepts_{index}"), &bias)?;
        }
        self.text("out_activation_", &[], &[output.to_owned()])?;
        if !classifies {
            return Ok(());
        }
        let n_classes = layers[last].n_outputs();
        if export.classes.is_empty() {
            let classes: Vec<i64> = (0_i64..).take(n_classes).collect();
            self.array("classes_", "<i8", &[n_classes as u64], classes)
        } else {
            self.text("classes_", &[n_classes as u64], &export.classes)
        }
    }

    fn matrix(&mut self, name: &str, values: &Array2<f32>) -> io::Result<()> {
        let shape = [values.nrows() as u64, values.ncols() as u64];
        self.array(name, "<f4", &shape, values.iter().copied())
    }

    fn vector(&mut self, name: &str, values: &Array1<f32>) -> io::Result<()> {
        self.array(name, "<f4", &[values.len() as u64], values.iter().copied())
    }

    /// Adds words in this shape; a single one has the shape of a number, `[]`.
    fn text(&mut self, name: &str, shape: &[u64], words: &[String]) -> io::Result<()> {
        let longest = words.iter().map(|word| word.chars().count()).max().unwrap_or_default();
        self.array(name, &format!("<U{}", longest.max(1)), shape, words.iter().cloned())
    }

    fn array<T: npyz::Serialize>(
        &mut self,
        name: &str,
        element: &str,
        shape: &[u64],
        values: impl IntoIterator<Item = T>,
    ) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        self.archive.start_file(format!("{name}.npy"), options).map_err(io::Error::from)?;
        let mut bytes = Vec::new();
        let mut npy = npyz::WriteOptions::<T>::new()
            .dtype(npyz::DType::Plain(element.parse().map_err(io::Error::other)?))
            .shape(shape)
            .writer(&mut bytes)
            .begin_nd()?;
        npy.extend(values)?;
        npy.finish()?;
        self.archive.write_all(&bytes)
    }
}

/// The second column minus the first. Shapes: (n × 2) → (n × 1).
fn difference(weights: &Array2<f32>) -> Array2<f32> {
    let difference = &weights.column(1) - &weights.column(0);
    difference.insert_axis(ndarray::Axis(1))
}
