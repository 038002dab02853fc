//! Steps on the whole team or on one thread, whichever is faster.
//!
//! The threads of a team exchange weights and activations in each step of training: each reads data that the
//! others wrote. On two cores that share a cache this takes a fraction of the step. On cores that do not, it
//! can take longer than the arithmetic that the others save, and a virtual machine's cores may be near each
//! other now and far apart a minute later. So [`paced`] measures: now and then some steps run the other way,
//! and the faster way is kept. The bits of a result do not depend on it.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::team::{alone, team_size};

/// Runs a step of a loop on the team or on the calling thread alone, as the last measurements suggest.
///
/// Steps of one loop should take about the same time each.
pub fn paced<R>(step: impl FnOnce() -> R) -> R {
    if team_size() == 1 {
        return step();
    }
    let (way, timed) = PACE.with_borrow(Pace::way);
    let start = timed.then(Instant::now);
    let result = match way {
        Way::Team => step(),
        Way::Alone => alone(step),
    };
    let time = start.map(|start| start.elapsed());
    PACE.with_borrow_mut(|pace| pace.add(time));
    result
}

thread_local! {
    /// The pace of the team that this thread leads.
    static PACE: RefCell<Pace> = const { RefCell::new(Pace::new()) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Team,
    Alone,
}

impl Way {
    fn other(self) -> Self {
        match self {
            Way::Team => Way::Alone,
            Way::Alone => Way::Team,
        }
    }
}

/// Steps of a trial before those that are measured: they bring the data into the caches of other cores.
const WARM_UP: u32 = 3;

/// Steps whose median time is compared.
const MEASURED: usize = 5;

/// Steps before the first trial.
const FIRST: u32 = 30;

/// Trials of the slower way may cost one part in this many of the time.
const TRIALS_COST_ONE_IN: u128 = 100;

/// Bounds of the number of steps between two trials.
const FEWEST: u32 = 100;
const MOST: u32 = 2000;

/// Steps of the team that take longer are mostly arithmetic, which more threads always shorten.
const LONG: Duration = Duration::from_millis(4);

/// The other way is chosen if its steps take less than this share of the time, in percent.
const BETTER: u128 = 97;

/// Measurements so far, and the next action: `left` steps the present way, the last of which are measured,
/// and then a trial of the other.
#[derive(Debug)]
struct Pace {
    present: Way,
    /// The measured time of the present way during a trial of the other.
    usual: Option<Duration>,
    left: u32,
    times: [Duration; MEASURED],
}

impl Pace {
    const fn new() -> Self {
        let times = [Duration::ZERO; MEASURED];
        Pace { present: Way::Team, usual: None, left: FIRST, times }
    }

    /// The way that the next step runs, and whether it is timed.
    fn way(&self) -> (Way, bool) {
        let way = if self.usual.is_some() { self.present.other() } else { self.present };
        (way, self.left as usize <= MEASURED)
    }

    /// Counts a step, with its time if it was timed.
    fn add(&mut self, time: Option<Duration>) {
        self.left = self.left.saturating_sub(1);
        if let Some(time) = time {
            self.times[self.left as usize % MEASURED] = time;
        }
        if self.left > 0 {
            return;
        }
        self.times.sort_unstable();
        let median = self.times[MEASURED / 2];
        match self.usual.take() {
            None if self.present == Way::Team && median > LONG => self.left = FEWEST,
            None => {
                self.usual = Some(median);
                self.left = WARM_UP + MEASURED as u32;
            }
            Some(usual) => self.judge(usual.as_nanos(), median.as_nanos()),
        }
    }

    /// Chooses between the present way and the other, given nanoseconds of a step.
    fn judge(&mut self, present: u128, other: u128) {
        let trial = u128::from(WARM_UP) + MEASURED as u128;
        let lost = trial * present.abs_diff(other);
        let between = lost * TRIALS_COST_ONE_IN / present.min(other).max(1);
        self.left = u32::try_from(between).unwrap_or(MOST).clamp(FEWEST, MOST);
        if other * 100 < BETTER * present {
            self.present = self.present.other();
        }
    }
}

#[cfg(test)]
#[path = "pace/tests.rs"]
mod tests;
