use std::ops::ControlFlow;

use nn_core::TrainingError;
use stack::Progress;

use crate::Rates;

/// What a comparison tells while it runs.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A stage begins to be computed.
    Begun {
        /// What it is.
        title: &'a str,
    },
    /// A stage gets on.
    Progress {
        /// How far.
        progress: Progress,
        /// Wall time since the last report of this stage.
        seconds: f64,
    },
    /// Fine-tuning at one of several rates came to nothing; the others decide.
    Diverged {
        /// The rates.
        rates: Rates,
        /// What happened.
        error: &'a TrainingError,
    },
    /// A stage is there.
    Finished {
        /// Whether it was there already.
        reused: bool,
    },
}

/// Is told of events, and may stop the comparison.
pub type Listener<'a> = &'a mut dyn FnMut(Event<'_>) -> ControlFlow<()>;
