#![doc = include_str!("../README.md")]

mod annealing;
mod barrier;
mod bennett;
mod binarise;
mod centring;
mod conditional;
mod config;
mod contrastive;
pub mod convolutional;
mod diagnostics;
mod divergence;
mod energy;
mod estimate;
mod exact;
mod family;
mod gibbs;
mod given;
mod health;
mod impute;
mod ladder;
mod model;
mod moments;
mod negative;
mod orthogonal;
mod persistent;
mod pseudo;
mod pseudo_estimate;
mod replicas;
mod scores;
mod single_step;
mod tempered;
mod train;
mod training_config;
mod units;
mod variance;

pub use annealing::{LogZEstimate, Temperatures, backward, forward};
pub use binarise::Binarisation;
pub use centring::Offsets;
pub use config::{InitialWeights, RbmConfig, Variance};
pub use contrastive::{Phases, contrastive_divergence};
pub use diagnostics::{ChainDiagnostics, diagnose_chains};
pub use estimate::{Doubt, LogZConfig, LogZInterval, estimate_log_z};
pub use exact::{IntractableError, MAX_ENUMERATED, log_z, sample_exactly};
pub use gibbs::{Chains, gibbs_step};
pub use given::inpaint;
pub use health::CodeHealth;
pub use impute::{Imputed, impute};
pub use model::Rbm;
pub use persistent::PersistentChains;
pub use replicas::Replicas;
pub use train::{EpochReport, Training, relative_change};
pub use training_config::{
    Algorithm, MomentumRule, NegativeVisible, TrainingConfig, suited_learning_rate,
};
pub use units::{Layer, Unit, Units};
