//! Profiles: the settings of pipelines.

use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use study::{ComparisonConfig, Methods, nearest};
use toml::Table;

use super::grounds::Grounds;
use super::parse::{ConfigError, from_table, overlay, set, table, text_of};
use super::probe::ProbeSettings;
use super::renamed::{full_path, to_present_names};
use super::run::{RunConfig, source_table};
use crate::Error;

/// The methods that profiles lay their own settings over.
const METHODS: (&str, &str) = ("methods", include_str!("../../profiles/methods.toml"));

const QUICK: (&str, &str) = ("quick", include_str!("../../profiles/quick.toml"));
const DEFAULT: (&str, &str) = ("default", include_str!("../../profiles/default.toml"));

/// The parts of the paper profile, each a profile of its own.
const PAPER: &[(&str, &str)] = &[
    ("deep-autoencoder", include_str!("../../profiles/paper/deep-autoencoder.toml")),
    ("denoising", include_str!("../../profiles/paper/denoising.toml")),
    ("masking", include_str!("../../profiles/paper/masking.toml")),
    ("single-layer", include_str!("../../profiles/paper/single-layer.toml")),
    ("features", include_str!("../../profiles/paper/features.toml")),
    ("likelihood", include_str!("../../profiles/paper/likelihood.toml")),
    ("labels", include_str!("../../profiles/paper/labels.toml")),
    ("unlabelled", include_str!("../../profiles/paper/unlabelled.toml")),
    ("all-labels", include_str!("../../profiles/paper/all-labels.toml")),
    ("convolution", include_str!("../../profiles/paper/convolution.toml")),
    ("rectified", include_str!("../../profiles/paper/rectified.toml")),
    ("convolution-all-labels", include_str!("../../profiles/paper/convolution-all-labels.toml")),
    ("plain", include_str!("../../profiles/paper/plain.toml")),
    ("equal-budget", include_str!("../../profiles/paper/equal-budget.toml")),
    ("depth", include_str!("../../profiles/paper/depth.toml")),
    ("depth-small-weights", include_str!("../../profiles/paper/depth-small-weights.toml")),
    ("basic", include_str!("../../profiles/paper/basic.toml")),
    ("rot", include_str!("../../profiles/paper/rot.toml")),
    ("bg-rand", include_str!("../../profiles/paper/bg-rand.toml")),
    ("rect", include_str!("../../profiles/paper/rect.toml")),
];

/// The amount of work of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A smoke test on real MNIST, within a minute.
    Quick,
    /// A result worth reading, within twenty minutes on two cores.
    Default,
    /// The published tables, in parts, within eight hours.
    Paper,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Profile; 3] = [Profile::Quick, Profile::Default, Profile::Paper];

    /// The name, as folders and commands have it.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Quick => "quick",
            Profile::Default => "default",
            Profile::Paper => "paper",
        }
    }

    /// The profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        Profile::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

/// The settings of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileConfig {
    /// Seed of the runs; the first seed of runs that are repeated.
    pub seed: u64,
    /// Introduction for the page: the question of this part, and published results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Name of the data set, if it is not the one that the command names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Models to train and show.
    #[serde(default)]
    pub runs: Vec<RunEntry>,
    /// The comparison of methods, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<ComparisonConfig>,
    /// The methods that a comparison may name.
    #[serde(default, skip_serializing_if = "Methods::is_empty")]
    pub methods: Methods,
    /// The grounds on which settings were chosen, by the paths of the settings.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub grounds: IndexMap<String, Grounds>,
}

/// A preset with some settings changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    /// The run's name in tables and folders.
    pub name: String,
    /// The preset.
    pub preset: String,
    /// Number of seeds; the page shows the model of the first.
    #[serde(default = "one")]
    pub seeds: u64,
    /// A classifier on its features, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeSettings>,
    /// Settings that differ from the preset.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub set: Table,
}

fn one() -> u64 {
    1
}

impl RunEntry {
    /// The settings in full.
    ///
    /// # Errors
    /// [`Error::Config`] for a preset that does not exist or settings that make no sense.
    pub fn resolve(&self) -> Result<RunConfig, Error> {
        let (mut table, _) = source_table(&self.preset)?;
        overlay(&mut table, self.set.clone());
        Ok(RunConfig::from_table(table, &self.name)?)
    }
}

impl ProfileConfig {
    /// The parts of a profile with their names, those of `only` if it names any; a profile without
    /// parts is one part, without a name. Assignments, as [`default_comparison`](Self::default_comparison) takes
    /// them, are made to the comparison of each part; `runs=[]` leaves out its models.
    ///
    /// # Errors
    /// [`ConfigError`] naming the nearest part if `only` names an unknown one, or the setting of an assignment.
    pub fn parts(
        profile: Profile,
        only: &[String],
        assignments: &[String],
    ) -> Result<Vec<(Option<&'static str>, Self)>, ConfigError> {
        let read = |name, text| Ok(Self::parse_with(name, text, assignments)?.0);
        let whole = match profile {
            Profile::Quick => QUICK,
            Profile::Default => DEFAULT,
            Profile::Paper => {
                let names = || PAPER.iter().map(|(name, _)| *name);
                if let Some(unknown) = only.iter().find(|name| !names().any(|n| n == *name)) {
                    let hint = nearest(unknown, names()).map(|n| format!("; did you mean `{n}`?"));
                    return Err(ConfigError(format!(
                        "{unknown} is not a part of the paper profile: expected some of {}{}",
                        names().collect::<Vec<_>>().join(", "),
                        hint.unwrap_or_default()
                    )));
                }
                let chosen = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
                return PAPER
                    .iter()
                    .filter(|(name, _)| chosen(name))
                    .map(|&(name, text)| Ok((Some(name), read(name, text)?)))
                    .collect();
            }
        };
        if let Some(part) = only.first() {
            return Err(ConfigError(format!(
                "{part}: only the paper profile has parts; the {} profile has none",
                whole.0
            )));
        }
        Ok(vec![(None, read(whole.0, whole.1)?)])
    }

    /// The comparison of the default profile with assignments to it.
    ///
    /// A setting of the comparison may be given without its table, as `seeds=3`; one of a method has its
    /// full path, as `methods.rbm.layers.training.epochs=20`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn default_comparison(assignments: &[String]) -> Result<DefaultComparison, ConfigError> {
        let (config, notes) = Self::parse_with(DEFAULT.0, DEFAULT.1, assignments)?;
        let comparison = config.comparison.expect("the default profile compares");
        let ProfileConfig { methods, grounds, .. } = config;
        Ok(DefaultComparison { config: comparison, methods, grounds, notes })
    }

    /// The settings in the folder of a run, also those of earlier versions; none if they are of one model.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that is not one of settings.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, ConfigError> {
        let path = folder.join("config.toml");
        let Ok(text) = text_of(&path) else { return Ok(None) };
        let name = path.display().to_string();
        let written = table(&text, &name)?;
        if written.contains_key("kind") {
            return Ok(None);
        }
        let mut config = Self::parse(&name, &text)?;
        // The grounds of the built-in methods are those of their own values.
        let of_run = written.get("grounds").and_then(toml::Value::as_table);
        config.grounds.retain(|path, _| of_run.is_some_and(|grounds| grounds.contains_key(path)));
        Ok(Some(config))
    }

    /// The built-in methods, as profiles have them before their own settings.
    pub fn built_in_methods() -> Methods {
        let settings = table(METHODS.1, METHODS.0).and_then(|table| {
            let methods = table.get("methods").and_then(toml::Value::as_table).cloned();
            from_table(methods.unwrap_or_default(), METHODS.0)
        });
        settings.expect("the table of methods is valid")
    }

    fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        Self::parse_with(name, text, &[]).map(|(config, _)| config)
    }

    /// Reads a profile, whose settings are laid over those of the built-in methods, and makes the
    /// assignments. Also returns notes on names of earlier versions.
    fn parse_with(
        name: &str,
        text: &str,
        assignments: &[String],
    ) -> Result<(Self, Vec<String>), ConfigError> {
        let mut profile = table(text, name)?;
        let mut notes = to_present_names(&mut profile);
        let mut settings = table(METHODS.1, METHODS.0)?;
        overlay(&mut settings, profile);
        let mut given = Vec::new();
        for assignment in assignments {
            let (key, value) = assignment.split_once('=').unwrap_or((assignment, ""));
            let (path, note) = match key.trim() {
                "runs" => ("runs".to_owned(), None),
                key => full_path(key),
            };
            notes.extend(note);
            let sign = if assignment.contains('=') { "=" } else { "" };
            set(&mut settings, &format!("{path}{sign}{value}"))?;
            given.push(path);
        }
        let mut config: ProfileConfig = from_table(settings, name)?;
        if let Some(comparison) = &config.comparison {
            let valid = comparison.validate(&config.methods);
            valid.map_err(|error| ConfigError(error.to_string()))?;
        } else {
            config.methods = Methods::default();
            config.grounds.retain(|path, _| !path.starts_with("methods"));
        }
        config.validate_grounds()?;
        config.add_given(given)?;
        Ok((config, notes))
    }
}

/// The comparison of the default profile, with what was assigned to it.
#[derive(Debug)]
pub struct DefaultComparison {
    /// The comparison.
    pub config: ComparisonConfig,
    /// The methods.
    pub methods: Methods,
    /// The grounds on which settings were chosen, by the paths of the settings.
    pub grounds: IndexMap<String, Grounds>,
    /// Notes on settings that were given by names of earlier versions.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests;
