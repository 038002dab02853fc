use serde::{Deserialize, Serialize};
use stack::FineTuneConfig;

/// The settings of a classifier on the features of a trained model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProbeSettings {
    /// Learning rates that are tried on the validation set.
    pub learning_rates: Vec<f64>,
    /// Whether the features stay fixed, so that the classifier is a logistic regression on them.
    pub frozen: bool,
    /// Other settings of the classifier's training.
    pub training: FineTuneConfig,
}

impl Default for ProbeSettings {
    fn default() -> Self {
        ProbeSettings {
            learning_rates: vec![1e-3, 3e-4],
            frozen: false,
            training: FineTuneConfig::default(),
        }
    }
}
