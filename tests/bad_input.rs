//! Bad input gets one clear line and the right exit code, before any work is done.

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{aerbm, small_mnist};

fn refused(args: &[&str], code: i32, says: &[&str]) {
    let mut assert = aerbm().args(args).assert().code(code);
    for what in says {
        assert = assert.stderr(contains(*what));
    }
    assert.stderr(contains("panicked").not()).stderr(predicate::function(|text: &str| {
        text.lines().filter(|line| line.starts_with("error: ")).count() == 1
    }));
}

#[test]
fn an_unknown_preset_is_answered_with_the_nearest() {
    refused(
        &["train", "tutoral"],
        2,
        &["there is no preset `tutoral`", "did you mean `tutorial`?"],
    );
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    refused(
        &["train", "rbm", "--set", "model.n_hiden=5"],
        2,
        &["unknown field `n_hiden`", "did you mean `n_hidden`?"],
    );
}

#[test]
fn a_value_out_of_range_is_named() {
    refused(
        &["train", "autoencoder", "--set", "model.n_hidden=0"],
        2,
        &["model.n_hidden = 0: expected at least 1"],
    );
}

#[test]
fn sizes_that_no_machine_has_memory_for_are_named_and_leave_no_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let out = out.to_string_lossy().into_owned();
    for (command, preset, assignment, named) in [
        ("train", Some("rbm"), "model.n_hidden=9999999999", "model.n_hidden: "),
        ("train", Some("rbm-pcd"), "training.algorithm.chains=10000000000", "algorithm.chains: "),
        ("train", Some("dbn"), "layers=[999999999999]", "layers.0: "),
        ("train", Some("autoencoder"), "training.batch_size=99999999999", "batch_size: "),
        ("compare", None, "layers=[999999999999, 500]", "layers: "),
    ] {
        let mut args = vec![command];
        args.extend(preset);
        args.extend(["--set", assignment, "--out", &out]);
        if command == "compare" {
            args.extend(["--set", "depths=[2]"]);
        }
        refused(&args, 2, &[named, "of memory, but only", "lower this setting"]);
        assert!(!folder.path().join("run").exists(), "{assignment}");
    }
}

#[test]
fn an_array_where_a_table_belongs_is_refused() {
    let found = "training: expected a table, found an array";
    refused(&["train", "rbm", "--set", "training=[]"], 2, &[found]);
    refused(
        &["compare", "--set", "comparison.fine_tuning=[]"],
        2,
        &["expected a table, found an array"],
    );
}

#[test]
fn a_missing_data_folder_is_named() {
    refused(
        &["train", "tutorial", "--data", "nowhere"],
        2,
        &["there is no data set `nowhere`", "give the path of a file or folder"],
    );
    let empty = tempfile::tempdir().expect("a temporary folder");
    let path = empty.path().to_string_lossy().into_owned();
    refused(&["train", "tutorial", "--data", &path], 1, &["train-images-idx3-ubyte"]);
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_is_named_by_its_argument() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = std::ffi::OsStr::from_bytes(b"caf\xe9.csv");
    for (args, argument) in [
        (&["train", "rbm", "--data"][..], "'--data <NAME|PATH>'"),
        (&["data", "describe"][..], "'<FILE>'"),
        (&["data", "verify"][..], "'[DATA]'"),
    ] {
        let assert = aerbm().args(args).arg(path).assert().code(2);
        assert.stderr(contains(argument).and(contains("expected UTF-8; rename the file")));
    }
}

/// Opening it would wait for its writer.
#[cfg(unix)]
#[test]
fn a_pipe_is_refused_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe = folder.path().join("rows.csv").to_string_lossy().into_owned();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo makes a pipe");
    for args in [&["data", "describe", &pipe][..], &["train", "rbm", "--data", &pipe]] {
        refused(args, 1, &["is a pipe; expected a regular file or a folder; save the data"]);
    }
}

#[test]
fn a_truncated_gzip_is_named() {
    let folder = small_mnist(10, 10);
    let gzip = crate::support::root().join("data/mnist/train-images-idx3-ubyte.gz");
    let bytes = std::fs::read(gzip).expect("committed");
    std::fs::remove_file(folder.path().join("train-images-idx3-ubyte")).expect("there");
    std::fs::write(folder.path().join("train-images-idx3-ubyte.gz"), &bytes[..100_000])
        .expect("written");
    let path = folder.path().to_string_lossy().into_owned();
    refused(&["train", "tutorial", "--data", &path], 1, &["train-images-idx3-ubyte.gz", "cut off"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_training() {
    // A file in place of the folder is refused for every user, including root.
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let out = file.path().join("run");
    let out = out.to_string_lossy().into_owned();
    refused(&["train", "tutorial", "--out", &out], 1, &["cannot write to", "--out"]);
}

#[test]
fn a_run_with_other_settings_is_left_alone() {
    let out = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(out.path().join("config.toml"), "kind = \"rbm\"\n").expect("written");
    let path = out.path().to_string_lossy().into_owned();
    refused(&["train", "tutorial", "--out", &path], 1, &["other settings", "--out"]);
}

#[test]
fn a_folder_without_a_model_is_named() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let path = empty.path().to_string_lossy().into_owned();
    refused(&["evaluate", &path], 1, &["no model.safetensors"]);
    refused(&["report", &path], 1, &["no metrics.csv"]);
}

#[test]
fn a_part_of_a_profile_without_parts_is_refused() {
    refused(&["pipeline", "--profile", "quick", "--only", "depth"], 2, &["only the paper profile"]);
    refused(&["pipeline", "--profile", "paper", "--only", "deph"], 2, &["did you mean `depth`?"]);
    let other = ["pipeline", "--profile", "paper", "--only", "rect", "--scale", "unit"];
    refused(&other, 2, &["part rect uses rect, which is generated"]);
}

#[test]
fn labels_without_a_budget_are_explained() {
    refused(
        &["compare", "--labels", "0"],
        2,
        &["invalid value '0' for '--labels <LABELS>': expected a whole number from 1"],
    );
}

#[test]
fn a_split_larger_than_the_data_is_named() {
    let folder = small_mnist(20, 10);
    let path = folder.path().to_string_lossy().into_owned();
    let out = tempfile::tempdir().expect("a temporary folder");
    let out = out.path().to_string_lossy().into_owned();
    let split = ["--set", "split={train=50000}"];
    let args = ["train", "rbm", "--data", &path, "--out", &out, split[0], split[1]];
    refused(&args, 1, &["50000 training samples of 20"]);
}
