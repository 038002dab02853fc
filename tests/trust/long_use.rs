//! Long use in fast motion: memory, open files and threads do not grow over many runs in one process.

use std::path::Path;
use std::process::Command;

use aerbm::ndarray::Array2;
use aerbm::stack::FineTuneConfig;
use aerbm::{RunConfig, Trained, TrainedClassifier};
use mnist_io::ReadOptions;

use crate::support::{is_long, place, root};

/// Set in the process that does the runs, which other tests must not disturb.
const INNER: &str = "AERBM_LONG_USE_INNER";

/// Growth in kilobytes that an allocator may show without a leak. A leak of a kilobyte per run exceeds it in
/// the long version.
const SLACK: u64 = 6_000;

/// Reads a table, trains, saves, loads, applies, fine-tunes, and draws a page, all in `folder`.
fn run(folder: &Path, seed: u64) {
    let table = folder.join("table.csv");
    let data = mnist_io::open(&table, &ReadOptions::default()).expect("a table");
    assert_eq!(data.contract.class_names().len(), 3);
    let x = Array2::from_shape_fn((60, 6), |(i, j)| f32::from((i + j) % 3 == 0));
    let labels: Vec<u8> = (0..60).map(|i| i % 3).collect();
    let config = ["model.n_hidden=3", "training.epochs=1"]
        .iter()
        .try_fold(RunConfig::preset("rbm").expect("a preset"), |config, it| config.with(it));
    let fitted = aerbm::fit(&config.expect("settings"), &x, seed).expect("a fit");
    let few = FineTuneConfig { updates: 5, batch_size: 20, ..Default::default() };
    let classifier = fitted.fine_tune(&x, &labels, &few, seed).expect("a classifier");
    fitted.save(folder).expect("saved");
    classifier.save(folder).expect("saved");
    Trained::load(folder).expect("a model").model.encode(x.view());
    TrainedClassifier::load(folder).expect("a classifier").predict(&x);
    std::fs::copy(root().join("tests/trust/corpus/metrics.csv"), folder.join("metrics.csv"))
        .expect("copied");
    aerbm::page::write(folder).expect("a page");
}

/// Memory in kilobytes, threads, and open files of this process.
fn taken() -> (u64, u64, usize) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let number = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("a known line");
        line.split_whitespace().next().expect("a number").parse().expect("a number")
    };
    let files = std::fs::read_dir("/proc/self/fd").expect("Linux tells").count();
    (number("VmRSS:"), number("Threads:"), files)
}

#[test]
fn many_runs_in_one_process_leave_nothing_behind() {
    if std::env::var_os(INNER).is_none() {
        let this = std::env::current_exe().expect("the tests' program");
        let name = "long_use::many_runs_in_one_process_leave_nothing_behind";
        let mut command = Command::new(this);
        command.args(["--exact", name, "--nocapture"]).env(INNER, "1");
        assert!(command.status().expect("it starts").success());
        return;
    }
    let runs = if is_long() { 10_000 } else { 90 };
    let place = place();
    let mut early = None;
    for seed in 0..runs {
        if seed == runs / 3 {
            early = Some(taken());
        }
        run(place.path(), seed);
    }
    let (early, late) = (early.expect("runs"), taken());
    println!("{runs} runs in one process: memory {} kB, then {} kB", early.0, late.0);
    assert_eq!((early.1, early.2), (late.1, late.2), "threads and open files");
    assert!(late.0 <= early.0 + SLACK, "memory grew from {} to {} kB", early.0, late.0);
}
