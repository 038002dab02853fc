//! The rows of a run's CSV files, one struct per file; its fields are the file's columns, in order.
//!
//! A number that does not exist (the interval of a single seed, the p-value of a single pair) is NaN here and
//! `NaN` in the file. An inapplicable epoch or layer is an empty cell.
//!
//! ```
//! use report::{MetricRow, Row};
//!
//! assert_eq!(MetricRow::COLUMNS.join(","), "run,method,seed,stage,layer,epoch,split,metric,value,unit");
//! ```

mod choices;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use choices::{SearchRow, SettingRow};

/// One line of a CSV file with a fixed header.
pub trait Row: Serialize + DeserializeOwned {
    /// The header: the names of the fields, in order.
    const COLUMNS: &'static [&'static str];
}

/// One measured number: a line of `metrics.csv`. None of it depends on the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// Name of the run, unique in its folder.
    pub run: String,
    /// Name of the method, as in `summary.csv`.
    pub method: String,
    /// Seed of all random streams of the run.
    pub seed: u64,
    /// `pretrain`, `finetune`, `evaluate`, ...
    pub stage: String,
    /// The layer, counted from 1; for a whole network, the number of its hidden layers; `None` if neither
    /// applies.
    pub layer: Option<usize>,
    /// Number of epochs finished before the measurement; `None` if inapplicable.
    pub epoch: Option<usize>,
    /// `train`, `validation` or `test`.
    pub split: String,
    /// `cost`, `mse_per_pixel`, `log_likelihood_nats`, ...
    pub metric: String,
    /// The value.
    pub value: f64,
    /// Unit of the value: `nats`, `pct`, `db`, ...; empty or `1` for a pure number. Pages and figures take it
    /// from here and never from the name of the metric.
    pub unit: String,
}

/// The duration of an epoch or a stage: a line of `timings.csv`.
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
    /// The layer, counted from 1; for a whole network, the number of its hidden layers; `None` if neither
    /// applies.
    pub layer: Option<usize>,
    /// The timed epoch, counted from 1; `None` for a whole stage.
    pub epoch: Option<usize>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Training samples per second.
    pub samples_per_second: f64,
}

/// One cell of the experiment, that is, one classifier: a line of `comparison.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// Name of the method, which initialised the hidden layers.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Seed of the cell.
    pub seed: u64,
    /// Classification error on the validation samples, in percent.
    pub validation_error_pct: f64,
    /// Classification error on the test samples, in percent.
    pub test_error_pct: f64,
    /// Number of misclassified test samples.
    pub test_errors: usize,
    /// Number of parameter updates in pretraining, summed over layers.
    pub pretrain_updates: u64,
    /// Number of parameter updates in fine-tuning.
    pub finetune_updates: u64,
}

/// The mistakes of one cell on the test set: a line of `mistakes.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MistakesRow {
    /// Name of the method, which initialised the hidden layers.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Seed of the cell.
    pub seed: u64,
    /// An identifier of the network's training, by which methods with the same networks are recognised.
    pub network: String,
    /// Number of test samples.
    pub samples: usize,
    /// A bit for each test sample, 1 if it was misclassified, in hexadecimal digits: the first sample is the
    /// highest bit of the first digit.
    pub mistakes: String,
}

impl Row for MistakesRow {
    const COLUMNS: &'static [&'static str] =
        &["method", "depth", "labels", "seed", "network", "samples", "mistakes"];
}

/// A cell averaged over its seeds: a line of `summary.csv`, whose intervals are for other seeds and other
/// test samples, or of `summary_of_seeds.csv`, whose intervals are for other seeds on the same test samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// Name of the method, which initialised the hidden layers.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Number of seeds.
    pub seeds: usize,
    /// Mean test error over the seeds, in percent.
    pub test_error_pct_mean: f64,
    /// Lower end of the 95 % confidence interval of that mean; NaN for one seed.
    pub ci95_low: f64,
    /// Upper end of the 95 % confidence interval of that mean; NaN for one seed.
    pub ci95_high: f64,
}

/// A comparison of two methods seed by seed, with one test: a line of `paired.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedRow {
    /// The first method.
    pub method_a: String,
    /// The second method, whose error is subtracted.
    pub method_b: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Number of seeds, each of which gives one pair.
    pub seeds: usize,
    /// Mean over the seeds of the test error of `method_a` minus that of `method_b`, in percentage
    /// points; below zero, `method_a` is better.
    pub difference_pct_mean: f64,
    /// Lower end of the test's 95 % confidence interval; NaN for one seed.
    pub ci95_low: f64,
    /// Upper end of that interval; NaN for one seed.
    pub ci95_high: f64,
    /// p-value of the hypothesis that the difference is zero; NaN if the test gives none.
    pub p_value: f64,
    /// Name of the test.
    pub test: String,
}

/// A method given the time of the slowest one: a line of `equal_seconds.csv`. It depends on the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EqualSecondsRow {
    /// Name of the method, which initialised the hidden layers.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Seed of the cell.
    pub seed: u64,
    /// Seconds of pretraining and fine-tuning together.
    pub seconds: f64,
    /// Seconds of pretraining alone.
    pub pretrain_seconds: f64,
    /// Number of parameter updates in fine-tuning.
    pub finetune_updates: u64,
    /// Classification error on the validation samples, in percent.
    pub validation_error_pct: f64,
    /// Classification error on the test samples, in percent.
    pub test_error_pct: f64,
}

/// A standard classifier outside this program's networks, for orientation: a line of `references.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReferenceRow {
    /// Name of the classifier.
    pub classifier: String,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Seed of the choice of labels.
    pub seed: u64,
    /// Classification error on the validation samples, in percent.
    pub validation_error_pct: f64,
    /// Classification error on the test samples, in percent.
    pub test_error_pct: f64,
    /// Number of misclassified test samples.
    pub test_errors: usize,
    /// Mean of the classes' test errors, in percent.
    pub balanced_error_pct: f64,
    /// A remark, for example that training did not converge, or empty.
    pub note: String,
}

impl Row for ReferenceRow {
    const COLUMNS: &'static [&'static str] = &[
        "classifier",
        "labels",
        "seed",
        "validation_error_pct",
        "test_error_pct",
        "test_errors",
        "balanced_error_pct",
        "note",
    ];
}

/// The balanced error of one classifier of the comparison: a line of `balanced.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BalancedRow {
    /// Name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Seed of the cell.
    pub seed: u64,
    /// Mean of the classes' test errors, in percent.
    pub balanced_error_pct: f64,
}

impl Row for BalancedRow {
    const COLUMNS: &'static [&'static str] =
        &["method", "depth", "labels", "seed", "balanced_error_pct"];
}

/// A cell that could not be computed: a line of `failures.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailureRow {
    /// Name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled training samples.
    pub labels: usize,
    /// Seed of the cell.
    pub seed: u64,
    /// The reason, in one line.
    pub reason: String,
}

impl Row for FailureRow {
    const COLUMNS: &'static [&'static str] = &["method", "depth", "labels", "seed", "reason"];
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
