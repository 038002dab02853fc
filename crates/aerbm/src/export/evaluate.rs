//! Evaluates graphs of convolutions for the tests, by the definitions of ONNX's operators.

#![allow(clippy::cast_sign_loss, reason = "sizes are positive")]

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayD, Axis, Ix2, Ix4, IxDyn, s};

use super::onnx::proto;

/// Returns the outputs of a graph with one input, by name. Only the operators of convolutional networks are
/// implemented.
pub(super) fn evaluate(model: &proto::Model, x: &Array2<f32>) -> BTreeMap<String, ArrayD<f32>> {
    let graph = model.graph.as_ref().expect("a graph");
    let mut values = BTreeMap::from([(graph.input[0].name.clone(), x.clone().into_dyn())]);
    for tensor in &graph.initializer {
        let shape: Vec<usize> = tensor.dims.iter().map(|&size| size as usize).collect();
        let numbers: Vec<f32> = if tensor.data_type == proto::element::INT64 {
            let (words, _) = tensor.raw_data.as_chunks::<8>();
            words.iter().map(|word| i64::from_le_bytes(*word) as f32).collect()
        } else {
            let (words, _) = tensor.raw_data.as_chunks::<4>();
            words.iter().map(|word| f32::from_le_bytes(*word)).collect()
        };
        let array = ArrayD::from_shape_vec(shape, numbers).expect("as many numbers");
        values.insert(tensor.name.clone(), array);
    }
    for node in &graph.node {
        let inputs: Vec<&ArrayD<f32>> = node.input.iter().map(|name| &values[name]).collect();
        let value = output(node, &inputs);
        values.insert(node.output[0].clone(), value);
    }
    values
}

fn ints(node: &proto::Node, name: &str) -> Vec<usize> {
    let attribute = node.attribute.iter().find(|attribute| attribute.name == name);
    let ints = attribute.map_or(&[][..], |attribute| &attribute.ints);
    ints.iter().map(|&n| n as usize).collect()
}

fn output(node: &proto::Node, inputs: &[&ArrayD<f32>]) -> ArrayD<f32> {
    let x = inputs[0];
    match node.op_type.as_str() {
        "Identity" => x.clone(),
        "IsNaN" => x.mapv(|x| f32::from(x.is_nan())),
        "Where" => {
            let (yes, no) = (inputs[1].broadcast(x.shape()), inputs[2]);
            let (yes, mut out) = (yes.expect("broadcastable"), no.clone());
            ndarray::Zip::from(&mut out).and(x).and(yes).for_each(|out, &condition, &yes| {
                *out = if condition == 0.0 { *out } else { yes };
            });
            out
        }
        "Sigmoid" => x.mapv(|z| 1.0 / (1.0 + (-z).exp())),
        "Elu" => x.mapv(|z| if z < 0.0 { z.exp_m1() } else { z }),
        "Softmax" => {
            let power = x.mapv(f32::exp);
            let total = power.sum_axis(Axis(1)).insert_axis(Axis(1));
            power / total
        }
        "ArgMax" => x.map_axis(Axis(1), |row| {
            let scores: Vec<f32> = row.to_vec();
            numerics::argmax(&scores) as f32
        }),
        "Gemm" => {
            let matrix =
                |array: &ArrayD<f32>| array.clone().into_dimensionality::<Ix2>().expect("a matrix");
            (matrix(x).dot(&matrix(inputs[1]))).into_dyn() + inputs[2]
        }
        "Reshape" => {
            let sizes = inputs[1].iter().enumerate();
            let size =
                |(axis, &n): (usize, &f32)| if n == 0.0 { x.shape()[axis] } else { n as usize };
            let shape: Vec<usize> = sizes.map(size).collect();
            let values = x.iter().copied().collect();
            ArrayD::from_shape_vec(shape, values).expect("as many values")
        }
        "Transpose" => x.clone().permuted_axes(IxDyn(&ints(node, "perm"))),
        "GlobalAveragePool" => {
            let mean = |axis, x: &ArrayD<f32>| x.mean_axis(Axis(axis)).expect("no empty images");
            mean(2, &mean(2, x)).insert_axis(Axis(2)).insert_axis(Axis(3))
        }
        "ReduceLogSumExp" => {
            let mut axes = ints(node, "axes");
            axes.sort_unstable();
            let sum = |x: ArrayD<f32>, axis: usize| x.sum_axis(Axis(axis));
            axes.into_iter().rev().fold(x.mapv(f32::exp), sum).mapv(f32::ln)
        }
        "MaxPool" => max_pool(node, x),
        "Conv" => conv(node, x, inputs[1], inputs[2]),
        "ConvTranspose" => conv_transpose(node, x, inputs[1], inputs[2]),
        other => panic!("{other} is not evaluated here"),
    }
}

fn max_pool(node: &proto::Node, x: &ArrayD<f32>) -> ArrayD<f32> {
    let (window, stride) = (ints(node, "kernel_shape")[0], ints(node, "strides")[0]);
    let x = x.view().into_dimensionality::<Ix4>().expect("images");
    let (n, channels, height, width) = x.dim();
    let size = |side: usize| (side - window) / stride + 1;
    let pooled = ndarray::Array4::from_shape_fn(
        (n, channels, size(height), size(width)),
        |(row, channel, i, j)| {
            let (top, left) = (i * stride, j * stride);
            let part = x.slice(s![row, channel, top..top + window, left..left + window]);
            part.fold(f32::NEG_INFINITY, |most, &value| most.max(value))
        },
    );
    pooled.into_dyn()
}

/// The row or column of the image below a row or column of the kernel at this position.
fn place(node: &proto::Node, position: usize, kernel: usize, side: usize) -> Option<usize> {
    let (stride, padding) = (ints(node, "strides")[0], ints(node, "pads")[0]);
    (position * stride + kernel).checked_sub(padding).filter(|&place| place < side)
}

fn conv(node: &proto::Node, x: &ArrayD<f32>, w: &ArrayD<f32>, bias: &ArrayD<f32>) -> ArrayD<f32> {
    let ([n, height, width], [maps, channels, kernel]) = sizes(x, w);
    let (stride, padding) = (ints(node, "strides")[0], ints(node, "pads")[0]);
    let positions = |side: usize| (side + 2 * padding - kernel) / stride + 1;
    let shape = [n, maps, positions(height), positions(width)];
    ArrayD::from_shape_fn(shape.as_slice(), |at| {
        let mut sum = bias[at[1]];
        for (channel, ky, kx) in ndarray::indices((channels, kernel, kernel)) {
            let (y, x_) = (place(node, at[2], ky, height), place(node, at[3], kx, width));
            if let (Some(y), Some(x_)) = (y, x_) {
                sum += x[[at[0], channel, y, x_]] * w[[at[1], channel, ky, kx]];
            }
        }
        sum
    })
}

fn conv_transpose(
    node: &proto::Node,
    x: &ArrayD<f32>,
    w: &ArrayD<f32>,
    bias: &ArrayD<f32>,
) -> ArrayD<f32> {
    let ([n, rows, columns], [maps, channels, kernel]) = sizes(x, w);
    let (stride, padding) = (ints(node, "strides")[0], ints(node, "pads")[0]);
    let beyond = ints(node, "output_padding");
    let side =
        |positions: usize, beyond: usize| stride * (positions - 1) + kernel + beyond - 2 * padding;
    let (height, width) = (side(rows, beyond[0]), side(columns, beyond[1]));
    let mut out = ArrayD::from_shape_fn(&[n, channels, height, width][..], |at| bias[at[1]]);
    for (row, map, i, j) in ndarray::indices((n, maps, rows, columns)) {
        for (channel, ky, kx) in ndarray::indices((channels, kernel, kernel)) {
            let (y, x_) = (place(node, i, ky, height), place(node, j, kx, width));
            if let (Some(y), Some(x_)) = (y, x_) {
                out[[row, channel, y, x_]] += x[[row, map, i, j]] * w[[map, channel, ky, kx]];
            }
        }
    }
    out
}

/// Returns rows, height and width of images, and the first two sizes of the weights with that of the kernel.
fn sizes(x: &ArrayD<f32>, w: &ArrayD<f32>) -> ([usize; 3], [usize; 3]) {
    let (x, w) = (x.shape(), w.shape());
    ([x[0], x[2], x[3]], [w[0], w[1], w[2]])
}
