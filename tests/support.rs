//! A small data set of real digits, and the command to run on it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The command, run from the repository's root, where `data` is.
pub(crate) fn aerbm() -> Command {
    let mut command = Command::cargo_bin("aerbm").expect("the binary is built with the tests");
    command.current_dir(root());
    command
}

/// A folder of IDX files with the first of MNIST's digits.
pub(crate) fn small_mnist(n_train: usize, n_test: usize) -> TempDir {
    let mnist = root().join("data/mnist");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, n) in [("train", n_train), ("t10k", n_test)] {
        let path = |kind: &str| mnist.join(format!("{name}-{kind}-ubyte.gz"));
        let images = mnist_io::idx::read_images(&path("images-idx3")).expect("committed");
        let labels = mnist_io::idx::read_labels(&path("labels-idx1"), 10).expect("committed");
        let n = u32::try_from(n).expect("small");
        let mut bytes = vec![0, 0, 8, 3];
        for size in [n, 28, 28] {
            bytes.extend(size.to_be_bytes());
        }
        bytes.extend(&images.pixels[..n as usize * 784]);
        write(folder.path(), &format!("{name}-images-idx3-ubyte"), &bytes);
        let mut bytes = vec![0, 0, 8, 1];
        bytes.extend(n.to_be_bytes());
        bytes.extend(&labels.labels[..n as usize]);
        write(folder.path(), &format!("{name}-labels-idx1-ubyte"), &bytes);
    }
    folder
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).expect("written");
}

/// The options of a comparison that takes a second.
pub(crate) fn small_comparison() -> Vec<&'static str> {
    vec![
        "compare",
        "--seeds",
        "2",
        "--trials",
        "3",
        "--set",
        "split={train=500}",
        "--set",
        "layers=[96, 64]",
        "--set",
        "depths=[1, 2]",
        "--set",
        "labels=[{count=50, updates=30, batch_size=10}, {count=400, updates=60, batch_size=50}]",
        "--set",
        "learning_rates=[0.001, 0.01]",
        "--set",
        "references=false",
        "--set",
        "autoencoder.training.epochs=2",
        "--set",
        "rbm.training.epochs=2",
    ]
}

/// Every file of a run whose bytes are guaranteed, by its path in the run's folder.
pub(crate) fn promised_tables(run: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![run.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the run") {
            let path = entry.expect("an entry").path();
            let timed = path.ends_with("timings.csv");
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "csv") && !timed {
                let name = path.strip_prefix(run).expect("inside").to_owned();
                found.push((name, std::fs::read(&path).expect("readable")));
            }
        }
    }
    found.sort();
    found
}
