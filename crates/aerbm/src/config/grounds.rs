//! The grounds on which settings were chosen: table `settings.csv` of a run.

use report::SettingRow;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::parse::ConfigError;
use super::profile::ProfileConfig;

/// The grounds of settings that are given with the command.
const GIVEN: &str = "given with the command";

/// Entries of a method that set its appearance or its role in the comparison.
const NO_HYPERPARAMETERS: [&str; 5] = ["role", "family", "architecture", "color", "words"];

/// The grounds of one setting, or of all settings below it that have no grounds of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grounds {
    /// The data that the setting was chosen on, in words.
    pub on: String,
    /// Number of values or combinations that were tried, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<usize>,
}

impl Grounds {
    /// The grounds of a setting that is given with the command.
    pub(crate) fn given() -> Self {
        Grounds { on: GIVEN.into(), trials: None }
    }
}

impl ProfileConfig {
    /// Checks that all grounds belong to settings that exist.
    ///
    /// # Errors
    /// [`ConfigError`] naming a path that no setting has.
    pub(super) fn validate_grounds(&self) -> Result<(), ConfigError> {
        let leaves = self.leaves(|_| true)?;
        for path in self.grounds.keys() {
            if !leaves.iter().any(|(leaf, _)| is_within(leaf, path)) {
                return Err(ConfigError(format!(
                    "grounds.\"{path}\": there is no setting of this name"
                )));
            }
        }
        Ok(())
    }

    /// Records that the settings at these paths are given with the command. Those that equal their defaults
    /// are left out when settings are written, and here as well.
    pub(super) fn add_given(&mut self, paths: Vec<String>) -> Result<(), ConfigError> {
        let leaves = self.leaves(|_| true)?;
        let is_written = |path: &String| leaves.iter().any(|(leaf, _)| is_within(leaf, path));
        let written = paths.into_iter().filter(is_written);
        self.grounds.extend(written.map(|path| (path, Grounds::given())));
        Ok(())
    }

    /// Returns every setting of the runs, the comparison and the methods that it compares, by path and with
    /// its grounds.
    ///
    /// # Errors
    /// [`ConfigError`] if the settings cannot be written.
    pub fn setting_rows(&self) -> Result<Vec<SettingRow>, ConfigError> {
        let compared = self.comparison.iter().flat_map(|comparison| &comparison.methods);
        let compared: Vec<&String> = compared.collect();
        let leaves = self.leaves(|method| compared.iter().any(|name| *name == method))?;
        let row = |(setting, value): (String, Value)| {
            let mut grounds: Vec<_> =
                self.grounds.iter().filter(|(path, _)| is_within(&setting, path)).collect();
            grounds.sort_by_key(|(path, _)| path.len());
            let nearest = grounds.pop().map(|(_, grounds)| grounds);
            SettingRow {
                value: value.to_string(),
                chosen_on: nearest.map(|grounds| grounds.on.clone()).unwrap_or_default(),
                trials: nearest.and_then(|grounds| grounds.trials),
                setting,
            }
        };
        Ok(leaves.into_iter().map(row).collect())
    }

    /// The settings by their paths, with those methods that `is_shown` picks.
    fn leaves(&self, is_shown: impl Fn(&str) -> bool) -> Result<Vec<(String, Value)>, ConfigError> {
        let mut table =
            Table::try_from(self).map_err(|error| ConfigError(format!("settings: {error}")))?;
        for entry in ["grounds", "about", "data"] {
            table.remove(entry);
        }
        if let Some(Value::Table(methods)) = table.get_mut("methods") {
            methods.retain(|name, _| is_shown(name));
            for (_, method) in methods.iter_mut() {
                let Value::Table(method) = method else { continue };
                method.retain(|entry, _| !NO_HYPERPARAMETERS.contains(&entry));
            }
        }
        let mut leaves = Vec::new();
        collect(String::new(), Value::Table(table), &mut leaves);
        // The order of entries in a file is not that of the settings that are read from it.
        leaves.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(leaves)
    }
}

/// Adds the settings below `value`, whose path is `path`. Named tables in an array are distinguished by their
/// names.
fn collect(path: String, value: Value, leaves: &mut Vec<(String, Value)>) {
    let below = |name: &str| {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                collect(below(&name), value, leaves);
            }
        }
        Value::Array(entries) if entries.iter().any(|entry| name_of(entry).is_some()) => {
            for entry in entries {
                let name = name_of(&entry).unwrap_or_default().to_owned();
                collect(below(&name), entry, leaves);
            }
        }
        value => leaves.push((path, value)),
    }
}

fn name_of(entry: &Value) -> Option<&str> {
    entry.as_table()?.get("name")?.as_str()
}

/// Whether the setting is the one at `path`, or below it.
fn is_within(setting: &str, path: &str) -> bool {
    setting.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Profile;

    fn row(rows: &[SettingRow], setting: &str) -> (String, String, Option<usize>) {
        let row = rows.iter().find(|row| row.setting == setting).expect(setting);
        (row.value.clone(), row.chosen_on.clone(), row.trials)
    }

    #[test]
    fn settings_have_the_grounds_that_are_nearest_to_them() {
        let found = ProfileConfig::default_comparison(&[
            "comparison.seeds=3".into(),
            "comparison.references=false".into(),
        ]);
        let found = found.expect("valid");
        assert!(!found.grounds.contains_key("comparison.references"), "it is not written");
        let comparison = study::ComparisonConfig { methods: vec!["rbm".into()], ..found.config };
        let grounds = [
            ("methods.rbm".to_owned(), Grounds { on: "seed 1".into(), trials: None }),
            (
                "methods.rbm.layers.training.epochs".to_owned(),
                Grounds { on: "seed 2".into(), trials: Some(3) },
            ),
            ("comparison.seeds".to_owned(), found.grounds["comparison.seeds"].clone()),
        ];
        let config = ProfileConfig {
            seed: 1,
            about: Some("words".into()),
            data: None,
            runs: vec![],
            comparison: Some(comparison),
            methods: found.methods,
            grounds: grounds.into_iter().collect(),
        };
        config.validate_grounds().expect("all are settings");
        let rows = config.setting_rows().expect("rows");
        assert_eq!(row(&rows, "comparison.seeds"), ("3".into(), GIVEN.into(), None));
        let epochs = row(&rows, "methods.rbm.layers.training.epochs");
        assert_eq!(epochs, ("10".into(), "seed 2".into(), Some(3)));
        let rate = row(&rows, "methods.rbm.layers.training.learning_rate");
        assert_eq!(rate, ("0.05".into(), "seed 1".into(), None));
        assert_eq!(row(&rows, "comparison.depths"), ("[3]".into(), String::new(), None));
        for absent in ["methods.none", "about", "methods.rbm.color", "grounds"] {
            assert!(rows.iter().all(|row| !row.setting.starts_with(absent)), "{absent}");
        }
    }

    #[test]
    fn runs_are_told_apart_by_their_names() {
        let parts = ProfileConfig::parts(&Profile::Quick, &[], &[]).expect("valid");
        let rows = parts[0].1.setting_rows().expect("rows");
        assert_eq!(row(&rows, "runs.rbm.set.model.n_hidden").0, "128");
    }

    #[test]
    fn grounds_of_nothing_are_refused() {
        let (_, mut config) =
            ProfileConfig::parts(&Profile::Quick, &[], &[]).expect("valid").remove(0);
        let grounds = Grounds { on: "seed 1".into(), trials: None };
        config.grounds.insert("methods.rmb".into(), grounds);
        let error = config.validate_grounds().expect_err("no such method").to_string();
        assert_eq!(error, "grounds.\"methods.rmb\": there is no setting of this name");
    }
}
