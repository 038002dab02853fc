//! Classifiers with convolutional layers, saved and read.

use nn_core::{Convolution, Parameters as _, Pooling, TensorMap, store};

use super::*;

pub(crate) const FIRST: Convolution = Convolution {
    input: [9, 8, 2],
    maps: 3,
    kernel: 3,
    stride: 1,
    padding: 1,
    pool: Pooling::Max(2),
};
pub(crate) const SECOND: Convolution = Convolution {
    input: [4, 4, 3],
    maps: 5,
    kernel: 2,
    stride: 2,
    padding: 1,
    pool: Pooling::Max(1),
};

/// A classifier with these convolutions below a dense output layer of four classes, whose
/// parameters all differ.
pub(crate) fn convolutional(convolutions: &[Convolution]) -> TrainedClassifier {
    let layer = |convolution: &Convolution| {
        let (n_inputs, n_outputs) = (convolution.n_inputs(), convolution.n_outputs());
        let connection = Connection::Convolution(*convolution);
        (Layer::connected(connection, n_inputs, n_outputs), Activation::Elu)
    };
    let mut classifier = Classifier::on_top_of(convolutions.iter().map(layer).collect(), 4, 1);
    for (number, tensor) in classifier.tensors_mut().enumerate() {
        for (i, value) in tensor.values.iter_mut().enumerate() {
            *value = 0.5 * ((i + 31 * number) as f32 * 37.7).sin();
        }
    }
    let (validation_error_pct, validation_rows) = (Some(10.0), 10);
    TrainedClassifier { classifier, validation_error_pct, validation_rows, origin: None }
}

pub(crate) fn images(n_columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((7, n_columns), |(i, j)| ((i * n_columns + j) as f32 * 0.7).sin())
}

#[test]
fn convolutions_survive_saving() {
    let average = Convolution { pool: Pooling::AVERAGE, ..SECOND };
    for convolutions in [[FIRST, SECOND], [FIRST, average]] {
        let saved = convolutional(&convolutions);
        let folder = tempfile::tempdir().expect("a temporary folder");
        saved.save(folder.path()).expect("written");
        let loaded = TrainedClassifier::load(folder.path()).expect("as written");
        assert_eq!(loaded, saved);
        let x = images(FIRST.n_inputs());
        assert_eq!(loaded.probabilities(&x), saved.probabilities(&x));
    }
}

#[test]
fn dense_classifiers_have_no_connections_in_their_description() {
    let classifier = Classifier::linear(3, 2, 1);
    let (validation_error_pct, validation_rows) = (Some(10.0), 10);
    let dense =
        TrainedClassifier { classifier, validation_error_pct, validation_rows, origin: None };
    let text = serde_json::to_string(&dense.description()).expect("plain");
    let expected =
        r#"{"sizes":[3,2],"activations":[],"validation_error_pct":10.0,"validation_rows":10}"#;
    assert_eq!(text, expected);
}

#[test]
fn a_classifier_without_held_out_rows_has_no_error_and_survives_saving() {
    let classifier = Classifier::linear(3, 2, 1);
    let saved = TrainedClassifier {
        classifier,
        validation_error_pct: None,
        validation_rows: 0,
        origin: None,
    };
    let bytes = saved.to_bytes().expect("plain");
    assert_eq!(TrainedClassifier::from_bytes(&bytes).expect("as written"), saved);
    // Earlier versions wrote the error without the number of rows.
    let earlier = r#"{"sizes":[3,2],"activations":[],"validation_error_pct":10.0}"#;
    let earlier: Description = serde_json::from_str(earlier).expect("readable");
    assert_eq!((earlier.validation_error_pct, earlier.validation_rows), (Some(10.0), 0));
}

#[test]
fn damaged_convolutions_are_refused() {
    let saved = convolutional(&[FIRST, SECOND]);
    let mut tensors = TensorMap::new();
    store(&saved.classifier, "", &mut tensors);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refusal = |change: &dyn Fn(&mut Description)| {
        let mut description = saved.description();
        change(&mut description);
        tensor_file::write(&folder.path().join(FILE), &tensors, &description).expect("written");
        let error = TrainedClassifier::load(folder.path()).expect_err("damaged").to_string();
        assert!(error.contains("classifier.safetensors: ") && !error.contains('\n'), "{error}");
        error
    };
    let with = |convolution: Convolution| {
        refusal(&|it| it.connections[0] = Connection::Convolution(convolution))
    };
    for (convolution, expected) in [
        (Convolution { kernel: 20, ..FIRST }, "convolution.kernel = 20: expected"),
        (Convolution { stride: 0, ..FIRST }, "convolution.stride = 0: expected"),
        (Convolution { input: [9, usize::MAX, 2], ..FIRST }, "expected at most 65536"),
        (Convolution { padding: usize::MAX / 2, ..FIRST }, "expected at most 65536"),
        (Convolution { maps: 1 << 40, ..FIRST }, "1099511627776, expected at most 65536"),
        (Convolution { input: [8, 9, 2], maps: 4, ..FIRST }, "outputs, expected 144 and 48"),
        (
            Convolution { input: [9, 4, 4], ..FIRST },
            "has 144 inputs and 24 outputs, expected 144 and 48",
        ),
        (
            Convolution { kernel: 5, padding: 2, ..FIRST },
            "tensor `0.weights` has shape [18, 3], expected [50, 3]",
        ),
    ] {
        let error = with(convolution);
        assert!(error.contains(expected), "{error}");
    }
    let pooled = refusal(&|it| it.connections[1] = Connection::Transposed(FIRST));
    assert!(pooled.contains("convolution.pool"), "{pooled}");
    let few = refusal(&|it| it.connections.truncate(2));
    assert!(few.contains("2 connections, expected 3"), "{few}");
    let dense = refusal(&|it| it.connections.clear());
    assert!(dense.contains("tensor `0.weights` has shape [18, 3]"), "{dense}");
}
