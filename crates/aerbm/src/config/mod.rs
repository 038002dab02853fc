//! Settings: presets, profiles, files and assignments.

mod parse;
mod probe;
mod profile;
mod rbm;
mod renamed;
mod run;

pub use parse::{ConfigError, from_table, nearest, set};
pub use probe::ProbeSettings;
pub use profile::{DefaultComparison, Profile, ProfileConfig, RunEntry};
pub use rbm::{DbnSettings, LikelihoodSettings, RbmSettings};
pub use run::{AutoencoderSettings, RunConfig, Stopping, plain_name, presets};

pub(crate) use renamed::full_path;
