//! The encoding of raw columns, and its inverse, as nodes.

use super::graph::{Attribute, Graph, count};
use super::proto::element;
use crate::export::input::{CategoryEncoding, InputEncoding, NumberEncoding, ValueEncoding};

const NUMBERS: &str = "the columns in their own units; missing values are NaN";

/// Adds the inputs of a network with `n_inputs` inputs, and returns the name of their encoded value.
pub(super) fn encoded(graph: &mut Graph, encoding: &InputEncoding, n_inputs: usize) -> String {
    match (encoding, encoding.numbers()) {
        (_, Some(numbers)) => {
            let x = graph.input("x", element::DOUBLE, n_inputs, NUMBERS);
            scaled(graph, &x, &numbers)
        }
        (InputEncoding::Divide(divisor), None) => {
            let doc = format!("the values, which the graph divides by {divisor}");
            let x = graph.input("x", element::FLOAT, n_inputs, &doc);
            let divisor = graph.scalar(*divisor);
            let divided = graph.node("Div", &[&x, &divisor]);
            without_missing(graph, &divided)
        }
        (InputEncoding::Table(columns), None) => {
            let mut parts = Vec::new();
            for column in columns {
                let name = &column.name;
                parts.push(match &column.values {
                    ValueEncoding::Number(number) => {
                        let doc = "a number; missing values are NaN";
                        let x = graph.input(name, element::DOUBLE, 1, doc);
                        scaled(graph, &x, &[*number])
                    }
                    ValueEncoding::Category(category) => {
                        let doc = "a word; missing values are empty";
                        let word = graph.input(name, element::STRING, 1, doc);
                        one_hot(graph, &word, category)
                    }
                });
            }
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            graph.node_with("Concat", &parts, &[Attribute::Int("axis", 1)])
        }
        (InputEncoding::Keep | InputEncoding::Numbers(_), None) => {
            let doc = "the values as the network learned them; missing ones are NaN";
            let x = graph.input("x", element::FLOAT, n_inputs, doc);
            without_missing(graph, &x)
        }
    }
}

/// (x − centre) / spread in `f64`, bounded, with 0 for NaN, as `f32`.
fn scaled(graph: &mut Graph, x: &str, numbers: &[NumberEncoding]) -> String {
    let shape = [1, numbers.len()];
    let centre = graph.doubles("centre", &shape, numbers.iter().map(|number| number.centre));
    let spread = graph.doubles("spread", &shape, numbers.iter().map(|number| number.spread));
    let centred = graph.node("Sub", &[x, &centre]);
    let mut scaled = graph.node("Div", &[&centred, &spread]);
    if numbers.iter().any(|number| number.bounds.is_some()) {
        let bound = |which: fn((f64, f64)) -> f64, without: f64| {
            numbers.iter().map(move |number| number.bounds.map_or(without, which))
        };
        let low = graph.doubles("low", &shape, bound(|(low, _)| low, f64::NEG_INFINITY));
        let high = graph.doubles("high", &shape, bound(|(_, high)| high, f64::INFINITY));
        scaled = graph.node("Max", &[&scaled, &low]);
        scaled = graph.node("Min", &[&scaled, &high]);
    }
    let single = [Attribute::Int("to", element::FLOAT.into())];
    let scaled = graph.node_with("Cast", &[&scaled], &single);
    without_missing(graph, &scaled)
}

/// The values with NaN replaced by 0, so that a missing value gives a network no input.
fn without_missing(graph: &mut Graph, x: &str) -> String {
    let missing = graph.node("IsNaN", &[x]);
    let zero = graph.scalar(0.0);
    graph.node("Where", &[&missing, &zero, x])
}

/// One-hot encoding: 1 at the position of a word, 0 elsewhere. Positions beyond the width give zeros only.
fn one_hot(graph: &mut Graph, name: &str, category: &CategoryEncoding) -> String {
    let nowhere = count(category.width);
    let place = |place: Option<usize>| place.map_or(nowhere, count);
    let mut words = category.levels.clone();
    let mut places: Vec<i64> = (0_i64..).take(words.len()).collect();
    if !words.iter().any(String::is_empty) {
        words.push(String::new());
        places.push(place(category.missing));
    }
    let attributes = [
        Attribute::Words("keys_strings", &words),
        Attribute::Ints("values_int64s", places),
        Attribute::Int("default_int64", place(category.unknown)),
    ];
    let places = graph.node_with("LabelEncoder", &[name], &attributes);
    // The shape (rows × 1) becomes (rows × 1 × width) and then (rows × width).
    let width = graph.integers("width", &[], &[nowhere]);
    let values = graph.floats("off and on", &[2], [0.0, 1.0]);
    let attributes = [Attribute::Int("axis", -1)];
    let one_hot = graph.node_with("OneHot", &[&places, &width, &values], &attributes);
    let axis = graph.integers("axis", &[1], &[1]);
    graph.node("Squeeze", &[&one_hot, &axis])
}

/// Adds the output `restored`: the reconstruction in the units of the raw columns. It is omitted if the
/// network takes values unchanged, or if columns are words.
pub(super) fn restored(graph: &mut Graph, encoding: &InputEncoding, n_outputs: usize) {
    let (y, doc) = ("reconstruction", "the reconstruction in the units of the inputs");
    if let InputEncoding::Divide(divisor) = encoding {
        let divisor = graph.scalar(*divisor);
        let restored = graph.node("Mul", &[y, &divisor]);
        graph.output(&restored, "restored", element::FLOAT, n_outputs, doc);
    }
    if let Some(numbers) = encoding.numbers() {
        let shape = [1, numbers.len()];
        let centre = graph.doubles("centre", &shape, numbers.iter().map(|number| number.centre));
        let spread = graph.doubles("spread", &shape, numbers.iter().map(|number| number.spread));
        let double = [Attribute::Int("to", element::DOUBLE.into())];
        let y = graph.node_with("Cast", &[y], &double);
        let scaled = graph.node("Mul", &[&y, &spread]);
        let restored = graph.node("Add", &[&scaled, &centre]);
        graph.output(&restored, "restored", element::DOUBLE, n_outputs, doc);
    }
}
