//! Work that is saved at intervals and resumes from the last save.

use std::time::{Duration, Instant};

/// Time between two saves, each of which takes a few milliseconds. A kill loses no more work than this.
const BETWEEN: Duration = Duration::from_secs(5);

/// Environment variable that sets another interval, in milliseconds, for tests.
#[cfg(debug_assertions)]
const VARIABLE: &str = "AERBM_CHECKPOINT_MS";

/// Saving takes at most one part in this number of the time.
const RARE: u32 = 20;

/// Decides when work is due to be saved.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    every: Duration,
    /// Time at which the work was last saved, or started.
    last: Instant,
    /// Duration of the last save.
    took: Duration,
}

impl Pace {
    /// The usual pace, starting now.
    #[must_use]
    pub fn usual() -> Self {
        #[cfg(debug_assertions)]
        if let Some(ms) = std::env::var(VARIABLE).ok().and_then(|ms| ms.parse().ok()) {
            return Pace::every(Duration::from_millis(ms));
        }
        Pace::every(BETWEEN)
    }

    /// A pace that never saves.
    #[must_use]
    pub fn never() -> Self {
        Pace::every(Duration::MAX)
    }

    /// A pace with this time between saves, starting now.
    #[must_use]
    pub fn every(every: Duration) -> Self {
        Pace { every, last: Instant::now(), took: Duration::ZERO }
    }

    /// Whether the work is due to be saved. Work that is slow to save is saved less often, so that saving
    /// takes at most a twentieth of the time.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every.max(RARE * self.took)
    }

    fn saving<E>(&mut self, save: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let begun = Instant::now();
        save()?;
        (self.last, self.took) = (Instant::now(), begun.elapsed());
        Ok(())
    }
}

/// Work that can be interrupted between two steps and resumed from its last save.
pub trait Resumable {
    /// The error of a step or a save.
    type Error;

    /// Whether nothing is left to do.
    fn is_complete(&self) -> bool;

    /// Continues to the end of the next part. Returns earlier, between two steps, if the work is asked to
    /// stop or is `due` to be saved.
    ///
    /// # Errors
    /// Those of the work.
    fn go_on(&mut self, due: &dyn Fn() -> bool) -> Result<(), Self::Error>;

    /// Whether the work was asked to stop.
    fn is_stopped(&self) -> bool;

    /// Saves the current state.
    ///
    /// # Errors
    /// Those of saving.
    fn save(&mut self) -> Result<(), Self::Error>;
}

/// Runs the work to its end or until it is asked to stop, saving it at this pace and when it stops. Returns
/// whether it is complete.
///
/// # Errors
/// Those of the work and of saving.
pub fn run<W: Resumable + ?Sized>(work: &mut W, mut pace: Pace) -> Result<bool, W::Error> {
    while !work.is_complete() {
        work.go_on(&|| pace.is_due())?;
        let is_stopped = work.is_stopped();
        if is_stopped || pace.is_due() {
            pace.saving(|| work.save())?;
        }
        if is_stopped {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Counts to twelve in parts of three.
    #[derive(Debug, Default)]
    struct Count {
        now: u32,
        saved: Vec<u32>,
        stop_at: Option<u32>,
        /// Minimum duration of a part.
        time: Duration,
    }

    impl Resumable for Count {
        type Error = Infallible;

        fn is_complete(&self) -> bool {
            self.now == 12
        }

        fn go_on(&mut self, due: &dyn Fn() -> bool) -> Result<(), Infallible> {
            std::thread::sleep(self.time);
            self.now += 1;
            while !self.now.is_multiple_of(3) && !self.is_stopped() && !due() {
                self.now += 1;
            }
            Ok(())
        }

        fn is_stopped(&self) -> bool {
            self.stop_at == Some(self.now)
        }

        fn save(&mut self) -> Result<(), Infallible> {
            self.saved.push(self.now);
            Ok(())
        }
    }

    #[test]
    fn work_is_saved_when_it_is_due_and_when_it_stops() {
        let mut count = Count::default();
        assert_eq!(run(&mut count, Pace::never()), Ok(true));
        assert_eq!((count.now, count.saved.len()), (12, 0));
        // The steps take far longer than saving; otherwise saving would wait.
        let mut count = Count { time: Duration::from_millis(2), ..Count::default() };
        assert_eq!(run(&mut count, Pace::every(Duration::ZERO)), Ok(true));
        assert_eq!(count.saved.len(), 12, "after every step");
        for stop_at in [2, 3, 12] {
            let mut count = Count { stop_at: Some(stop_at), ..Count::default() };
            assert_eq!(run(&mut count, Pace::never()), Ok(false));
            assert_eq!((count.now, count.saved), (stop_at, vec![stop_at]));
        }
    }

    #[test]
    fn saving_takes_a_small_share_of_the_time() {
        let mut pace = Pace::every(Duration::ZERO);
        assert!(pace.is_due());
        let slow = || -> Result<(), ()> {
            std::thread::sleep(Duration::from_millis(50));
            Ok(())
        };
        pace.saving(slow).expect("slept");
        assert!(!pace.is_due(), "not within the next second");
    }
}
