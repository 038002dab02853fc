//! A team of threads that stays together for a whole run.
//!
//! Forking and joining a pool costs 10–20 µs a call, as much as the smaller products of a training
//! step. The team's threads wait for the next piece of work by watching a counter, so that handing
//! it out costs about a microsecond; when none comes for a while they yield, then sleep.
//!
//! On a busy machine a thread may be away from its processor for milliseconds, as long as whole
//! training steps. So nobody waits for a thread that has not begun: tasks are claimed one by one,
//! first those of one's own run, then what is left of the others', and a piece is closed to
//! latecomers when all its tasks are claimed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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

/// The most tasks of a piece: a bit for each.
const MAX_TASKS: usize = 64;

/// Calls `task(i)` for each i in 0..`tasks`, at most [`MAX_TASKS`], spread over the team: each thread
/// has a contiguous run, the same each time, and helps with the others' when done.
pub(crate) fn for_each(tasks: usize, task: impl Fn(usize) + Sync) {
    for_each_of(tasks, &task);
}

fn for_each_of(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    assert!(tasks <= MAX_TASKS, "{tasks} tasks");
    with_current(|team| match team {
        Some(team) if tasks > 1 => {
            let claimed = AtomicU64::new(0);
            team.run(&|worker| {
                let own = worker * tasks / team.threads;
                for i in (own..tasks).chain(0..own) {
                    if claimed.fetch_or(1 << i, Ordering::Relaxed) & (1 << i) == 0 {
                        task(i);
                    }
                }
            });
        }
        _ => (0..tasks).for_each(task),
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
    /// The number of pieces posted so far, in units of [`PIECE`]; whether the last of them is
    /// [`OPEN`]; and, below that bit, how many workers are at work on it. Workers wait for it to
    /// change, and enter an open piece by adding one.
    gate: Padded<AtomicU64>,
    /// The current piece; `None` dismisses the workers. Written by the leader alone, and only
    /// while the gate is closed and no worker is inside.
    piece: std::cell::UnsafeCell<Option<Piece>>,
    panicked: AtomicBool,
    sleepers: Vec<Sleeper>,
}

#[derive(Default)]
struct Sleeper {
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

const OPEN: u64 = 1 << 15;
const PIECE: u64 = 1 << 16;

// SAFETY: `piece` is the only field that is not Sync by itself. The leader writes it before it opens
// the gate, workers read it after they entered, and the leader writes it again only after it closed
// the gate and the last worker left.
#[allow(unsafe_code, reason = "the protocol above orders every access")]
unsafe impl Sync for Team {}

/// Turns of the waiting loop before a waiting thread yields, and before it sleeps.
const SPINS: u32 = 4_000;
const YIELDS: u32 = 400;

impl Team {
    fn new(threads: usize) -> Self {
        Team {
            threads,
            gate: Padded(AtomicU64::new(0)),
            piece: std::cell::UnsafeCell::new(None),
            panicked: AtomicBool::new(false),
            sleepers: (0..threads).map(|_| Sleeper::default()).collect(),
        }
    }

    /// Has the caller run `piece` as worker 0, and so every worker that comes before the caller is
    /// done; returns when all who began are done.
    #[allow(clippy::transmute_ptr_to_ptr, reason = "a cast cannot erase the lifetime")]
    fn run(&self, piece: &(dyn Fn(usize) + Sync)) {
        let _alone = Entered::leave();
        // SAFETY: the lifetime is erased, but no worker keeps the pointer past `finish`, which is
        // called before this function returns, also when the leader's own share panics.
        #[allow(unsafe_code, reason = "workers are done with the closure before it goes away")]
        let erased: Piece = unsafe { std::mem::transmute(std::ptr::from_ref(piece)) };
        self.post(Some(erased));
        let own = catch_unwind(AssertUnwindSafe(|| piece(0)));
        self.finish();
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!self.panicked.swap(false, Ordering::Relaxed), "a thread of the team panicked");
    }

    fn post(&self, piece: Option<Piece>) {
        // SAFETY: the gate is closed and no worker is inside; nobody reads the piece now.
        #[allow(unsafe_code, reason = "the leader is alone with the cell")]
        unsafe {
            *self.piece.get() = piece;
        }
        // Sequentially consistent with the sleepers' flags: either the worker sees the open gate
        // before it sleeps, or the leader sees the flag and wakes it.
        self.gate.0.fetch_add(PIECE | OPEN, Ordering::SeqCst);
        for sleeper in &self.sleepers {
            if sleeper.asleep.load(Ordering::SeqCst)
                && let Some(thread) = sleeper.thread.get()
            {
                thread.unpark();
            }
        }
    }

    /// Closes the gate and waits for the workers inside.
    fn finish(&self) {
        self.gate.0.fetch_and(!OPEN, Ordering::AcqRel);
        let mut spins = 0;
        while self.gate.0.load(Ordering::Acquire) & (OPEN - 1) != 0 {
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
            seen = self.enter(worker, seen);
            // SAFETY: the leader wrote the piece before it opened the gate, and this worker is in.
            #[allow(unsafe_code, reason = "ordered by the gate")]
            let Some(piece) = (unsafe { *self.piece.get() }) else {
                return;
            };
            // SAFETY: the closure lives until no worker is inside.
            #[allow(unsafe_code, reason = "the leader waits in `finish`")]
            let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { (*piece)(worker) }));
            if outcome.is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            self.gate.0.fetch_sub(1, Ordering::Release);
        }
    }

    /// Enters the next open piece that is not piece `seen`, and returns its number.
    fn enter(&self, worker: usize, seen: u64) -> u64 {
        let open_to_us = |gate: u64| gate & OPEN != 0 && gate / PIECE != seen;
        let mut turns = 0;
        loop {
            let gate = self.gate.0.load(Ordering::Acquire);
            if open_to_us(gate) {
                let entered = self.gate.0.compare_exchange_weak(
                    gate,
                    gate + 1,
                    Ordering::AcqRel,
                    Ordering::Relaxed,
                );
                if entered.is_ok() {
                    return gate / PIECE;
                }
                continue;
            }
            turns += 1;
            if turns < SPINS {
                std::hint::spin_loop();
            } else if turns < SPINS + YIELDS {
                std::thread::yield_now();
            } else {
                let sleeper = &self.sleepers[worker];
                sleeper.asleep.store(true, Ordering::SeqCst);
                if !open_to_us(self.gate.0.load(Ordering::SeqCst)) {
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
    use std::sync::atomic::AtomicUsize;

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
        let expected: Vec<usize> = (0..MAX_TASKS).map(|i| i * i).collect();
        for threads in [1, 2, 3, 7] {
            assert_eq!(squares(threads, MAX_TASKS), expected);
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
