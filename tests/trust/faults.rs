//! A kill at every fault point: after each write, rename, checkpoint and stage. The same command then
//! continues, and every byte is the same as without a kill.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use durable::fault::VARIABLE;

use crate::support::{aerbm, ended, is_long, leftovers, place, promised};

/// The options of a comparison that takes a second.
pub(crate) const COMPARISON: [&str; 19] = [
    "compare",
    "--data",
    "table.csv",
    "--out",
    "run",
    "--seeds",
    "2",
    "--methods",
    "none,rbm,autoencoder",
    "--set",
    "layers=[6, 4]",
    "--set",
    "labels=[{count=20, updates=10, batch_size=10}]",
    "--set",
    "learning_rates=[0.01]",
    "--set",
    "autoencoder.training.epochs=1",
    "--set",
    "rbm.training.epochs=1",
];

/// The options of a training run that takes a moment.
pub(crate) const TRAIN: [&str; 12] = [
    "train",
    "rbm-pcd",
    "--data",
    "table.csv",
    "--out",
    "run",
    "--set",
    "training.epochs=2",
    "--set",
    "training.batch_size=40",
    "--set",
    "model.n_hidden=5",
];

const DEEP: [&str; 14] = [
    "train",
    "deep-autoencoder",
    "--data",
    "table.csv",
    "--out",
    "run",
    "--set",
    "model.encoder_layers=[4, 3]",
    "--set",
    "training.epochs=2",
    "--set",
    "training.batch_size=40",
    "--set",
    "pretraining.layers.training.epochs=1",
];

/// The command, which writes a checkpoint after every batch.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = aerbm(folder);
    command.args(args).arg("--quiet").env("AERBM_CHECKPOINT_MS", "0");
    command
}

/// Kills the command at every `step`th fault point, each time in a new folder; returns the number of kills.
fn killed_at_every(args: &[&str], step: usize) -> usize {
    let whole = place();
    let done = ended(&mut command(whole.path(), args));
    assert!(done.status.success(), "{}", done.stderr);
    let expected = promised(&whole.path().join("run"));
    assert!(!expected.is_empty());
    let (next, kills) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let kill_at = |point: usize| {
        let place = place();
        let mut faulty = command(place.path(), args);
        let killed = ended(faulty.env(VARIABLE, point.to_string()));
        if killed.status.success() {
            return false;
        }
        assert!(!killed.stderr.contains("panicked"), "point {point}: {}", killed.stderr);
        assert_eq!(killed.status.code(), None, "point {point}: {}", killed.stderr);
        let again = ended(&mut command(place.path(), args));
        assert!(again.status.success(), "after point {point}: {}", again.stderr);
        let run = place.path().join("run");
        let found = promised(&run);
        for (name, bytes) in &expected {
            assert_eq!(found.get(name), Some(bytes), "{} after point {point}", name.display());
        }
        assert!(found.keys().eq(expected.keys()), "after point {point}");
        assert_eq!(leftovers(&run), [""; 0].map(std::path::PathBuf::from), "after point {point}");
        true
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while kill_at(1 + step * next.fetch_add(1, Ordering::Relaxed)) {
                    kills.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    kills.into_inner()
}

#[test]
fn a_kill_at_any_point_loses_nothing() {
    let step = |short| if is_long() { 1 } else { short };
    let of_train = killed_at_every(&TRAIN, step(3));
    let of_deep = killed_at_every(&DEEP, step(11));
    let of_comparison = killed_at_every(&COMPARISON, step(37));
    assert!(of_train > 10 && of_deep > 5 && of_comparison > 2);
    println!(
        "fault points passed: {} (train {of_train}, deep autoencoder {of_deep}, comparison {of_comparison})",
        of_train + of_deep + of_comparison
    );
}
