//! MNIST, and small data sets laid out like it.

use std::fs;

use crate::common::{gzip, idx, mnist_dir, small_set};
use mnist_io::{
    Error, SplitRule, label_subset, load, load_with_classes, stratified_order, verify_mnist,
};
use ndarray::{Axis, array};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

#[test]
fn mnist_is_what_it_should_be() {
    let mnist = load(mnist_dir()).unwrap();
    assert_eq!(mnist.train.images.dim(), (60_000, 784));
    assert_eq!(mnist.test.images.dim(), (10_000, 784));
    assert_eq!((mnist.train.shape.height, mnist.train.shape.width), (28, 28));
    assert_eq!((mnist.train.n_classes, mnist.train.name.as_str()), (10, "mnist"));

    let train_labels = mnist.train.labels.as_deref().unwrap();
    assert_eq!(train_labels[..8], [5, 0, 4, 1, 9, 2, 1, 3]);
    assert_eq!(mnist.test.labels.as_deref().unwrap()[..8], [7, 2, 1, 0, 4, 1, 4, 9]);
    let counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    assert_eq!(mnist.train.class_counts(), counts);

    let sum: f64 = mnist.train.images.iter().map(|&pixel| f64::from(pixel)).sum();
    let mean = sum / mnist.train.images.len() as f64;
    assert!((mean - 0.1307).abs() < 1e-4, "mean pixel {mean}");
    assert!(mnist.train.images.iter().all(|pixel| (0.0..=1.0).contains(pixel)));

    assert_eq!(
        mnist.train.sha256,
        "c5097fdd51cfdbe7695fd9df3612695696864b5c424f58d843ffdc5d335e9914"
    );
}

#[test]
fn mnist_splits_and_its_subsets_nest() {
    let splits = load(mnist_dir()).unwrap().split(SplitRule::Tutorial).unwrap();
    let parts = [&splits.train, &splits.validation, &splits.test];
    assert_eq!(parts.map(mnist_io::Dataset::n_samples), [55_000, 5_000, 10_000]);

    let labels = splits.train.labels.as_deref().unwrap();
    let order = stratified_order(labels, &mut ChaCha8Rng::seed_from_u64(1));
    let whole = splits.train.class_counts();
    for n_labels in [100, 1_000, 3_000, 10_000, 50_000] {
        let subset = splits.train.select(label_subset(&order, n_labels).unwrap());
        for (count, whole) in subset.class_counts().into_iter().zip(&whole) {
            let share = n_labels as f64 * *whole as f64 / labels.len() as f64;
            assert!((count as f64 - share).abs() < 1.0, "{count} of {n_labels}, share {share}");
        }
    }
}

#[test]
fn mnist_verifies() {
    let checks = verify_mnist(mnist_dir()).unwrap();
    assert!(checks.iter().all(|check| check.ok && check.sha256 == check.expected), "{checks:?}");
    let bytes: Vec<u64> = checks.iter().map(|check| check.bytes).collect();
    assert_eq!(bytes, [47_040_016, 60_008, 7_840_016, 10_008]);
}

#[test]
fn a_set_of_ones_own_loads_and_is_reported_as_not_mnist() {
    let dir = tempfile::tempdir().unwrap();
    small_set(dir.path());
    let set = load_with_classes(dir.path(), 3).unwrap();
    assert_eq!(set.train.labels, Some(vec![0, 1, 2, 0, 1, 2]));
    assert_eq!(set.test.images, array![[0.0, 1.0], [2.0, 3.0]] / 255.0);
    assert_eq!(set.train.images.len_of(Axis(1)), 2);

    let checks = verify_mnist(dir.path()).unwrap();
    assert!(checks.iter().all(|check| !check.ok));
    assert_eq!(checks[0].bytes, 16 + 12);
    assert!(checks[3].file.ends_with("t10k-labels.idx1-ubyte.gz"));
}

#[test]
fn a_missing_folder_or_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere");
    let error = load(&nowhere).unwrap_err();
    assert!(matches!(error, Error::FolderNotFound { .. }));
    let message =
        format!("data folder {} not found; expected a folder of four IDX files", nowhere.display());
    assert!(error.to_string().contains(&message), "{error}");

    small_set(dir.path());
    fs::remove_file(dir.path().join("t10k-images.idx3-ubyte")).unwrap();
    for error in [load(dir.path()).unwrap_err(), verify_mnist(dir.path()).unwrap_err()] {
        assert!(matches!(error, Error::FileNotFound { .. }));
        let message = "t10k-images-idx3-ubyte not found, nor with .gz, nor as t10k-images.idx3";
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn files_that_do_not_belong_together_are_named() {
    let dir = tempfile::tempdir().unwrap();
    small_set(dir.path());
    let test_images = dir.path().join("t10k-images.idx3-ubyte");

    fs::write(&test_images, idx(&[3, 2, 1], &[0; 6])).unwrap();
    let error = load(dir.path()).unwrap_err();
    assert!(matches!(error, Error::CountMismatch { n_images: 3, n_labels: 2, .. }));
    let message = error.to_string();
    assert!(message.contains("t10k-images.idx3-ubyte holds 3 images but"), "{message}");
    assert!(message.contains("t10k-labels.idx1-ubyte.gz holds 2 labels"), "{message}");

    fs::write(&test_images, gzip(&idx(&[2, 1, 1], &[0; 2]))).unwrap();
    let error = load(dir.path()).unwrap_err();
    assert!(matches!(error, Error::ShapesDiffer { .. }));
    let message = "t10k-images.idx3-ubyte holds images of 1x1 pixels, the training images are 2x1";
    assert!(error.to_string().contains(message), "{error}");
}
