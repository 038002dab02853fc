//! ONNX graphs: IR version 8, operator set 17, and set 3 of `ai.onnx.ml` for words.
//!
//! The number of rows is variable. A graph has one input `x` (rows × columns) or, for a table with
//! categories, an input of shape (rows × 1) for each column, named after it.

mod convolution;
mod graph;
mod input;
mod layers;
pub(super) mod proto;

use prost::Message as _;

use super::{Export, Layer, Part};
use graph::Graph;
use proto::element;

/// The version of the intermediate representation that goes with operator set 17.
const IR_VERSION: i64 = 8;
/// The version of the operators.
const OPERATORS: i64 = 17;
/// The version of the operators for words.
const WORD_OPERATORS: i64 = 3;

/// Returns the bytes of a file with a part of the model.
pub(super) fn write(export: &Export<'_>, part: Part, layers: &[Layer]) -> Vec<u8> {
    model(export, part, layers).encode_to_vec()
}

/// Builds the messages of a part.
pub(super) fn model(export: &Export<'_>, part: Part, layers: &[Layer]) -> proto::Model {
    let outputs: &[&str] = match part {
        Part::Encoder => &["code"],
        Part::Decoder | Part::Reconstruction => &["reconstruction", "restored"],
        Part::Classifier => &["probabilities", "class"],
    };
    let mut graph = Graph::new(&format!("{} of {}", part.name(), export.run), outputs);
    let n_inputs = layers.first().map_or(0, Layer::n_inputs);
    let n_outputs = layers.last().map_or(0, Layer::n_outputs);
    let x = if part == Part::Decoder {
        graph.input("code", element::FLOAT, n_inputs, "the code")
    } else {
        input::encoded(&mut graph, &export.inputs, n_inputs)
    };
    let y = layers::through(&mut graph, layers, x);
    match part {
        Part::Encoder => {
            graph.output(&y, "code", element::FLOAT, n_outputs, "the code of each row");
        }
        Part::Decoder | Part::Reconstruction => {
            let doc = "the reconstruction of each row, as the network's inputs are scaled";
            graph.output(&y, "reconstruction", element::FLOAT, n_outputs, doc);
            input::restored(&mut graph, &export.inputs, n_outputs);
        }
        Part::Classifier => {
            let doc = "the probability of each class";
            graph.output(&y, "probabilities", element::FLOAT, n_outputs, doc);
            layers::classes(&mut graph, &export.classes);
        }
    }
    let doc_string = format!("The {} of {}, written by aerbm.", part.name(), export.run);
    let mut metadata = export.metadata(layers);
    metadata.insert("part".to_owned(), part.name().into());
    let entry = |(key, value): (String, serde_json::Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        proto::Entry { key, value }
    };
    let graph = graph.into_message();
    let mut opset_import = vec![proto::OperatorSet { domain: String::new(), version: OPERATORS }];
    if graph.node.iter().any(|node| node.domain == graph::WORDS) {
        let domain = graph::WORDS.to_owned();
        opset_import.push(proto::OperatorSet { domain, version: WORD_OPERATORS });
    }
    proto::Model {
        ir_version: IR_VERSION,
        producer_name: "aerbm".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string,
        graph: Some(graph),
        opset_import,
        metadata_props: metadata.into_iter().map(entry).collect(),
    }
}
