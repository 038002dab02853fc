//! The comparison of the default profile, suited to options and to any data.

use std::path::Path;

use mnist_io::{Scale, Splits};
use study::{ComparisonConfig, LabelBudget, Methods};

use crate::Error;
use crate::comparison::compare;
use crate::config::{ConfigError, DefaultComparison, ProfileConfig, full_path};
use crate::data::{self, DataNote, Loaded, Source};
use crate::monitor::Monitor;
use crate::pipeline::{Done, open};

/// Choices that differ from those of the default profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompareOptions {
    /// Methods; none for those of the profile.
    pub methods: Vec<String>,
    /// Numbers of labels; none for those of the profile, as far as the data have so many.
    pub labels: Vec<usize>,
    /// Numbers of hidden layers; none for those of the profile.
    pub depths: Vec<usize>,
    /// Number of seeds.
    pub seeds: Option<u64>,
    /// Assignments to settings, such as `methods.rbm.layers.training.epochs=20`.
    pub set: Vec<String>,
}

/// The settings of the default profile's comparison with these choices.
///
/// # Errors
/// [`ConfigError`] naming the setting that makes no sense.
pub fn settings(options: &CompareOptions) -> Result<DefaultComparison, ConfigError> {
    ProfileConfig::default_comparison(&assignments(options))
}

/// Compares methods on the data in the folder `out`, and returns the path of the page and the outcome.
/// The settings are adapted to the data where `options` leaves them open. An earlier run in the folder is
/// continued. `command` is recorded in `run.json`.
///
/// # Errors
/// [`Error`]; everything that is finished is kept.
pub fn run(
    options: &CompareOptions,
    mut settings: DefaultComparison,
    loaded: &Loaded,
    command: &str,
    out: &Path,
    monitor: &dyn Monitor,
) -> Result<Done, Error> {
    let (splits, key) = loaded.split(settings.config.split)?;
    suit(&mut settings, options, &splits, monitor);
    let DefaultComparison { config: comparison, methods, .. } = settings;
    comparison.validate(&methods).map_err(|error| ConfigError(error.to_string()))?;
    let n_labels = splits.train.labels.as_ref().map_or(usize::MAX, Vec::len);
    if let Some(budget) = comparison.labels.iter().find(|budget| budget.count > n_labels) {
        let message =
            format!("{} labels: expected at most {n_labels}, as many as train", budget.count);
        return Err(ConfigError(message).into());
    }
    let config = ProfileConfig {
        seed: 1,
        about: None,
        data: None,
        runs: vec![],
        comparison: Some(comparison.clone()),
        methods: methods.clone(),
    };
    let mut folder = open(out, command, &toml::to_string(&config)?, loaded)?;
    let found = compare((&comparison, &methods), &splits, &key, &mut folder, monitor)?;
    Ok(Done { page: folder.finish()?, comparison: Some(found) })
}

/// Loads data for a comparison. Values outside [0, 1], which logistic units cannot reproduce, are scaled to
/// it unless a scaling is given.
///
/// # Errors
/// As [`data::load`]; [`Error::Data`] for samples that stay on disk.
pub fn load(source: &Source) -> Result<Loaded, Error> {
    let loaded = data::load(source)?;
    let in_range = |value: &f32| (0.0..=1.0).contains(value);
    if source.scale != Scale::Auto || loaded.train()?.images.iter().all(in_range) {
        return Ok(loaded);
    }
    let mut scaled = data::load(&Source { scale: Scale::Unit, ..source.clone() })?;
    scaled.notes.push(DataNote::Other("values outside [0, 1] are scaled to it".into()));
    Ok(scaled)
}

/// The options as settings.
fn assignments(options: &CompareOptions) -> Vec<String> {
    let list = |name: &str, values: Vec<String>| format!("{name}=[{}]", values.join(", "));
    // Equal time takes as long again as the slowest method, so it is left out unless it is asked for.
    let equal = "equal_seconds={ labels = [], seeds = 0 }".to_owned();
    let asked = is_given(&options.set, "comparison.equal_seconds");
    let mut assignments: Vec<String> = (!asked).then_some(equal).into_iter().collect();
    assignments.extend(options.set.iter().cloned());
    if !options.methods.is_empty() {
        let quoted = options.methods.iter().map(|method| format!("\"{method}\"")).collect();
        assignments.push(list("methods", quoted));
    }
    if !options.depths.is_empty() {
        assignments.push(list("depths", options.depths.iter().map(ToString::to_string).collect()));
    }
    if let Some(seeds) = options.seeds {
        assignments.push(format!("seeds={seeds}"));
    }
    assignments
}

/// Whether the assignments have the setting of this full path, a part of it, or a table that it is part of.
fn is_given(set: &[String], setting: &str) -> bool {
    let part = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let keys = set.iter().filter_map(|setting| setting.split_once('='));
    let mut paths = keys.map(|(key, _)| full_path(key.trim()).0);
    paths.any(|path| part(&path, setting) || part(setting, &path))
}

/// Suits the comparison to the numbers of labels that are asked for, and to the data.
fn suit(
    settings: &mut DefaultComparison,
    options: &CompareOptions,
    splits: &Splits,
    monitor: &dyn Monitor,
) {
    let comparison = &mut settings.config;
    let known = comparison.labels.clone();
    let n_labels = splits.train.labels.as_ref().map_or(0, Vec::len);
    if !options.labels.is_empty() {
        let mut counts = options.labels.clone();
        counts.sort_unstable();
        counts.dedup();
        comparison.labels = counts.into_iter().map(|count| budget_for(count, &known)).collect();
    } else if !is_given(&options.set, "comparison.labels")
        && known.iter().any(|budget| budget.count > n_labels)
        && n_labels > 0
    {
        comparison.labels.retain(|budget| 2 * budget.count <= n_labels);
        comparison.labels.push(budget_for(n_labels, &known));
        let counts: Vec<String> =
            comparison.labels.iter().map(|budget| budget.count.to_string()).collect();
        monitor.note(&format!(
            "{n_labels} labelled training samples: comparing {}",
            counts.join(", ")
        ));
    }
    if !is_given(&options.set, "comparison.layers") {
        narrow(&mut comparison.layers, splits.train.n_features(), monitor);
    }
    lengthen(&mut settings.methods, comparison, &options.set, splits.train.n_samples(), monitor);
}

/// Narrows layers: few features need few units, and wide layers would take most of the time.
fn narrow(layers: &mut [usize], n_features: usize, monitor: &dyn Monitor) {
    let most = most_units(n_features);
    if layers.iter().any(|units| *units > most) {
        monitor.note(&format!("{n_features} features: at most {most} units a layer"));
    }
    for units in layers {
        *units = most.min(*units);
    }
}

/// Few samples make short epochs: layers whose epochs are not given get enough of them.
fn lengthen(
    methods: &mut Methods,
    comparison: &ComparisonConfig,
    set: &[String],
    n_samples: usize,
    monitor: &dyn Monitor,
) {
    for (name, method) in &mut methods.0 {
        if is_given(set, &format!("methods.{name}.layers.training.epochs")) {
            continue;
        }
        let mut longest = None;
        for layer in method.layers.own_mut() {
            let epochs = layer.epochs();
            let enough = enough_epochs(epochs, n_samples, layer.batch_size());
            if epochs > 0 && enough > epochs {
                layer.set_epochs(enough);
                longest = longest.max(Some(enough));
            }
        }
        if let Some(epochs) = longest
            && comparison.methods.contains(name)
        {
            monitor.note(&format!("{n_samples} samples: {epochs} epochs a layer for {name}"));
        }
    }
}

/// A budget for this many labels: the work of the known number of labels that is nearest by ratio.
fn budget_for(count: usize, known: &[LabelBudget]) -> LabelBudget {
    let ratio = |budget: &LabelBudget| (budget.count as f64 / count as f64).ln().abs();
    let of = known.iter().min_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let of = of.expect("a comparison has a number of labels");
    LabelBudget { count, ..of.clone() }
}

/// The largest number of units of a layer for each feature of the data.
const UNITS_PER_FEATURE: usize = 4;

/// A layer may have this many units however few the features are.
const LEAST_UNITS: usize = 64;

fn most_units(n_features: usize) -> usize {
    (UNITS_PER_FEATURE * n_features).max(LEAST_UNITS)
}

/// The least number of steps that a layer is pretrained with.
const LEAST_UPDATES: usize = 2000;

/// The number of epochs, raised where needed to make [`LEAST_UPDATES`] steps.
fn enough_epochs(epochs: usize, n_samples: usize, batch_size: usize) -> usize {
    epochs.max(LEAST_UPDATES.div_ceil(n_samples.div_ceil(batch_size).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_between_takes_the_nearer_budget() {
        let known = [(100, 10), (1000, 20)].map(|(count, updates)| LabelBudget {
            count,
            updates,
            batch_size: 5,
            dropout: None,
        });
        for (count, updates) in [(50, 10), (100, 10), (300, 10), (400, 20), (5000, 20)] {
            let found = budget_for(count, &known);
            assert_eq!((found.count, found.updates), (count, updates));
        }
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

    #[test]
    fn few_features_take_narrow_layers() {
        assert_eq!([3, 64, 784].map(most_units), [64, 256, 3136]);
    }

    #[test]
    fn few_samples_are_seen_often_enough() {
        assert_eq!(enough_epochs(25, 50_000, 100), 25);
        assert_eq!(enough_epochs(25, 1_200, 100), 167);
    }
}
