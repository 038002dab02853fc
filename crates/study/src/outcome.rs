//! The outcome of a comparison.

use nn_core::EpochRecord;
use serde::{Deserialize, Serialize};
use stack::{Dropout, Evaluation, LayerChange, LayerUnits};

use crate::{Choice, ReferenceCell};

/// The outcome of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// The seed.
    pub seed: u64,
    /// The hyperparameters chosen on the validation set.
    pub chosen: Choice,
    /// Every trial of the search; one at seeds that take over the choice of the first seed.
    pub trials: Vec<Trial>,
    /// Number of misclassified validation samples, and number of validation samples.
    pub validation_errors: (usize, usize),
    /// Number of misclassified test samples, and number of test samples.
    pub test_errors: (usize, usize),
    /// Steps of pretraining, over all layers.
    pub pretrain_updates: usize,
    /// Steps of fine-tuning.
    pub finetune_updates: usize,
    /// Every evaluation on the validation set.
    pub history: Vec<Evaluation>,
    /// The effect of fine-tuning on each hidden layer, from the data up; empty for a method without hidden
    /// layers.
    pub changes: Vec<LayerChange>,
    /// The predicted class of each test sample. Kept as a tensor beside the record.
    #[serde(skip)]
    pub predictions: Vec<u8>,
    /// For each test sample, whether it was misclassified.
    #[serde(skip)]
    pub mistakes: Vec<bool>,
    /// Number of samples processed in fine-tuning, over all trials.
    pub finetune_samples: usize,
    /// Wall time of fine-tuning over all trials, in seconds.
    pub seconds: f64,
    /// Wall time of fine-tuning with the chosen hyperparameters, in seconds.
    pub tuning_seconds: f64,
}

/// A network trained to choose hyperparameters. It does not use the test samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The hyperparameters.
    pub choice: Choice,
    /// The dropout of fine-tuning.
    pub dropout: Dropout,
    /// The bound on the norm of the weights into a unit, if any.
    pub max_norm: Option<f64>,
    /// Number of misclassified validation samples; `None` if training diverged.
    pub validation_errors: Option<usize>,
    /// Wall time of fine-tuning, in seconds; `None` if training diverged.
    pub seconds: Option<f64>,
}

/// The pretraining of one layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// The name of the method.
    pub method: String,
    /// The seed.
    pub seed: u64,
    /// The layer, counted from 1.
    pub layer: usize,
    /// The amount of noise, if it is that of a trial rather than of the settings. It is not stored.
    #[serde(skip)]
    pub corruption: Option<f64>,
    /// Its epochs; none for a layer computed without iteration, such as principal components.
    pub epochs: Vec<EpochRecord>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Number of samples it was trained on.
    pub samples: usize,
    /// Its activation functions, which its tensors do not record.
    pub units: LayerUnits,
}

/// A method given as much time as the slowest took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EqualTime {
    /// The name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// The seed.
    pub seed: u64,
    /// Wall time of pretraining and fine-tuning, in seconds.
    pub seconds: f64,
    /// Wall time of pretraining, in seconds.
    pub pretraining_seconds: f64,
    /// Steps of fine-tuning.
    pub finetune_updates: usize,
    /// Error on the validation set, in percent.
    pub validation_error_pct: f64,
    /// Error on the test set, in percent.
    pub test_error_pct: f64,
}

/// A cell that could not be computed: its training diverged at every learning rate tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The name of the method.
    pub method: String,
    /// Number of hidden layers.
    pub depth: usize,
    /// Number of labelled samples.
    pub labels: usize,
    /// The seed.
    pub seed: u64,
    /// The reason, in one line.
    pub reason: String,
}

/// The outcome of a comparison.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Every cell, by method, depth, labels, seed.
    pub cells: Vec<Cell>,
    /// The standard classifiers, if the settings request them.
    pub references: Vec<ReferenceCell>,
    /// Every cell that could not be computed.
    pub failures: Vec<Failure>,
    /// Every pretrained layer.
    pub layers: Vec<LayerRecord>,
    /// Methods in the time of the slowest, if the settings request it.
    pub equal_seconds: Vec<EqualTime>,
}
