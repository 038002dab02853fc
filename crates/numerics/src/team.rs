//! A team of threads that stays together for a whole run, for fork-join parallelism at low cost.
//!
//! Fork and join in a general thread pool cost 10–20 µs per call, as much as the smaller products of a
//! training step. The workers of this team spin, then park: a worker waits for the next job by watching one
//! atomic counter, so that starting a job costs about a microsecond; if none comes for a while it yields its
//! processor, and finally it parks until it is woken.
//!
//! On a busy machine a thread may lose its processor for milliseconds, which is as long as whole
//! training steps. So the leader never waits for a worker that has not entered the job. Threads
//! claim tasks one by one, first those of their own contiguous range, then what is left of the
//! others'; once all tasks are claimed the job is closed to latecomers.
//!
//! ```text
//!            run(job)                                finish()
//! leader   ──write job─open gate─┬─tasks─┬─close gate──wait until nobody is inside──▶
//! worker 1 ──spin──────enter (+1)┴─tasks─┴leave (−1)──spin──yield──park─ ─ ─ ─ ─ ─ ─▶
//! worker 2 ──(away from its processor)──────────────── the gate is closed: not missed
//! ```

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::sync::{
    AtomicBool, AtomicU64, Ordering, SPINS, Scope, Thread, UnsafeCell, YIELDS,
    fence_between_seq_cst_accesses, park, scope, spawn, spin_loop, thread_local, yield_now,
};

/// Runs `body` with a team of `threads` threads, the calling thread among them.
///
/// Everything in this crate that `body` calls is spread over the team. Inside another team, `body` runs with
/// that one. The results do not depend on `threads`. If the operating system refuses to start this many
/// threads, the team has fewer: [`team_size`] returns their number.
pub fn with_team<R>(threads: usize, body: impl FnOnce() -> R) -> R {
    with_team_from(&System, threads, body)
}

fn with_team_from<R>(spawner: &impl Spawn, threads: usize, body: impl FnOnce() -> R) -> R {
    if threads <= 1 || CURRENT.with(Cell::get).is_some() {
        return body();
    }
    let shared = Shared::new(threads - 1);
    scope(|scope| {
        // The team dismisses its workers when it is dropped, so it must exist before the first of them: then
        // they stop however this closure exits, and the scope can join them.
        let mut team = Team { shared: &shared, workers: Vec::with_capacity(threads - 1) };
        for worker in 1..threads {
            let shared = &shared;
            let Ok(thread) = spawner.spawn(scope, move || shared.work(worker)) else {
                break;
            };
            team.workers.push(thread);
        }
        // Dropped before `team`, so the pointer that it sets never dangles.
        let _entered = Entered::enter(&team);
        body()
    })
}

/// A way to start the workers of a team.
trait Spawn {
    /// Starts a thread that `scope` joins.
    fn spawn<'scope>(
        &self,
        scope: &'scope Scope<'scope, '_>,
        work: impl FnOnce() + Send + 'scope,
    ) -> io::Result<Thread>;
}

/// Threads of the operating system.
struct System;

impl Spawn for System {
    fn spawn<'scope>(
        &self,
        scope: &'scope Scope<'scope, '_>,
        work: impl FnOnce() + Send + 'scope,
    ) -> io::Result<Thread> {
        spawn(scope, work)
    }
}

/// The number of threads of the team around this call; one, if there is no team.
#[must_use]
pub fn team_size() -> usize {
    with_current(|team| team.map_or(1, Team::threads))
}

/// Calls `body` without the team: what it calls runs on this thread.
#[cfg_attr(loom, allow(dead_code, reason = "not tested under loom"))]
pub(crate) fn alone<R>(body: impl FnOnce() -> R) -> R {
    let _alone = Entered::leave();
    body()
}

/// Maximum number of tasks in a job: each has a bit in a word.
const MAX_TASKS: usize = 64;

/// Calls `task(i)` for each i in 0..`tasks`, at most [`MAX_TASKS`], spread over the team.
///
/// Each thread begins with a contiguous range of tasks, the same in every call, so that it finds
/// its data in its own caches; then it helps with the ranges of the others.
pub(crate) fn for_each(tasks: usize, task: impl Fn(usize) + Sync) {
    for_each_dyn(tasks, &task);
}

fn for_each_dyn(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    assert!(tasks <= MAX_TASKS, "{tasks} tasks");
    with_current(|team| match team {
        Some(team) if tasks > 1 => {
            let claimed = AtomicU64::new(0);
            let threads = team.threads();
            team.run(&|worker| {
                let own = worker * tasks / threads;
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
    /// The team that this thread leads; `None` while the team runs a job.
    static CURRENT: Cell<Option<*const Team<'static>>> = const { Cell::new(None) };
}

fn with_current<R>(body: impl FnOnce(Option<&Team>) -> R) -> R {
    let team = CURRENT.with(Cell::get);
    // SAFETY: `Entered` sets the pointer on this thread only while its team is alive.
    #[allow(unsafe_code, reason = "a team lives on its leader's stack")]
    body(team.map(|team| unsafe { &*team }))
}

/// Sets this thread's current team; restores the previous one when dropped.
struct Entered(Option<*const Team<'static>>);

impl Entered {
    fn enter(team: &Team) -> Self {
        let team = std::ptr::from_ref(team).cast();
        Entered(CURRENT.with(|current| current.replace(Some(team))))
    }

    /// During a job the leader has no current team: a nested call runs on the calling thread.
    fn leave() -> Self {
        Entered(CURRENT.with(|current| current.replace(None)))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.with(|current| current.set(self.0));
    }
}

/// A job: a closure that each participating thread calls once, with its own number.
type Job = *const (dyn Fn(usize) + Sync);

/// A value with its cache lines to itself, so that the threads which watch it do not slow down
/// writes to its neighbours (false sharing).
#[repr(align(128))]
struct Padded<T>(T);

/// The state that the leader and the workers share.
struct Shared {
    /// The number of jobs posted so far, in units of [`JOB`]; the flag [`OPEN`] of the last of them;
    /// and, in the bits below, the number of workers inside it. Workers wait for it to change, and
    /// enter an open job by adding one.
    gate: Padded<AtomicU64>,
    /// The current job; `None` dismisses the workers. Only the leader writes it, and only while the
    /// gate is closed and no worker is inside.
    job: UnsafeCell<Option<Job>>,
    panicked: AtomicBool,
    /// Whether worker i + 1 is parked, or about to park.
    asleep: Vec<AtomicBool>,
}

const OPEN: u64 = 1 << 15;
const JOB: u64 = 1 << 16;

// SAFETY: `job` is the only field that is not Sync by itself. The leader writes it before it opens
// the gate, workers read it after they have entered, and the leader writes it again only after it
// has closed the gate and the last worker has left.
#[allow(unsafe_code, reason = "the protocol above orders every access")]
unsafe impl Sync for Shared {}

// SAFETY: as above; the pointer in `job` is to a closure that is Sync.
#[allow(unsafe_code, reason = "the protocol above orders every access")]
unsafe impl Send for Shared {}

impl Shared {
    fn new(workers: usize) -> Self {
        Shared {
            gate: Padded(AtomicU64::new(0)),
            job: UnsafeCell::new(None),
            panicked: AtomicBool::new(false),
            asleep: (0..workers).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    /// The main loop of a worker: runs each job that it enters in time, until it is dismissed.
    fn work(&self, worker: usize) {
        let mut seen = 0;
        loop {
            seen = self.enter(worker, seen);
            // SAFETY: the leader wrote the job before it opened the gate, and it does not write
            // again while this worker is inside.
            #[allow(unsafe_code, reason = "ordered by the gate")]
            let Some(job) = self.job.with(|job| unsafe { *job }) else {
                return;
            };
            // SAFETY: the leader keeps the closure alive until no worker is inside.
            #[allow(unsafe_code, reason = "the leader waits in `finish`")]
            let outcome = catch_unwind(AssertUnwindSafe(|| unsafe { (*job)(worker) }));
            if outcome.is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            self.gate.0.fetch_sub(1, Ordering::Release);
        }
    }

    /// Waits for an open job other than number `seen`, enters it and returns its number.
    fn enter(&self, worker: usize, seen: u64) -> u64 {
        let open_to_us = |gate: u64| gate & OPEN != 0 && gate / JOB != seen;
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
                    return gate / JOB;
                }
                continue;
            }
            turns += 1;
            if turns < SPINS {
                spin_loop();
            } else if turns < SPINS + YIELDS {
                yield_now();
            } else {
                let asleep = &self.asleep[worker - 1];
                asleep.store(true, Ordering::SeqCst);
                fence_between_seq_cst_accesses();
                if !open_to_us(self.gate.0.load(Ordering::SeqCst)) {
                    park();
                }
                asleep.store(false, Ordering::SeqCst);
            }
        }
    }
}

/// The leader's side of a team.
struct Team<'a> {
    shared: &'a Shared,
    /// The workers that could be started.
    workers: Vec<Thread>,
}

impl Team<'_> {
    fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `job` on the calling thread as worker 0, and on every worker that enters before the calling
    /// thread is done; returns when all that entered are done.
    #[allow(clippy::transmute_ptr_to_ptr, reason = "a cast cannot erase the lifetime")]
    fn run(&self, job: &(dyn Fn(usize) + Sync)) {
        let _alone = Entered::leave();
        // SAFETY: only the lifetime is changed. No worker keeps the pointer past `finish`, which is
        // called before this function returns, even if the leader's own part panics.
        #[allow(unsafe_code, reason = "workers are done with the closure before it goes away")]
        let erased: Job = unsafe { std::mem::transmute(std::ptr::from_ref(job)) };
        self.post(Some(erased));
        let own = catch_unwind(AssertUnwindSafe(|| job(0)));
        self.finish();
        let panicked = self.shared.panicked.swap(false, Ordering::Relaxed);
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!panicked, "a thread of the team panicked");
    }

    fn post(&self, job: Option<Job>) {
        // SAFETY: the gate is closed and no worker is inside, so nobody reads the job now.
        #[allow(unsafe_code, reason = "the leader is alone with the cell")]
        self.shared.job.with_mut(|place| unsafe { *place = job });
        // Sequentially consistent with the flags in `asleep`: either the worker sees the open gate
        // before it parks, or the leader sees the worker's flag and wakes it.
        self.shared.gate.0.fetch_add(JOB | OPEN, Ordering::SeqCst);
        fence_between_seq_cst_accesses();
        for (asleep, worker) in self.shared.asleep.iter().zip(&self.workers) {
            if asleep.load(Ordering::SeqCst) {
                worker.unpark();
            }
        }
    }

    /// Closes the gate and waits for the workers inside.
    fn finish(&self) {
        let gate = &self.shared.gate.0;
        gate.fetch_and(!OPEN, Ordering::AcqRel);
        let mut spins = 0;
        while gate.load(Ordering::Acquire) & (OPEN - 1) != 0 {
            if spins < SPINS {
                spins += 1;
                spin_loop();
            } else {
                yield_now();
            }
        }
    }
}

impl Drop for Team<'_> {
    /// Dismisses the workers.
    fn drop(&mut self) {
        self.post(None);
    }
}

#[cfg(all(test, not(loom)))]
#[path = "team/tests.rs"]
mod tests;
