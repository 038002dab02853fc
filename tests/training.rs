//! Small seeded runs on real digits, with stated bounds on their results.

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
            .args(["train", preset, "--set", "split={train=2900}"])
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
    let folder = crate::support::root().join("crates/aerbm/presets");
    let presets = std::fs::read_dir(folder).expect("the folder of presets");
    let mut count = 0;
    for preset in presets {
        let name = preset.expect("an entry").path();
        let name = name.file_stem().expect("a file").to_string_lossy().into_owned();
        let output = aerbm().args(["train", &name, "--print"]).output().expect("runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let printed = text.parse::<toml::Table>().expect("TOML");
        let has_training = ["training", "layers"].iter().any(|key| printed.contains_key(*key));
        assert!(output.status.success() && has_training, "{name}: {text}");
        count += 1;
    }
    let output = aerbm().args(["train", "--list"]).output().expect("runs");
    let listed =
        String::from_utf8_lossy(&output.stdout).lines().filter(|l| !l.starts_with(' ')).count();
    assert_eq!(listed, count);
}
