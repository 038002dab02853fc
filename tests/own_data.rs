//! Users' own data through the command: every format trains, and data that stay on disk give the same
//! tables as data in memory.

use std::fmt::Write as _;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{aerbm, promised_tables, root, small_mnist};

const SMALL: [&str; 4] = ["--set", "model.n_hidden=12", "--set", "training.epochs=2"];

fn train(preset: &str, data: &Path, out: &Path, more: &[&str]) -> assert_cmd::assert::Assert {
    aerbm()
        .args(["train", preset])
        .args(SMALL)
        .args(more)
        .arg("--data")
        .arg(data)
        .arg("--out")
        .arg(out)
        .assert()
}

/// Samples of two classes: noisy ramps that rise or fall.
fn table(separator: char) -> String {
    let mut text = format!("a{separator}b{separator}c{separator}kind\n");
    for i in 0..60 {
        let (up, noise) = (i % 3 != 0, f64::from(i * 7 % 10) / 40.0);
        for column in 0..3 {
            let level = if up { column } else { 2 - column };
            write!(text, "{}{separator}", f64::from(level) / 4.0 + noise).expect("a string");
        }
        writeln!(text, "{}", if up { "rising" } else { "falling" }).expect("a string");
    }
    text
}

#[test]
fn a_table_trains_and_its_classes_are_recorded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, out) = (folder.path().join("ramps.csv"), folder.path().join("run"));
    std::fs::write(&data, table(',')).expect("written");
    train("autoencoder", &data, &out, &["--label-column", "kind"])
        .success()
        .stderr(contains("ramps: 2 classes: falling, rising"))
        .stderr(contains("samples are 3 numbers, not images"));
    let info = std::fs::read_to_string(out.join("run.json")).expect("run.json is written");
    assert!(info.contains("\"falling\",\n      \"rising\""), "{info}");
    assert!(out.join("report.html").is_file());
    aerbm()
        .args(["evaluate", &out.to_string_lossy(), "--data", &data.to_string_lossy()])
        .args(["--label-column", "kind"])
        .assert()
        .success()
        .stdout(contains("mse_per_pixel"));
    aerbm()
        .args(["reconstruct", &out.to_string_lossy(), "--data", &data.to_string_lossy()])
        .args(["--label-column", "kind"])
        .assert()
        .code(1)
        .stderr(contains("samples of 3 numbers, which are not images"));
    // This preset shifts images.
    let small = ["--label-column", "kind", "--set", "model.encoder_layers=[5]"];
    train("denoising", &data, &folder.path().join("denoised"), &small)
        .success()
        .stderr(contains("training.shift is left out: ramps has no images to shift"));
}

#[test]
fn a_run_is_of_one_seed_and_its_own_data() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, other) = (folder.path().join("ramps.csv"), folder.path().join("others.csv"));
    std::fs::write(&data, table(',')).expect("written");
    std::fs::write(&other, table(',').replace("0.5", "0.25")).expect("written");
    // The name of a settings file may contain a dot.
    let settings = folder.path().join("my.rbm.toml");
    std::fs::write(&settings, "kind = \"rbm\"\n[model]\nn_hidden = 4\n[training]\nepochs = 2\n")
        .expect("written");
    let (settings, out) = (settings.to_string_lossy(), folder.path().join("run"));
    let label = ["--label-column", "kind", "--set", "training.batch_size=7"];
    train(&settings, &data, &out, &label).success();
    assert!(out.join("models/my-rbm").is_dir());
    let info = std::fs::read_to_string(out.join("run.json")).expect("run.json is written");
    assert!(info.contains(" --set training.batch_size=7 "), "{info}");
    train(&settings, &other, &out, &label).code(1).stderr(contains("of other data"));
    let seed = [&label[..], &["--seed", "2"]].concat();
    train(&settings, &data, &out, &seed).code(1).stderr(contains("of another seed"));
    let evaluate = |more: &[&str]| aerbm().arg("evaluate").arg(&out).args(more).assert();
    evaluate(&[]).success().stderr(contains("ramps.csv, as my-rbm was trained on"));
    evaluate(&["--data", "mnist"]).code(1).stderr(contains("784 values per sample; expected 3"));
}

#[test]
fn units_and_losses_follow_from_the_values() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, out) = (folder.path().join("wide.csv"), folder.path().join("run"));
    let rows = (0..30).fold(String::new(), |rows, i| format!("{rows}{},{}.5\n", i - 3, i * 20));
    std::fs::write(&data, rows).expect("written");
    train("rbm", &data, &out, &[])
        .success()
        .stderr(contains("each column scaled to mean 0 and standard deviation 1"))
        .stderr(contains("units and losses follow from the columns of wide"));
    let other = folder.path().join("other");
    train("rbm", &data, &other, &["--scale", "unit"]).success().stderr(contains("scaled to unit"));
    // A deep belief network has binary units in every layer.
    let dbn = ["train", "dbn", "--data", &data.to_string_lossy(), "--out"].map(str::to_owned);
    aerbm()
        .args(dbn)
        .arg(folder.path().join("dbn"))
        .assert()
        .code(2)
        .stderr(contains("a deep belief network takes values in [0, 1]"));
}

/// Settings are adapted to a table once: those that a run recorded give the same run, and those that are given are
/// kept.
#[test]
fn recorded_and_given_settings_are_not_adapted_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let row = |text: String, i: usize| text + &format!("{},{}\n", i % 7 * 10, i % 5);
    std::fs::write(at("real.csv"), (0..60).fold("p,q\n".to_owned(), row)).expect("written");
    let settings =
        |run: &str| std::fs::read_to_string(at(run).join("config.toml")).expect("written");
    for preset in ["rbm", "autoencoder"] {
        let [first, again] = ["first", "again"].map(|name| format!("{preset}-{name}"));
        train(preset, &at("real.csv"), &at(&first), &[]).success();
        let recorded = at(&first).join("config.toml");
        train(&recorded.to_string_lossy(), &at("real.csv"), &at(&again), &[]).success();
        assert_eq!(settings(&first), settings(&again), "{preset}");
    }
    let given = ["--set", "training.learning_rate=0.0125"];
    train("rbm", &at("real.csv"), &at("given"), &given).success();
    assert!(settings("given").contains("learning_rate = 0.0125\n"), "{}", settings("given"));
}

#[test]
fn real_values_are_compared_after_scaling() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, out) = (folder.path().join("ramps.csv"), folder.path().join("run"));
    let below_zero = table(',').replace("0.", "-0.");
    std::fs::write(&data, &below_zero).expect("written");
    let compare = |more: &[&str]| {
        aerbm()
            .args(["compare", "--methods", "none,denoising,rbm", "--seeds", "2", "--depths", "1"])
            .args(["--labels", "20", "--set", "layers=[5]", "--label-column", "kind"])
            .args(more)
            .arg("--data")
            .arg(&data)
            .arg("--out")
            .arg(&out)
            .assert()
    };
    compare(&[])
        .success()
        .stderr(contains("each column scaled to mean 0 and standard deviation 1"))
        .stdout(contains("denoising"))
        .stdout(contains("with 20 labels"));
    let info = std::fs::read_to_string(out.join("run.json")).expect("run.json is written");
    let command = "aerbm compare --methods none,denoising,rbm --labels 20 --depths 1 --seeds 2 \
                   --set 'layers=[5]' --data ";
    assert!(info.contains(command), "{info}");
    let settings = || std::fs::read_to_string(out.join("config.toml")).expect("it is written");
    assert!(settings().contains("epochs = 2000"), "few samples make many epochs");
    let other = ["--set", "rbm.training.epochs=3"];
    compare(&other).code(1).stderr(contains("holds a run with other settings"));
    compare(&[&["--force"], &other[..]].concat()).success();
    assert!(settings().contains("epochs = 3\n"), "but not where they are given");
    compare(&["--depths", "1,1"]).code(2);
    let wide = folder.path().join("wide");
    aerbm()
        .args(["compare", "--methods", "none", "--seeds", "1", "--labels", "20"])
        .args(["--set", "depths=[1]", "--label-column", "kind"])
        .arg("--data")
        .arg(&data)
        .arg("--out")
        .arg(&wide)
        .assert()
        .success()
        .stderr(contains("3 features: at most 64 units a layer"));
}

#[test]
fn what_stays_on_disk_gives_the_tables_that_it_gives_in_memory() {
    let mnist = small_mnist(2_000, 200);
    let file = mnist.path().join("train-images-idx3-ubyte");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, data) in [("folder", mnist.path()), ("file", &file)] {
        for preset in ["autoencoder", "rbm"] {
            let out = |kind: &str| folder.path().join(format!("{name}-{preset}-{kind}"));
            train(preset, data, &out("memory"), &[])
                .success()
                .stderr(contains("stay on disk").not());
            train(preset, data, &out("disk"), &["--memory-limit", "1"])
                .success()
                .stderr(contains("stay on disk"));
            let tables = promised_tables(&out("memory"));
            assert!(tables.len() >= 2);
            assert!(promised_tables(&out("disk")) == tables, "{name}, {preset}");
        }
    }
    let likelihood: &[&str] = &["train", "rbm", "--set", "likelihood.every=1"];
    for command in [&["compare"][..], &["train", "dbn"], likelihood] {
        aerbm()
            .args(command)
            .args(["--memory-limit", "1", "--out", "x", "--data"])
            .arg(&file)
            .current_dir(folder.path())
            .assert()
            .code(1)
            .stderr(contains("or raise --memory-limit"));
    }
}

#[test]
fn sets_with_names_are_listed_and_made() {
    aerbm().args(["data", "list"]).assert().success().stdout(
        contains("mnist           in data/mnist")
            .and(contains("fashion-mnist"))
            .and(contains("mnist-rot       generated: ")),
    );
    aerbm()
        .args(["train", "rbm", "--data", "mnist-rott"])
        .assert()
        .code(2)
        .stderr(contains("did you mean `mnist-rot`?"));
    aerbm()
        .args(["data", "fetch", "fashion-mnits"])
        .assert()
        .code(2)
        .stderr(contains("did you mean `fashion-mnist`?"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    train("rbm", Path::new("rect"), &folder.path().join("run"), &[])
        .success()
        .stdout(contains("epoch   2/2"));
    train("rbm", Path::new("rect"), &folder.path().join("quiet"), &["--quiet"])
        .success()
        .stdout(contains("epoch").not());
    assert!(root().join("data/mnist").is_dir());
}

#[test]
fn a_mirror_that_is_not_there_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    aerbm()
        .args(["data", "fetch", "fashion-mnist", "--mirror", "http://127.0.0.1:1/files"])
        .current_dir(folder.path())
        .assert()
        .code(1)
        .stderr(contains("http://127.0.0.1:1/files/train-images-idx3-ubyte.gz: "))
        .stderr(contains("by hand: 26421880 bytes, SHA-256 3aede38d"));
    let again = "aerbm data fetch fashion-mnist";
    let list = aerbm().args(["data", "list"]).current_dir(folder.path()).assert().success();
    list.stdout(contains(again));
    let train = ["train", "rbm", "--data", "fashion-mnist"];
    aerbm().args(train).current_dir(folder.path()).assert().code(2).stderr(contains(again));
}
