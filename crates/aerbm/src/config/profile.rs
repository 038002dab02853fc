use serde::{Deserialize, Serialize};
use study::ComparisonConfig;
use toml::Table;

use super::parse::{from_table, nearest, overlay, table};
use super::run::{RunConfig, source_table};
use super::{UsageError, set};
use crate::cli::Profile;
use crate::probe::ProbeSettings;

const QUICK: (&str, &str) = ("quick", include_str!("../../profiles/quick.toml"));
const DEFAULT: (&str, &str) = ("default", include_str!("../../profiles/default.toml"));

/// The parts of the paper profile, each a profile of its own.
const PAPER: [(&str, &str); 15] = [
    ("deep-autoencoder", include_str!("../../profiles/paper/deep-autoencoder.toml")),
    ("denoising", include_str!("../../profiles/paper/denoising.toml")),
    ("masking", include_str!("../../profiles/paper/masking.toml")),
    ("single-layer", include_str!("../../profiles/paper/single-layer.toml")),
    ("features", include_str!("../../profiles/paper/features.toml")),
    ("likelihood", include_str!("../../profiles/paper/likelihood.toml")),
    ("labels", include_str!("../../profiles/paper/labels.toml")),
    ("all-labels", include_str!("../../profiles/paper/all-labels.toml")),
    ("plain", include_str!("../../profiles/paper/plain.toml")),
    ("depth", include_str!("../../profiles/paper/depth.toml")),
    ("depth-small-weights", include_str!("../../profiles/paper/depth-small-weights.toml")),
    ("basic", include_str!("../../profiles/paper/basic.toml")),
    ("rot", include_str!("../../profiles/paper/rot.toml")),
    ("bg-rand", include_str!("../../profiles/paper/bg-rand.toml")),
    ("rect", include_str!("../../profiles/paper/rect.toml")),
];

/// What a pipeline does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileConfig {
    /// Seed of the single runs; of those that are repeated, the first.
    pub(crate) seed: u64,
    /// What the part asks and what is known of it, for the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    /// The data, where they are not those that the command names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<String>,
    /// Models to train and show.
    #[serde(default)]
    pub(crate) runs: Vec<RunEntry>,
    /// The methods to compare, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comparison: Option<ComparisonConfig>,
}

/// A preset with some settings changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunEntry {
    /// The run's name in tables and folders.
    pub(crate) name: String,
    /// The preset.
    pub(crate) preset: String,
    /// How many seeds it is repeated with; the first model is the one that is shown.
    #[serde(default = "one")]
    pub(crate) seeds: u64,
    /// A classifier on its features, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) probe: Option<ProbeSettings>,
    /// Settings that differ from the preset.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub(crate) set: Table,
}

fn one() -> u64 {
    1
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
    /// The parts of a profile with their names, those of `only` if it names any; a profile without
    /// parts is one part, without a name.
    pub(crate) fn parts(
        profile: Profile,
        only: &[String],
    ) -> Result<Vec<(Option<&'static str>, Self)>, UsageError> {
        let whole = match profile {
            Profile::Quick => QUICK,
            Profile::Default => DEFAULT,
            Profile::Paper => {
                let names = || PAPER.iter().map(|(name, _)| *name);
                if let Some(unknown) = only.iter().find(|name| !names().any(|n| n == *name)) {
                    let hint = nearest(unknown, names()).map(|n| format!("; did you mean `{n}`?"));
                    return Err(UsageError(format!(
                        "--only {unknown}: no such part of the paper profile: expected some of {}{}",
                        names().collect::<Vec<_>>().join(", "),
                        hint.unwrap_or_default()
                    )));
                }
                let chosen = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
                return PAPER
                    .iter()
                    .filter(|(name, _)| chosen(name))
                    .map(|&(name, text)| Ok((Some(name), Self::parse(name, text, &[])?)))
                    .collect();
            }
        };
        if let Some(part) = only.first() {
            return Err(UsageError(format!(
                "--only {part}: expected --profile paper with it; the {} profile has no parts",
                whole.0
            )));
        }
        Ok(vec![(None, Self::parse(whole.0, whole.1, &[])?)])
    }

    /// The comparison of the default profile with assignments to it.
    pub(crate) fn default_comparison(
        assignments: &[String],
    ) -> Result<ComparisonConfig, UsageError> {
        let config = Self::parse(DEFAULT.0, DEFAULT.1, assignments)?;
        Ok(config.comparison.expect("the default profile compares"))
    }

    fn parse(name: &str, text: &str, assignments: &[String]) -> Result<Self, UsageError> {
        let mut table = table(text, name)?;
        for assignment in assignments {
            set(&mut table, &format!("comparison.{assignment}"))?;
        }
        let config: ProfileConfig = from_table(table, name)?;
        if let Some(comparison) = &config.comparison {
            comparison.validate().map_err(|error| UsageError(error.to_string()))?;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_valid() {
        for profile in [Profile::Quick, Profile::Default, Profile::Paper] {
            for (_, config) in ProfileConfig::parts(profile, &[]).expect("a profile is valid") {
                for run in &config.runs {
                    run.resolve().expect("a run is valid");
                }
            }
        }
    }

    #[test]
    fn parts_are_chosen_by_name() {
        let parts = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            ProfileConfig::parts(Profile::Paper, &only)
        };
        assert_eq!(parts(&[]).expect("all").len(), PAPER.len());
        assert_eq!(parts(&["depth"]).expect("one")[0].0, Some("depth"));
        let error = parts(&["deph"]).expect_err("no such part").to_string();
        assert!(error.contains("did you mean `depth`?"), "{error}");
        let error = ProfileConfig::parts(Profile::Quick, &["depth".into()]).expect_err("no parts");
        assert!(error.to_string().contains("expected --profile paper"), "{error}");
    }

    #[test]
    fn mistakes_in_a_comparison_are_named() {
        let error = ProfileConfig::default_comparison(&["methods=[\"rmb\"]".into()]);
        let error = error.expect_err("no such method").to_string();
        assert!(error.contains("did you mean `rbm`?"), "{error}");
        let error = ProfileConfig::default_comparison(&["depths=[9]".into()]);
        let error = error.expect_err("four layers").to_string();
        assert_eq!(error, "comparison.depths = 9: expected 1 to the number of layers");
    }
}
