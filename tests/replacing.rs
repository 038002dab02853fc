//! A folder keeps the finished run that it holds, unless `--force` replaces it.

use std::path::Path;

use predicates::str::contains;

use crate::cluster::small;
use crate::support::{aerbm, promised_tables, small_mnist};

/// Runs the command, which is refused and changes nothing, then the same with `--force`.
fn refused_then_forced(command: &dyn Fn() -> assert_cmd::Command, out: &Path, difference: &str) {
    let before = promised_tables(out);
    command()
        .assert()
        .code(1)
        .stderr(contains(format!("holds a run {difference}; use --out for another folder")))
        .stderr(contains("use --out for another folder, or --force to replace the run"));
    assert!(promised_tables(out) == before, "{difference}: the refused run changed the tables");
    command().arg("--force").assert().success();
    assert!(promised_tables(out) != before, "{difference}: the forced run changed nothing");
}

#[test]
fn the_pipeline_replaces_a_finished_run_by_force_alone() {
    let data = small_mnist(2_500, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    small("pipeline", data.path(), &out).assert().success();
    let tables = promised_tables(&out);
    small("pipeline", data.path(), &out).assert().success();
    assert!(promised_tables(&out) == tables, "the same run again needs no force");
    let model = || std::fs::read(out.join("models/rbm/model.safetensors")).expect("a model");
    let before = model();

    let other = || {
        let mut command = small("pipeline", data.path(), &out);
        let runs = "runs=[{name=\"rbm\", preset=\"rbm\", \
            set={split={train=500}, model={n_hidden=32}, training={epochs=2}}}]";
        command.args(["--set", runs]);
        command
    };
    let submit = || {
        let mut command = small("submit", data.path(), &out);
        command.args(["--dry-run", "--set", "seeds=1"]);
        command
    };
    submit().assert().code(1).stderr(contains("holds a run with other settings"));
    submit().arg("--force").assert().success();
    refused_then_forced(&other, &out, "with other settings");
    assert!(model() == before, "the model that fits is used again");
    assert!(out.join("figures/filters_rbm.csv").is_file());
    for gone in ["models/rbm-seed-2", "models/autoencoder", "figures/filters_autoencoder.csv"] {
        assert!(!out.join(gone).exists(), "{gone} is of the run that was replaced");
    }
}

#[test]
fn training_replaces_a_finished_run_by_force_alone() {
    let data = small_mnist(300, 60);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let train = |preset: &'static str, settings: &'static [&'static str]| {
        let mut command = aerbm();
        command.args(["train", preset, "--set", "split={train=250}", "--set", "model.n_hidden=9"]);
        command.args(["--set", "training.epochs=1"]).args(settings);
        command.arg("--data").arg(data.path()).arg("--out").arg(&out);
        command
    };
    train("rbm", &[]).assert().success();
    train("rbm", &[]).assert().success();
    refused_then_forced(&|| train("rbm", &["--seed", "2"]), &out, "of another seed");
    refused_then_forced(&|| train("autoencoder", &[]), &out, "with other settings");
    let models: Vec<_> = std::fs::read_dir(out.join("models")).expect("models").flatten().collect();
    assert_eq!(models.len(), 1, "the model of the run that was replaced is gone");
    assert!(!out.join("figures/filters_rbm.csv").exists());
    // The folder of a run with one model names that model.
    aerbm().arg("evaluate").arg(&out).assert().success();
}
