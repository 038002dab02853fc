//! Settings: presets, profiles, files and `--set`.

mod parse;
mod profile;
mod rbm;
mod renamed;
mod run;

pub(crate) use parse::{UsageError, from_table, nearest, set};
pub(crate) use profile::{DefaultComparison, ProfileConfig};
pub(crate) use rbm::{DbnSettings, RbmSettings};
pub(crate) use renamed::full_path;
pub(crate) use run::{AutoencoderSettings, PRESETS, RunConfig, Stopping, plain_name};
