//! What a comparison finds, as it is kept and summarised.

use nn_core::Activation;
use serde::{Deserialize, Serialize};
use stack::{Evaluation, LayerChange};

use crate::{Method, Rates};

/// The outcome of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The method.
    pub method: Method,
    /// Hidden layers.
    pub depth: usize,
    /// Labelled samples.
    pub labels: usize,
    /// The seed.
    pub seed: u64,
    /// The rates that were chosen on the validation set.
    pub rates: Rates,
    /// Validation samples misclassified, and how many there are.
    pub validation_errors: (usize, usize),
    /// Test samples misclassified, and how many there are.
    pub test_errors: (usize, usize),
    /// Steps of pretraining, over all layers.
    pub pretrain_updates: usize,
    /// Steps of fine-tuning.
    pub finetune_updates: usize,
    /// Every look at the validation set.
    pub history: Vec<Evaluation>,
    /// What fine-tuning did to each hidden layer, from the data on.
    pub changes: Vec<LayerChange>,
    /// Which test samples it got wrong; kept as predictions beside the record.
    #[serde(skip)]
    pub mistakes: Vec<bool>,
    /// Samples that fine-tuning went through, all learning rates tried.
    pub finetune_samples: usize,
    /// Wall time of fine-tuning, all learning rates tried, in seconds.
    pub seconds: f64,
    /// Seconds of fine-tuning at the rate that was chosen.
    pub tuning_seconds: f64,
}

/// How one layer was pretrained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// The method.
    pub method: Method,
    /// The seed.
    pub seed: u64,
    /// The layer, from 1.
    pub layer: usize,
    /// The mean cost of each epoch.
    pub costs: Vec<f64>,
    /// The name of what `costs` are.
    pub metric: String,
    /// Wall time of each epoch in seconds.
    pub seconds: Vec<f64>,
    /// Samples an epoch.
    pub samples: usize,
    /// The layer's unit and that of its way back: what its tensors do not say.
    pub units: (Activation, Activation),
}

/// A method that was given as much time as the slowest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EqualTime {
    /// How the hidden layers were initialised.
    pub method: Method,
    /// Hidden layers.
    pub depth: usize,
    /// Labelled samples.
    pub labels: usize,
    /// The seed.
    pub seed: u64,
    /// Seconds of pretraining and fine-tuning.
    pub seconds: f64,
    /// Those of pretraining.
    pub pretraining_seconds: f64,
    /// Steps of fine-tuning.
    pub finetune_updates: usize,
    /// Error on the validation set, in percent.
    pub validation_error_pct: f64,
    /// Error on the test set, in percent.
    pub test_error_pct: f64,
}

/// All that a comparison found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Every cell, by method, depth, labels, seed.
    pub cells: Vec<Cell>,
    /// Every pretrained layer.
    pub layers: Vec<LayerRecord>,
    /// Methods in the time of the slowest, where that was asked for.
    pub equal_seconds: Vec<EqualTime>,
}
