//! The comparison of the default profile, adapted to options and to any data.

mod search;
mod suit;

use std::path::PathBuf;

use crate::best::{self, Compared};
use crate::comparison::compare;
use crate::config::{ConfigError, DefaultComparison, Memory, ProfileConfig, full_path};
use crate::data::{Loaded, require_classes};
use crate::monitor::Monitor;
use crate::pipeline::{Done, open};
use crate::{Error, Language, memory, replacing};

/// Choices that differ from those of the default profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompareOptions {
    /// Methods; if empty, those of the profile.
    pub methods: Vec<String>,
    /// Numbers of labels; if empty, those of the profile that the data have enough labels for.
    pub labels: Vec<usize>,
    /// Whether only the number of all labels is compared, unless `set` gives the numbers.
    pub all_labels: bool,
    /// Numbers of hidden layers; if empty, those of the profile.
    pub depths: Vec<usize>,
    /// Number of seeds.
    pub seeds: Option<u64>,
    /// The first seed.
    pub first_seed: Option<u64>,
    /// Number of trials of each method in the search of hyperparameters; if `None`, a number that suits the
    /// data.
    pub trials: Option<usize>,
    /// Assignments to settings, such as `methods.rbm.layers.training.epochs=20`.
    pub set: Vec<String>,
}

/// The command, folders and language of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The command as it was typed, for `run.json`.
    pub command: String,
    /// The command that trains a network like the best one; the name of its method is appended.
    pub again: String,
    /// The folder of the run.
    pub out: PathBuf,
    /// The folder of the recommended network.
    pub best: PathBuf,
    /// Whether a finished comparison with other settings is replaced.
    pub force: bool,
    /// Language of the page; if `None`, that of an earlier run in the folder, or else English.
    pub language: Option<Language>,
}

/// The settings of the default profile's comparison with these choices.
///
/// # Errors
/// [`ConfigError`] naming the setting that makes no sense.
pub fn settings(options: &CompareOptions) -> Result<DefaultComparison, ConfigError> {
    require_once(options)?;
    let mut settings = ProfileConfig::default_comparison(&assignments(options))?;
    if !is_given(&options.set, "comparison.equal_seconds") {
        // A comparison in equal time takes as long again as the slowest method.
        settings.config.equal_seconds = None;
    }
    if options.methods.is_empty() && !is_given(&options.set, "comparison.methods") {
        // Not all data are images, so methods of other architectures have to be requested.
        let DefaultComparison { config, methods, .. } = &mut settings;
        config
            .methods
            .retain(|name| methods.0.get(name).is_none_or(|method| method.architecture.is_none()));
    }
    Ok(settings)
}

/// Returns the comparison of these options on these data, as a profile without models. Settings that
/// `options` leaves open are adapted to the data. Any number of processes can compute the profile's
/// [stages](crate::stages) before [`run`] reads the results.
///
/// # Errors
/// [`Error`] naming the setting that makes no sense for the data.
pub fn profile(
    options: &CompareOptions,
    mut settings: DefaultComparison,
    loaded: &Loaded,
    monitor: &dyn Monitor,
) -> Result<ProfileConfig, Error> {
    require_classes(loaded.train()?, &loaded.data.test)?;
    let (splits, _) = loaded.split(settings.config.split)?;
    suit::suit(&mut settings, options, &splits, &loaded.layout(), monitor);
    let DefaultComparison { config: comparison, methods, grounds, .. } = settings;
    comparison.validate(&methods).map_err(|error| ConfigError(error.to_string()))?;
    let n_labels = splits.train.labels.as_ref().map_or(usize::MAX, Vec::len);
    let of_architectures = comparison.architectures.values().flat_map(|own| &own.labels);
    let mut budgets = comparison.labels.iter().chain(of_architectures);
    if let Some(budget) = budgets.find(|budget| budget.count > n_labels) {
        let message = format!(
            "{} labels: expected at most {n_labels}, the number of labelled training samples",
            budget.count
        );
        return Err(ConfigError(message).into());
    }
    memory::require(&Memory::of_comparison(&comparison, loaded.layout().width()))?;
    Ok(ProfileConfig {
        seed: 1,
        about: None,
        data: None,
        runs: vec![],
        comparison: Some(comparison),
        methods,
        grounds,
    })
}

/// Compares methods on the data, and writes the recommended network. Returns the path of the page and the
/// outcome. An earlier run in the folder is continued.
///
/// # Errors
/// [`Error`]; finished results are kept.
pub fn run(
    options: &CompareOptions,
    settings: DefaultComparison,
    loaded: &Loaded,
    place: &Place,
    monitor: &dyn Monitor,
) -> Result<Done, Error> {
    let config = profile(options, settings, loaded, monitor)?;
    let ProfileConfig { comparison: Some(comparison), methods, .. } = &config else {
        unreachable!("the profile is one of a comparison")
    };
    let (splits, key) = loaded.split(comparison.split)?;
    let settings = toml::to_string(&config)?;
    let identity = replacing::data_identity(loaded);
    let replaces = replacing::replaces(&place.out, &settings, &identity, place.force)?;
    let mut folder = open((&place.out, place.language), &place.command, &settings, loaded)?;
    folder.set_info(&identity)?;
    let ((found, best), page) = folder.complete(|folder| {
        if replaces {
            replacing::remove_results(&place.out, &[])?;
        }
        folder.write_table("settings.csv", &config.setting_rows()?)?;
        let found = compare((comparison, methods), &splits, &key, folder, monitor)?;
        let compared = Compared {
            config: comparison,
            methods,
            splits: &splits,
            key: &key,
            outcome: &found.outcome,
            contract: &loaded.contract,
            again: &place.again,
        };
        let best = best::leave(&compared, folder, &place.best, monitor)?;
        Ok((found, best))
    })?;
    Ok(Done { page, comparison: Some(found), best })
}

/// Refuses assignments to settings that an option sets as well, because one of the two would be ignored.
fn require_once(options: &CompareOptions) -> Result<(), ConfigError> {
    let by_options = [
        ("comparison.methods", !options.methods.is_empty()),
        ("comparison.labels", !options.labels.is_empty()),
        ("comparison.depths", !options.depths.is_empty()),
        ("comparison.seeds", options.seeds.is_some()),
        ("comparison.first_seed", options.first_seed.is_some()),
        ("comparison.search.trials", options.trials.is_some()),
    ];
    for assignment in &options.set {
        let one = std::slice::from_ref(assignment);
        if let Some((path, _)) = by_options.iter().find(|(path, by)| *by && is_given(one, path)) {
            let name = path.trim_start_matches("comparison.");
            return Err(ConfigError(format!(
                "{assignment}: `{name}` follows from the command or from another option; give it once"
            )));
        }
    }
    Ok(())
}

/// The options as settings.
fn assignments(options: &CompareOptions) -> Vec<String> {
    let list = |name: &str, values: Vec<String>| format!("{name}=[{}]", values.join(", "));
    let mut assignments = options.set.clone();
    if !options.methods.is_empty() {
        let quoted = options.methods.iter().map(|method| format!("\"{method}\"")).collect();
        assignments.push(list("methods", quoted));
    }
    if !options.depths.is_empty() {
        assignments.push(list("depths", options.depths.iter().map(ToString::to_string).collect()));
    } else if !is_given(&options.set, "comparison.depths")
        && let Some(n_layers) = n_layers(&options.set)
    {
        assignments.push(format!("depths=[{n_layers}]"));
    }
    if let Some(seeds) = options.seeds {
        assignments.push(format!("seeds={seeds}"));
    }
    if let Some(seed) = options.first_seed {
        assignments.push(format!("first_seed={seed}"));
    }
    if let Some(trials) = options.trials {
        assignments.push(format!("search.trials={trials}"));
    }
    assignments
}

/// The number of layers in the assignments. If only the layers are given, all of them are used.
fn n_layers(set: &[String]) -> Option<usize> {
    let values = set.iter().rev().filter_map(|setting| setting.split_once('='));
    let mut of_layers = values.filter(|(key, _)| full_path(key.trim()).0 == "comparison.layers");
    let table: toml::Table = format!("layers = {}", of_layers.next()?.1).parse().ok()?;
    Some(table.get("layers")?.as_array()?.len())
}

/// Whether the assignments include the setting of this full path, a part of it, or a table that contains it.
fn is_given(set: &[String], setting: &str) -> bool {
    let part = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let keys = set.iter().filter_map(|setting| setting.split_once('='));
    let mut paths = keys.map(|(key, _)| full_path(key.trim()).0);
    paths.any(|path| part(&path, setting) || part(setting, &path))
}

#[cfg(test)]
mod tests {
    use study::Search;

    use super::*;

    #[test]
    fn layers_that_are_given_are_all_used() {
        let of = |set: &[&str]| {
            let set = set.iter().map(ToString::to_string).collect();
            assignments(&CompareOptions { set, ..CompareOptions::default() })
        };
        assert!(of(&["layers=[500, 500]"]).contains(&"depths=[2]".to_owned()));
        assert!(!of(&["layers=[500, 500]", "depths=[1]"]).contains(&"depths=[2]".to_owned()));
        assert!(of(&[]).iter().all(|assignment| !assignment.starts_with("depths")));
    }

    #[test]
    fn trials_and_their_space_are_given_in_any_combination() {
        let of = |trials: Option<usize>, set: &[&str]| {
            let set = set.iter().map(ToString::to_string).collect();
            let options = CompareOptions { trials, set, ..CompareOptions::default() };
            settings(&options).expect("settings").config.search.expect("a search")
        };
        let space = "search.space.max_norm=[2, 3]";
        assert_eq!(of(None, &[space]).trials, Search::default().trials);
        assert_eq!(of(Some(8), &[]).trials, 8);
        let both = of(Some(8), &[space]);
        assert_eq!((both.trials, both.space.max_norm), (8, vec![2.0, 3.0]));
    }

    #[test]
    fn a_setting_that_is_also_an_option_is_refused() {
        let refused = |options: CompareOptions, setting: &str| {
            let error = settings(&CompareOptions { set: vec![setting.into()], ..options });
            let said = error.expect_err("given twice").0;
            assert!(said.contains(setting) && said.ends_with("give it once"), "{said}");
        };
        let none = CompareOptions::default;
        refused(CompareOptions { trials: Some(8), ..none() }, "search.trials=5");
        refused(CompareOptions { trials: Some(8), ..none() }, "search={trials=5}");
        refused(CompareOptions { labels: vec![30], ..none() }, "labels=[{count=30, updates=9}]");
        refused(CompareOptions { seeds: Some(1), ..none() }, "seeds=3");
        refused(CompareOptions { methods: vec!["rbm".into()], ..none() }, "methods=[\"none\"]");
        let other = vec!["methods.rbm.layers.training.epochs=2".into()];
        let options = CompareOptions { methods: vec!["rbm".into()], set: other, ..none() };
        settings(&options).expect("a setting of the method");
    }

    #[test]
    fn a_setting_is_given_by_its_parts_and_by_its_whole() {
        let set = [
            "layers=[5]",
            "rbm.training={}",
            "equal_seconds.seeds = 1",
            "methods=[]",
            "methods.sparse.layers.training.epochs=2",
        ];
        let set = set.map(str::to_owned);
        for given in [
            "comparison.layers",
            "methods.rbm.layers.training.epochs",
            "methods.sparse.layers.training.epochs",
            "comparison.equal_seconds",
        ] {
            assert!(is_given(&set, given), "{given}");
        }
        for other in [
            "comparison.labels",
            "methods.rbm.layers.model",
            "methods.rbm.layers.training_rate",
            "methods.denoising.layers.training.epochs",
        ] {
            assert!(!is_given(&set, other), "{other}");
        }
    }
}
