//! Sequences of commands on the folders of runs whose files are mutated: each command does its work or refuses in
//! one line; none panics or hangs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::faults::{COMPARISON, TRAIN};
use crate::mutate::{Random, mutated};
use crate::row::output;
use crate::support::{aerbm, files, is_long, place, root};

/// The longest time that a command may take on a run of a few kilobytes; other processes slow it down.
const LONGEST: Duration = Duration::from_mins(1);

/// Exit codes of a command that did its work, failed, or was called wrongly.
const CODES: [i32; 3] = [0, 1, 2];

/// Commands on the runs. `RUN` stands for one of their folders.
const COMMANDS: [&[&str]; 27] = [
    &TRAIN,
    &COMPARISON,
    &["show", "RUN"],
    &["evaluate", "RUN"],
    &["encode", "RUN"],
    &["encode", "RUN", "table.csv", "--out", "codes.csv"],
    &["reconstruct", "RUN"],
    &["reconstruct", "RUN", "table.csv"],
    &["denoise", "RUN", "--noise", "gaussian:0.5"],
    &["inpaint", "RUN"],
    &["sample", "RUN", "--steps", "5"],
    &["sample", "RUN", "--steps", "5", "--out", "samples.npy"],
    &["likelihood", "RUN", "--chains", "5"],
    &["probe", "RUN", "--set", "updates=5"],
    &["predict", "RUN", "table.csv"],
    &["score", "RUN", "table.csv"],
    &["impute", "RUN", "table.csv"],
    &["export", "RUN", "--format", "onnx"],
    &["export", "RUN", "--format", "npz"],
    &["export", "RUN", "--format", "mlflow"],
    &["export", "RUN", "--format", "tensorboard"],
    &["report", "RUN"],
    &["verify", "RUN"],
    &["status", "RUN"],
    &["runs", "."],
    &["diff", "run", "RUN", "--page", "diff.html"],
    &["runs", "RUN"],
];

/// The folders of a run of `train` and of one of `compare`, and the models in them.
const RUNS: [&str; 4] = ["run", "run/models/rbm-pcd", "study", "study/best"];

/// A folder with both runs.
fn runs() -> tempfile::TempDir {
    let place = place();
    output(aerbm(place.path()).args(TRAIN).arg("--quiet"));
    output(aerbm(place.path()).args(study()).arg("--quiet"));
    place
}

/// The comparison in a folder beside the run.
fn study() -> Vec<&'static str> {
    COMPARISON.iter().map(|word| if *word == "run" { "study" } else { *word }).collect()
}

fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let path = to.join(name);
        std::fs::create_dir_all(path.parent().expect("inside")).expect("created");
        std::fs::write(path, bytes).expect("written");
    }
}

/// Changes a file in the folder, and describes the change.
fn spoil(place: &Path, random: &mut Random) -> String {
    let files = files(place);
    let names: Vec<&PathBuf> = files.keys().filter(|name| name.components().count() > 1).collect();
    // Pictures are written but hardly read.
    let is_read = |name: &&&PathBuf| {
        !name
            .extension()
            .is_some_and(|it| ["svg", "png"].contains(&it.to_str().unwrap_or_default()))
    };
    let read: Vec<&PathBuf> = names.iter().filter(is_read).copied().collect();
    let (name, other) = (*random.one_of(&read), *random.one_of(&names));
    let path = place.join(name);
    let said = |what: &str| format!("{}: {what}", name.display());
    match random.below(10) {
        0 => {
            std::fs::remove_file(&path).expect("there");
            said("removed")
        }
        1 => {
            std::fs::remove_file(&path).expect("there");
            std::fs::create_dir(&path).expect("created");
            said("a folder")
        }
        2 => {
            std::fs::write(&path, &files[other]).expect("written");
            said(&format!("the bytes of {}", other.display()))
        }
        3 => {
            std::fs::write(&path, b"").expect("written");
            said("empty")
        }
        _ => {
            let bytes = mutated(&files[name], &files[other], random);
            std::fs::write(&path, bytes).expect("written");
            said("mutated")
        }
    }
}

/// Runs the command; returns the reason if it ends in a way that no command may.
fn fault(place: &Path, args: &[&str]) -> Option<String> {
    let mut command = aerbm(place);
    let stderr = place.join(".stderr");
    let file = std::fs::File::create(&stderr).expect("created");
    command.args(args).arg("--quiet").stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
    let (mut child, begun) = (command.spawn().expect("it starts"), Instant::now());
    let status = loop {
        if let Some(status) = child.try_wait().expect("told") {
            break status;
        }
        if begun.elapsed() > LONGEST {
            child.kill().expect("sent");
            child.wait().expect("ended");
            return Some(format!("it takes more than {} s", LONGEST.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let said = std::fs::read(&stderr).expect("written");
    std::fs::remove_file(&stderr).expect("there");
    let said = String::from_utf8_lossy(&said).into_owned();
    let Some(code) = status.code().filter(|code| CODES.contains(code)) else {
        return Some(format!("{status}: {said}"));
    };
    let errors = said.lines().filter(|line| line.starts_with("error: ")).count();
    let last = said.lines().last().unwrap_or_default();
    if said.chars().any(|c| c.is_control() && c != '\n') {
        return Some(format!("control characters: {said:?}"));
    }
    match code {
        0 if errors > 0 => Some(format!("exit code 0 with an error: {said}")),
        0 => None,
        _ if errors != 1 => Some(format!("exit code {code} with {errors} errors: {said:?}")),
        _ if !last.starts_with("error: ") && !last.contains("try '--help'") => {
            Some(format!("the error is not one line: {said}"))
        }
        _ => None,
    }
}

/// Runs commands on a damaged copy of the runs. Returns their number, or a description of the fault.
fn sequence(whole: &Path, seed: u64) -> Result<u64, String> {
    let mut random = Random(seed);
    let place = tempfile::tempdir().expect("a temporary folder");
    copy(whole, place.path());
    let mut done: Vec<String> = Vec::new();
    for _ in 0..=random.below(3) {
        done.push(spoil(place.path(), &mut random));
    }
    let n = 2 + random.below(3) as u64;
    for _ in 0..n {
        let run = *random.one_of(&RUNS);
        let mut command = random.one_of(&COMMANDS).to_vec();
        if command[0] == "compare" {
            command = study();
        }
        let args: Vec<&str> =
            command.into_iter().map(|word| if word == "RUN" { run } else { word }).collect();
        done.push(format!("aerbm {}", args.join(" ")));
        if let Some(fault) = fault(place.path(), &args) {
            let kept = root().join(format!("target/fuzz/commands-{seed}"));
            copy(place.path(), &kept);
            let steps = done.join("\n  ");
            return Err(format!("seed {seed}, kept in {}:\n  {steps}\n{fault}", kept.display()));
        }
    }
    Ok(n)
}

#[test]
fn no_sequence_of_commands_on_spoilt_runs_crashes() {
    let given = std::env::var("AERBM_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let seconds: f64 = given.unwrap_or(if is_long() { 1800.0 } else { 10.0 });
    // A different seed each day finds more; a failure reports its seed.
    let days = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs()) / 86_400;
    let (whole, begun) = (runs(), Instant::now());
    let counts: Vec<Result<(u64, u64), String>> = std::thread::scope(|scope| {
        let workers = [0, 1].map(|half| {
            let whole = whole.path();
            scope.spawn(move || {
                let (mut commands, mut sequences) = (0, 0);
                while begun.elapsed().as_secs_f64() < seconds {
                    commands += sequence(whole, (days << 32) + 2 * sequences + half)?;
                    sequences += 1;
                }
                Ok((commands, sequences))
            })
        });
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    let (mut commands, mut sequences) = (0, 0);
    for count in counts {
        let (c, s) = count.unwrap_or_else(|find| panic!("{find}"));
        (commands, sequences) = (commands + c, sequences + s);
    }
    println!("commands on spoilt runs: {commands} in {sequences} sequences");
}
