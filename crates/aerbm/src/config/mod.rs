//! Settings: presets, profiles, files and assignments.

mod autoencoder;
mod conv_rbm;
mod grounds;
mod kind;
mod memory;
mod parse;
mod probe;
mod profile;
mod rbm;
mod renamed;
mod run;
mod stopping;

pub use autoencoder::AutoencoderSettings;
pub use conv_rbm::ConvRbmSettings;
pub use grounds::Grounds;
pub use memory::Memory;
pub use parse::{ConfigError, from_table, set};
pub use probe::ProbeSettings;
pub use profile::{DefaultComparison, Profile, ProfileConfig, RunEntry};
pub use rbm::{DbnSettings, LikelihoodSettings, RbmSettings};
pub use run::{RunConfig, plain_name, presets};
pub use stopping::Stopping;
pub use study::nearest;

pub(crate) use parse::{at_least_one, table, text_of};
pub(crate) use renamed::full_path;
