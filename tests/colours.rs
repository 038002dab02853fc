//! Colour pictures through the command: networks distinguish hues that grey values do not, and figures,
//! shifts and halves have three channels.

use std::path::{Path, PathBuf};

use image::{DynamicImage, Rgb, RgbImage};
use predicates::str::contains;

use crate::support::aerbm;

/// A picture of 16 × 16 pixels. Warm and cold ones of the same number have the same luma, pixel by pixel.
fn picture(i: u32, is_warm: bool) -> RgbImage {
    RgbImage::from_fn(16, 16, |x, y| {
        let grey = 60 + (x * 37 + y * 101 + i * 53 + x * y * i) % 120;
        let by: [i32; 3] = if is_warm { [34, -10, -1] } else { [-34, 10, 2] };
        Rgb(by.map(|by| u8::try_from(grey.saturating_add_signed(by)).expect("a byte")))
    })
}

/// A folder for each class, with pictures of these numbers.
fn pictures(folder: &Path, numbers: std::ops::Range<u32>) -> PathBuf {
    for (class, is_warm) in [("cold", false), ("warm", true)] {
        let dir = folder.join(class);
        std::fs::create_dir_all(&dir).expect("created");
        for i in numbers.clone() {
            picture(i, is_warm).save(dir.join(format!("{i:02}.png"))).expect("written");
        }
    }
    folder.to_owned()
}

fn run(args: &[&str], paths: &[&Path]) -> assert_cmd::assert::Assert {
    aerbm().args(args).args(paths).assert()
}

fn lines(assert: assert_cmd::assert::Assert) -> Vec<String> {
    let output = assert.success().get_output().stdout.clone();
    String::from_utf8(output).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn a_convolutional_network_tells_hues_apart_that_grey_values_do_not() {
    let grey = |is_warm| DynamicImage::ImageRgb8(picture(7, is_warm)).into_luma8();
    assert_eq!(grey(true), grey(false));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = pictures(&folder.path().join("pictures"), 0..30);
    let model = folder.path().join("model");
    let budget = "architectures.convolutional.labels=[{count=20,updates=60,batch_size=10}]";
    let fit = ["fit", "--method", "cnn-dropout", "--set", budget, "--labels", "20", "--data"];
    run(&fit, &[&data, Path::new("--out"), &model])
        .success()
        .stderr(contains("60 of 60 training images are coloured"));
    let new = pictures(&folder.path().join("new"), 100..120);
    let predicted = lines(run(&["predict"], &[&model, &new]));
    assert_eq!(predicted.len(), 41);
    for (at, class) in [(1..21, "cold,"), (21..41, "warm,")] {
        let right = predicted[at].iter().filter(|line| line.starts_with(class)).count();
        assert!(right >= 19, "{class} {right} of 20: {predicted:?}");
    }
    // A picture by itself gives the same result.
    let alone = folder.path().join("alone");
    std::fs::create_dir(&alone).expect("created");
    picture(103, true).save(alone.join("one.png")).expect("written");
    assert_eq!(lines(run(&["predict"], &[&model, &alone]))[1], predicted[24]);
}

#[test]
fn a_budget_of_an_architecture_beyond_the_data_leaves_no_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = pictures(&folder.path().join("pictures"), 0..30);
    let out = folder.path().join("study");
    let budget = "architectures.convolutional.labels=[{count=90000,updates=60,batch_size=10}]";
    run(
        &["compare", "--methods", "cnn", "--set", budget, "--data"],
        &[&data, Path::new("--out"), &out],
    )
    .code(2)
    .stderr(contains("90000 labels: expected at most"));
    assert!(!out.exists());
}

#[test]
fn figures_shifts_and_halves_have_three_channels() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = pictures(&folder.path().join("pictures"), 0..30);
    // This preset shifts images, and measures itself against filters.
    let denoising = folder.path().join("denoising");
    let small = ["--set", "model.encoder_layers=[9]", "--set", "training.epochs=2"];
    let train = |preset, small: &[&str], out: &Path| {
        let args = [&["train", preset], small, &["--data"]].concat();
        run(&args, &[&data, Path::new("--out"), out]).success();
    };
    train("denoising", &small, &denoising);
    let settings = std::fs::read_to_string(denoising.join("config.toml")).expect("written");
    assert!(settings.contains("[training.shift]\npixels = 1\nchannels = 3\n"), "{settings}");
    let figure = |run: &Path, name: &str| {
        let csv = run.join("figures").join(name).with_extension("csv");
        let text = std::fs::read_to_string(csv).expect("drawn");
        let header = text.lines().next().expect("a header").to_owned();
        let first = text.lines().nth(1).expect("a tile").to_owned();
        (header.split(',').count() - 5, first)
    };
    assert_eq!(figure(&denoising, "denoising_denoising").0, 768);
    let (n, filter) = figure(&denoising, "filters_denoising");
    assert!(n == 768 && filter.contains(",16,48,"), "the channels are side by side: {filter}");

    let rbm = folder.path().join("rbm");
    train("rbm", &["--set", "model.n_hidden=8", "--set", "training.epochs=2"], &rbm);
    assert_eq!(figure(&rbm, "reconstructions").0, 768);
    let filled = lines(run(&["inpaint", "--known", "left", "--steps", "2"], &[&rbm, &data]));
    let pixels: Vec<f64> =
        filled[1].split(',').map(|cell| cell.parse().expect("a number")).collect();
    // The first picture is cold/00.
    let truth = picture(0, false);
    for (x, y, pixel) in truth.enumerate_pixels().filter(|(x, ..)| *x < 8) {
        let found = &pixels[3 * (16 * y + x) as usize..][..3];
        let is_same =
            found.iter().zip(pixel.0).all(|(found, byte)| (found - f64::from(byte)).abs() < 1e-3);
        assert!(is_same, "{x}, {y}: {found:?}, {pixel:?}");
    }
}
