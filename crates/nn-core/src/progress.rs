//! Progress of long computations, and its observers.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::TrainingError;

/// A measured quantity: its name in tables, and its unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Metric {
    /// Name, such as `cost`.
    pub name: Cow<'static, str>,
    /// Unit, such as `nats`.
    pub unit: Cow<'static, str>,
}

impl Metric {
    /// Squared error per sample, summed over its values.
    pub const SSE_PER_IMAGE: Metric = Metric::new("sse_per_image", "sse_per_image");
    /// Share of misclassified samples, in percent.
    pub const ERROR_PCT: Metric = Metric::new("error_pct", "pct");

    /// A metric of this name and unit.
    #[must_use]
    pub const fn new(name: &'static str, unit: &'static str) -> Self {
        Metric { name: Cow::Borrowed(name), unit: Cow::Borrowed(unit) }
    }
}

/// The state of a computation after an epoch, or after an evaluation where there are no epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Number of epochs done.
    pub epoch: usize,
    /// Total number of epochs.
    pub of: usize,
    /// Mean over samples of the quantity that is minimised or watched.
    pub value: f64,
    /// The quantity that `value` measures.
    pub metric: Metric,
    /// Number of samples processed since the last report.
    pub samples: usize,
}

/// Receives progress and may stop the computation.
pub type Observer<'a> = &'a mut dyn FnMut(&Progress) -> ControlFlow<()>;

/// Reports progress to an observer.
///
/// # Errors
/// [`TrainingError::Interrupted`] if the observer stops the computation.
pub fn observe(observer: Observer<'_>, progress: &Progress) -> Result<(), TrainingError> {
    match observer(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(TrainingError::Interrupted),
    }
}

/// One finished epoch, as stored in records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Mean over samples of the quantity that is minimised or watched.
    pub value: f64,
    /// The quantity that `value` measures.
    pub metric: Metric,
    /// Wall time in seconds; 0 if unknown, as in files that must be the same for every run.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub seconds: f64,
    /// Number of samples processed.
    pub samples: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_unknown(seconds: &f64) -> bool {
    *seconds == 0.0
}
