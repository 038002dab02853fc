//! The structure of written files. Their results are compared in other programs by the integration
//! tests.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};

use ::safetensors::SafeTensors;
use ndarray::{Array2, Axis};
use npyz::NpyFile;
use prost::Message as _;

use super::onnx::proto;
use super::*;
use crate::RunConfig;

/// A model of twelve inputs, trained for an epoch.
fn model(preset: &str, settings: &[&str]) -> Trained {
    let x = Array2::from_shape_fn((60, 12), |(i, j)| f32::from((i / 5 + j) % 3 == 0));
    let settings = ["training.epochs=1"].iter().chain(settings);
    let preset = RunConfig::preset(preset).expect("a preset");
    let config = settings.fold(preset, |config, it| config.with(it).expect("a setting"));
    crate::fit(&config, &x, 1).expect("a fit")
}

fn graph(export: &Export<'_>, part: Part) -> proto::Model {
    let bytes = export.write(Format::Onnx, Some(part)).expect("a part");
    proto::Model::decode(bytes.as_slice()).expect("a message")
}

/// Checks that every value is defined once, before it is used, and returns the outputs with the names
/// of their dimensions.
fn outputs(model: &proto::Model) -> Vec<String> {
    let graph = model.graph.as_ref().expect("a graph");
    let given = graph.input.iter().map(|value| value.name.clone());
    let constants = graph.initializer.iter().map(|tensor| tensor.name.clone());
    let mut known = BTreeSet::new();
    for name in given.chain(constants) {
        assert!(known.insert(name.clone()), "{name} is defined twice");
    }
    for node in &graph.node {
        for input in &node.input {
            assert!(known.contains(input), "{input} is used by {} before it is there", node.name);
        }
        for output in &node.output {
            assert!(known.insert(output.clone()), "{output} is defined twice");
        }
    }
    for value in graph.input.iter().chain(&graph.output) {
        assert!(known.contains(&value.name));
        let tensor = value.r#type.as_ref().and_then(|it| it.tensor_type.as_ref());
        let shape = tensor.and_then(|tensor| tensor.shape.as_ref()).expect("a shape");
        assert_eq!(shape.dim[0].size, Some(proto::Size::Named("rows".to_owned())));
    }
    graph.output.iter().map(|value| value.name.clone()).collect()
}

fn table() -> InputEncoding {
    let number = NumberEncoding { centre: 3.0, spread: 2.0, bounds: Some((-4.0, 4.0)) };
    let category = CategoryEncoding {
        levels: (0..10).map(|level| level.to_string()).collect(),
        width: 11,
        unknown: Some(10),
        missing: None,
    };
    InputEncoding::Table(vec![
        ColumnEncoding { name: "code".to_owned(), values: ValueEncoding::Number(number) },
        ColumnEncoding { name: "colour".to_owned(), values: ValueEncoding::Category(category) },
    ])
}

#[test]
fn graphs_are_complete_and_described() {
    let autoencoder = model("autoencoder", &["model.n_hidden=8", "model.top_k=3"]);
    let rbm = model("rbm", &["model.n_hidden=8", "model.visible=truncated-exponential"]);
    let dbn = model("dbn", &["layers=[10, 8]", "top.epochs=1"]);
    let numbers = vec![NumberEncoding { centre: 1.0, spread: 2.0, bounds: None }; 12];
    for trained in [&autoencoder, &rbm, &dbn] {
        let inputs = [
            InputEncoding::Keep,
            InputEncoding::Divide(255.0),
            InputEncoding::Numbers(numbers.clone()),
            table(),
        ];
        for inputs in inputs {
            let restores = !matches!(inputs, InputEncoding::Keep | InputEncoding::Table(_));
            let export = Export::of_model(trained).with_inputs(inputs);
            assert_eq!(outputs(&graph(&export, Part::Encoder)), ["code"]);
            let restored = ["reconstruction", "restored"];
            let expected = &restored[..if restores { 2 } else { 1 }];
            assert_eq!(outputs(&graph(&export, Part::Decoder)), expected);
            assert_eq!(outputs(&graph(&export, Part::Reconstruction)), expected);
        }
    }
    let described = graph(&Export::of_model(&autoencoder).with_inputs(table()), Part::Encoder);
    let inputs = &described.graph.as_ref().expect("a graph").input;
    let inputs: Vec<&str> = inputs.iter().map(|value| value.name.as_str()).collect();
    assert_eq!(inputs, ["code.2", "colour"], "the output has the name of a column");
    let find = |key: &str| {
        let entry = described.metadata_props.iter().find(|entry| entry.key == key);
        entry.map(|entry| entry.value.as_str())
    };
    assert_eq!(find("run"), Some("autoencoder"));
    assert_eq!(find("columns"), Some(r#"["code","colour"]"#));
    assert_eq!(find("largest_units_kept"), Some(r#"{"encoder.0":3}"#));
}

#[test]
fn a_classifier_names_its_classes() {
    let trained = model("autoencoder", &["model.n_hidden=8"]);
    let classifier = stack::Classifier::on_top_of(trained.model.encoder_layers(), 3, 1);
    let (validation_error_pct, validation_rows) = (Some(0.0), 10);
    let trained =
        TrainedClassifier { classifier, validation_error_pct, validation_rows, origin: None };
    let export = Export::of_classifier("flowers", &trained);
    assert_eq!(outputs(&graph(&export, Part::Classifier)), ["probabilities", "class"]);
    let named = export.clone().with_classes(["a", "b", "한글"].map(str::to_owned).to_vec());
    assert_eq!(outputs(&graph(&named, Part::Classifier)), ["probabilities", "class"]);
    let few = export.clone().with_classes(vec!["a".to_owned()]);
    let error = few.write(Format::Npz, None).expect_err("one name").to_string();
    assert_eq!(error, "flowers has 3 classes, but the description has 1");
    let error =
        export.write(Format::Onnx, Some(Part::Decoder)).expect_err("no decoder").to_string();
    assert_eq!(error, "flowers is a classifier and has no decoder; expected classifier");

    let bytes = named.write(Format::Npz, None).expect("logistic units");
    assert_eq!(words(&bytes, "classes_"), ["a", "b", "한글"]);
    assert_eq!(words(&bytes, "activation"), ["logistic"]);
    assert_eq!(words(&bytes, "out_activation_"), ["softmax"]);
    let (shape, weights) = array(&bytes, "coefs_1");
    assert_eq!(shape, [8, 3]);
    assert_eq!(weights, trained.classifier.layers[1].weights.iter().copied().collect::<Vec<_>>());
}

#[test]
fn safetensors_have_pytorchs_orientation() {
    let trained = model("autoencoder", &["model.n_hidden=8", "model.tied=true"]);
    let Model::Autoencoder(autoencoder) = &trained.model else { panic!("an autoencoder") };
    let bytes = Export::of_model(&trained).write(Format::Safetensors, None).expect("written");
    let again = Export::of_model(&trained).write(Format::Safetensors, None).expect("written");
    assert_eq!(bytes, again, "the bytes are always the same");
    let file = SafeTensors::deserialize(&bytes).expect("readable");
    let names: BTreeSet<&str> = file.names().into_iter().collect();
    let expected = ["decoder.0.bias", "decoder.0.weight", "encoder.0.bias", "encoder.0.weight"];
    assert_eq!(names, BTreeSet::from(expected));
    let weight = file.tensor("encoder.0.weight").expect("there");
    assert_eq!(weight.shape(), [8, 12]);
    let (words, _) = weight.data().as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    let expected: Vec<f32> = autoencoder.encoder[0].weights.t().iter().copied().collect();
    assert_eq!(values, expected);
    assert_eq!(file.tensor("decoder.0.weight").expect("there").shape(), [12, 8]);
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("readable");
    let metadata = &header.metadata().as_ref().expect("metadata")["aerbm"];
    let metadata: Value = serde_json::from_str(metadata).expect("JSON");
    assert_eq!(metadata["activations"], json!({"encoder.0": "logistic", "decoder.0": "logistic"}));
    assert_eq!(metadata["weight_orientation"], "outputs x inputs");

    let rbm = model("gaussian-rbm", &["model.n_hidden=8"]);
    let bytes = Export::of_model(&rbm).write(Format::Safetensors, None).expect("written");
    let file = SafeTensors::deserialize(&bytes).expect("readable");
    let names: BTreeSet<&str> = file.names().into_iter().collect();
    let parts = ["rbm.hidden_bias", "rbm.visible_bias", "rbm.visible_std", "rbm.weight"];
    assert_eq!(names, BTreeSet::from(parts));
}

/// The values of an array in an archive.
fn read<T: npyz::Deserialize>(bytes: &[u8], name: &str) -> (Vec<u64>, Vec<T>) {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut file = archive.by_name(&format!("{name}.npy")).expect("there");
    let mut npy = Vec::new();
    file.read_to_end(&mut npy).expect("readable");
    let npy = NpyFile::new(npy.as_slice()).expect("an array");
    (npy.shape().to_vec(), npy.into_vec().expect("its values"))
}

fn array(bytes: &[u8], name: &str) -> (Vec<u64>, Vec<f32>) {
    read(bytes, name)
}

fn words(bytes: &[u8], name: &str) -> Vec<String> {
    read(bytes, name).1
}

#[test]
fn arrays_have_scikit_learns_layout() {
    let trained = model("rbm", &["model.n_hidden=8"]);
    let Model::Rbm(rbm) = &trained.model else { panic!("an RBM") };
    let bytes = Export::of_model(&trained).write(Format::Npz, None).expect("binary units");
    assert_eq!(words(&bytes, "estimator"), ["BernoulliRBM"]);
    let (shape, components) = array(&bytes, "components_");
    assert_eq!(shape, [8, 12]);
    assert_eq!(components, rbm.weights.t().iter().copied().collect::<Vec<_>>());
    assert_eq!(array(&bytes, "intercept_hidden_").1, rbm.hidden.bias.to_vec());
    assert_eq!(array(&bytes, "intercept_visible_").1, rbm.visible.bias.to_vec());

    let refused = |trained: &Trained, part| {
        let outcome = Export::of_model(trained).write(Format::Npz, Some(part));
        outcome.expect_err("no such layout").to_string()
    };
    let elu = model("autoencoder", &["model.n_hidden=8", "model.hidden=elu"]);
    let error = refused(&elu, Part::Encoder);
    let message = "autoencoder: scikit-learn's layout in an .npz file has no place for the elu units of \
                   encoder.0; use ONNX or safetensors";
    assert_eq!(error, message);
    let sparse = model("autoencoder", &["model.n_hidden=8", "model.top_k=3"]);
    assert!(refused(&sparse, Part::Encoder).contains("the 3 largest units of encoder.0"));
    let mixed = ["model.n_hidden=8", "model.encoder_layers=[9]", "model.code=tanh"];
    let mixed = model("autoencoder", &mixed);
    let error = refused(&mixed, Part::Reconstruction);
    assert!(error.contains("different units (logistic, tanh, logistic)"), "{error}");
}

#[test]
fn two_classes_have_one_output_in_scikit_learn() {
    let layer =
        nn_core::Layer::full(ndarray::array![[1.0, 3.0], [0.5, -1.0]], ndarray::array![0.25, 1.0]);
    let classifier = stack::Classifier { layers: vec![layer], units: vec![] };
    let trained = TrainedClassifier {
        classifier,
        validation_error_pct: None,
        validation_rows: 0,
        origin: None,
    };
    let bytes = Export::of_classifier("two", &trained).write(Format::Npz, None).expect("written");
    assert_eq!(words(&bytes, "out_activation_"), ["logistic"]);
    assert_eq!(array(&bytes, "coefs_0"), (vec![2, 1], vec![2.0, -1.5]));
    assert_eq!(array(&bytes, "intercepts_0"), (vec![1], vec![0.75]));
}

#[test]
fn sigmas_are_part_of_exported_layers() {
    let mut trained = model("gaussian-rbm", &["model.n_hidden=8"]);
    let Model::Rbm(rbm) = &mut trained.model else { panic!("an RBM") };
    rbm.visible.std.iter_mut().zip(1_u8..).for_each(|(std, i)| *std = f32::from(i) / 4.0);
    let x = Array2::from_shape_fn((5, 12), |(i, j)| ((i * 12 + j) as f32).sin());
    let encoder = &network::encoder(&trained.model, false)[0];
    let z = x.dot(&encoder.weights) + &encoder.bias;
    let code = z.mapv(|z| nn_core::Activation::Logistic.output(z));
    let difference = &code - &trained.model.encode(x.view());
    assert!(difference.iter().all(|it| it.abs() < 1e-6));
    let decoder = &network::decoder(&trained.model)[0];
    let restored = code.dot(&decoder.weights) + decoder.bias.view().insert_axis(Axis(0));
    let difference = &restored - &trained.model.reconstruct(x.view());
    assert!(difference.iter().all(|it| it.abs() < 1e-5));
}

#[test]
fn descriptions_of_another_size_are_refused() {
    let trained = model("rbm", &["model.n_hidden=8"]);
    let two =
        InputEncoding::Numbers(vec![NumberEncoding { centre: 0.0, spread: 1.0, bounds: None }; 2]);
    let error = Export::of_model(&trained).with_inputs(two).write(Format::Onnx, None);
    assert_eq!(error.expect_err("two").to_string(), "rbm has 12 inputs, but the description has 2");
    let names = vec!["a".to_owned()];
    let error = Export::of_model(&trained).with_columns(names).write(Format::Safetensors, None);
    assert!(matches!(error, Err(ExportError::Count { expected: 12, found: 1, .. })));
}
