//! Small seeded runs on real digits, with stated bounds on what they reach.

use std::path::Path;

use crate::support::{aerbm, small_mnist};

fn measure(metrics: &Path, split: &str, metric: &str) -> f64 {
    let text = std::fs::read_to_string(metrics).expect("metrics.csv is written");
    let row = text.lines().rfind(|row| row.contains(&format!(",{split},{metric},")));
    let value = row.expect("the metric is there").split(',').nth(8).expect("ten columns");
    value.parse().expect("a number")
}

#[test]
fn an_autoencoder_and_an_rbm_beat_the_mean_image() {
    let data = small_mnist(3_000, 500);
    for (preset, epochs, bound) in [("autoencoder", "12", 0.025), ("rbm", "12", 0.025)] {
        let out = tempfile::tempdir().expect("a temporary folder");
        let assert = aerbm()
            .args(["train", preset, "--set", "partition={train=2900}"])
            .args(["--set", "model.n_hidden=100", "--set", "training.batch_size=20"])
            .args(["--set", &format!("training.epochs={epochs}")])
            .arg("--data")
            .arg(data.path())
            .arg("--out")
            .arg(out.path())
            .assert()
            .success();
        let printed = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        assert!(printed.contains("epoch  12/12"), "{printed}");
        // The mean image has 0.067.
        let mse = measure(&out.path().join("metrics.csv"), "test", "mse_per_pixel");
        assert!(mse < bound, "{preset}: {mse}");
        for file in ["report.html", "run.json", "figures/learning_curves.png"] {
            assert!(out.path().join(file).is_file(), "{file}");
        }
        let mut evaluate = aerbm();
        evaluate.arg("evaluate").arg(out.path()).arg("--json").arg("--data").arg(data.path());
        let output = evaluate.output().expect("runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(&format!("\"value\":{mse}")), "{text}");
    }
}

#[test]
fn selfcheck_passes() {
    aerbm().arg("selfcheck").assert().success();
}

#[test]
fn every_preset_prints_itself() {
    for preset in [
        "tutorial",
        "autoencoder",
        "autoencoder-mse",
        "sparse",
        "k-sparse",
        "denoising",
        "contractive",
        "deep-autoencoder",
        "deep-autoencoder-2d",
        "stacked-autoencoder",
        "stacked-denoising",
        "rbm",
    ] {
        let output = aerbm().args(["train", preset, "--print"]).output().expect("runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success()
                && text.contains("[training.optimizer]") | text.contains("gibbs_steps")
        );
    }
}
