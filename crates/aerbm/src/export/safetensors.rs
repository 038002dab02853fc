//! Parameters under self-explanatory names.
//!
//! Weights are outputs × inputs, as in PyTorch's `Linear`. An RBM has `rbm.weight` (hidden × visible),
//! `rbm.hidden_bias`, `rbm.visible_bias` and, for units with standard deviations, `rbm.visible_std`, by which
//! its inputs are divided. The RBMs of a deep belief network are `rbm.0`, `rbm.1`, … from the data upwards.
//! The metadata have a JSON object under the key `aerbm`.
//!
//! A convolution's weights are maps × channels × kernel × kernel, as in PyTorch's `Conv2d` and
//! `ConvTranspose2d`. Its geometry is in the metadata under `convolutions`. Images and maps are rows of
//! height × width × channels values, with the channel varying fastest, and the weights of the dense layer
//! above follow this order. Convolutional RBMs are `rbm.0`, `rbm.1`, … with such weights; they have one bias
//! per map and one per channel, and `block` is the side of their pooling blocks.

use std::collections::{BTreeMap, HashMap};

use ndarray::{Array2, ArrayView1, ArrayView2};
use nn_core::Connection;
use rbm_core::Rbm;
use rbm_core::convolutional::ConvRbm;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Map, Value, json};
use stack::ConvDbn;

use super::{Export, ExportError, Layer, Part, Source};
use crate::Model;

/// Named tensors: shape and bytes.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

/// Returns the bytes of a file with a part of the model, or with the whole model.
pub(super) fn write(export: &Export<'_>, part: Option<Part>) -> Result<Vec<u8>, ExportError> {
    let mut tensors = Tensors::new();
    let metadata = match (export.source, part) {
        (Source::Model(Model::Rbm(rbm)), None) => {
            add_rbm(&mut tensors, "rbm", rbm);
            rbm_metadata(export, &[("rbm".to_owned(), rbm)])
        }
        (Source::Model(Model::Dbn(dbn)), None) => {
            let named: Vec<(String, &Rbm<f32>)> = (dbn.layers.iter().enumerate())
                .map(|(layer, rbm)| (format!("rbm.{layer}"), rbm))
                .collect();
            for (name, rbm) in &named {
                add_rbm(&mut tensors, name, rbm);
            }
            rbm_metadata(export, &named)
        }
        (Source::Model(Model::ConvDbn(dbn)), None) => {
            for (layer, rbm) in dbn.layers.iter().enumerate() {
                add_conv_rbm(&mut tensors, &format!("rbm.{layer}"), rbm);
            }
            conv_rbm_metadata(export, dbn)
        }
        (Source::Model(Model::Autoencoder(model)), None) => {
            let mut layers = export.layers(Part::Encoder)?;
            layers.extend(export.layers(Part::Decoder)?);
            add_layers(&mut tensors, &layers);
            let mut metadata = export.metadata(&layers);
            if model.encode_top_k.is_some() {
                metadata.insert("largest_units_decoded".to_owned(), json!(model.top_k));
            }
            metadata
        }
        (_, part) => {
            let layers = export.layers(part.unwrap_or(export.default_part()))?;
            add_layers(&mut tensors, &layers);
            export.metadata(&layers)
        }
    };
    let views = tensors.iter().map(|(name, (shape, bytes))| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name, view.expect("four bytes a value"))
    });
    safetensors::serialize(views, Some(described(metadata))).map_err(|error| export.failed(error))
}

/// The metadata under one key, so that the bytes do not depend on the order of a hash map.
fn described(mut metadata: Map<String, Value>) -> HashMap<String, String> {
    metadata.insert("weight_orientation".to_owned(), json!("outputs x inputs"));
    HashMap::from([("aerbm".to_owned(), Value::Object(metadata).to_string())])
}

fn rbm_metadata(export: &Export<'_>, rbms: &[(String, &Rbm<f32>)]) -> Map<String, Value> {
    let mut metadata = export.metadata(&[]);
    let units = rbms.iter().map(|(name, rbm)| {
        let units = json!({ "visible": rbm.visible.unit.name(), "hidden": rbm.hidden.unit.name() });
        (name.clone(), units)
    });
    metadata.remove("activations");
    metadata.remove("layers");
    metadata.insert("units".to_owned(), Value::Object(units.collect()));
    metadata
}

fn add_rbm(tensors: &mut Tensors, name: &str, rbm: &Rbm<f32>) {
    add_matrix(tensors, &format!("{name}.weight"), rbm.weights.t());
    add_vector(tensors, &format!("{name}.visible_bias"), rbm.visible.bias.view());
    add_vector(tensors, &format!("{name}.hidden_bias"), rbm.hidden.bias.view());
    if !rbm.visible.std.is_empty() {
        add_vector(tensors, &format!("{name}.visible_std"), rbm.visible.std.view());
    }
}

/// The weights are maps × channels × kernel × kernel.
fn add_conv_rbm(tensors: &mut Tensors, name: &str, rbm: &ConvRbm<f32>) {
    let (kernel, channels) = (rbm.geometry.kernel(), rbm.geometry.image().channels);
    let (maps, area) = (rbm.geometry.maps(), kernel * kernel);
    let weights = Array2::from_shape_fn((maps, channels * area), |(map, i)| {
        rbm.weights[(i % area * channels + i / area, map)]
    });
    let shape = vec![maps, channels, kernel, kernel];
    tensors.insert(format!("{name}.weight"), (shape, bytes(weights.iter())));
    add_vector(tensors, &format!("{name}.visible_bias"), rbm.visible.bias.view());
    add_vector(tensors, &format!("{name}.hidden_bias"), rbm.hidden_bias.view());
    if !rbm.visible.std.is_empty() {
        add_vector(tensors, &format!("{name}.visible_std"), rbm.visible.std.view());
    }
}

fn conv_rbm_metadata(export: &Export<'_>, dbn: &ConvDbn) -> Map<String, Value> {
    let mut metadata = export.metadata(&[]);
    let of_layers = |of: &dyn Fn(&ConvRbm<f32>) -> Value| {
        let layers = dbn.layers.iter().enumerate();
        Value::Object(layers.map(|(i, rbm)| (format!("rbm.{i}"), of(rbm))).collect())
    };
    let units = of_layers(&|rbm| json!({ "visible": rbm.visible.unit.name(), "hidden": "binary" }));
    let convolutions = of_layers(&|rbm| {
        let (geometry, pooled) = (rbm.geometry, rbm.geometry.pooled());
        let image = geometry.image();
        json!({
            "input": [image.height, image.width, image.channels],
            "maps": geometry.maps(),
            "kernel": geometry.kernel(),
            "block": geometry.pool(),
            "output": [pooled.height, pooled.width, pooled.channels],
            "weight_orientation": "maps x channels x kernel rows x kernel columns",
        })
    });
    metadata.remove("activations");
    metadata.remove("layers");
    metadata.insert("units".to_owned(), units);
    metadata.insert("convolutions".to_owned(), convolutions);
    let rows = "height x width x channels, the channel running fastest";
    metadata.insert("image_rows".to_owned(), json!(rows));
    metadata
}

fn add_layers(tensors: &mut Tensors, layers: &[Layer]) {
    for layer in layers {
        let name = format!("{}.weight", layer.name);
        if layer.connection == Connection::Full {
            add_matrix(tensors, &name, layer.weights.t());
        } else {
            let (shape, values) = layer.tensor();
            tensors.insert(name, (shape, bytes(values.iter())));
        }
        add_vector(tensors, &format!("{}.bias", layer.name), layer.bias.view());
    }
}

fn add_matrix(tensors: &mut Tensors, name: &str, values: ArrayView2<'_, f32>) {
    tensors.insert(name.to_owned(), (values.shape().to_vec(), bytes(values.iter())));
}

fn add_vector(tensors: &mut Tensors, name: &str, values: ArrayView1<'_, f32>) {
    tensors.insert(name.to_owned(), (vec![values.len()], bytes(values.iter())));
}

fn bytes<'a>(values: impl Iterator<Item = &'a f32>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}
