use std::ops::ControlFlow;

use nn_core::{Progress, TrainingError};

use crate::{Choice, Failure};

/// A report from a running comparison.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The computation of a stage, or of one of its trials, starts.
    Begun {
        /// The stage's title.
        title: &'a str,
    },
    /// Another process is computing the stage, and this one waits for its result.
    Waiting {
        /// The other process, in words.
        holder: &'a str,
        /// The number of earlier reports during this wait.
        looks: usize,
    },
    /// A step of training is done. There is nothing to show, but the listener may stop the work here.
    Step,
    /// A remark on the stage.
    Noted {
        /// The remark.
        text: &'a str,
    },
    /// An epoch or evaluation of the stage is done.
    Progress {
        /// The state of the computation.
        progress: &'a Progress,
        /// Wall time since the last report of this stage, in seconds.
        seconds: f64,
    },
    /// Training diverged and restarts with all learning rates multiplied by a factor below 1.
    Retried {
        /// The factor, relative to the settings.
        factor: f64,
        /// The reason.
        error: &'a TrainingError,
    },
    /// A cell could not be computed; the comparison continues without it.
    Failed {
        /// The cell and the reason.
        failure: &'a Failure,
    },
    /// Training of a stage diverged at every learning rate; the others are computed without it.
    Abandoned {
        /// The stage's title.
        stage: &'a str,
        /// The reason.
        reason: &'a str,
    },
    /// Fine-tuning diverged in one of several trials; the others decide.
    Diverged {
        /// The hyperparameters of the trial.
        choice: Choice,
        /// The reason.
        error: &'a TrainingError,
    },
    /// The stage is complete.
    Finished {
        /// The stage's title.
        title: &'a str,
    },
    /// The result of a stage was read from the cache.
    Reused,
}

/// Receives events and may stop the comparison.
pub type Listener<'a> = &'a mut dyn FnMut(Event<'_>) -> ControlFlow<()>;
