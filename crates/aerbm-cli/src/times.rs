//! The time that a command spends, by phase and thread, on standard error.

use std::fmt::Write as _;
use std::time::Duration;

use aerbm::numerics::times::{self, Times};

/// The environment variable that requests it.
const VARIABLE: &str = "AERBM_TRACE";

/// Starts measuring if the environment requests it.
pub(crate) fn start() {
    if std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty() && value != "0") {
        times::start();
    }
}

/// The table, if anything was measured.
pub(crate) fn table() -> Option<String> {
    times::report().map(|times| rows(&times, aerbm::threads().started))
}

fn rows(times: &Times, threads: usize) -> String {
    let seconds = |time: Duration| time.as_secs_f64();
    let mut text = format!("{:<24} {:>9} {:>9} {:>6}", "phase", "jobs", "wall, s", "%");
    for number in 1..=threads {
        let _ = write!(text, " {:>11}", format!("thread {number}, s"));
    }
    let _ = writeln!(text, " {:>10}", "waiting, s");
    let share = |wall: Duration| 100.0 * seconds(wall) / seconds(times.wall).max(1e-9);
    for (name, phase) in &times.phases {
        let wall = seconds(phase.wall);
        let _ = write!(text, "{name:<24} {:>9} {wall:>9.3} {:>6.1}", phase.jobs, share(phase.wall));
        for number in 0..threads {
            let busy = phase.busy.get(number).copied().unwrap_or_default();
            let _ = write!(text, " {:>11.3}", seconds(busy));
        }
        let _ = writeln!(text, " {:>10.3}", seconds(phase.waiting(threads)));
    }
    let alone = times.alone();
    let _ = write!(
        text,
        "{:<24} {:>9} {:>9.3} {:>6.1}\nin all, of {threads} threads: {:.3} s",
        "one thread alone",
        "",
        seconds(alone),
        share(alone),
        seconds(times.wall)
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerbm::numerics::times::PhaseTimes;

    #[test]
    fn a_row_has_the_times_of_each_thread_and_what_is_left_is_waiting() {
        let ms = Duration::from_millis;
        let product = PhaseTimes { jobs: 3, wall: ms(500), busy: vec![ms(500), ms(300)] };
        let times = Times { wall: ms(2000), phases: vec![("product", product)] };
        let text = rows(&times, 2);
        let lines: Vec<&str> = text.lines().collect();
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        assert_eq!(words, ["product", "3", "0.500", "25.0", "0.500", "0.300", "0.200"]);
        assert!(lines[2].starts_with("one thread alone") && lines[2].ends_with("75.0"), "{text}");
        assert_eq!(lines[3], "in all, of 2 threads: 2.000 s");
    }
}
