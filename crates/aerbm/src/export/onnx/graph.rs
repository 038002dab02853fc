//! Graphs that are built node by node.

use std::collections::BTreeSet;

use super::proto::{self, attribute, element};

/// The domain of the operators for words.
pub(super) const WORDS: &str = "ai.onnx.ml";
/// The name of the variable number of rows.
const ROWS: &str = "rows";

/// A graph under construction. Every value has a unique name, whatever the columns are called.
pub(super) struct Graph {
    message: proto::Graph,
    names: BTreeSet<String>,
}

/// An attribute of a node.
pub(super) enum Attribute<'a> {
    Float(&'a str, f32),
    Int(&'a str, i64),
    Ints(&'a str, Vec<i64>),
    Words(&'a str, &'a [String]),
}

impl Graph {
    /// Creates a graph of this name, whose outputs will have these names.
    pub(super) fn new(name: &str, outputs: &[&str]) -> Self {
        let message = proto::Graph { name: name.to_owned(), ..Default::default() };
        Graph { message, names: outputs.iter().map(|&output| output.to_owned()).collect() }
    }

    /// Returns this name, or, if a value has it already, this name with a number.
    fn unique(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}.{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| self.names.insert(name.clone())).expect("numbers do not end")
    }

    pub(super) fn into_message(self) -> proto::Graph {
        self.message
    }

    /// Adds an input of shape rows × `columns` and returns its name.
    pub(super) fn input(&mut self, name: &str, element: i32, columns: usize, doc: &str) -> String {
        let name = self.unique(name);
        self.message.input.push(value(&name, element, Some(columns), doc));
        name
    }

    /// Gives a value the name of an output of shape rows × `columns`.
    pub(super) fn output(&mut self, of: &str, name: &str, element: i32, columns: usize, doc: &str) {
        self.rename(of, name);
        self.message.output.push(value(name, element, Some(columns), doc));
    }

    /// Gives a value the name of an output with one element per row.
    pub(super) fn output_column(&mut self, of: &str, name: &str, element: i32, doc: &str) {
        self.rename(of, name);
        self.message.output.push(value(name, element, None, doc));
    }

    fn rename(&mut self, of: &str, name: &str) {
        self.message.node.push(proto::Node {
            input: vec![of.to_owned()],
            output: vec![name.to_owned()],
            name: format!("{name}.output"),
            op_type: "Identity".to_owned(),
            ..Default::default()
        });
    }

    /// Adds a node and returns the name of its output.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str]) -> String {
        self.node_with(operator, inputs, &[])
    }

    /// Adds a node with attributes and returns the name of its output.
    pub(super) fn node_with(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[Attribute<'_>],
    ) -> String {
        self.nodes::<1>(operator, inputs, attributes)[0].clone()
    }

    /// Adds a node with `N` outputs and returns their names.
    pub(super) fn nodes<const N: usize>(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[Attribute<'_>],
    ) -> [String; N] {
        let name = format!("{operator}.{}", self.message.node.len());
        let outputs: [String; N] =
            std::array::from_fn(|output| self.unique(&format!("{name}.{output}")));
        let domain = if operator == "LabelEncoder" { WORDS } else { "" };
        self.message.node.push(proto::Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: outputs.to_vec(),
            name,
            op_type: operator.to_owned(),
            attribute: attributes.iter().map(Attribute::message).collect(),
            domain: domain.to_owned(),
        });
        outputs
    }

    /// Adds a constant of `f32` and returns its name.
    pub(super) fn floats(
        &mut self,
        name: &str,
        shape: &[usize],
        values: impl IntoIterator<Item = f32>,
    ) -> String {
        let raw = values.into_iter().flat_map(f32::to_le_bytes).collect();
        self.constant(name, element::FLOAT, shape, raw, vec![])
    }

    /// Adds a constant of `f64` and returns its name.
    pub(super) fn doubles(
        &mut self,
        name: &str,
        shape: &[usize],
        values: impl IntoIterator<Item = f64>,
    ) -> String {
        let raw = values.into_iter().flat_map(f64::to_le_bytes).collect();
        self.constant(name, element::DOUBLE, shape, raw, vec![])
    }

    /// Adds a constant of integers and returns its name.
    pub(super) fn integers(&mut self, name: &str, shape: &[usize], values: &[i64]) -> String {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(name, element::INT64, shape, raw, vec![])
    }

    /// Adds a constant vector of words and returns its name.
    pub(super) fn words(&mut self, name: &str, words: &[String]) -> String {
        let strings = words.iter().map(|word| word.clone().into_bytes()).collect();
        self.constant(name, element::STRING, &[words.len()], vec![], strings)
    }

    /// Adds a single `f32` and returns its name.
    pub(super) fn scalar(&mut self, value: f32) -> String {
        self.floats("scalar", &[], [value])
    }

    fn constant(
        &mut self,
        name: &str,
        data_type: i32,
        shape: &[usize],
        raw_data: Vec<u8>,
        string_data: Vec<Vec<u8>>,
    ) -> String {
        let name = self.unique(name);
        let dims = shape.iter().map(|&size| count(size)).collect();
        let tensor = proto::Tensor { dims, data_type, string_data, name: name.clone(), raw_data };
        self.message.initializer.push(tensor);
        name
    }
}

impl Attribute<'_> {
    fn message(&self) -> proto::Attribute {
        let empty = proto::Attribute::default();
        match self {
            Attribute::Float(name, value) => proto::Attribute {
                name: (*name).to_owned(),
                f: Some(*value),
                r#type: attribute::FLOAT,
                ..empty
            },
            Attribute::Int(name, value) => proto::Attribute {
                name: (*name).to_owned(),
                i: Some(*value),
                r#type: attribute::INT,
                ..empty
            },
            Attribute::Ints(name, values) => proto::Attribute {
                name: (*name).to_owned(),
                ints: values.clone(),
                r#type: attribute::INTS,
                ..empty
            },
            Attribute::Words(name, words) => proto::Attribute {
                name: (*name).to_owned(),
                strings: words.iter().map(|word| word.clone().into_bytes()).collect(),
                r#type: attribute::STRINGS,
                ..empty
            },
        }
    }
}

/// A count in ONNX's integer type.
pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).expect("sizes in memory are far below 2^63")
}

/// The type of a value of shape rows × columns, or with one element per row.
fn value(name: &str, element: i32, columns: Option<usize>, doc: &str) -> proto::Value {
    let rows = proto::Size::Named(ROWS.to_owned());
    let columns = columns.map(|n| proto::Size::Fixed(count(n)));
    let dim = [Some(rows), columns].into_iter().flatten();
    let dim = dim.map(|size| proto::Dimension { size: Some(size) }).collect();
    let tensor = proto::TensorType { elem_type: element, shape: Some(proto::Shape { dim }) };
    proto::Value {
        name: name.to_owned(),
        r#type: Some(proto::Type { tensor_type: Some(tensor) }),
        doc_string: doc.to_owned(),
    }
}
