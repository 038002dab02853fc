#![doc = include_str!("../README.md")]

pub mod apply;
pub mod best;
pub mod card;
mod classifier;
pub mod codes;
pub mod compare;
pub mod comparison;
pub mod config;
pub mod contract;
pub mod data;
pub mod denoise;
mod error;
pub mod export;
pub mod figures;
mod fine_tune;
mod fit;
pub mod folder;
pub mod generation;
mod learner;
pub mod likelihood;
mod measures;
mod memory;
mod model;
mod monitor;
mod output;
pub mod page;
pub mod pipeline;
mod playground;
pub mod probe;
mod record;
mod replacing;
pub mod runs;
mod saved;
pub mod selfcheck;
mod semi_supervised;
pub mod stages;
mod stored;
mod sums;
mod threads;
pub mod tracking;
mod train;
mod trained;
pub mod verify;

pub use classifier::{Calibration, Origin, TrainedClassifier};
pub use config::{ConfigError, RunConfig};
pub use error::Error;
pub use fit::{fit, fit_images, fit_with};
pub use learner::RbmLearner;
pub use model::Model;
pub use monitor::Monitor;
pub use output::{refuse_output, refuse_output_of_model};
pub use record::{Epoch, LayerEpoch, Measure, Record};
pub use saved::Saved;
pub use semi_supervised::{ClassifierSettings, fit_classifier};
pub use threads::{Threads, threads, with_n_threads, with_threads};
pub use trained::Trained;
pub use wording::Language;

pub use ae_core;
pub use mnist_io;
pub use ndarray;
pub use nn_core;
pub use numerics;
pub use rbm_core;
pub use stack;
pub use study;

/// The mean of values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
