//! Convolutions as nodes. Images and maps are rows × channels × height × width in the graph, whereas ours are
//! rows of height × width × channels values.

use nn_core::{Connection, Convolution, Pooling};

use super::graph::{Attribute, Graph, count};

/// A value of the graph, for each row of the data.
pub(super) struct Value {
    pub(super) name: String,
    /// Height, width and channels of a value of shape rows × channels × height × width; `None` for one of
    /// shape rows × columns.
    pub(super) images: Option<[usize; 3]>,
}

impl From<String> for Value {
    /// A value of shape rows × columns.
    fn from(name: String) -> Self {
        Value { name, images: None }
    }
}

impl Value {
    /// The value as rows × columns.
    pub(super) fn into_rows(self, graph: &mut Graph) -> String {
        let Some(shape) = self.images else { return self.name };
        let images = transposed(graph, &self.name, [0, 2, 3, 1]);
        reshaped(graph, &images, &[shape.iter().product()])
    }

    /// The value as images of this height, width and channels.
    fn into_images(self, graph: &mut Graph, shape: [usize; 3]) -> String {
        if self.images == Some(shape) {
            return self.name;
        }
        let rows = self.into_rows(graph);
        let images = reshaped(graph, &rows, &shape);
        transposed(graph, &images, [0, 3, 1, 2])
    }
}

fn transposed(graph: &mut Graph, x: &str, axes: [i64; 4]) -> String {
    graph.node_with("Transpose", &[x], &[Attribute::Ints("perm", axes.to_vec())])
}

/// The rows of `x` in this shape. ONNX takes a first axis of size 0 for that of `x`.
fn reshaped(graph: &mut Graph, x: &str, shape: &[usize]) -> String {
    let sizes: Vec<i64> = std::iter::once(0).chain(shape.iter().copied().map(count)).collect();
    let sizes = graph.integers("shape", &[sizes.len()], &sizes);
    graph.node("Reshape", &[x, &sizes])
}

/// Adds the total inputs of a layer, x W + b. For a convolution with max-pooling, they are the maxima:
/// activation functions never decrease, so that the largest output is that of the largest total input.
pub(super) fn total_inputs(
    graph: &mut Graph,
    connection: Connection,
    x: Value,
    [weights, bias]: [&str; 2],
) -> Value {
    match connection {
        Connection::Full => {
            let x = x.into_rows(graph);
            graph.node("Gemm", &[&x, weights, bias]).into()
        }
        Connection::Convolution(convolution) => {
            let x = x.into_images(graph, convolution.input);
            let patches = convolution.patches();
            let mut shape = [patches.rows(), patches.columns(), convolution.maps];
            let mut z = graph.node_with("Conv", &[&x, weights, bias], &geometry(&convolution));
            if let Pooling::Max(side) = convolution.pool
                && side > 1
            {
                let window = |name| Attribute::Ints(name, vec![count(side); 2]);
                let windows = [window("kernel_shape"), window("strides")];
                z = graph.node_with("MaxPool", &[&z], &windows);
                shape = convolution.output();
            }
            Value { name: z, images: Some(shape) }
        }
        Connection::Transposed(convolution) => {
            let x = x.into_images(graph, convolution.output());
            let [height, width, _] = convolution.input;
            let Convolution { kernel, stride, padding, .. } = convolution;
            // The pixels at the lower and right edges that no position of the kernel reaches.
            let beyond = [height, width].map(|side| count((side + 2 * padding - kernel) % stride));
            let [kernels, strides, pads] = geometry(&convolution);
            let beyond = Attribute::Ints("output_padding", beyond.to_vec());
            let attributes = [kernels, strides, pads, beyond];
            let z = graph.node_with("ConvTranspose", &[&x, weights, bias], &attributes);
            Value { name: z, images: Some(convolution.input) }
        }
    }
}

fn geometry(convolution: &Convolution) -> [Attribute<'static>; 3] {
    let Convolution { kernel, stride, padding, .. } = *convolution;
    [
        Attribute::Ints("kernel_shape", vec![count(kernel); 2]),
        Attribute::Ints("strides", vec![count(stride); 2]),
        Attribute::Ints("pads", vec![count(padding); 4]),
    ]
}

/// Adds the mean of each map, if the connection has global average pooling.
pub(super) fn averaged(graph: &mut Graph, connection: Connection, maps: Value) -> Value {
    match (connection, maps.images) {
        (Connection::Convolution(convolution), Some(_))
            if matches!(convolution.pool, Pooling::Whole(_)) =>
        {
            let name = graph.node("GlobalAveragePool", &[&maps.name]);
            Value { name, images: Some(convolution.output()) }
        }
        _ => maps,
    }
}

/// Adds Σ eᶻ / (1 + Σ eᶻ) = σ(ln Σ eᶻ) over square blocks of the maps.
pub(super) fn block_probabilities(graph: &mut Graph, z: Value, side: usize) -> Value {
    let Some([height, width, maps]) = z.images.filter(|_| side > 1) else {
        return Value { name: graph.node("Sigmoid", &[&z.name]), images: z.images };
    };
    let (rows, columns) = (height / side, width / side);
    let blocks = reshaped(graph, &z.name, &[maps, rows, side, columns, side]);
    let attributes = [Attribute::Ints("axes", vec![3, 5]), Attribute::Int("keepdims", 0)];
    let sums = graph.node_with("ReduceLogSumExp", &[&blocks], &attributes);
    Value { name: graph.node("Sigmoid", &[&sums]), images: Some([rows, columns, maps]) }
}
