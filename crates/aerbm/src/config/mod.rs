//! Settings: presets, profiles, files and `--set`.

mod parse;
mod profile;
mod run;

pub(crate) use parse::{UsageError, from_table, nearest, set};
pub(crate) use profile::ProfileConfig;
pub(crate) use run::{AutoencoderSettings, PRESETS, RunConfig, Stopping};
