//! The threads of a process: as many as requested, or as many as the system starts.

use std::cell::Cell;
use std::sync::OnceLock;
use std::thread::available_parallelism;
use std::time::Duration;

use rayon::ThreadPoolBuilder;

/// The environment variable that sets the number of threads.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// The largest number of threads. More threads than the largest machines have cores would only wait for one
/// another.
const MOST: usize = 512;

/// Number of threads besides those that compute: one listens to signals, and three renew the lock of a folder
/// and the claims on a stage and on a trial of it.
const OTHERS: usize = 4;

/// The time that threads need to end after a pool could not be started.
const UNTIL_ENDED: Duration = Duration::from_millis(20);

/// Numbers of threads: those that were requested, and those that were started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads {
    /// One per core, or the value of `RAYON_NUM_THREADS`.
    pub asked: usize,
    /// At least one, and at most as many as requested.
    pub started: usize,
}

/// Runs `body` with a team of threads: one per core, or as many as `RAYON_NUM_THREADS` sets, or fewer if the
/// system does not start so many. Inside another team, `body` runs with that one. Results do not depend on
/// the number of threads.
pub fn with_threads<R>(body: impl FnOnce() -> R) -> R {
    numerics::with_team(threads().started, body)
}

/// Runs `body` as [`with_threads`] does, but with this number of threads, which also applies to everything
/// that `body` calls. Files are read with all threads. Inside another team, `body` runs with that one.
pub fn with_n_threads<R>(threads: usize, body: impl FnOnce() -> R) -> R {
    /// Restores the previous number, however the body ends.
    struct Restored(Option<usize>);
    impl Drop for Restored {
        fn drop(&mut self) {
            GIVEN.set(self.0);
        }
    }
    let _restored = Restored(GIVEN.replace(Some(threads)));
    numerics::with_team(threads, body)
}

thread_local! {
    /// The number of threads that [`with_n_threads`] was given around this call.
    static GIVEN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The threads that the process could start.
static OF_PROCESS: OnceLock<Threads> = OnceLock::new();

/// The threads of [`with_threads`].
pub fn threads() -> Threads {
    if let Some(threads) = GIVEN.get() {
        return Threads { asked: threads, started: threads };
    }
    if rayon::current_thread_index().is_some() {
        // A pool of the caller.
        let threads = rayon::current_num_threads();
        return Threads { asked: threads, started: threads };
    }
    *OF_PROCESS.get_or_init(start)
}

/// Starts the global pool with as many threads as requested, halving the number until the system starts them.
fn start() -> Threads {
    let asked = asked(std::env::var(VARIABLE).ok().as_deref());
    let mut started = asked.min(MOST);
    // A global pool that fails to start cannot be started again, so another one is tried first. It includes
    // the threads of the team.
    let starts = |n: usize| ThreadPoolBuilder::new().num_threads(2 * n + OTHERS).build().is_ok();
    let mut enough = starts(started);
    while !enough && started > 1 {
        std::thread::sleep(UNTIL_ENDED);
        started /= 2;
        enough = starts(started);
    }
    let pool = ThreadPoolBuilder::new().num_threads(started);
    // Without any other thread, the pool consists of this one, which then has to do all work that is given to
    // it.
    let pool = if enough { pool } else { pool.use_current_thread() };
    match pool.build_global() {
        Ok(()) => Threads { asked, started },
        // The process already has its own global pool.
        Err(_) => Threads { asked, started: rayon::current_num_threads() },
    }
}

fn asked(variable: Option<&str>) -> usize {
    let given = variable.and_then(|number| number.trim().parse().ok()).filter(|number| *number > 0);
    given.unwrap_or_else(|| available_parallelism().map_or(1, Into::into))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_asks_for_threads_and_nonsense_for_the_usual_number() {
        let usual = asked(None);
        assert!(usual >= 1);
        assert_eq!(asked(Some("3")), 3);
        for nonsense in ["", "0", "-1", "many", "99999999999999999999999"] {
            assert_eq!(asked(Some(nonsense)), usual, "{nonsense}");
        }
    }

    #[test]
    fn a_pool_of_the_caller_counts() {
        let pool = ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
        assert_eq!(pool.install(threads), Threads { asked: 3, started: 3 });
        assert_eq!(threads().started, with_threads(numerics::team_size));
    }
}
