//! Kills at random moments, and requests to stop.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::faults::COMPARISON;
use crate::mutate::Random;
#[cfg(unix)]
use crate::signals::aerbm_that_ignores;
use crate::support::{aerbm, ended, is_long, leftovers, place, promised};

#[test]
fn kills_at_random_lose_nothing() {
    let (whole, begun) = (place(), Instant::now());
    let done = ended(aerbm(whole.path()).args(COMPARISON));
    assert!(done.status.success(), "{}", done.stderr);
    // A kill comes within the time of the whole run, however busy the machine is.
    let latest = begun.elapsed().as_millis() as usize;
    let expected = promised(&whole.path().join("run"));
    let (wanted, mut kills, mut runs) = (if is_long() { 1000 } else { 12 }, 0, 0);
    let mut random = Random(1);
    while kills < wanted {
        let place = place();
        let run = place.path().join("run");
        loop {
            let mut command = aerbm(place.path());
            let mut child = command.args(COMPARISON).arg("--quiet").spawn().expect("it starts");
            if kills < wanted {
                std::thread::sleep(Duration::from_millis(random.below(latest) as u64));
                child.kill().expect("sent");
            }
            let status = child.wait().expect("ended");
            if status.success() {
                break;
            }
            assert_eq!(status.code(), None, "it was killed, or had ended well");
            kills += 1;
            if kills % 100 == 0 {
                println!("  {kills} of {wanted} kills");
            }
        }
        runs += 1;
        assert_eq!(promised(&run), expected);
        assert!(leftovers(&run).is_empty());
    }
    println!("kills survived: {kills} in {runs} runs");
}

/// A comparison whose stages take so long that a request to stop comes within them.
#[cfg(unix)]
fn longer_comparison() -> Vec<&'static str> {
    let longer = |word: &&'static str| match *word {
        "none,rbm,autoencoder" => "none,rbm",
        "rbm.training.epochs=1" => "rbm.training.epochs=3000",
        "layers=[6, 4]" => "layers=[6]",
        "labels=[{count=20, updates=10, batch_size=10}]" => {
            "labels=[{count=20, updates=8000, batch_size=10}]"
        }
        other => other,
    };
    COMPARISON.iter().map(longer).collect()
}

/// A request to stop within a stage saves the training there. The same command continues within the stage,
/// and the bytes are the same.
#[cfg(unix)]
#[test]
fn requests_to_stop_save_a_stage_in_the_middle() {
    let whole = place();
    let done = ended(aerbm(whole.path()).args(longer_comparison()));
    assert!(done.status.success(), "{}", done.stderr);
    let expected = promised(&whole.path().join("run"));
    let checkpoints = |run: &Path| -> Vec<PathBuf> {
        // Files come and go while the command runs.
        let stages = std::fs::read_dir(run.join("stages")).into_iter().flatten().flatten();
        let names = stages.map(|entry| entry.path());
        names.filter(|name| name.extension().is_some_and(|it| it == "checkpoint")).collect()
    };
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        // On a busy machine, a request may come when the layer has just been finished.
        let stopped = || {
            let place = place();
            let run = place.path().join("run");
            let mut command = aerbm_that_ignores("");
            command.current_dir(place.path()).env("RAYON_NUM_THREADS", "1");
            command.args(longer_comparison()).arg("--quiet").env("AERBM_CHECKPOINT_MS", "0");
            let mut child = command.spawn().expect("it starts");
            while checkpoints(&run).is_empty() {
                assert!(child.try_wait().expect("told").is_none(), "it ended early");
                std::thread::sleep(Duration::from_millis(5));
            }
            let mut kill = Command::new("kill");
            let sent = kill.arg(format!("-{signal}")).arg(child.id().to_string()).status();
            assert!(sent.expect("kill runs").success());
            let found = child.wait().expect("ended").code();
            assert!(found == Some(code) || found == Some(0), "SIG{signal}: {found:?}");
            (checkpoints(&run).len() == 1).then_some(place)
        };
        let place = (0..10).find_map(|_| stopped()).expect("a checkpoint is left");
        let run = place.path().join("run");
        let again = ended(aerbm(place.path()).args(longer_comparison()));
        assert!(again.status.success(), "{}", again.stderr);
        assert!(again.stderr.contains("continuing from a checkpoint, after "), "{}", again.stderr);
        assert_eq!(promised(&run), expected, "SIG{signal}");
        assert!(checkpoints(&run).is_empty() && leftovers(&run).is_empty(), "SIG{signal}");
    }
}
