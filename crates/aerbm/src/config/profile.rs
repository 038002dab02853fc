//! Profiles: the settings of pipelines.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use study::{ComparisonConfig, Methods, nearest};
use toml::Table;

use super::grounds::Grounds;
use super::parse::{ConfigError, from_table, overlay, set, table, text_of};
use super::probe::ProbeSettings;
use super::renamed::{full_path, to_present_names};
use super::run::{RunConfig, plain_name, source_table};
use crate::Error;

/// The methods that profiles overlay with their own settings.
const METHODS: (&str, &str) = ("methods", include_str!("../../profiles/methods.toml"));

const QUICK: (&str, &str) = ("quick", include_str!("../../profiles/quick.toml"));
const DEFAULT: (&str, &str) = ("default", include_str!("../../profiles/default.toml"));

/// The parts of the paper profile, each of which is a separate profile.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Profile {
    /// A smoke test on real MNIST, within a minute.
    Quick,
    /// A result worth reading, within twenty minutes on two cores.
    Default,
    /// The published tables, in parts, within eight hours.
    Paper,
    /// The settings of a TOML file, such as `config.toml` of another run.
    File(PathBuf),
}

impl Profile {
    /// The built-in profiles, with the names that commands have for them.
    pub const BUILT_IN: [(&str, Profile); 3] =
        [("quick", Profile::Quick), ("default", Profile::Default), ("paper", Profile::Paper)];

    /// The name of a folder of results.
    pub fn name(&self) -> String {
        match self {
            Profile::File(path) => plain_name(path),
            built_in => built_in.to_string(),
        }
    }
}

/// The name of a built-in profile, or the path of a file.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Profile::File(path) = self {
            return path.display().fmt(f);
        }
        let (name, _) = Profile::BUILT_IN.iter().find(|(_, one)| one == self).expect("built in");
        name.fmt(f)
    }
}

impl FromStr for Profile {
    type Err = ConfigError;

    /// The built-in profile of this name, or the file at this path.
    ///
    /// # Errors
    /// [`ConfigError`] for a name that is neither.
    fn from_str(given: &str) -> Result<Self, ConfigError> {
        if let Some((_, profile)) = Profile::BUILT_IN.iter().find(|(name, _)| *name == given) {
            return Ok(profile.clone());
        }
        let path = Path::new(given);
        if path.extension().is_some_and(|e| e == "toml") || path.is_file() {
            return Ok(Profile::File(path.to_owned()));
        }
        let names = Profile::BUILT_IN.map(|(name, _)| name);
        let hint = nearest(given, names).map(|n| format!("; did you mean `{n}`?"));
        Err(ConfigError(format!(
            "{given} is not a profile: expected {} or a .toml file{}",
            names.join(", "),
            hint.unwrap_or_default()
        )))
    }
}

/// The settings of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileConfig {
    /// Seed of the runs; the first seed of runs that are repeated.
    #[serde(default = "one")]
    pub seed: u64,
    /// Introduction for the page: the question of this part, and published results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Name of the data set, if it differs from the one that the command names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Models to train and show.
    #[serde(default)]
    pub runs: Vec<RunEntry>,
    /// The comparison of methods; `None` for a profile without one.
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
    /// A classifier on the model's features; `None` for none.
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
    /// The parts of a profile with their names, or those that `only` names; a profile without parts is one
    /// part without a name. Assignments, as [`default_comparison`](Self::default_comparison) takes them,
    /// apply to the comparison of each part; `runs=[]` leaves out its models.
    ///
    /// # Errors
    /// [`ConfigError`] naming the nearest part if `only` names an unknown one, or the setting of an assignment.
    pub fn parts(
        profile: &Profile,
        only: &[String],
        assignments: &[String],
    ) -> Result<Vec<(Option<&'static str>, Self)>, ConfigError> {
        let read = |name, text| Ok(Self::parse_with(name, text, assignments)?.0);
        let whole = |(name, text)| Ok(vec![(None, read(name, text)?)]);
        match profile {
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
                PAPER
                    .iter()
                    .filter(|(name, _)| chosen(name))
                    .map(|&(name, text)| Ok((Some(name), read(name, text)?)))
                    .collect()
            }
            _ if !only.is_empty() => Err(ConfigError(format!(
                "{}: only the paper profile has parts; {profile} has none",
                only[0]
            ))),
            Profile::Quick => whole(QUICK),
            Profile::Default => whole(DEFAULT),
            Profile::File(path) => Ok(vec![(None, Self::of_file(path, assignments)?)]),
        }
    }

    /// The settings in a file, with assignments applied.
    fn of_file(path: &Path, assignments: &[String]) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let text = text_of(path).map_err(|error| ConfigError(format!("{name}: {error}")))?;
        if table(&text, &name)?.contains_key("kind") {
            return Err(ConfigError(format!(
                "{name}: these are the settings of one model; `aerbm train` takes them"
            )));
        }
        let config = Self::parse_file(&name, &text, assignments)?;
        if config.runs.is_empty() && config.comparison.is_none() {
            return Err(ConfigError(format!(
                "{name}: nothing to do; expected models in [[runs]], a [comparison], or both"
            )));
        }
        Ok(config)
    }

    /// Reads settings that are not built in. The grounds of the built-in methods apply to their own values,
    /// so only the grounds that the file has are kept.
    fn parse_file(name: &str, text: &str, assignments: &[String]) -> Result<Self, ConfigError> {
        let written = table(text, name)?;
        let of_file = written.get("grounds").and_then(toml::Value::as_table);
        let read = Self::parse_with(name, text, assignments);
        let (mut config, _) = read.map_err(|ConfigError(message)| {
            let is_short = message.contains("missing field");
            let remedy = if is_short { "; config.toml of any run has all settings" } else { "" };
            ConfigError(message + remedy)
        })?;
        config.grounds.retain(|path, grounds| {
            *grounds == Grounds::given() || of_file.is_some_and(|it| it.contains_key(path))
        });
        Ok(config)
    }

    /// The comparison of the default profile with assignments applied.
    ///
    /// A setting of the comparison may be given without its table, as in `seeds=3`; a setting of a method has
    /// its full path, as in `methods.rbm.layers.training.epochs=20`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the setting.
    pub fn default_comparison(assignments: &[String]) -> Result<DefaultComparison, ConfigError> {
        let (config, notes) = Self::parse_with(DEFAULT.0, DEFAULT.1, assignments)?;
        let comparison = config.comparison.expect("the default profile compares");
        let ProfileConfig { methods, grounds, .. } = config;
        Ok(DefaultComparison { config: comparison, methods, grounds, notes })
    }

    /// The settings in the folder of a run, including runs of earlier versions; `None` if they are those of a
    /// single model.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that does not hold settings.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, ConfigError> {
        let path = folder.join("config.toml");
        let Ok(text) = text_of(&path) else { return Ok(None) };
        let name = path.display().to_string();
        let written = table(&text, &name)?;
        if written.contains_key("kind") {
            return Ok(None);
        }
        Self::parse_file(&name, &text, &[]).map(Some)
    }

    /// The built-in methods, before a profile's settings are laid over them.
    pub fn built_in_methods() -> Methods {
        let settings = table(METHODS.1, METHODS.0).and_then(|table| {
            let methods = table.get("methods").and_then(toml::Value::as_table).cloned();
            from_table(methods.unwrap_or_default(), METHODS.0)
        });
        settings.expect("the table of methods is valid")
    }

    /// Reads a profile, lays its settings over those of the built-in methods, and applies the assignments.
    /// Also returns notes on names of earlier versions.
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

/// The comparison of the default profile, with assignments applied.
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
