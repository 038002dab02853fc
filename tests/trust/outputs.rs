//! Tables that commands write: observed values are unchanged, names are unique, JSON is printed on request,
//! and only tables are overwritten.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::support::{aerbm, ended, files};

/// Columns of every kind, including one of labels, one that is ignored, and names that added columns would
/// have.
const HEADER: &str = "id,day,big,tiny,word,flag,std_big,score_big,kind";

/// A row; every seventh cell of the features is missing.
fn row(i: usize) -> String {
    let second = i * 7_919 % 86_400;
    let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let cells = [
        format!("{:08}x", i * 104_729 % 99_999_989),
        format!("2024-02-{:02} {time}", 1 + i % 28),
        (9_007_199_254_740_993_u64 + 1_000_003 * (i * i % 31) as u64).to_string(),
        format!("{}.794e-30", 1 + i % 9),
        ["Seoul", "Busan", "Daegu"][i % 3].to_owned(),
        ["yes", "no"][i % 2].to_owned(),
        format!("0.{:03}", i * 37 % 1000),
        (i * 13 % 17).to_string(),
        ["a", "b"][i / 2 % 2].to_owned(),
    ];
    let missing = |j: usize| (1..8).contains(&j) && (i * 9 + j).is_multiple_of(7);
    let cell = |(j, cell): (usize, &String)| if missing(j) { String::new() } else { cell.clone() };
    cells.iter().enumerate().map(cell).collect::<Vec<_>>().join(",")
}

/// A folder with `train.csv`, and the models `rbm` and `ae` that were trained on it.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows: Vec<String> = (0..80).map(row).collect();
    std::fs::write(folder.path().join("train.csv"), format!("{HEADER}\n{}\n", rows.join("\n")))
        .expect("written");
    for (preset, name) in [("rbm", "rbm"), ("autoencoder", "ae")] {
        let small = ["--set", "model.n_hidden=6", "--set", "training.epochs=2"];
        let data = ["--data", "train.csv", "--label-column", "kind", "--out", name, "--quiet"];
        let train = [&["train", preset], &small[..], &data].concat();
        let ended = ended(aerbm(folder.path()).args(train));
        assert!(ended.status.success(), "{}", ended.stderr);
    }
    folder
}

fn output(place: &Path, args: &[&str]) -> Output {
    aerbm(place).args(args).stdin(Stdio::null()).output().expect("it starts")
}

/// Returns the standard output of a command that succeeds.
fn done(place: &Path, args: &[&str]) -> String {
    let output = output(place, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Returns the one line of a command that is refused.
fn refused(place: &Path, args: &[&str]) -> String {
    let ended = ended(aerbm(place).args(args));
    assert!(!ended.status.success(), "{args:?}");
    let errors: Vec<&str> = ended.stderr.lines().filter(|it| it.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{}", ended.stderr);
    errors[0].to_owned()
}

/// Cells of lines without quotes.
fn cells(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split(',').collect()).collect()
}

#[test]
fn only_holes_are_filled_and_every_other_cell_is_as_it_was() {
    let place = place();
    let place = place.path();
    // Other rows, with the columns in another order, an additional column, and values that training did not
    // have.
    let order = [8, 4, 2, 0, 7, 6, 5, 3, 1];
    let mut text = String::new();
    for (i, line) in [HEADER.to_owned()].into_iter().chain((90..130).map(row)).enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        let moved: Vec<&str> = order.iter().map(|&j| fields[j]).collect();
        let line = moved.join(",");
        let line =
            if i == 5 { line.replace("Seoul", "Jeju").replace("Busan", "Jeju") } else { line };
        let line = line.replace(",yes,", if i == 6 { ",maybe," } else { ",yes," });
        writeln!(text, "{line},{}", if i == 0 { "more" } else { "007" }).expect("a string");
    }
    let text = text.replace("Daegu", "Ulsan").replace(",no,", ",maybe,");
    std::fs::write(place.join("new.csv"), &text).expect("written");
    let before = cells(&text);
    for model in ["rbm", "ae"] {
        let effort = ["--draws", "5", "--steps", "2"];
        let effort = if model == "rbm" { &effort[..] } else { &effort[2..] };
        let filled = done(place, &[&["impute", model, "new.csv"], effort].concat());
        let after = cells(&filled);
        assert_eq!(after.len(), before.len());
        let mut n_filled = 0;
        for (old, new) in before.iter().zip(&after) {
            assert_eq!(old.len(), new.len());
            for (j, (old, new)) in old.iter().zip(new).enumerate() {
                if old.is_empty() {
                    assert!(!new.is_empty() && *new != "other", "{model}, column {j}");
                    n_filled += 1;
                } else {
                    assert_eq!(old, new, "{model}, column {j}");
                }
            }
        }
        assert!(n_filled > 30, "{n_filled}");
    }
    // A table with types keeps them, even if it is read again.
    done(place, &["impute", "ae", "new.csv", "--out", "once.parquet"]);
    done(place, &["impute", "ae", "once.parquet", "--out", "twice.parquet"]);
    let bytes = |name: &str| std::fs::read(place.join(name)).expect("written");
    assert!(bytes("once.parquet") == bytes("twice.parquet"));
}

#[test]
fn added_columns_have_names_of_their_own() {
    let place = place();
    let filled = done(
        place.path(),
        &["impute", "rbm", "train.csv", "--spread", "--draws", "2", "--steps", "1"],
    );
    let mut names: Vec<&str> = filled.lines().next().expect("a header").split(',').collect();
    assert!(names.contains(&"std_big_2"), "{names:?}");
    let n = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n, "{names:?}");
}

#[test]
fn json_is_an_object_per_row_or_one_that_names_the_file() {
    let place = place();
    let place = place.path();
    let objects = |text: &str| -> Vec<serde_json::Value> {
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    for command in ["score", "impute", "encode", "reconstruct", "denoise"] {
        let rows = objects(&done(place, &[command, "ae", "train.csv", "--json"]));
        assert_eq!(rows.len(), 80, "{command}");
        let file = format!("{command}.csv");
        let told = objects(&done(place, &[command, "ae", "train.csv", "--json", "--out", &file]));
        assert_eq!(told, [serde_json::json!({ "file": file, "rows": 80 })], "{command}");
    }
    let rows = objects(&done(place, &["impute", "ae", "train.csv", "--json"]));
    assert!(rows[3]["big"].is_number() && rows[3]["word"].is_string(), "{}", rows[3]);
    let printed = objects(&done(place, &["train", "--print", "rbm", "--json"]));
    assert_eq!(printed[0]["preset"], "rbm");
    assert!(printed[0]["settings"]["model"].is_object(), "{}", printed[0]);
}

#[test]
fn nothing_is_overwritten_but_tables() {
    let place = place();
    let place = place.path();
    let before = files(place);
    for same in ["train.csv", "./train.csv", "rbm/../train.csv"] {
        let said = refused(place, &["score", "rbm", "train.csv", "--out", same]);
        assert!(said.contains("this is the input, which is not overwritten"), "{said}");
    }
    let said = refused(place, &["score", "rbm", "train.csv", "--out", "no/dir/o.csv"]);
    assert!(said.contains("the folder no/dir does not exist") && !said.contains(".tmp"), "{said}");
    assert!(files(place) == before);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("train.csv", place.join("link.csv")).expect("linked");
        let said = refused(place, &["score", "rbm", "train.csv", "--out", "link.csv"]);
        assert!(said.contains("this is the input"), "{said}");
        let made = std::process::Command::new("mkfifo").arg(place.join("pipe.csv")).status();
        assert!(made.expect("it starts").success());
        for args in [
            &["score", "rbm", "train.csv", "--out", "pipe.csv"][..],
            &["export", "rbm", "--format", "npz", "--out", "pipe.csv"],
        ] {
            let said = refused(place, args);
            assert!(said.contains("this is a named pipe; expected a regular file"), "{said}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_closed_is_no_error() {
    let place = place();
    for more in [&[][..], &["--json"]] {
        let mut command = aerbm(place.path());
        command.args(["score", "rbm", "train.csv", "--quiet"]).args(more);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("error"), "{said}");
    }
}

/// Results that could not be written are not a success.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_told_by_every_command() {
    let place = place();
    for args in [
        &["evaluate", "rbm"][..],
        &["score", "rbm", "train.csv"],
        &["encode", "rbm", "train.csv"],
        &["impute", "rbm", "train.csv"],
        &["probe", "rbm"],
        &["data", "list"],
        &["data", "describe", "train.csv"],
        &["runs", "."],
        &["diff", "rbm", "ae"],
        &["verify", "rbm"],
        &["train", "rbm", "--print"],
        &["completions", "bash"],
        &["--help"],
        &["train", "--help"],
        &["--version"],
    ] {
        for more in [&[][..], &["--json"]] {
            let full =
                std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
            let command = &mut aerbm(place.path());
            let output = command.args(args).args(more).stdout(full).output().expect("it starts");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{args:?} {more:?}: {said}");
            let last = said.lines().last().unwrap_or_default();
            assert!(last.starts_with("error: standard output: No space left"), "{args:?}: {said}");
        }
    }
}
