#![doc = include_str!("../README.md")]

mod changes;
mod classifier;
mod dbn;
mod deep;
mod dropout;
mod fine_tune;
mod initialise;
mod layer;
mod pretrain;
mod unroll;

pub use changes::{LayerChange, layer_changes};
pub use classifier::{
    Classifier, NotFinite, classification_cost_and_gradient, classification_step,
};
pub use dbn::Dbn;
pub use deep::{DeepPretraining, LayerPretraining, unroll_into};
pub use dropout::Dropout;
pub use fine_tune::{Evaluation, FineTuneConfig, FineTuned, Labelled, fine_tune};
pub use initialise::{PcaInitialisation, RandomInitialisation};
pub use layer::PretrainedLayer;
pub use pretrain::{AutoencoderPretraining, Growing, Pretraining, RbmPretraining, greedy};
pub use unroll::unroll;

use std::ops::ControlFlow;

/// What a long computation tells while it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Epochs (or evaluations) done, from 1.
    pub done: usize,
    /// Epochs (or evaluations) there will be.
    pub of: usize,
    /// What is minimised or watched, the mean over samples.
    pub cost: f64,
    /// The name of what `cost` is, as in tables.
    pub metric: &'static str,
    /// Samples worked through since the last report.
    pub samples: usize,
}

/// Is told of progress, and may stop the computation.
pub type Watch<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;
