//! The rows that record the origin of settings.

use serde::{Deserialize, Serialize};

use super::Row;

/// A network trained to choose hyperparameters on the validation samples: a line of `search.csv`. A
/// hyperparameter that a method lacks is an empty cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchRow {
    /// Name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Seed of the trial, the first of the comparison.
    pub seed: u64,
    /// Number of the trial, counted from 1.
    pub trial: usize,
    /// Learning rate of the output layer.
    pub learning_rate: f64,
    /// Learning-rate multiplier of the hidden layers.
    pub hidden_learning_rate_multiplier: f64,
    /// Dropout probability of inputs in fine-tuning.
    pub input_dropout: f64,
    /// Dropout probability of hidden units in fine-tuning.
    pub hidden_dropout: f64,
    /// Bound on the norm of the weights into a unit; `None` without a bound.
    pub max_norm: Option<f64>,
    /// Amount of noise in pretraining, if it was searched.
    pub corruption: Option<f64>,
    /// Error on the validation samples, in percent; `None` if training diverged.
    pub validation_error_pct: Option<f64>,
    /// Whether the cells of the comparison use these values.
    pub chosen: bool,
}

impl Row for SearchRow {
    const COLUMNS: &'static [&'static str] = &[
        "method",
        "depth",
        "labels",
        "seed",
        "trial",
        "learning_rate",
        "hidden_learning_rate_multiplier",
        "input_dropout",
        "hidden_dropout",
        "max_norm",
        "corruption",
        "validation_error_pct",
        "chosen",
    ];
}

/// A setting of a run: a line of `settings.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingRow {
    /// Path of the setting in `config.toml`.
    pub setting: String,
    /// The value in TOML syntax.
    pub value: String,
    /// The reason for the value; empty if none is recorded.
    pub chosen_on: String,
    /// Number of values or combinations tried, if known.
    pub trials: Option<usize>,
}

impl Row for SettingRow {
    const COLUMNS: &'static [&'static str] = &["setting", "value", "chosen_on", "trials"];
}
