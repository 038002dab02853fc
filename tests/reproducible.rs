//! Reproducibility: the same seed gives the same bytes for any number of threads and after interruptions.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use predicates::prelude::*;
use predicates::str::contains;

#[cfg(unix)]
use crate::signals::aerbm_that_ignores;
use crate::support::{aerbm, promised_tables, small_comparison, small_mnist};

fn run(args: &[&str], data: &Path, out: &Path, threads: &str) -> assert_cmd::assert::Assert {
    aerbm()
        .args(args)
        .arg("--data")
        .arg(data)
        .arg("--out")
        .arg(out)
        .env("RAYON_NUM_THREADS", threads)
        .assert()
        .success()
}

const TRAIN: [&str; 8] = [
    "train",
    "rbm",
    "--set",
    "split={train=500}",
    "--set",
    "model.n_hidden=96",
    "--set",
    "training.epochs=3",
];

#[test]
fn tables_do_not_depend_on_threads_and_nothing_is_computed_twice() {
    let data = small_mnist(600, 100);
    let comparison = small_comparison();
    for args in [TRAIN.as_slice(), comparison.as_slice()] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        run(args, data.path(), &one, "1");
        run(args, data.path(), &two, "2");
        let tables = promised_tables(&one);
        assert!(tables.len() >= 2, "{}", tables.len());
        if args[0] == "train" {
            let model = |run: &Path| std::fs::read(run.join("models/rbm/model.safetensors"));
            assert!(model(&one).expect("a model") == model(&two).expect("a model"));
        }
        assert!(promised_tables(&two) == tables, "{args:?}: one thread and two differ");

        let again = run(args, data.path(), &one, "2");
        if args[0] == "compare" {
            // 2 seeds × (3 methods × 2 layers + 6 methods × 2 depths × 2 label counts), and at the first seed the
            // layers of a second amount of noise.
            again.stderr(contains("0 stages computed, 62 reused"));
        } else {
            again.stderr(contains("samples/s").not());
        }
        assert!(promised_tables(&one) == tables, "{args:?}: run again, it differs");
    }
}

/// The reader of new rows shares the threads with the model. With a single thread it used to wait forever.
#[test]
fn new_rows_of_every_format_are_read_on_one_thread() {
    let data = small_mnist(600, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = folder.path().join("model");
    run(&[&TRAIN[..7], &["training.epochs=1"]].concat(), data.path(), &model, "2");
    let images = data.path().join("t10k-images-idx3-ubyte");
    let npy = folder.path().join("new.npy");
    aerbm().arg("reconstruct").args([&model, &images]).arg("--out").arg(&npy).assert().success();
    for file in [&images, &npy] {
        let codes = ["1", "2"].map(|threads| {
            let out = folder.path().join(format!("codes-{threads}.npy"));
            let mut command = aerbm();
            command.arg("encode").arg(&model).arg(file).arg("--out").arg(&out);
            command.env("RAYON_NUM_THREADS", threads).timeout(std::time::Duration::from_mins(2));
            command.assert().success();
            std::fs::read(out).expect("written")
        });
        assert!(codes[0] == codes[1], "{}", file.display());
    }
}

#[test]
fn one_more_seed_computes_only_that_seed() {
    let data = small_mnist(600, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut args = small_comparison();
    run(&args, data.path(), folder.path(), "2");
    args[2] = "3";
    // The run is finished; with another seed its results are replaced, and its stages are used.
    args.push("--force");
    // Logistic regression has no depth, so that the second depth reuses the cell of the first.
    run(&args, data.path(), folder.path(), "2").stderr(contains("28 stages computed, 64 reused"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_continues_to_the_same_bytes() {
    let data = small_mnist(4_000, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let mut args = TRAIN.to_vec();
    args[3] = "split={train=3900}";
    args[5] = "model.n_hidden=300";
    args[7] = "training.epochs=40";
    run(&args, data.path(), &whole, "2");

    let mut child = aerbm_that_ignores("")
        .args(&args)
        .arg("--data")
        .arg(data.path())
        .arg("--out")
        .arg(&broken)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    // The third of forty epochs is finished, so the request comes in a later one.
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let third = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("epoch   3/40")));
    third.expect("the line is printed").expect("the pipe is open");
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.expect("kill runs").success());
    lines.for_each(drop);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(broken.join("models/rbm/checkpoint.safetensors").is_file());

    run(&args, data.path(), &broken, "2");
    assert!(promised_tables(&broken) == promised_tables(&whole));
}

/// A run that was started to ignore hang-ups, as by `nohup`, outlives its terminal; a request to terminate it
/// saves its state, and its exit code names the signal.
#[cfg(unix)]
#[test]
fn signals_are_told_apart_and_those_ignored_at_the_start_stay_ignored() {
    let data = small_mnist(4_000, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |signals: &[&str], ignored: &str| {
        let out = folder.path().join(signals.join("-"));
        let mut child = aerbm_that_ignores(ignored)
            .args(TRAIN)
            .args(["--set", "training.epochs=5000", "--data"])
            .args([data.path(), "--out".as_ref(), out.as_path()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        for (epoch, signal) in (2..).zip(signals) {
            let begins = format!("epoch{epoch:>4}/5000");
            let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with(&begins)));
            line.expect("the line is printed").expect("the pipe is open");
            let kill = Command::new("kill").args([signal, &*child.id().to_string()]).status();
            assert!(kill.expect("kill runs").success());
        }
        lines.for_each(drop);
        let code = child.wait().expect("it ends").code();
        let info = std::fs::read_to_string(out.join("run.json")).expect("there");
        assert!(info.contains("\"status\": \"interrupted\""), "{info}");
        code
    };
    assert_eq!(run(&["-HUP"], ""), Some(129));
    assert_eq!(run(&["-HUP", "-TERM"], "SIGHUP"), Some(143));
    assert_eq!(run(&["-INT", "-HUP", "-TERM"], "SIGHUP SIGINT"), Some(143));
}
