use nn_core::{InvalidSetting, require};
use serde::{Deserialize, Serialize};

/// Early stopping. The model that was best on the validation set is kept.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stopping {
    /// Number of epochs without a lower validation error after which training stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Seconds of training after which no new epoch begins. Runs of the same seed may then differ, because
    /// they depend on the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_seconds: Option<f64>,
}

impl Stopping {
    pub(super) fn validate(self) -> Result<(), InvalidSetting> {
        let patience = self.patience.unwrap_or(1);
        require(patience >= 1, "stopping.patience", &patience, "at least 1")?;
        let seconds = self.max_seconds.unwrap_or(1.0);
        let holds = seconds.is_finite() && seconds > 0.0;
        require(holds, "stopping.max_seconds", &seconds, "a finite number above 0")
    }
}
