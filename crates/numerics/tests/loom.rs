//! The team of threads under every interleaving that the memory model allows, by loom:
//! `RUSTFLAGS="--cfg loom" cargo test -p aerbm-numerics --test loom`.
//!
//! With `--cfg loom` the library is empty and has no dependencies, so this builds in seconds; the team's own
//! files are compiled here. All counters are relaxed: only the team's protocol can make their values visible
//! to the thread that reads them.
#![cfg(loom)]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use loom::model::Builder;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::team::{for_each, team_size, with_team};

#[path = "../src/sync.rs"]
mod sync;
#[path = "../src/team.rs"]
#[allow(unreachable_pub, reason = "public in the library")]
mod team;

/// Runs `test` for teams of two and three threads under every interleaving that preempts a thread
/// at most this often: most faults need no more than two preemptions (Musuvathi & Qadeer 2007), and
/// the number of interleavings grows exponentially.
fn for_teams(test: impl Fn(usize) + Sync + Send + Copy + 'static) {
    for (threads, preemptions) in [(2, 3), (3, 1)] {
        let mut model = Builder::new();
        model.preemption_bound = Some(preemptions);
        model.check(move || test(threads));
    }
}

/// Counts the runs of each task.
fn run_tasks(counts: &[AtomicUsize]) {
    for_each(counts.len(), |i| {
        counts[i].fetch_add(1, Relaxed);
    });
}

fn counters(n: usize) -> Vec<AtomicUsize> {
    (0..n).map(|_| AtomicUsize::new(0)).collect()
}

fn values(counts: &[AtomicUsize]) -> Vec<usize> {
    counts.iter().map(|count| count.load(Relaxed)).collect()
}

#[test]
fn a_team_without_a_job_ends() {
    for_teams(|threads| {
        with_team(threads, || assert_eq!(team_size(), threads));
        assert_eq!(team_size(), 1);
    });
}

#[test]
fn every_task_runs_once_and_its_result_is_visible() {
    for_teams(|threads| {
        with_team(threads, || {
            let counts = counters(threads);
            run_tasks(&counts);
            assert_eq!(values(&counts), vec![1; threads]);
        });
    });
}

#[test]
fn a_second_job_follows_the_first() {
    for_teams(|threads| {
        with_team(threads, || {
            let first = counters(2);
            run_tasks(&first);
            assert_eq!(values(&first), [1, 1]);
            // The first job's closure and counters are gone when the second begins.
            drop(first);
            let second = counters(2);
            run_tasks(&second);
            assert_eq!(values(&second), [1, 1]);
        });
    });
}

#[test]
fn a_job_within_a_job_runs_on_the_thread_that_asks() {
    for_teams(|threads| {
        let count = AtomicUsize::new(0);
        with_team(threads, || {
            for_each(2, |_| {
                assert_eq!(team_size(), 1);
                for_each(2, |_| {
                    count.fetch_add(1, Relaxed);
                });
            });
        });
        assert_eq!(count.load(Relaxed), 4);
    });
}

#[test]
fn a_panic_reaches_the_caller_and_the_team_works_on() {
    for_teams(|threads| {
        with_team(threads, || {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                for_each(2, |i| {
                    if i == 1 {
                        resume_unwind(Box::new("on purpose"));
                    }
                });
            }));
            assert!(outcome.is_err());
            let counts = counters(2);
            run_tasks(&counts);
            assert_eq!(values(&counts), [1, 1]);
        });
    });
}
