//! Stages that separate processes compute, in any order, give the bytes of one process that computes all.

use std::path::Path;
use std::time::{Duration, Instant};

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{aerbm, promised_tables, small_mnist};

/// The options of a profile that takes a second: three models, layers, trials and cells.
pub(crate) const SMALL: [&str; 18] = [
    "--profile",
    "quick",
    "--set",
    // Another library computes the principal components beside the autoencoder.
    "runs=[{name=\"autoencoder\", preset=\"autoencoder\", \
        set={split={train=500}, model={n_hidden=32}, training={epochs=2}}}, \
        {name=\"rbm\", preset=\"rbm\", seeds=2, probe={learning_rates=[0.01], training={updates=50}}, \
        set={split={train=500}, model={n_hidden=32}, training={epochs=2}}}]",
    "--set",
    "split={train=500}",
    "--set",
    "layers=[48, 32]",
    "--set",
    "depths=[1, 2]",
    "--set",
    "labels=[{count=50, updates=30, batch_size=10}, {count=400, updates=60, batch_size=50}]",
    "--set",
    "learning_rates=[0.001, 0.01]",
    "--set",
    "pretraining_samples=500",
    "--set",
    "methods.rbm.layers.training.epochs=2",
];

/// The command with the small profile on these data.
pub(crate) fn small(command: &str, data: &Path, out: &Path) -> assert_cmd::Command {
    let mut aerbm = aerbm();
    aerbm.arg(command).args(SMALL).arg("--data").arg(data).arg("--out").arg(out);
    aerbm
}

/// The lines of a plan.
fn plan(data: &Path, out: &Path) -> Vec<serde_json::Value> {
    let done = small("plan", data, out).arg("--json").assert().success();
    let text = String::from_utf8(done.get_output().stdout.clone()).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

fn keys(plan: &[serde_json::Value]) -> Vec<String> {
    plan.iter().map(|stage| stage["key"].as_str().expect("a key").to_owned()).collect()
}

#[test]
fn stages_in_any_order_give_the_bytes_of_one_run() {
    let data = small_mnist(2_500, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (one, pieces) = (folder.path().join("one"), folder.path().join("in pieces"));
    small("pipeline", data.path(), &one).assert().success();
    let after = plan(data.path(), &one);
    assert!(after.iter().all(|stage| stage["done"] == true), "the pipeline computes every stage");

    let before = plan(data.path(), &pieces);
    assert_eq!(keys(&before), keys(&after));
    assert!(before.iter().all(|stage| stage["done"] == false));
    // Two processes at once, one of them in the worst order.
    let mut backwards = keys(&before);
    backwards.reverse();
    let work = |keys: &[String]| {
        let mut work = small("work", data.path(), &pieces);
        for key in keys {
            work.args(["--stage", key]);
        }
        work.assert().success().stdout(contains("done"));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| keys(&before).chunks(7).for_each(work));
        backwards.chunks(5).for_each(work);
    });
    let after = plan(data.path(), &pieces);
    assert!(after.iter().all(|stage| stage["done"] == true));
    assert!(!pieces.join("metrics.csv").exists(), "tables are left to the pipeline");
    let report = small("pipeline", data.path(), &pieces).assert().success();
    report.stderr(contains(" 0 stages computed").and(contains("samples/s").not()));
    assert!(promised_tables(&pieces) == promised_tables(&one));
    let left = std::fs::read_dir(pieces.join("stages")).expect("a folder");
    let is_claim = |path: &Path| path.extension().is_some_and(|ending| ending == "claim");
    assert!(left.into_iter().all(|entry| !is_claim(&entry.expect("an entry").path())));
    aerbm().arg("verify").arg(&pieces).assert().success();
}

#[test]
fn mistakes_in_keys_are_one_line_with_the_remedy() {
    let data = small_mnist(2_500, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unknown = "0123456789abcdef0123456789abcdef";
    small("work", data.path(), folder.path()).args(["--stage", unknown]).assert().failure().stderr(
        contains("error: there is no stage 0123456789abcdef").and(contains("`aerbm plan`")),
    );
    small("work", data.path(), folder.path())
        .args(["--stage", "../x"])
        .assert()
        .code(2)
        .stderr(contains("32 hexadecimal digits"));
    aerbm()
        .arg("status")
        .arg(folder.path())
        .assert()
        .failure()
        .stderr(contains("nothing was submitted for this folder"));
}

/// Ten methods, five numbers of labels, five depths and twenty seeds.
#[test]
fn a_large_plan_takes_less_than_two_seconds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let counts = [100, 300, 1000, 3000, 10_000];
    let budgets = counts.map(|n| format!("{{count={n}, updates=400, batch_size=20}}"));
    let begun = Instant::now();
    let done = aerbm()
        .args(["plan", "--profile", "default", "--set", "runs=[]", "--set", "seeds=20"])
        .args([
            "--set",
            "methods=[\"none\", \"random-features\", \"pca\", \"autoencoder\", \"sparse\", \
            \"denoising\", \"contractive\", \"rbm\", \"mixed\", \"relu-dropout\"]",
        ])
        .args(["--set", "layers=[500, 400, 300, 200, 100]", "--set", "depths=[1, 2, 3, 4, 5]"])
        .args(["--set", &format!("labels=[{}]", budgets.join(", "))])
        .args(["--simulate", "1,10,100,1000", "--json", "--out"])
        .arg(folder.path())
        .assert()
        .success();
    let time = begun.elapsed();
    assert!(time < Duration::from_secs(2), "{time:?}");
    let text = String::from_utf8(done.get_output().stdout.clone()).expect("UTF-8");
    let rows: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let seconds = |row: usize| rows[row]["seconds"].as_f64().expect("a number");
    assert_eq!(rows.len(), 5);
    assert!((0..3).all(|row| seconds(row) > seconds(row + 1)), "{text}");
    // The last row is the critical path.
    assert!(seconds(3) >= seconds(4) * (1.0 - 1e-9), "{text}");
    assert!(rows[4]["critical_path"].as_array().is_some_and(|path| path.len() >= 7), "{text}");
}

#[test]
fn a_submission_is_written_without_an_engine_and_its_status_told() {
    let data = small_mnist(2_500, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("a run's results");
    small("submit", data.path(), &out)
        .args(["--dry-run", "--task-seconds", "1", "--max-running", "3", "--account", "my project"])
        .assert()
        .success()
        .stdout(contains("wave-1.sh").and(contains("--dependency=afterok:ID-of-wave-1")));
    let script = std::fs::read_to_string(out.join("cluster/wave-1.sh")).expect("written");
    assert!(script.contains("%3\n") && script.contains("--account=\"my project\""), "{script}");
    aerbm()
        .arg("status")
        .arg(&out)
        .assert()
        .success()
        .stdout(contains("wave-1").and(contains("0 of ")).and(contains("with 3 workers")));
    // Without the engine's program nothing can be submitted, which is reported in one line.
    small("submit", data.path(), &out)
        .env("PATH", folder.path())
        .assert()
        .failure()
        .stderr(contains("there is no sbatch here").and(contains("--dry-run")));
}
