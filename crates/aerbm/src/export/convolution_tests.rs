//! Exported models with convolutional layers: their graphs, evaluated, give what the library gives.

use ::safetensors::SafeTensors;
use ndarray::{Array2, ArrayD, Ix2};
use nn_core::{Convolution, Pooling};
use prost::Message as _;

use super::evaluate::evaluate;
use super::onnx::proto;
use super::*;
use crate::RunConfig;
use crate::classifier::tests::{FIRST, SECOND, convolutional, images};

fn close(found: &ArrayD<f32>, expected: &Array2<f32>) -> bool {
    let found = found.view().into_dimensionality::<Ix2>().expect("a matrix");
    let equal = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5 * b.abs().max(1.0);
    found.dim() == expected.dim() && found.iter().zip(expected).all(equal)
}

fn graph(export: &Export<'_>, part: Part) -> proto::Model {
    let bytes = export.write(Format::Onnx, Some(part)).expect("a part");
    proto::Model::decode(bytes.as_slice()).expect("a message")
}

fn operators(graph: &proto::Model) -> Vec<&str> {
    let nodes = &graph.graph.as_ref().expect("a graph").node;
    nodes.iter().map(|node| node.op_type.as_str()).collect()
}

#[test]
fn graphs_of_classifiers_compute_what_the_library_computes() {
    let average = Convolution { pool: Pooling::AVERAGE, ..SECOND };
    let strided = Convolution { stride: 2, padding: 2, ..FIRST };
    for convolutions in [&[FIRST, SECOND][..], &[FIRST, average], &[strided]] {
        let trained = convolutional(convolutions);
        let graph = graph(&Export::of_classifier("images", &trained), Part::Classifier);
        let x = images(FIRST.n_inputs());
        let found = evaluate(&graph, &x);
        assert!(close(&found["probabilities"], &trained.probabilities(&x)), "{convolutions:?}");
        let classes = trained.predict(&x).into_iter().map(f32::from);
        assert!(found["class"].iter().copied().eq(classes));
        let few = evaluate(&graph, &Array2::zeros((0, FIRST.n_inputs())));
        assert_eq!(few["probabilities"].shape(), [0, 4]);
    }
    // Maps pass from one convolution to the next unchanged.
    let trained = convolutional(&[FIRST, SECOND]);
    let graph = graph(&Export::of_classifier("images", &trained), Part::Classifier);
    let words = "IsNaN Where Reshape Transpose Conv MaxPool Elu Conv Elu Transpose Reshape Gemm \
                 Softmax Identity ArgMax Identity";
    assert_eq!(operators(&graph).join(" "), words);
}

/// An average below the softmax of a network without a dense layer.
#[test]
fn the_last_layer_may_be_an_average() {
    let mut trained = convolutional(&[FIRST, Convolution { pool: Pooling::AVERAGE, ..SECOND }]);
    trained.classifier.layers.pop();
    trained.classifier.units.pop();
    let graph = graph(&Export::of_classifier("images", &trained), Part::Classifier);
    let x = images(FIRST.n_inputs());
    assert!(close(&evaluate(&graph, &x)["probabilities"], &trained.probabilities(&x)));
}

/// An autoencoder of images of 7 × 6 pixels. With stride 2, no position of the transposed convolution reaches
/// one pixel at the right edge.
fn autoencoder(geometry: &str) -> Trained {
    let preset = RunConfig::preset("autoencoder").expect("a preset");
    let setting = format!("model.convolution={{input=[7,6,1],{geometry}}}");
    let config = preset.with(&setting).and_then(|it| it.with("training.epochs=1"));
    crate::fit(&config.expect("settings"), &rows(), 1).expect("a fit")
}

fn rows() -> Array2<f32> {
    Array2::from_shape_fn((60, 42), |(i, j)| f32::from((i / 5 + j) % 3 == 0))
}

#[test]
fn graphs_of_autoencoders_compute_what_the_library_computes() {
    for geometry in ["maps=3,kernel=3,pool=2", "maps=4,kernel=3,stride=2,padding=1,pool=1"] {
        let trained = autoencoder(geometry);
        let Model::Autoencoder(model) = &trained.model else { panic!("an autoencoder") };
        let (export, x) = (Export::of_model(&trained), rows());
        let code = model.encode(&x);
        let encoded = evaluate(&graph(&export, Part::Encoder), &x);
        assert!(close(&encoded["code"], &code), "{geometry}");
        let decoded = evaluate(&graph(&export, Part::Decoder), &code);
        assert!(close(&decoded["reconstruction"], &model.decode(&code)), "{geometry}");
        let found = evaluate(&graph(&export, Part::Reconstruction), &x);
        assert!(close(&found["reconstruction"], &model.reconstruct(&x)), "{geometry}");
    }
}

#[test]
fn safetensors_tell_the_geometry() {
    let trained = convolutional(&[FIRST, SECOND]);
    let export = Export::of_classifier("images", &trained);
    let bytes = export.write(Format::Safetensors, None).expect("written");
    let file = SafeTensors::deserialize(&bytes).expect("readable");
    let weight = file.tensor("classifier.0.weight").expect("there");
    assert_eq!(weight.shape(), [3, 2, 3, 3]);
    let (words, _) = weight.data().as_chunks::<4>();
    // Map 2, channel 1, row 0, column 2 of the kernel.
    let found = f32::from_le_bytes(words[2 * 18 + 9 + 2]);
    assert_eq!(found, trained.classifier.layers[0].weights[(2 * 2 + 1, 2)]);
    assert_eq!(file.tensor("classifier.2.weight").expect("there").shape(), [4, 45]);
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("readable");
    let metadata = &header.metadata().as_ref().expect("metadata")["aerbm"];
    let metadata: Value = serde_json::from_str(metadata).expect("JSON");
    let expected = json!({
        "kind": "convolution", "input": [9, 8, 2], "maps": 3, "kernel": 3, "stride": 1, "padding": 1,
        "pool": 2, "output": [4, 4, 3],
        "weight_orientation": "maps x channels x kernel rows x kernel columns",
    });
    assert_eq!(metadata["convolutions"]["classifier.0"], expected);
    assert_eq!(metadata["convolutions"].as_object().expect("layers").len(), 2);

    let trained = autoencoder("maps=3,kernel=3,pool=2");
    let bytes = Export::of_model(&trained).write(Format::Safetensors, None).expect("written");
    let file = SafeTensors::deserialize(&bytes).expect("readable");
    assert_eq!(file.tensor("decoder.0.weight").expect("there").shape(), [3, 1, 4, 4]);
}

#[test]
fn scikit_learn_has_no_convolutions() {
    let trained = convolutional(&[FIRST, SECOND]);
    let error = Export::of_classifier("images", &trained).write(Format::Npz, None);
    let message = "images: scikit-learn's layout in an .npz file has no place for the convolution of \
                   classifier.0; use ONNX or safetensors";
    assert_eq!(error.expect_err("no convolutions").to_string(), message);
}

/// A stack of convolutional RBMs with large parameters and Gaussian visible units, on images of 8 × 6
/// pixels.
fn conv_rbms(x: &Array2<f32>) -> Trained {
    let text = r"
        kind = 'conv-rbm'
        [[layers]]
        input = [8, 6, 1]
        model = { maps = 3, kernel = 3, pool = 2, visible = 'gaussian', variance = 'data' }
        training = { epochs = 1, learning_rate = 0.01 }
        [[layers]]
        model = { maps = 4, kernel = 2, pool = 1 }
        training = { epochs = 1 }";
    let config = RunConfig::from_table(text.parse().expect("TOML"), "rbms").expect("valid");
    let mut trained = crate::fit(&config, x, 1).expect("a fit");
    let Model::ConvDbn(dbn) = &mut trained.model else { panic!("convolutional RBMs") };
    for rbm in &mut dbn.layers {
        let wave = |(i, value): (usize, &mut f32)| *value = 1.5 * (i as f32 * 37.7).sin();
        rbm.weights.iter_mut().enumerate().for_each(wave);
        rbm.hidden_bias.iter_mut().enumerate().for_each(wave);
    }
    trained
}

#[test]
fn graphs_of_convolutional_rbms_compute_what_the_library_computes() {
    let x = Array2::from_shape_fn((60, 48), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 5.0);
    let trained = conv_rbms(&x);
    let Model::ConvDbn(dbn) = &trained.model else { panic!("convolutional RBMs") };
    let (export, code) = (Export::of_model(&trained), dbn.encode(x.view()));
    let encoder = graph(&export, Part::Encoder);
    assert!(close(&evaluate(&encoder, &x)["code"], &code));
    let words = "IsNaN Where Reshape Transpose Conv Reshape ReduceLogSumExp Sigmoid Conv Sigmoid \
                 Transpose Reshape Identity";
    assert_eq!(operators(&encoder).join(" "), words);
    let decoded = evaluate(&graph(&export, Part::Decoder), &code);
    let down = dbn.layers.iter().rev().fold(code, |h, rbm| rbm.decode(h.view()));
    assert!(close(&decoded["reconstruction"], &down));

    let bytes = export.write(Format::Safetensors, None).expect("written");
    let file = SafeTensors::deserialize(&bytes).expect("readable");
    assert_eq!(file.tensor("rbm.1.weight").expect("there").shape(), [4, 3, 2, 2]);
    assert_eq!(file.tensor("rbm.0.visible_std").expect("there").shape(), [1]);
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("readable");
    let metadata = &header.metadata().as_ref().expect("metadata")["aerbm"];
    let metadata: Value = serde_json::from_str(metadata).expect("JSON");
    let geometry = &metadata["convolutions"]["rbm.0"];
    assert_eq!((&geometry["block"], &geometry["output"]), (&json!(2), &json!([3, 2, 3])));
    assert_eq!(metadata["units"]["rbm.0"]["visible"], "Gaussian");
}
