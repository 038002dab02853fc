//! The rows that a run writes, one struct a file, its fields in the order of the file's columns.
//!
//! A number that does not exist (the interval of a single seed, the p-value of a single pair) is
//! NaN here and `NaN` in the file. An epoch or layer that does not apply is an empty cell.
//!
//! ```
//! use report::{MetricRow, Row};
//!
//! assert_eq!(MetricRow::COLUMNS.join(","), "run,method,seed,stage,layer,epoch,split,metric,value,unit");
//! ```

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One line of a CSV file with a fixed header.
pub trait Row: Serialize + DeserializeOwned {
    /// The header: the names of the fields, in their order.
    const COLUMNS: &'static [&'static str];
}

/// One measured number: a line of `metrics.csv`. Nothing in it depends on the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// Name of the run, unique in its folder.
    pub run: String,
    /// Name of the method, as in `summary.csv`.
    pub method: String,
    /// Seed of every random stream of the run.
    pub seed: u64,
    /// `pretrain`, `finetune`, `evaluate`, ...
    pub stage: String,
    /// The layer, from 1, or of a whole network the number of its hidden layers; none where neither applies.
    pub layer: Option<usize>,
    /// Epochs finished when this was measured; none when it does not apply.
    pub epoch: Option<usize>,
    /// `train`, `validation` or `test`.
    pub split: String,
    /// `cost`, `mse_per_pixel`, `log_likelihood_nats`, ...
    pub metric: String,
    /// The number.
    pub value: f64,
    /// Its unit: `nats`, `pct`, `db`, ...; empty for a pure number.
    pub unit: String,
}

/// The time that an epoch or a stage took: a line of `timings.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimingRow {
    /// Name of the run, as in `metrics.csv`.
    pub run: String,
    /// Name of the method.
    pub method: String,
    /// Seed of the run.
    pub seed: u64,
    /// `pretrain`, `finetune`, `evaluate`, ...
    pub stage: String,
    /// The layer, from 1, or of a whole network the number of its hidden layers; none where neither applies.
    pub layer: Option<usize>,
    /// The epoch that was timed, from 1; none when the whole stage was.
    pub epoch: Option<usize>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Training samples seen in a second.
    pub samples_per_second: f64,
}

/// One cell of the experiment, one classifier: a line of `comparison.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// How the hidden layers were initialised.
    pub method: String,
    /// Hidden layers.
    pub depth: usize,
    /// Labelled training images.
    pub labels: usize,
    /// Seed of the cell.
    pub seed: u64,
    /// Error on the validation samples, in percent.
    pub validation_error_pct: f64,
    /// Error on the test samples, in percent.
    pub test_error_pct: f64,
    /// Test samples that were classified wrongly.
    pub test_errors: usize,
    /// Parameter updates of pretraining, all layers together.
    pub pretrain_updates: u64,
    /// Parameter updates of fine-tuning.
    pub finetune_updates: u64,
}

/// The seeds of a cell together: a line of `summary.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// How the hidden layers were initialised.
    pub method: String,
    /// Hidden layers.
    pub depth: usize,
    /// Labelled training images.
    pub labels: usize,
    /// Number of seeds.
    pub seeds: usize,
    /// Mean over the seeds of the test error, in percent.
    pub test_error_pct_mean: f64,
    /// Lower end of its 95 % confidence interval; NaN for one seed.
    pub ci95_low: f64,
    /// Upper end of its 95 % confidence interval; NaN for one seed.
    pub ci95_high: f64,
}

/// Two methods compared seed by seed: a line of `paired.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedRow {
    /// The first method.
    pub method_a: String,
    /// The second method, subtracted from the first.
    pub method_b: String,
    /// Hidden layers.
    pub depth: usize,
    /// Labelled training images.
    pub labels: usize,
    /// Number of seeds, that is, of pairs.
    pub seeds: usize,
    /// Mean over the seeds of the test error of `method_a` minus that of `method_b`, in points of
    /// percent: below zero, `method_a` is better.
    pub difference_pct_mean: f64,
    /// Lower end of its 95 % confidence interval; NaN for one seed.
    pub ci95_low: f64,
    /// Upper end of its 95 % confidence interval; NaN for one seed.
    pub ci95_high: f64,
    /// Of the hypothesis that the difference is zero; NaN for one seed.
    pub p_value: f64,
    /// Name of the test that gave the p-value.
    pub test: String,
}

/// A method in the time of the slowest: a line of `equal_seconds.csv`. It depends on the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EqualSecondsRow {
    /// How the hidden layers were initialised.
    pub method: String,
    /// Hidden layers.
    pub depth: usize,
    /// Labelled training images.
    pub labels: usize,
    /// Seed of the cell.
    pub seed: u64,
    /// Seconds of pretraining and fine-tuning.
    pub seconds: f64,
    /// Those of pretraining.
    pub pretrain_seconds: f64,
    /// Parameter updates of fine-tuning.
    pub finetune_updates: u64,
    /// Error on the validation samples, in percent.
    pub validation_error_pct: f64,
    /// Error on the test samples, in percent.
    pub test_error_pct: f64,
}

impl Row for EqualSecondsRow {
    const COLUMNS: &'static [&'static str] = &[
        "method",
        "depth",
        "labels",
        "seed",
        "seconds",
        "pretrain_seconds",
        "finetune_updates",
        "validation_error_pct",
        "test_error_pct",
    ];
}

impl Row for MetricRow {
    const COLUMNS: &'static [&'static str] =
        &["run", "method", "seed", "stage", "layer", "epoch", "split", "metric", "value", "unit"];
}

impl Row for TimingRow {
    const COLUMNS: &'static [&'static str] =
        &["run", "method", "seed", "stage", "layer", "epoch", "seconds", "samples_per_second"];
}

impl Row for ComparisonRow {
    const COLUMNS: &'static [&'static str] = &[
        "method",
        "depth",
        "labels",
        "seed",
        "validation_error_pct",
        "test_error_pct",
        "test_errors",
        "pretrain_updates",
        "finetune_updates",
    ];
}

impl Row for SummaryRow {
    const COLUMNS: &'static [&'static str] =
        &["method", "depth", "labels", "seeds", "test_error_pct_mean", "ci95_low", "ci95_high"];
}

impl Row for PairedRow {
    const COLUMNS: &'static [&'static str] = &[
        "method_a",
        "method_b",
        "depth",
        "labels",
        "seeds",
        "difference_pct_mean",
        "ci95_low",
        "ci95_high",
        "p_value",
        "test",
    ];
}
