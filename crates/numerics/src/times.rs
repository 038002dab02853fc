//! Time by phase of a training step and by thread, including waits.
//!
//! Nothing is measured until [`start`] is called; until then a job costs one extra relaxed load.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::team;

/// Threads beyond this number are counted as the last one.
const MAX_THREADS: usize = 64;

/// The phase of loops outside any named phase.
const ELEMENTWISE: &str = "elementwise";

static MEASURED: AtomicBool = AtomicBool::new(false);
static STARTED: Mutex<Option<Instant>> = Mutex::new(None);
static PHASES: Mutex<BTreeMap<&'static str, PhaseTimes>> = Mutex::new(BTreeMap::new());
static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The phase that this thread is in.
    static PHASE: Cell<&'static str> = const { Cell::new(ELEMENTWISE) };
    /// Whether this thread is inside a task that is measured.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// The number of this thread, in the order in which threads first do a task.
    static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed).min(MAX_THREADS - 1);
}

/// The times of one phase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhaseTimes {
    /// Number of jobs, each of which the team begins and ends together.
    pub jobs: u64,
    /// Wall time of the jobs.
    pub wall: Duration,
    /// Time that each thread spent on tasks; it spent the rest of the wall time waiting.
    pub busy: Vec<Duration>,
}

impl PhaseTimes {
    /// Time that a team of this many threads spent waiting in this phase, summed over the threads.
    #[must_use]
    pub fn waiting(&self, threads: usize) -> Duration {
        let busy: Duration = self.busy.iter().sum();
        (self.wall * u32::try_from(threads).unwrap_or(u32::MAX)).saturating_sub(busy)
    }
}

/// The times since the last [`start`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// Wall time.
    pub wall: Duration,
    /// The phases with their names, by wall time, the longest first.
    pub phases: Vec<(&'static str, PhaseTimes)>,
}

impl Times {
    /// Wall time outside of all phases, which one thread spends alone.
    #[must_use]
    pub fn alone(&self) -> Duration {
        self.wall.saturating_sub(self.phases.iter().map(|(_, times)| times.wall).sum())
    }
}

/// Starts measuring, from zero.
pub fn start() {
    locked(&PHASES).clear();
    *locked(&STARTED) = Some(Instant::now());
    MEASURED.store(true, Ordering::Relaxed);
}

/// The times so far; `None` if nothing is measured.
pub fn report() -> Option<Times> {
    let started = (*locked(&STARTED))?;
    let mut phases: Vec<_> =
        locked(&PHASES).iter().map(|(name, times)| (*name, times.clone())).collect();
    phases.sort_by_key(|(_, times)| std::cmp::Reverse(times.wall));
    Some(Times { wall: started.elapsed(), phases })
}

/// Calls `body`, whose jobs belong to the phase of this name. A phase inside another takes its own jobs.
pub fn phase<R>(name: &'static str, body: impl FnOnce() -> R) -> R {
    if !MEASURED.load(Ordering::Relaxed) {
        return body();
    }
    let _leave = Leave(PHASE.with(|phase| phase.replace(name)));
    body()
}

/// Returns to the phase of this name when it is dropped.
struct Leave(&'static str);

impl Drop for Leave {
    fn drop(&mut self) {
        PHASE.with(|phase| phase.set(self.0));
    }
}

/// A measured task, during which others on this thread are not measured separately. It ends when the value is
/// dropped, even by a panic.
struct Inside;

impl Inside {
    fn enter() -> Self {
        INSIDE.with(|inside| inside.set(true));
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with(|inside| inside.set(false));
    }
}

/// Does the same as [`team::for_each`], and measures it if measuring has been started.
pub(crate) fn for_each(tasks: usize, task: impl Fn(usize) + Sync) {
    if !MEASURED.load(Ordering::Relaxed) || INSIDE.with(Cell::get) {
        return team::for_each(tasks, task);
    }
    let busy = [const { AtomicU64::new(0) }; MAX_THREADS];
    let begun = Instant::now();
    team::for_each(tasks, |i| {
        let begun = Instant::now();
        let inside = Inside::enter();
        task(i);
        drop(inside);
        let nanoseconds = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        busy[NUMBER.with(|number| *number)].fetch_add(nanoseconds, Ordering::Relaxed);
    });
    let wall = begun.elapsed();
    let mut phases = locked(&PHASES);
    let times = phases.entry(PHASE.with(Cell::get)).or_default();
    times.jobs += 1;
    times.wall += wall;
    for (number, busy) in busy.into_iter().enumerate() {
        let busy = Duration::from_nanos(busy.into_inner());
        if !busy.is_zero() {
            times.busy.resize(times.busy.len().max(number + 1), Duration::ZERO);
            times.busy[number] += busy;
        }
    }
}

/// The value behind a lock; a thread that panicked leaves times that are at worst incomplete.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{by_rows, with_team};

    #[test]
    fn a_task_that_panics_is_over() {
        let task = || {
            let _inside = Inside::enter();
            panic!("a task that fails");
        };
        assert!(std::panic::catch_unwind(task).is_err());
        assert!(!INSIDE.with(Cell::get));
    }

    /// The only test that measures: the times are those of the process.
    #[test]
    fn every_job_is_in_the_innermost_phase_and_waits_are_what_is_left() {
        start();
        let pause = |ms| std::thread::sleep(Duration::from_millis(ms));
        with_team(2, || {
            phase("outer-test", || {
                for_each(2, |_| pause(20));
                phase("inner-test", || {
                    // One thread has the only task; the other waits.
                    for_each(2, |i| pause(if i == 0 { 30 } else { 0 }));
                });
                // A job inside a task belongs to the task.
                by_rows(1, vec![0; 1].as_mut_slice(), |_, _| for_each(2, |_| pause(1)));
            });
        });
        let times = report().expect("it is measured");
        MEASURED.store(false, Ordering::Relaxed);
        let of = |name: &str| {
            let found = times.phases.iter().find(|(phase, _)| *phase == name);
            found.expect(name).1.clone()
        };
        let (outer, inner) = (of("outer-test"), of("inner-test"));
        assert_eq!((outer.jobs, inner.jobs), (2, 1));
        let ms = Duration::from_millis;
        assert!(outer.busy.iter().sum::<Duration>() >= ms(41), "{outer:?}");
        assert!(inner.wall >= ms(30) && inner.waiting(2) >= ms(20), "{inner:?}");
        assert!(times.alone() <= times.wall && times.wall >= outer.wall + inner.wall);
    }
}
