//! Observation of long work: progress, remarks, and the wish to stop.

use std::ops::ControlFlow;
use std::time::Instant;

use nn_core::Progress;

/// Observes long work and may stop it. Every method has a default that does nothing, so that `&()`
/// is a monitor for work that runs in silence to its end.
pub trait Monitor {
    /// A stage of work begins, with this many steps.
    fn begin(&self, _title: &str, _steps: usize) {}

    /// The stage has made a step, `seconds` of wall time after the one before.
    fn advance(&self, _progress: &Progress, _seconds: f64) {}

    /// The stage has ended.
    fn finish(&self) {}

    /// A remark for people.
    fn note(&self, _text: &str) {}

    /// Whether the work is to stop. Its state is saved, and it returns
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    fn interrupted(&self) -> bool {
        false
    }

    /// [`interrupted`](Self::interrupted) as observers answer it.
    fn flow(&self) -> ControlFlow<()> {
        if self.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Monitor for () {}

/// Measures the wall time between the steps of one stage.
#[derive(Debug)]
pub(crate) struct StopWatch(Instant);

impl StopWatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        StopWatch(Instant::now())
    }

    /// Seconds since the last call, or since the start.
    pub(crate) fn lap(&mut self) -> f64 {
        let seconds = self.0.elapsed().as_secs_f64();
        self.0 = Instant::now();
        seconds
    }
}
