//! Every command of the book and of the READMEs runs. Models are trained on a few digits and for one epoch, so
//! that this takes seconds; the settings that the book names are kept.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use image::{GrayImage, Luma};

use crate::support::{root, small_mnist};

/// Models that take a second with these settings; for the others, the settings are resolved and printed.
const TRAINED: [(&str, &str); 7] = [
    ("autoencoder", "training.epochs=1"),
    ("tutorial", "training.epochs=1"),
    ("sparse", "training.epochs=1"),
    ("denoising", "training.epochs=1"),
    ("contractive", "training.epochs=1"),
    ("rbm", "training.epochs=1"),
    ("rbm-pcd", "training.epochs=1"),
];

/// Results of commands that take minutes, which do not exist in this test.
const ABSENT: [&str; 6] = [
    "reports/quick",
    "reports/default",
    "reports/paper",
    "reports/compare",
    "reports/runs/dbn",
    "reports/runs/c",
];

/// The lines of shell examples in a Markdown file that begin with `aerbm`, without comments.
fn commands(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("a page of the book");
    let blocks =
        text.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    let lines = blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap_or_default());
    let lines = lines.flat_map(|line| line.split("&&"));
    lines.map(str::trim).filter(|line| line.starts_with("aerbm ")).map(str::to_owned).collect()
}

/// The first TOML example of a chapter.
fn toml_of(chapter: &str) -> String {
    let text = std::fs::read_to_string(root().join("docs/src").join(chapter)).expect("a chapter");
    let example = text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    example.expect("an example").to_owned()
}

fn pages(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the book") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
    found.sort();
}

/// The arguments with which this test runs a command of the book.
fn arguments(line: &str, digits: &Path) -> Vec<String> {
    let mut words: Vec<String> = line.split_whitespace().skip(1).map(str::to_owned).collect();
    let has = |words: &[String], word: &str| words.iter().any(|one| one == word);
    let preset = words.get(1).cloned().unwrap_or_default();
    let digits = digits.display().to_string();
    match words[0].as_str() {
        "train" if has(&words, "--list") || has(&words, "--print") => (),
        "train" if has(&words, "--data") => {
            words.extend(["--set", "training.epochs=1"].map(str::to_owned));
        }
        "train" => match TRAINED.iter().find(|(name, _)| *name == preset) {
            Some((name, setting)) => {
                let folder = format!("reports/runs/{name}-seed1-{}", words.len());
                let folder = folder.trim_end_matches("-2").to_owned();
                let set = ["--set", "split={train=250}", "--set", setting, "--data", &digits];
                words.extend(set.map(str::to_owned));
                if !has(&words, "--out") {
                    words.extend(["--out".to_owned(), folder]);
                }
            }
            None => words.push("--print".to_owned()),
        },
        // These take minutes, so only their options are checked.
        "compare" | "pipeline" | "likelihood" | "plan" | "submit" | "status" | "selfcheck" => {
            words.push("--help".to_owned());
        }
        // MNIST is not in the folder of the tests.
        "data" if has(&words, "verify") => words.push("--help".to_owned()),
        "fit" => words.extend(["--method", "none"].map(str::to_owned)),
        "sample" | "inpaint" | "denoise" | "encode" | "reconstruct"
            if words.get(1).is_some_and(|run| run.starts_with("reports/runs/")) =>
        {
            words.extend(["--data".to_owned(), digits]);
        }
        _ => (),
    }
    words
}

/// A table for the examples of the reader's own data.
fn table(path: &Path, with_label: bool) {
    let label = if with_label { ",kind" } else { "" };
    let mut text = format!("size,age,district,lift,built{label}\n");
    for i in 0..120 {
        let (size, age) = ((i % 17) as f64 * 1.5 + 0.25, (i * 7 % 23) as f64 / 3.0);
        let (district, lift) = (["North", "South", "West"][i % 3], ["no", "yes"][i / 3 % 2]);
        let (day, year) = (1 + i % 28, 1990 + i % 31);
        let _ = write!(text, "{size:.2},{age:.3},{district},{lift},{day:02}.11.{year}");
        if with_label {
            text += if i % 17 > 8 { ",large" } else { ",small" };
        }
        text.push('\n');
    }
    std::fs::write(path, text).expect("written");
}

/// Pictures of two classes, a folder for each.
fn pictures(folder: &Path) {
    for i in 0..40_u32 {
        let class = folder.join(if i % 2 == 0 { "daisy" } else { "tulip" });
        std::fs::create_dir_all(&class).expect("created");
        let level = |x: u32, y: u32| ((x * (1 + i % 2) * 20 + y * 5 + i * 7) % 256) as u8;
        let picture = GrayImage::from_fn(8, 8, |x, y| Luma([level(x, y)]));
        picture.save(class.join(format!("{i}.png"))).expect("written");
    }
}

#[test]
fn every_command_of_the_book_runs() {
    let digits = small_mnist(300, 60);
    let folder = tempfile::tempdir().expect("a temporary folder");
    table(&folder.path().join("flats.csv"), true);
    table(&folder.path().join("sensors.csv"), false);
    let schema = toml_of("your-data.md");
    std::fs::write(folder.path().join("schema.toml"), schema).expect("written");
    pictures(&folder.path().join("flowers"));
    pictures(&folder.path().join("new-pictures"));
    let mut files = Vec::new();
    pages(&root().join("docs/src"), &mut files);
    files.extend(["README.md", "README.ko.md"].map(|name| root().join(name)));
    let mut count = 0;
    for file in files {
        for line in commands(&file) {
            let words = arguments(&line, digits.path());
            if words.iter().any(|word| ABSENT.iter().any(|name| word.starts_with(name))) {
                continue;
            }
            let mut command = Command::new(assert_cmd::cargo::cargo_bin("aerbm"));
            let output = command.current_dir(folder.path()).args(&words).output().expect("it runs");
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {line}\n{error}", file.display());
            count += 1;
        }
    }
    assert!(count > 45, "only {count} commands were found");
}

#[test]
fn the_profile_of_the_book_plans_a_comparison() {
    let digits = small_mnist(300, 60);
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("mine.toml"), toml_of("extending.md")).expect("written");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("aerbm"));
    command.current_dir(folder.path()).args(["plan", "--profile", "mine.toml", "--json"]);
    // The profile has more validation samples than these data.
    command.args([
        "--set",
        "split={train=250}",
        "--set",
        "labels=[{count=100,updates=8,batch_size=10}]",
    ]);
    let output = command.arg("--data").arg(digits.path()).output().expect("it runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let plan = String::from_utf8_lossy(&output.stdout);
    assert!(plan.contains("rbm-below"), "{plan}");
}
