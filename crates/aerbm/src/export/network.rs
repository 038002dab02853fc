//! Models of every kind as chains of layers, from which all formats are written.

use ae_core::Autoencoder;
use ndarray::{Array1, Array2, Axis};
use nn_core::{Activation, Chain as _, Connection, Convolution, LayerView, Pooling};
use rbm_core::convolutional::{ConvRbm, ImageShape};
use rbm_core::{Rbm, Unit, Units};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use stack::PretrainedLayer;

use crate::Model;

/// A function of a layer's total inputs z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    /// An activation function of each z.
    Unit(Activation),
    /// 1 / (1 − e⁻ᶻ) − 1 / z, the mean of a truncated exponential unit.
    TruncatedExponentialMean,
    /// eᶻ / Σ eᶻ over the layer.
    Softmax,
    /// Σ eᶻ / (1 + Σ eᶻ) over each square block of a map: the probability that a unit of the block is on.
    BlockProbability {
        /// Side of the blocks.
        side: usize,
    },
}

impl Function {
    /// The mean of an RBM's units, given their inputs; `None` for units of several kinds. Every kind of unit
    /// is listed, so that a new one has to define its mean.
    fn mean_of(units: &Units) -> Option<Self> {
        let Units::Same(unit) = units else { return None };
        Some(match unit {
            Unit::Binary => Function::Unit(Activation::Logistic),
            Unit::Gaussian => Function::Unit(Activation::Identity),
            Unit::Spin => Function::Unit(Activation::Tanh),
            Unit::TruncatedExponential => Function::TruncatedExponentialMean,
        })
    }

    /// The name in metadata and messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Function::Unit(Activation::Identity) => "identity",
            Function::Unit(Activation::Logistic) => "logistic",
            Function::Unit(Activation::Tanh) => "tanh",
            Function::Unit(Activation::Relu) => "relu",
            Function::Unit(Activation::LeakyRelu) => "leaky-relu",
            Function::Unit(Activation::Softplus) => "softplus",
            Function::Unit(Activation::Elu) => "elu",
            Function::TruncatedExponentialMean => "truncated-exponential-mean",
            Function::Softmax => "softmax",
            Function::BlockProbability { .. } => "block-probability",
        }
    }
}

impl Serialize for Function {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A layer: y = f(x W + b), where the `keep` largest values are kept and the others become zero. The product
/// may be a convolution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    /// The name, such as `encoder.0`.
    pub(super) name: String,
    /// W; its shape depends on the connection.
    pub(crate) weights: Array2<f32>,
    /// b; its length depends on the connection.
    pub(crate) bias: Array1<f32>,
    /// Connection between inputs and outputs.
    pub(crate) connection: Connection,
    /// f.
    pub(crate) function: Function,
    /// Number of outputs that are kept; `None` for all.
    pub(crate) keep: Option<usize>,
}

impl Layer {
    /// Number of inputs.
    pub(super) fn n_inputs(&self) -> usize {
        self.view().n_inputs()
    }

    /// Number of outputs.
    pub(super) fn n_outputs(&self) -> usize {
        match self.function {
            Function::BlockProbability { side } => self.view().n_outputs() / (side * side),
            _ => self.view().n_outputs(),
        }
    }

    fn view(&self) -> LayerView<'_, f32> {
        let Layer { weights, bias, connection, .. } = self;
        let activation = Activation::Identity;
        LayerView {
            weights: weights.view(),
            bias: bias.view(),
            activation,
            connection: *connection,
        }
    }

    fn new(name: String, weights: Array2<f32>, bias: Array1<f32>, function: Function) -> Self {
        Layer { name, weights, bias, connection: Connection::Full, function, keep: None }
    }

    /// Shape and values of the weights as in PyTorch and ONNX: maps × channels × kernel × kernel for a
    /// convolution and its transpose. The weights of a dense layer stay inputs × outputs.
    pub(super) fn tensor(&self) -> (Vec<usize>, Array2<f32>) {
        let (kernels, c) = match self.connection {
            Connection::Full => return (self.weights.shape().to_vec(), self.weights.clone()),
            Connection::Convolution(c) => (self.weights.t(), c),
            Connection::Transposed(c) => (self.weights.view(), c),
        };
        // A kernel's values are ordered by row, column and channel.
        let (kernel, channels) = (c.kernel, c.input[2]);
        let area = kernel * kernel;
        let values = Array2::from_shape_fn((c.maps, channels * area), |(map, i)| {
            kernels[(map, i % area * channels + i / area)]
        });
        (vec![c.maps, channels, kernel, kernel], values)
    }

    /// The geometry of a convolution for metadata.
    pub(super) fn geometry(&self) -> Option<Value> {
        let output = match self.connection {
            Connection::Full => return None,
            Connection::Convolution(c) => c.output(),
            Connection::Transposed(c) => c.input,
        };
        let mut geometry = json!(self.connection);
        geometry["output"] = json!(output);
        if let Function::BlockProbability { side } = self.function {
            let [height, width, maps] = output;
            geometry["block"] = json!(side);
            geometry["output"] = json!([height / side, width / side, maps]);
        }
        geometry["weight_orientation"] = json!("maps x channels x kernel rows x kernel columns");
        Some(geometry)
    }
}

/// The layers from the data to the code. The code keeps as many units as it does for features or, if it is to
/// be `decoded`, as many as for reconstructions.
pub(crate) fn encoder(model: &Model, decoded: bool) -> Vec<Layer> {
    let mut layers = match model {
        Model::Autoencoder(model) => chain(model, 0, model.encoder.len(), "encoder"),
        Model::Rbm(rbm) => vec![up(rbm, 0)],
        Model::Dbn(dbn) => dbn.layers.iter().enumerate().map(|(i, rbm)| up(rbm, i)).collect(),
        Model::ConvDbn(dbn) => {
            dbn.layers.iter().enumerate().map(|(i, rbm)| conv_up(rbm, i)).collect()
        }
    };
    if let (Model::Autoencoder(model), Some(code)) = (model, layers.last_mut()) {
        let kept = if decoded { model.top_k } else { model.encode_top_k.or(model.top_k) };
        code.keep = kept.filter(|&k| k < code.n_outputs());
    }
    layers
}

/// Whether the reconstruction of the model has columns of several kinds, which a chain of layers cannot
/// produce.
pub(crate) fn is_mixed(model: &Model) -> bool {
    match model {
        Model::Autoencoder(model) => model.layout.is_some(),
        Model::Rbm(rbm) => matches!(rbm.visible.unit, Units::Mixed { .. }),
        Model::Dbn(dbn) => matches!(dbn.layers[0].visible.unit, Units::Mixed { .. }),
        Model::ConvDbn(_) => false,
    }
}

/// The layers from the code to the reconstruction of a model that is not mixed.
pub(crate) fn decoder(model: &Model) -> Vec<Layer> {
    match model {
        Model::Autoencoder(model) => {
            // Every field is listed, so that one that changes the reconstruction is not forgotten here.
            let Autoencoder { encoder, decoder: _, units, top_k: _, encode_top_k: _, layout: _ } =
                model;
            chain(model, encoder.len(), units.len(), "decoder")
        }
        Model::Rbm(rbm) => vec![down(rbm, 0)],
        Model::Dbn(dbn) => {
            dbn.layers.iter().rev().enumerate().map(|(i, rbm)| down(rbm, i)).collect()
        }
        Model::ConvDbn(dbn) => {
            dbn.layers.iter().rev().enumerate().map(|(i, rbm)| conv_down(rbm, i)).collect()
        }
    }
}

/// Whether reconstructions of the model use the positions of units within blocks. The code does not contain
/// these, so that encoder and decoder in sequence give a different reconstruction.
pub(crate) fn has_places(model: &Model) -> bool {
    let Model::ConvDbn(dbn) = model else { return false };
    dbn.layers.iter().any(|rbm| rbm.geometry.pool() > 1)
}

/// The layers of a classifier, softmax last.
pub(super) fn classifier(classifier: &stack::Classifier<f32>) -> Vec<Layer> {
    let mut layers = chain(classifier, 0, classifier.n_layers(), "classifier");
    if let Some(output) = layers.last_mut() {
        output.function = Function::Softmax;
    }
    layers
}

fn chain(model: &impl nn_core::Chain<f32>, from: usize, to: usize, part: &str) -> Vec<Layer> {
    let layers = (from..to).map(|index| {
        let layer = model.layer(index);
        let function = Function::Unit(layer.activation);
        let name = format!("{part}.{}", index - from);
        let dense = Layer::new(name, layer.weights.to_owned(), layer.bias.to_owned(), function);
        Layer { connection: layer.connection, ..dense }
    });
    layers.collect()
}

/// E[h | v]. The standard deviations σ of the visible units become part of the weights, W / σ.
fn up(rbm: &Rbm<f32>, index: usize) -> Layer {
    let mut weights = rbm.weights.clone();
    if !rbm.visible.std.is_empty() {
        weights /= &rbm.visible.std.view().insert_axis(Axis(1));
    }
    let function = Function::mean_of(&rbm.hidden.unit).expect("hidden units are of one kind");
    let bias = rbm.hidden.bias.clone();
    Layer::new(format!("encoder.{index}"), weights, bias, function)
}

/// The probabilities of pooled units. The standard deviations σ of the visible units become part of the
/// weights, W / σ.
fn conv_up(rbm: &ConvRbm<f32>, index: usize) -> Layer {
    let (weights, bias) = rbm.convolution();
    let ImageShape { height, width, channels } = rbm.geometry.image();
    let convolution = Convolution {
        input: [height, width, channels],
        maps: rbm.geometry.maps(),
        kernel: rbm.geometry.kernel(),
        stride: 1,
        padding: 0,
        pool: Pooling::default(),
    };
    let function = Function::BlockProbability { side: rbm.geometry.pool() };
    let dense = Layer::new(format!("encoder.{index}"), weights, bias, function);
    Layer { connection: Connection::Convolution(convolution), ..dense }
}

/// E[v | pooled] in the mean field, with equal probabilities of the positions within blocks.
fn conv_down(rbm: &ConvRbm<f32>, index: usize) -> Layer {
    let decoder = PretrainedLayer::from(rbm.clone()).decoder;
    let function = Function::mean_of(&rbm.visible.unit).expect("visible units are of one kind");
    let dense = Layer::new(format!("decoder.{index}"), decoder.weights, decoder.bias, function);
    Layer { connection: decoder.connection, ..dense }
}

/// E[v | h], with the weights σ W and the biases σ a if visible units have standard deviations σ. Such units
/// are Gaussian, so that their mean is their input.
fn down(rbm: &Rbm<f32>, index: usize) -> Layer {
    let (mut weights, mut bias) = (rbm.weights.t().to_owned(), rbm.visible.bias.clone());
    if !rbm.visible.std.is_empty() {
        weights *= &rbm.visible.std;
        bias *= &rbm.visible.std;
    }
    let function = Function::mean_of(&rbm.visible.unit).expect("outputs are of one kind");
    Layer::new(format!("decoder.{index}"), weights, bias, function)
}
