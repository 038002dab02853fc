//! `aerbm verify` passes a run whose files are unchanged, and reports a changed digit anywhere.

use std::path::{Path, PathBuf};

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{aerbm, small_comparison, small_mnist};

fn verify(run: &Path) -> assert_cmd::assert::Assert {
    aerbm().arg("verify").arg(run).assert()
}

/// A small comparison in this folder.
fn finished_run(folder: &Path) -> PathBuf {
    let data = small_mnist(600, 100);
    let run = folder.join("run");
    let mut args = small_comparison();
    args.extend(["--out", run.to_str().expect("a path"), "--data"]);
    aerbm().args(args).arg(data.path()).assert().success();
    run
}

/// Every file of the run for which it has a checksum.
fn recorded(run: &Path) -> Vec<PathBuf> {
    let sums = std::fs::read_to_string(run.join("SHA256SUMS")).expect("checksums");
    sums.lines().map(|line| line.split_once("  ").expect("two columns").1.into()).collect()
}

/// Changes a digit in the middle of a file, and returns what it was.
fn change_a_digit(file: &Path) -> Vec<u8> {
    let before = std::fs::read(file).expect("a file");
    let mut bytes = before.clone();
    let digits: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i].is_ascii_digit()).collect();
    let at = digits[digits.len() / 2];
    bytes[at] = if bytes[at] == b'7' { b'3' } else { b'7' };
    std::fs::write(file, bytes).expect("written");
    before
}

#[test]
fn a_digit_changed_in_any_file_of_a_run_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = finished_run(folder.path());
    verify(&run).success().stdout(contains("verified: "));

    let files = recorded(&run);
    for name in
        ["comparison.csv", "mistakes.csv", "paired.csv", "report.html", "search.csv", "timings.csv"]
    {
        assert!(files.contains(&name.into()), "{name} among {files:?}");
    }
    // One figure is enough.
    let is_checked = |file: &PathBuf| {
        !file.starts_with("figures") || file.with_extension("").ends_with("error_by_labels")
    };
    for file in files.into_iter().filter(is_checked) {
        let path = run.join(&file);
        let before = change_a_digit(&path);
        verify(&run).code(1).stdout(contains(format!("{}: changed since the run", file.display())));
        std::fs::write(&path, before).expect("written");
    }
    verify(&run).success();
}

/// Forged checksums do not help: the tables, the figures and the page are computed again.
#[test]
fn numbers_that_do_not_follow_from_the_mistakes_are_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = finished_run(folder.path());
    let sums = run.join("SHA256SUMS");
    for (file, told) in [
        ("summary.csv", "summary.csv: line"),
        ("summary_of_seeds.csv", "summary_of_seeds.csv: line"),
        ("paired.csv", "paired.csv: line"),
        ("report.html", "report.html: line"),
        ("figures/error_by_labels.svg", "figures/error_by_labels.svg: line"),
    ] {
        let before = change_a_digit(&run.join(file));
        let all = std::fs::read_to_string(&sums).expect("checksums");
        let own = format!("  {file}");
        let others: Vec<&str> = all.lines().filter(|line| !line.ends_with(&own)).collect();
        std::fs::write(&sums, others.join("\n")).expect("written");
        verify(&run).code(1).stdout(contains(told));
        std::fs::write(run.join(file), before).expect("written");
        std::fs::write(&sums, all).expect("written");
    }
    for (file, told) in
        [("search.csv", "the chosen trial is not"), ("settings.csv", "config.toml has")]
    {
        let path = run.join(file);
        let text = std::fs::read_to_string(&path).expect("a table");
        let changed = match file {
            "search.csv" => text.replacen(",true", ",false", 1),
            _ => text.replacen("comparison.seeds,", "comparison.seeds,1", 1),
        };
        assert_ne!(changed, text, "{file}");
        std::fs::write(&path, changed).expect("written");
        verify(&run).code(1).stdout(contains(told));
        std::fs::write(&path, text).expect("written");
    }
    let comparison = run.join("comparison.csv");
    let text = std::fs::read_to_string(&comparison).expect("a table");
    let mut cells: Vec<&str> = text.lines().nth(1).expect("a cell").split(',').collect();
    let one_more = (cells[6].parse::<usize>().expect("errors") + 1).to_string();
    let (before, errors) = (cells.join(","), std::mem::replace(&mut cells[6], &one_more));
    std::fs::write(&comparison, text.replacen(&before, &cells.join(","), 1)).expect("written");
    let told = format!("comparison.csv: line 2: {one_more} errors");
    verify(&run).code(1).stdout(contains(told).and(contains(format!("has {errors}, "))));
    std::fs::write(&comparison, text.clone()).expect("written");
    std::fs::remove_file(run.join("mistakes.csv")).expect("removed");
    verify(&run).code(1).stdout(contains("mistakes.csv: missing"));
    let none = verify(&folder.path().join("nothing"));
    none.code(1).stderr(contains("nothing"));
}

/// A finished run still verifies after commands draw figures into it, with the figures on its page.
#[test]
fn figures_that_are_added_to_a_run_belong_to_it() {
    let data = small_mnist(300, 60);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("run");
    let mut train = aerbm();
    train.args(["train", "rbm", "--set", "split={train=250}", "--set", "model.n_hidden=20"]);
    train.args(["--set", "training.epochs=1", "--out"]).arg(&run);
    train.arg("--data").arg(data.path()).assert().success();
    verify(&run).success();
    for command in [&["reconstruct"][..], &["sample", "--steps", "3"], &["sample", "--steps", "5"]]
    {
        aerbm().arg(command[0]).arg(&run).args(&command[1..]).assert().success();
        verify(&run).success();
    }
    let page = std::fs::read_to_string(run.join("report.html")).expect("a page");
    assert!(page.contains("reconstructions_rbm"), "the page shows the new figure");
}
