#![doc = include_str!("../README.md")]

mod config;
mod gradient;
mod model;
mod pca;
mod train;

pub use config::{AutoencoderConfig, DataKind, TrainingConfig};
pub use gradient::cost_and_gradient;
pub use model::{Autoencoder, Decoder};
pub use pca::{Pca, PcaError};
pub use train::Training;
