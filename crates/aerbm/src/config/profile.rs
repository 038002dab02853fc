use serde::{Deserialize, Serialize};
use study::ComparisonConfig;
use toml::Table;

use super::parse::{from_table, overlay, table};
use super::run::{RunConfig, source_table};
use super::{UsageError, set};
use crate::cli::Profile;

/// What a pipeline does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileConfig {
    /// Seed of the single runs.
    pub(crate) seed: u64,
    /// Models to train and show.
    pub(crate) runs: Vec<RunEntry>,
    /// The methods to compare.
    pub(crate) comparison: ComparisonConfig,
}

/// A preset with some settings changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunEntry {
    /// The run's name in tables and folders.
    pub(crate) name: String,
    /// The preset.
    pub(crate) preset: String,
    /// Settings that differ from it.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub(crate) set: Table,
}

impl RunEntry {
    /// The settings in full.
    pub(crate) fn resolve(&self) -> anyhow::Result<RunConfig> {
        let (mut table, _) = source_table(&self.preset)?;
        overlay(&mut table, self.set.clone());
        Ok(RunConfig::from_table(table, &self.name)?)
    }
}

impl ProfileConfig {
    /// The profile of this name.
    pub(crate) fn load(profile: Profile) -> Result<Self, UsageError> {
        Self::load_with(profile, &[])
    }

    /// The profile of this name, with assignments to its comparison.
    pub(crate) fn load_with(profile: Profile, assignments: &[String]) -> Result<Self, UsageError> {
        let (name, text) = match profile {
            Profile::Quick => ("quick", include_str!("../../profiles/quick.toml")),
            Profile::Default => ("default", include_str!("../../profiles/default.toml")),
        };
        let mut table = table(text, name)?;
        for assignment in assignments {
            set(&mut table, &format!("comparison.{assignment}"))?;
        }
        let config: ProfileConfig = from_table(table, name)?;
        config.comparison.validate().map_err(|error| UsageError(error.to_string()))?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_valid() {
        for profile in [Profile::Quick, Profile::Default] {
            let config = ProfileConfig::load(profile).expect("a profile is valid");
            for run in &config.runs {
                run.resolve().expect("a run is valid");
            }
        }
    }

    #[test]
    fn mistakes_in_a_comparison_are_named() {
        let error = ProfileConfig::load_with(Profile::Quick, &["methods=[\"rmb\"]".into()]);
        let error = error.expect_err("no such method").to_string();
        assert!(error.contains("did you mean `rbm`?"), "{error}");
        let error = ProfileConfig::load_with(Profile::Quick, &["depths=[4]".into()]);
        let error = error.expect_err("one layer").to_string();
        assert_eq!(error, "comparison.depths = 4: expected 1 to the number of layers");
    }
}
