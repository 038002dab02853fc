#![doc = include_str!("../README.md")]

mod baseline;
mod config;
mod corruption;
mod eigen;
mod examples;
mod gradient;
mod missing;
mod model;
mod pca;
mod penalty;
mod shift;
mod statistics;
mod top_k;
mod train;
mod training_config;

pub use config::{AutoencoderConfig, DataKind};
pub use corruption::{Corruption, Emphasis};
pub use gradient::{Batch, Objective, StepMemory, cost_and_gradient};
pub use model::{Autoencoder, Decoder};
pub use pca::{Pca, PcaError, principal_coordinates};
pub use penalty::{Contractive, Kl, L1, Penalty};
pub use shift::Shift;
pub use statistics::{CodeStatistics, Histogram, saturated_pct};
pub use train::Training;
pub use training_config::TrainingConfig;
