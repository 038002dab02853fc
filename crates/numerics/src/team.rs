//! A team of threads that stays together for a whole run.
//!
//! Forking and joining a pool costs 10–20 µs a call, as much as the smaller products of a training
//! step. The team's threads wait for the next piece of work by watching a counter, so that handing
//! it out costs about a microsecond; when none comes for a while they yield, then sleep.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Thread;

/// Runs `body` with a team of `threads` threads, the caller's among them.
///
/// Everything in this crate that `body` calls is spread over the team. Inside another team, `body`
/// runs with that one. The results do not depend on `threads`.
pub fn with_team<R>(threads: usize, body: impl FnOnce() -> R) -> R {
    if threads <= 1 || CURRENT.get().is_some() {
        return body();
    }
    let team = Team::new(threads);
    std::thread::scope(|scope| {
        for worker in 1..threads {
            let team = &team;
            scope.spawn(move || team.work(worker));
        }
        // Dismissed on the way out of `body`, by return or by panic: the scope joins the workers.
        let _dismiss = Dismiss(&team);
        // SAFETY of the borrow behind the pointer: `Entered` clears it before `team` is dropped.
        let _entered = Entered::enter(&team);
        body()
    })
}

/// The number of threads that work on a piece: those of the team around this call, or one.
#[must_use]
pub fn team_size() -> usize {
    with_current(|team| team.map_or(1, |team| team.threads))
}

/// Calls `task(i)` for each i in 0..`tasks`, spread evenly over the team in contiguous runs.
pub(crate) fn for_each(tasks: usize, task: impl Fn(usize) + Sync) {
    with_current(|team| match team {
        Some(team) if tasks > 1 => team.run(&|worker| {
            let first = worker * tasks / team.threads;
            let last = (worker + 1) * tasks / team.threads;
            (first..last).for_each(&task);
        }),
        _ => (0..tasks).for_each(&task),
    });
}

thread_local! {
    /// The team that this thread leads and that is not at work just now.
    static CURRENT: Cell<Option<*const Team>> = const { Cell::new(None) };
}

fn with_current<R>(body: impl FnOnce(Option<&Team>) -> R) -> R {
    let team = CURRENT.get();
    // SAFETY: `Entered` sets the pointer on this thread only while its team is alive.
    #[allow(unsafe_code, reason = "a team lives on its leader's stack")]
    body(team.map(|team| unsafe { &*team }))
}

/// Sets the thread's current team, and puts the earlier one back when dropped.
struct Entered(Option<*const Team>);

impl Entered {
    fn enter(team: &Team) -> Self {
        Entered(CURRENT.replace(Some(std::ptr::from_ref(team))))
    }

    /// While the team is at work its leader has none: a nested call runs on its own thread.
    fn leave() -> Self {
        Entered(CURRENT.replace(None))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

struct Dismiss<'a>(&'a Team);

impl Drop for Dismiss<'_> {
    fn drop(&mut self) {
        self.0.post(None);
    }
}

/// A piece of work: called once with each worker's number.
type Piece = *const (dyn Fn(usize) + Sync);

/// Alone on its cache lines, so that watching one counter does not slow writes to its neighbour.
#[repr(align(128))]
struct Padded<T>(T);

struct Team {
    threads: usize,
    /// The number of pieces posted so far; workers wait for it to change.
    posted: Padded<AtomicUsize>,
    /// The number of workers that have not finished the current piece.
    unfinished: Padded<AtomicUsize>,
    /// The current piece; `None` dismisses the workers. Written by the leader alone, and only
    /// while all workers wait.
    piece: std::cell::UnsafeCell<Option<Piece>>,
    panicked: AtomicBool,
    sleepers: Vec<Sleeper>,
}

#[derive(Default)]
struct Sleeper {
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

// SAFETY: `piece` is the only field that is not Sync by itself. The leader writes it before it adds
// to `posted`, workers read it after they saw that, and the leader writes it again only after
// `unfinished` came down to zero.
#[allow(unsafe_code, reason = "the protocol above orders every access")]
unsafe impl Sync for Team {}

/// Turns of the waiting loop before a waiting thread yields, and before it sleeps.
const SPINS: u32 = 4_000;
const YIELDS: u32 = 400;

impl Team {
    fn new(threads: usize) -> Self {
        Team {
            threads,
            posted: Padded(AtomicUsize::new(0)),
            unfinished: Padded(AtomicUsize::new(0)),
            piece: std::cell::UnsafeCell::new(None),
            panicked: AtomicBool::new(false),
            sleepers: (0..threads).map(|_| Sleeper::default()).collect(),
        }
    }

    /// Has every worker run `piece`, the caller as worker 0, and returns when all are done.
    #[allow(clippy::transmute_ptr_to_ptr, reason = "a cast cannot erase the lifetime")]
    fn run(&self, piece: &(dyn Fn(usize) + Sync)) {
        let _alone = Entered::leave();
        // SAFETY: the lifetime is erased, but no worker keeps the pointer past `finish`, which is
        // called before this function returns, also when the leader's own share panics.
        #[allow(unsafe_code, reason = "workers are done with the closure before it goes away")]
        let erased: Piece = unsafe { std::mem::transmute(std::ptr::from_ref(piece)) };
        self.unfinished.0.store(self.threads - 1, Ordering::Relaxed);
        self.post(Some(erased));
        let own = catch_unwind(AssertUnwindSafe(|| piece(0)));
        self.finish();
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!self.panicked.swap(false, Ordering::Relaxed), "a thread of the team panicked");
    }

    fn post(&self, piece: Option<Piece>) {
        // SAFETY: all workers wait for `posted` to change; nobody reads the piece now.
        #[allow(unsafe_code, reason = "the leader is alone with the cell")]
        unsafe {
            *self.piece.get() = piece;
        }
        // Sequentially consistent with the sleepers' flags: either the worker sees the new count
        // before it sleeps, or the leader sees the flag and wakes it.
        self.posted.0.fetch_add(1, Ordering::SeqCst);
        for sleeper in &self.sleepers {
            if sleeper.asleep.load(Ordering::SeqCst)
                && let Some(thread) = sleeper.thread.get()
            {
                thread.unpark();
            }
        }
    }

    fn finish(&self) {
        let mut spins = 0;
        while self.unfinished.0.load(Ordering::Acquire) != 0 {
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }

    fn work(&self, worker: usize) {
        self.sleepers[worker].thread.get_or_init(std::thread::current);
        let mut seen = 0;
        loop {
            self.wait(worker, seen);
            seen += 1;
            // SAFETY: the leader wrote the piece before it added to `posted`.
            #[allow(unsafe_code, reason = "ordered by `posted`")]
            let Some(piece) = (unsafe { *self.piece.get() }) else {
                return;
            };
            // SAFETY: the closure lives until `unfinished` is zero.
            #[allow(unsafe_code, reason = "the leader waits in `finish`")]
            let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { (*piece)(worker) }));
            if outcome.is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            self.unfinished.0.fetch_sub(1, Ordering::Release);
        }
    }

    /// Returns when more than `seen` pieces have been posted.
    fn wait(&self, worker: usize, seen: usize) {
        let mut turns = 0;
        while self.posted.0.load(Ordering::Acquire) == seen {
            turns += 1;
            if turns < SPINS {
                std::hint::spin_loop();
            } else if turns < SPINS + YIELDS {
                std::thread::yield_now();
            } else {
                let sleeper = &self.sleepers[worker];
                sleeper.asleep.store(true, Ordering::SeqCst);
                if self.posted.0.load(Ordering::SeqCst) == seen {
                    std::thread::park();
                }
                sleeper.asleep.store(false, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(threads: usize, n: usize) -> Vec<usize> {
        let squares: Vec<AtomicUsize> = (0..n).map(|_| AtomicUsize::new(0)).collect();
        with_team(threads, || {
            for_each(n, |i| {
                squares[i].fetch_add(i * i, Ordering::Relaxed);
            });
        });
        squares.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn every_task_runs_exactly_once() {
        let expected: Vec<usize> = (0..100).map(|i| i * i).collect();
        for threads in [1, 2, 3, 7] {
            assert_eq!(squares(threads, 100), expected);
        }
    }

    #[test]
    fn many_small_pieces_and_long_pauses() {
        let count = AtomicUsize::new(0);
        with_team(3, || {
            for round in 0..2_000 {
                for_each(3, |_| {
                    count.fetch_add(1, Ordering::Relaxed);
                });
                if round % 500 == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            }
        });
        assert_eq!(count.into_inner(), 6_000);
    }

    #[test]
    fn nested_calls_run_on_their_own_thread() {
        with_team(2, || {
            assert_eq!(team_size(), 2);
            for_each(2, |_| {
                assert_eq!(team_size(), 1);
                for_each(3, |_| ());
            });
            assert_eq!(team_size(), 2);
        });
        assert_eq!(team_size(), 1);
    }

    #[test]
    fn a_panic_in_any_thread_reaches_the_caller_and_the_team_survives() {
        with_team(2, || {
            for bad in [0, 1] {
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    for_each(2, |i| assert_ne!(i, bad, "on purpose"));
                }));
                assert!(outcome.is_err());
            }
            for_each(2, |_| ());
        });
    }
}
