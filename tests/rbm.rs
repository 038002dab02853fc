//! RBMs through the command: likelihood, samples, inpainting, deep belief networks, divergence.

use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{aerbm, small_mnist};

/// Trains a preset on a few digits into `out`.
fn train(preset: &str, settings: &[&str], data: &Path, out: &Path) -> assert_cmd::assert::Assert {
    let mut command = aerbm();
    command.args(["train", preset, "--set", "split={train=500}"]);
    for setting in settings {
        command.args(["--set", setting]);
    }
    command.arg("--data").arg(data).arg("--out").arg(out).assert()
}

fn on_run(args: &[&str], data: &Path, run: &Path) -> assert_cmd::assert::Assert {
    let mut command = aerbm();
    command.arg(args[0]).arg(run).args(&args[1..]).arg("--data").arg(data);
    command.assert().success()
}

/// The value of a metric in a table of a run.
fn value(table: &Path, split: &str, metric: &str) -> f64 {
    let text = std::fs::read_to_string(table).expect("the table is written");
    let row = text.lines().rfind(|row| row.contains(&format!(",{split},{metric},")));
    let value = row.expect("the metric is there").split(',').nth(8).expect("ten columns");
    value.parse().expect("a number")
}

#[test]
fn a_small_rbm_has_an_exact_likelihood_and_fills_in_what_is_missing() {
    let data = small_mnist(600, 60);
    let out = tempfile::tempdir().expect("a temporary folder");
    let settings = [
        "model.n_hidden=12",
        "training.epochs=60",
        "training.batch_size=20",
        "likelihood.every=20",
    ];
    train("rbm-pcd", &settings, data.path(), out.path()).success();
    on_run(&["likelihood"], data.path(), out.path())
        .stdout(contains("pixels: sample; log Z: ").and(contains(" nats, exact")));
    let table = out.path().join("likelihood_rbm-pcd.csv");
    let exact = value(&table, "test", "log_likelihood_nats");
    // Independent pixels have about −206 nats.
    assert!((-195.0..-100.0).contains(&exact), "{exact}");
    assert!(value(&table, "test", "pseudo_log_likelihood_nats") > exact);
    let of_training = value(&out.path().join("metrics.csv"), "validation", "log_likelihood_nats");
    assert_eq!(of_training, value(&table, "validation", "log_likelihood_nats"));

    let inpaint = ["inpaint", "--images", "10", "--draws", "2", "--steps", "50"];
    on_run(&inpaint, data.path(), out.path()).stdout(contains("inpaint_rbm-pcd.csv"));
    let table = out.path().join("inpaint_rbm-pcd.csv");
    let conditional = value(&table, "test", "conditional_nll_nats");
    let independent = value(&table, "test", "independent_nll_nats");
    assert!(conditional < independent, "{conditional} nats, independent {independent}");

    on_run(&["sample", "--steps", "40"], data.path(), out.path()).stdout(contains("r_hat"));
    for file in ["figures/inpainted_rbm-pcd.png", "figures/page_rbm-pcd.png", "sample_rbm-pcd.csv"]
    {
        assert!(out.path().join(file).is_file(), "{file}");
    }
}

#[test]
fn an_estimated_likelihood_comes_with_a_verdict() {
    let data = small_mnist(600, 60);
    let out = tempfile::tempdir().expect("a temporary folder");
    let settings = ["model.n_hidden=30", "training.epochs=3"];
    train("rbm-pcd", &settings, data.path(), out.path()).success();
    on_run(&["likelihood", "--chains", "24", "--precision", "0.5"], data.path(), out.path())
        .stdout(contains("log_z_nats_lower"))
        .stdout(contains("reverse_ais_effective_chains"))
        .stdout(contains("nats (95 % interval "));
    let table = out.path().join("likelihood_rbm-pcd.csv");
    let [lower, upper] =
        ["log_z_nats_lower", "log_z_nats_upper"].map(|metric| value(&table, "model", metric));
    assert!(upper - lower <= 1.0, "{lower} to {upper}");
    on_run(&["likelihood", "--precision", "1e-9", "--max-sweeps", "300"], data.path(), out.path())
        .stdout(contains("wider than asked: 300 sweeps were too few"));
}

#[test]
fn a_deep_belief_network_trains_and_draws() {
    let data = small_mnist(600, 60);
    let out = tempfile::tempdir().expect("a temporary folder");
    let settings = ["layers=[30, 20]", "training.epochs=2", "top.epochs=2"];
    train("dbn", &settings, data.path(), out.path()).success();
    on_run(&["sample", "--steps", "20"], data.path(), out.path());
    let nearest = value(&out.path().join("sample_dbn.csv"), "samples", "nearest_training_sse");
    assert!(nearest > 0.0, "{nearest}");
}

#[test]
fn a_convolutional_rbm_trains_draws_fills_and_is_measured() {
    let data = small_mnist(600, 60);
    let out = tempfile::tempdir().expect("a temporary folder");
    let layer = "layers=[{model={maps=6, kernel=9, pool=4}, training={epochs=4, batch_size=10, \
                 learning_rate=1, sparsity_cost=0}}]";
    train("conv-rbm", &[layer], data.path(), out.path()).success();
    let mse = value(&out.path().join("metrics.csv"), "test", "mse_per_pixel");
    // The mean image has 0.067.
    assert!(mse < 0.035, "{mse}");
    let few = ["likelihood", "--chains", "8", "--max-sweeps", "200", "--precision", "2"];
    on_run(&few, data.path(), out.path())
        .stdout(contains("log_z_nats_lower"))
        .stdout(contains("pixels: sample; log Z: "));
    let table = out.path().join("likelihood_conv-rbm.csv");
    let likelihood = value(&table, "test", "log_likelihood_nats");
    // Independent pixels have about −206 nats.
    assert!((-200.0..-100.0).contains(&likelihood), "{likelihood}");
    let inpaint = ["inpaint", "--images", "4", "--draws", "2", "--steps", "10"];
    on_run(&inpaint, data.path(), out.path());
    on_run(&["sample", "--steps", "20"], data.path(), out.path()).stdout(contains("r_hat"));
    on_run(&["evaluate"], data.path(), out.path()).stdout(contains("pooled_activity"));
    for file in ["figures/inpainted_conv-rbm.png", "figures/page_conv-rbm.png"] {
        assert!(out.path().join(file).is_file(), "{file}");
    }
    let show = aerbm().arg("show").arg(out.path()).assert().success();
    show.stdout(contains("a convolutional restricted Boltzmann machine"))
        .stdout(contains("probabilistic max-pooling over 4 × 4"));
}

#[test]
fn a_convolutional_deep_belief_network_trains_and_draws() {
    let data = small_mnist(600, 60);
    let out = tempfile::tempdir().expect("a temporary folder");
    let layers = "layers=[{model={maps=6, kernel=7, pool=2}, training={epochs=2}}, \
                  {model={maps=8, kernel=4, pool=2}, training={epochs=2}}]";
    train("conv-rbm", &[layers], data.path(), out.path()).success();
    on_run(&["sample", "--steps", "10"], data.path(), out.path());
    let nearest = value(&out.path().join("sample_conv-rbm.csv"), "samples", "nearest_training_sse");
    assert!(nearest > 0.0, "{nearest}");
    for command in ["likelihood", "inpaint"] {
        let mut refused = aerbm();
        refused.arg(command).arg(out.path()).arg("--data").arg(data.path());
        refused.assert().code(1).stderr(contains("an RBM of one layer"));
    }
}

#[test]
fn divergence_ends_with_the_reason_and_the_last_good_model() {
    let data = small_mnist(600, 60);
    let out = tempfile::tempdir().expect("a temporary folder");
    let settings = ["model.n_hidden=30", "training.learning_rate=10", "training.epochs=40"];
    train("gaussian-rbm", &settings, data.path(), out.path())
        .code(1)
        .stderr(contains("is kept in"))
        .stderr(contains("lower training.learning_rate"));
    on_run(&["evaluate"], data.path(), out.path()).stdout(contains("mse_per_pixel"));
    let info = std::fs::read_to_string(out.path().join("run.json")).expect("there");
    assert!(info.contains("\"status\": \"failed\"") && info.contains("\"failure\""), "{info}");
    // A failed run does not keep the corrected command out of its folder.
    let settings = ["model.n_hidden=30", "training.learning_rate=0.001", "training.epochs=2"];
    train("gaussian-rbm", &settings, data.path(), out.path()).success();
}

#[test]
fn what_only_an_rbm_can_do_is_refused_to_others() {
    let data = small_mnist(600, 60);
    let out = tempfile::tempdir().expect("a temporary folder");
    let settings = ["model.n_hidden=10", "training.epochs=1"];
    train("autoencoder", &settings, data.path(), out.path()).success();
    for command in ["likelihood", "inpaint", "sample"] {
        let mut refused = aerbm();
        refused.arg(command).arg(out.path()).arg("--data").arg(data.path());
        refused.assert().code(1).stderr(contains("choose the folder of one"));
    }
}
