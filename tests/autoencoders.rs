//! Autoencoders through the command: denoising, codes, features, pretraining, early stopping and
//! divergence.

use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{aerbm, small_mnist};

fn run(args: &[&str], data: &Path) -> assert_cmd::assert::Assert {
    aerbm().args(args).arg("--data").arg(data).assert()
}

fn text(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
}

/// The number after `label` on the line that begins with `line`.
fn number(text: &str, line: &str, label: &str) -> f64 {
    let line = text.lines().find(|found| found.starts_with(line)).expect("the line is there");
    let after = line.split(label).nth(1).expect("the label is there").split_whitespace().next();
    after.expect("a number follows").parse().expect("a number")
}

#[test]
fn a_denoising_autoencoder_beats_doing_nothing_and_its_codes_classify() {
    let data = small_mnist(3_000, 500);
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = out.path().to_string_lossy().into_owned();
    let set = ["--set", "split={train=2500}", "--set", "training.epochs=6"];
    let mut args = vec!["train", "denoising", "--out", &folder];
    args.extend(set);
    args.extend(["--set", "model.encoder_layers=[]", "--set", "model.n_hidden=150"]);
    args.extend(["--set", "training.learning_rate=0.003", "--set", "training.batch_size=20"]);
    let trained = text(&run(&args, data.path()).success());
    assert!(trained.contains("test psnr_db") && trained.contains("test ssim"), "{trained}");
    assert!(trained.contains("test code_jacobian_norm"), "{trained}");

    let found = run(&["denoise", &folder, "--noise", "gaussian:0.5"], data.path()).success();
    let found = text(&found);
    let psnr = |line: &str| number(&found, line, "PSNR");
    // The noisy images have 9.2 dB, the best filter reaches 14.
    assert!(psnr("denoising") > psnr("wiener") + 1.0, "{found}");
    assert!(psnr("gaussian") > psnr("noisy") + 2.0 && psnr("median") > psnr("noisy"), "{found}");
    assert!(number(&found, "denoising", "SSIM") > number(&found, "noisy", "SSIM") + 0.1);
    for file in [
        "denoise_denoising.csv",
        "figures/denoising_denoising.png",
        "figures/activities_denoising.png",
    ] {
        assert!(out.path().join(file).is_file(), "{file}");
    }
    run(&["denoise", &folder, "--noise", "rain:1"], data.path())
        .code(2)
        .stderr(contains("expected gaussian:STD"));

    run(&["encode", &folder], data.path()).success().stdout(contains("500 codes: "));
    assert!(out.path().join("codes_denoising_test.npy").is_file());
    let csv = out.path().join("codes.csv");
    let csv_name = csv.to_string_lossy().into_owned();
    run(&["encode", &folder, "--images", "train", "--out", &csv_name], data.path()).success();
    let csv = std::fs::read_to_string(csv).expect("written");
    assert!(csv.starts_with("label,unit_0,") && csv.lines().count() == 3_001);
    run(&["encode", &folder, "--out", "codes.txt"], data.path()).code(2);

    for frozen in [&["--frozen"][..], &[]] {
        let args = [&["probe", &folder, "--set", "updates=1000", "--rates", "0.01,0.001"], frozen]
            .concat();
        let error = number(&text(&run(&args, data.path()).success()), "test", "error");
        assert!(error < 20.0, "{error}");
    }
}

const SMALL_DEEP: [&str; 12] = [
    "--set",
    "split={train=900}",
    "--set",
    "model.encoder_layers=[40, 20]",
    "--set",
    "pretraining.layers.training.epochs=2",
    "--set",
    "training.epochs=4",
    "--set",
    "training.batch_size=20",
    "--set",
    "model.n_hidden=2",
];

#[test]
fn a_deep_autoencoder_is_pretrained_and_a_code_of_two_numbers_is_drawn() {
    let data = small_mnist(1_000, 200);
    for preset in ["deep-autoencoder-2d", "stacked-denoising"] {
        let out = tempfile::tempdir().expect("a temporary folder");
        let folder = out.path().to_string_lossy().into_owned();
        let args = [&["train", preset, "--out", &folder], &SMALL_DEEP[..]].concat();
        run(&args, data.path()).success();
        let metrics = std::fs::read_to_string(out.path().join("metrics.csv")).expect("written");
        // Three layers of two epochs.
        let rows = metrics.lines().filter(|row| row.contains(",pretrain,"));
        assert_eq!(rows.count(), 6);
        for figure in ["codes", "decoded"] {
            assert!(
                out.path().join(format!("figures/{figure}_{preset}.png")).is_file(),
                "{figure}"
            );
        }
        // A second run trains nothing and changes nothing.
        run(&args, data.path()).success().stderr(contains("samples/s").not());
        let again = std::fs::read_to_string(out.path().join("metrics.csv")).expect("written");
        assert_eq!(again, metrics);
        // After an interruption in the last layer, the layers below it are not trained again.
        let model = out.path().join("models").join(preset);
        let kept = std::fs::read_dir(model.join("pretrained")).expect("layers are kept");
        let kept = kept.map(|entry| entry.expect("an entry").path());
        let smallest = kept.min_by_key(|path| std::fs::metadata(path).expect("a file").len());
        std::fs::remove_file(smallest.expect("three layers")).expect("removed");
        std::fs::remove_file(model.join("model.safetensors")).expect("removed");
        run(&args, data.path())
            .success()
            .stderr(contains("layer 3, seed 1").and(contains("layer 2, seed 1").not()));
        let again = std::fs::read_to_string(out.path().join("metrics.csv")).expect("written");
        assert_eq!(again, metrics);
    }
}

#[test]
fn training_stops_when_the_validation_error_does_not_fall() {
    let data = small_mnist(300, 50);
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = out.path().to_string_lossy().into_owned();
    let args = ["train", "autoencoder", "--out", &folder, "--set", "split={train=200}"];
    // A rate that is much too high soon raises the error.
    let more = ["--set", "stopping.patience=3", "--set", "training.learning_rate=0.3"];
    let constant = ["--set", "training.schedule=constant"];
    let printed = text(&run(&[&args[..], &more, &constant].concat(), data.path()).success());
    let epochs = printed.lines().filter(|line| line.starts_with("epoch ")).count();
    assert!((4..24).contains(&epochs), "{printed}");
    // The best model is kept.
    let metrics = std::fs::read_to_string(out.path().join("metrics.csv")).expect("written");
    let errors = metrics.lines().filter(|row| row.contains(",validation,mse_per_pixel,"));
    let errors: Vec<f64> = errors
        .map(|row| row.split(',').nth(8).expect("ten columns").parse().expect("a number"))
        .collect();
    let best = errors.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(errors.iter().rev().take(3).all(|&error| error > best), "{errors:?}");
}

#[test]
fn a_training_that_diverges_keeps_the_last_good_model() {
    let data = small_mnist(300, 50);
    let out = tempfile::tempdir().expect("a temporary folder");
    let folder = out.path().to_string_lossy().into_owned();
    let mut args = vec!["train", "autoencoder", "--out", &folder];
    args.extend(["--set", "split={train=200}", "--set", "model.output=identity"]);
    args.extend(["--set", "model.loss=squared-error", "--set", "model.hidden=identity"]);
    args.extend([
        "--set",
        "training.optimizer={kind=\"sgd\"}",
        "--set",
        "training.learning_rate=1",
    ]);
    args.extend(["--set", "training.schedule=constant", "--set", "training.batch_size=200"]);
    run(&args, data.path())
        .code(1)
        .stderr(
            contains("learning rate 1")
                .and(contains("step "))
                .and(contains("far worse than the mean")),
        )
        .stderr(contains("is kept in"));
    run(&["evaluate", &folder], data.path()).success().stdout(contains("test mse_per_pixel"));
}
