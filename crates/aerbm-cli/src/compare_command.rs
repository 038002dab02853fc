//! `aerbm compare`: the comparison of the default profile, or what the options and the data make of it.

use mnist_io::Splits;
use study::{ComparisonConfig, LabelBudget, Method};

use crate::cli;
use crate::comparison::compare;
use crate::config::{ProfileConfig, UsageError};
use crate::data::{self, Loaded};
use crate::pipeline::{done, open};
use crate::ui::Ui;

pub(crate) fn run(args: &cli::Compare, ui: &Ui) -> anyhow::Result<()> {
    let mut comparison = ProfileConfig::default_comparison(&assignments(args))?;
    let loaded = load(&args.data)?;
    loaded.tell(ui);
    let (splits, key) = loaded.split(comparison.partition)?;
    suit(&mut comparison, args, &splits, ui);
    comparison.validate().map_err(|error| UsageError(error.to_string()))?;
    let n_labels = splits.train.labels.as_ref().map_or(usize::MAX, Vec::len);
    if let Some(budget) = comparison.labels.iter().find(|budget| budget.count > n_labels) {
        let message =
            format!("{} labels: expected at most {n_labels}, as many as train", budget.count);
        return Err(UsageError(message).into());
    }
    let config = ProfileConfig {
        seed: 1,
        about: None,
        data: None,
        runs: vec![],
        comparison: Some(comparison.clone()),
    };
    let mut folder = open(&args.out, &command(args), &toml::to_string(&config)?, &loaded)?;
    compare(&comparison, &splits, &key, &mut folder, ui)?;
    done(folder, ui)
}

/// Loads the data. Values that logistic units cannot give back are brought into [0, 1], unless it is
/// said what to do with them.
fn load(args: &cli::DataArgs) -> anyhow::Result<Loaded> {
    let loaded = data::load(args)?;
    let in_range = |value: &f32| (0.0..=1.0).contains(value);
    if args.scale != cli::Scale::Auto || loaded.train()?.images.iter().all(in_range) {
        return Ok(loaded);
    }
    let mut scaled = data::load(&cli::DataArgs { scale: cli::Scale::Unit, ..args.clone() })?;
    scaled.notes.push("values outside [0, 1] are brought into it, as --scale unit does".into());
    Ok(scaled)
}

/// The command as it was typed, without the folder.
fn command(args: &cli::Compare) -> String {
    let mut command = "aerbm compare".to_owned();
    let mut add = |option: &str, values: Vec<String>| {
        if !values.is_empty() {
            command.extend([" --", option, " ", &values.join(",")]);
        }
    };
    add("methods", args.methods.clone());
    add("labels", args.labels.iter().map(ToString::to_string).collect());
    add("depths", args.depths.iter().map(ToString::to_string).collect());
    add("seeds", args.seeds.iter().map(ToString::to_string).collect());
    for setting in &args.set {
        add("set", vec![cli::quoted(setting)]);
    }
    command + &args.data.given()
}

/// The options as settings.
fn assignments(args: &cli::Compare) -> Vec<String> {
    let list = |name: &str, values: Vec<String>| format!("{name}=[{}]", values.join(", "));
    // Equal time takes as long again as the slowest method: only if it is asked for.
    let equal = "equal_seconds={ labels = [], seeds = 0 }".to_owned();
    let asked = is_given(&args.set, "equal_seconds");
    let mut assignments: Vec<String> = (!asked).then_some(equal).into_iter().collect();
    assignments.extend(args.set.iter().cloned());
    if !args.methods.is_empty() {
        let quoted = args.methods.iter().map(|method| format!("\"{method}\"")).collect();
        assignments.push(list("methods", quoted));
    }
    if !args.depths.is_empty() {
        assignments.push(list("depths", args.depths.iter().map(ToString::to_string).collect()));
    }
    if let Some(seeds) = args.seeds {
        assignments.push(format!("seeds={seeds}"));
    }
    assignments
}

/// Whether `--set` has the setting, a part of it, or what it is a part of.
fn is_given(set: &[String], setting: &str) -> bool {
    let part = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let mut keys = set.iter().filter_map(|setting| setting.split_once('='));
    keys.any(|(key, _)| part(key.trim(), setting) || part(setting, key.trim()))
}

/// Suits the comparison to the numbers of labels that are asked for, and to the data.
fn suit(comparison: &mut ComparisonConfig, args: &cli::Compare, splits: &Splits, ui: &Ui) {
    let known = comparison.labels.clone();
    let n_labels = splits.train.labels.as_ref().map_or(0, Vec::len);
    if !args.labels.is_empty() {
        let mut counts = args.labels.clone();
        counts.sort_unstable();
        counts.dedup();
        comparison.labels = counts.into_iter().map(|count| budget_for(count, &known)).collect();
    } else if !is_given(&args.set, "labels")
        && known.iter().any(|budget| budget.count > n_labels)
        && n_labels > 0
    {
        comparison.labels.retain(|budget| 2 * budget.count <= n_labels);
        comparison.labels.push(budget_for(n_labels, &known));
        let counts: Vec<String> =
            comparison.labels.iter().map(|budget| budget.count.to_string()).collect();
        ui.note(&format!("{n_labels} labelled training samples: comparing {}", counts.join(", ")));
    }
    if !is_given(&args.set, "layers") {
        narrow(&mut comparison.layers, splits.train.n_features(), ui);
    }
    lengthen(comparison, &args.set, splits.train.n_samples(), ui);
}

/// Few features need few units, and wide layers would take most of the time.
fn narrow(layers: &mut [usize], n_features: usize, ui: &Ui) {
    let most = most_units(n_features);
    if layers.iter().any(|units| *units > most) {
        ui.note(&format!("{n_features} features: at most {most} units a layer"));
    }
    for units in layers {
        *units = most.min(*units);
    }
}

/// Few samples make short epochs: ways to pretrain whose epochs are not given get enough of them.
fn lengthen(comparison: &mut ComparisonConfig, set: &[String], n_samples: usize, ui: &Ui) {
    let rbm = &mut comparison.rbm.training;
    let mut ways = vec![(Method::Rbm, &mut rbm.epochs, rbm.batch_size)];
    for (way, training) in [
        (Method::Autoencoder, &mut comparison.autoencoder.training),
        (Method::Sparse, &mut comparison.sparse.training),
        (Method::Denoising, &mut comparison.denoising.training),
        (Method::Contractive, &mut comparison.contractive.training),
    ] {
        ways.push((way, &mut training.epochs, training.batch_size));
    }
    for (way, epochs, batch_size) in ways {
        let enough = enough_epochs(*epochs, n_samples, batch_size);
        if enough > *epochs && !is_given(set, &format!("{}.training.epochs", way.name())) {
            *epochs = enough;
            if comparison.methods.contains(&way) {
                let name = way.name();
                ui.note(&format!("{n_samples} samples: {enough} epochs a layer for {name}"));
            }
        }
    }
}

/// This many labels with the work of the nearest number that is known, by their ratio.
fn budget_for(count: usize, known: &[LabelBudget]) -> LabelBudget {
    let ratio = |budget: &LabelBudget| (budget.count as f64 / count as f64).ln().abs();
    let of = known.iter().min_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let of = of.expect("a comparison has a number of labels");
    LabelBudget { count, ..of.clone() }
}

/// Units of a layer for each feature of the data, at most.
const UNITS_PER_FEATURE: usize = 4;

/// However few the features, a layer may have this many units.
const LEAST_UNITS: usize = 64;

fn most_units(n_features: usize) -> usize {
    (UNITS_PER_FEATURE * n_features).max(LEAST_UNITS)
}

/// Steps that a layer is pretrained with at least.
const LEAST_UPDATES: usize = 2000;

/// Few samples make short epochs: as many as make enough steps.
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
        let set = ["layers=[5]", "rbm.training={}", "equal_seconds.seeds = 1"].map(str::to_owned);
        for given in ["layers", "rbm.training.epochs", "equal_seconds"] {
            assert!(is_given(&set, given), "{given}");
        }
        for other in ["labels", "rbm.model", "rbm.training_rate", "sparse.training.epochs"] {
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
