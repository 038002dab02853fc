//! Observation of long work: progress, remarks, and requests to stop.

use std::ops::ControlFlow;
use std::time::Instant;

use nn_core::Progress;
use study::{Choice, Event, Failure};

/// Observes long work and may stop it. Every method has a default that does nothing, so that `&()`
/// is a monitor for work that runs in silence to its end.
pub trait Monitor {
    /// Reports how many stages of the whole work are done, and an estimate of the time left if there is one.
    /// It is called before the next stage begins.
    fn overall(&self, _done: usize, _of: usize, _seconds_left: Option<f64>) {}

    /// A stage of work begins, with this many steps.
    fn begin(&self, _title: &str, _steps: usize) {}

    /// The stage has made a step, `seconds` of wall time after the previous one.
    fn advance(&self, _progress: &Progress, _seconds: f64) {}

    /// The stage has ended.
    fn finish(&self) {}

    /// A remark for people.
    fn note(&self, _text: &str) {}

    /// Whether the work should stop. It then saves its state and returns
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    fn interrupted(&self) -> bool {
        false
    }

    /// [`interrupted`](Self::interrupted) in the form that observers return.
    fn flow(&self) -> ControlFlow<()> {
        if self.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Monitor for () {}

/// An observer that passes progress on to a monitor, with the wall time of each step from now on.
pub(crate) fn observer(monitor: &dyn Monitor) -> impl FnMut(&Progress) -> ControlFlow<()> + '_ {
    let mut last = Instant::now();
    move |progress| {
        monitor.advance(progress, last.elapsed().as_secs_f64());
        last = Instant::now();
        monitor.flow()
    }
}

/// Passes an event of a study on to a monitor.
pub(crate) fn forward(event: &Event<'_>, monitor: &dyn Monitor) -> ControlFlow<()> {
    match event {
        Event::Begun { title } => monitor.begin(title, 1),
        Event::Progress { progress, seconds } => monitor.advance(progress, *seconds),
        Event::Diverged { choice: Choice { learning_rate, hidden_multiplier, .. }, error } => {
            monitor.note(&format!(
                "learning rate {learning_rate} (hidden layers: × {hidden_multiplier}) is left out: {}",
                error.cause()
            ));
        }
        Event::Retried { factor, error } => {
            let cause = error.cause();
            monitor.note(&format!("{cause}; retrying with {factor:.3} times the learning rate"));
        }
        Event::Failed { failure } => {
            let Failure { method, labels, seed, reason, .. } = failure;
            monitor.note(&format!(
                "{method} with {labels} labels, seed {seed}, failed and is left out: {reason}"
            ));
        }
        Event::Abandoned { stage, reason } => {
            monitor.note(&format!("{stage}, diverged and is left out: {reason}"));
        }
        Event::Waiting { holder, looks: 0 } => {
            monitor.note(&format!("waiting for a stage that another process computes: {holder}"));
        }
        Event::Noted { text } => monitor.note(text),
        Event::Step | Event::Waiting { .. } | Event::Reused => (),
        Event::Finished { .. } => monitor.finish(),
    }
    monitor.flow()
}
