//! Same seed, same bytes: on any number of threads, and after any interruption.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use predicates::prelude::*;
use predicates::str::contains;

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
    "partition={train=500}",
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
        assert!(promised_tables(&two) == tables, "{args:?}: one thread and two differ");

        let again = run(args, data.path(), &one, "2");
        if args[0] == "compare" {
            // 2 seeds × (3 methods × 2 layers + 6 methods × 2 depths × 2 label counts).
            again.stderr(contains("0 stages computed, 60 reused"));
        } else {
            again.stderr(contains("samples/s").not());
        }
        assert!(promised_tables(&one) == tables, "{args:?}: run again, it differs");
    }
}

#[test]
fn one_more_seed_computes_only_that_seed() {
    let data = small_mnist(600, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut args = small_comparison();
    run(&args, data.path(), folder.path(), "2");
    args[2] = "3";
    // Logistic regression has no depth: that of the second is that of the first.
    run(&args, data.path(), folder.path(), "2").stderr(contains("28 stages computed, 62 reused"));
}

#[cfg(unix)]
#[test]
fn interrupted_and_continued_is_never_interrupted() {
    let data = small_mnist(4_000, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let mut args = TRAIN.to_vec();
    args[3] = "partition={train=3900}";
    args[5] = "model.n_hidden=300";
    args[7] = "training.epochs=8";
    run(&args, data.path(), &whole, "2");

    let mut child = Command::new(assert_cmd::cargo::cargo_bin("aerbm"))
        .args(&args)
        .arg("--data")
        .arg(data.path())
        .arg("--out")
        .arg(&broken)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    std::thread::sleep(Duration::from_millis(400));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.expect("kill runs").success());
    let code = child.wait().expect("it ends").code();
    // Done before it was interrupted, on a fast machine; else the state is saved.
    assert!(matches!(code, Some(0 | 130)), "{code:?}");

    run(&args, data.path(), &broken, "2");
    assert!(promised_tables(&broken) == promised_tables(&whole));
}
