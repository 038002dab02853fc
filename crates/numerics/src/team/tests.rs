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
fn many_small_jobs_and_long_pauses() {
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
fn nested_calls_run_on_the_calling_thread() {
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

/// Starts this many threads, then fails as the operating system does at its limit.
struct Limited(AtomicUsize);

impl Spawn for Limited {
    fn spawn<'scope>(
        &self,
        scope: &'scope Scope<'scope, '_>,
        work: impl FnOnce() + Send + 'scope,
    ) -> io::Result<Thread> {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        left.map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))?;
        spawn(scope, work)
    }
}

#[test]
fn a_team_is_smaller_where_threads_cannot_be_started() {
    for limit in 0..=4 {
        let count = AtomicUsize::new(0);
        with_team_from(&Limited(AtomicUsize::new(limit)), 4, || {
            assert_eq!(team_size(), limit.min(3) + 1);
            for_each(10, |_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(count.into_inner(), 10, "with {limit} workers");
        assert_eq!(team_size(), 1);
    }
}

#[test]
fn a_panic_in_the_body_dismisses_the_team() {
    let outcome = catch_unwind(|| {
        with_team_from(&Limited(AtomicUsize::new(1)), 4, || {
            for_each(2, |_| ());
            resume_unwind(Box::new("on purpose"));
        });
    });
    assert!(outcome.is_err());
    assert_eq!(team_size(), 1);
}
