//! Kills at random moments, and requests to stop.

use std::time::{Duration, Instant};

use crate::faults::COMPARISON;
use crate::mutate::Random;
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
            std::thread::sleep(Duration::from_millis(random.below(latest) as u64));
            child.kill().expect("sent");
            let status = child.wait().expect("ended");
            if status.success() {
                break;
            }
            assert_eq!(status.code(), None, "it was killed, or had ended well");
            kills += 1;
        }
        runs += 1;
        assert_eq!(promised(&run), expected);
        assert!(leftovers(&run).is_empty());
    }
    println!("kills survived: {kills} in {runs} runs");
}
