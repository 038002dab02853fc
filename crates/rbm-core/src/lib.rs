#![doc = include_str!("../README.md")]

mod conditional;
mod config;
mod contrastive;
mod energy;
mod exact;
mod gibbs;
mod model;
mod train;

pub use config::{NegativeVisible, RbmConfig, TrainingConfig};
pub use contrastive::{Phases, contrastive_divergence};
pub use exact::{IntractableError, MAX_ENUMERATED, log_z};
pub use gibbs::{Chains, gibbs_step};
pub use model::Rbm;
pub use train::{EpochReport, Training};
