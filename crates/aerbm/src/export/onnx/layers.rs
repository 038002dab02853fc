//! Layers, their functions, and the choice of a class as nodes.

use nn_core::Activation;

use super::convolution::{self, Value};
use super::graph::{Attribute, Graph, count};
use super::proto::element;
use crate::export::network::{Function, Layer};

/// Adds the layers, and returns the value of the last one, in rows.
pub(super) fn through(graph: &mut Graph, layers: &[Layer], x: String) -> String {
    let y = layers.iter().fold(Value::from(x), |x, layer| {
        let (shape, weights) = layer.tensor();
        let name = |tensor: &str| format!("{}.{tensor}", layer.name);
        let weights = graph.floats(&name("weight"), &shape, weights);
        let bias = graph.floats(&name("bias"), &[layer.bias.len()], layer.bias.iter().copied());
        let z = convolution::total_inputs(graph, layer.connection, x, [&weights, &bias]);
        let y = match layer.function {
            Function::Softmax => {
                let z = convolution::averaged(graph, layer.connection, z).into_rows(graph);
                graph.node_with("Softmax", &[&z], &[Attribute::Int("axis", -1)]).into()
            }
            Function::BlockProbability { side } => convolution::block_probabilities(graph, z, side),
            Function::TruncatedExponentialMean => {
                Value { name: truncated_exponential_mean(graph, &z.name), images: z.images }
            }
            Function::Unit(unit) => {
                let value = Value { name: activation(graph, unit, z.name), images: z.images };
                convolution::averaged(graph, layer.connection, value)
            }
        };
        match layer.keep {
            Some(k) => {
                let y = y.into_rows(graph);
                largest(graph, &y, k).into()
            }
            None => y,
        }
    });
    y.into_rows(graph)
}

fn activation(graph: &mut Graph, unit: Activation, z: String) -> String {
    match unit {
        Activation::Identity => z,
        Activation::Logistic => graph.node("Sigmoid", &[&z]),
        Activation::Tanh => graph.node("Tanh", &[&z]),
        Activation::Relu => graph.node("Relu", &[&z]),
        Activation::LeakyRelu => {
            let slope = -Activation::LeakyRelu.output(-1.0_f32);
            graph.node_with("LeakyRelu", &[&z], &[Attribute::Float("alpha", slope)])
        }
        Activation::Softplus => graph.node("Softplus", &[&z]),
        Activation::Elu => graph.node_with("Elu", &[&z], &[Attribute::Float("alpha", 1.0)]),
    }
}

/// Keeps the `k` largest values of each row and sets the others to zero. Of equal values, the first are kept,
/// as TopK is defined.
fn largest(graph: &mut Graph, y: &str, k: usize) -> String {
    let kept = graph.integers("kept", &[1], &[count(k)]);
    let [values, places] = graph.nodes("TopK", &[y, &kept], &[Attribute::Int("axis", -1)]);
    let shape = graph.node("Shape", &[y]);
    let zeros = graph.node("ConstantOfShape", &[&shape]);
    graph.node_with("ScatterElements", &[&zeros, &places, &values], &[Attribute::Int("axis", 1)])
}

/// 1 / (1 − e⁻ᶻ) − 1 / z. Near 0, where this is a difference of almost equal numbers, the series ½ + z/12 −
/// z³/720 + z⁵/30240 − z⁷/1209600 is used, whose error is below 1e-9 for |z| < ½.
fn truncated_exponential_mean(graph: &mut Graph, z: &str) -> String {
    let [zero, half, one] = [0.0, 0.5, 1.0].map(|value| graph.scalar(value));
    let squared = graph.node("Mul", &[z, z]);
    let mut sum = graph.scalar(-1.0 / 1_209_600.0);
    for coefficient in [1.0 / 30_240.0, -1.0 / 720.0, 1.0 / 12.0] {
        let product = graph.node("Mul", &[&sum, &squared]);
        let coefficient = graph.scalar(coefficient);
        sum = graph.node("Add", &[&product, &coefficient]);
    }
    let odd = graph.node("Mul", &[&sum, z]);
    let near = graph.node("Add", &[&odd, &half]);

    let magnitude = graph.node("Abs", &[z]);
    let divisor = graph.node("Max", &[&magnitude, &half]);
    let negative = graph.node("Neg", &[&divisor]);
    let power = graph.node("Exp", &[&negative]);
    let denominator = graph.node("Sub", &[&one, &power]);
    let first = graph.node("Div", &[&one, &denominator]);
    let second = graph.node("Div", &[&one, &divisor]);
    let above = graph.node("Sub", &[&first, &second]);
    // The mean at −z is the mirror image.
    let below = graph.node("Sub", &[&one, &above]);
    let is_negative = graph.node("Less", &[z, &zero]);
    let far = graph.node("Where", &[&is_negative, &below, &above]);
    let is_small = graph.node("Less", &[&magnitude, &half]);
    graph.node("Where", &[&is_small, &near, &far])
}

/// Adds the output `class`: the number or, if classes have names, the name of the most probable one.
pub(super) fn classes(graph: &mut Graph, names: &[String]) {
    let attributes = [Attribute::Int("axis", -1), Attribute::Int("keepdims", 0)];
    let index = graph.node_with("ArgMax", &["probabilities"], &attributes);
    if names.is_empty() {
        graph.output_column(&index, "class", element::INT64, "the most probable class, from 0");
    } else {
        let names = graph.words("class names", names);
        let class = graph.node("Gather", &[&names, &index]);
        graph.output_column(&class, "class", element::STRING, "the most probable class");
    }
}
