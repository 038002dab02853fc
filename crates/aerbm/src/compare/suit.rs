//! Settings that suit the data where none are given.
//!
//! The settings of the default profile were chosen on MNIST: 50,000 images of 784 pixels. They are kept for
//! similar sets. For tables and small sets, sizes, steps and dropout follow from the numbers of samples and
//! features, and more learning rates are tried on the validation samples.

use mnist_io::Splits;
use nn_core::Layout;
use stack::Dropout;
use study::{ComparisonConfig, LabelBudget, MethodConfig, Methods};
use wording::Language;

use super::{CompareOptions, is_given, search};
use crate::config::{DefaultComparison, Grounds};
use crate::monitor::Monitor;

/// Adapts the comparison to the requested numbers of labels, and to the data.
pub(super) fn suit(
    settings: &mut DefaultComparison,
    options: &CompareOptions,
    splits: &Splits,
    layout: &Layout,
    monitor: &dyn Monitor,
) {
    for method in settings.methods.0.values_mut() {
        method.layers.own_mut().for_each(|layer| layer.fit_to(layout));
    }
    let comparison = &mut settings.config;
    let given = |setting: &str| is_given(&options.set, setting);
    // The budgets of architectures are those of the default profile's own methods.
    if !given("comparison.architectures") {
        comparison.architectures.values_mut().for_each(|own| own.labels.clear());
    }
    let known = comparison.labels.clone();
    let n_labels = splits.train.labels.as_ref().map_or(0, Vec::len);
    let small = Small::of(splits);
    let budget = |count: usize| match &small {
        Some(_) => Small::budget(count),
        None => budget_for(count, &known),
    };
    if options.all_labels && n_labels > 0 && !given("comparison.labels") {
        comparison.labels = vec![budget(n_labels)];
    } else if !options.labels.is_empty() {
        let mut counts = options.labels.clone();
        counts.sort_unstable();
        counts.dedup();
        comparison.labels = counts.into_iter().map(budget).collect();
    } else if !given("comparison.labels")
        && n_labels > 0
        && (small.is_some() || known.iter().any(|budget| budget.count > n_labels))
    {
        let counts = known.iter().map(|budget| budget.count);
        let counts: Vec<usize> =
            counts.filter(|count| 2 * count <= n_labels).chain([n_labels]).collect();
        let words: Vec<String> = counts.iter().map(ToString::to_string).collect();
        comparison.labels = counts.into_iter().map(budget).collect();
        monitor
            .note(&format!("{n_labels} labelled training samples: comparing {}", words.join(", ")));
    }
    let Some(small) = small else {
        if !given("comparison.layers") {
            narrow(&mut comparison.layers, splits.train.n_features(), monitor);
        }
        search::suit(comparison, &settings.methods, options, (false, LARGE_INPUT_DROPOUT));
        lengthen(&mut settings.methods, comparison, &options.set, splits, monitor);
        return;
    };
    if !given("comparison.layers") && !given("comparison.depths") && options.depths.is_empty() {
        comparison.layers = small.layers();
        comparison.depths = vec![comparison.layers.len()];
        let units: Vec<String> = comparison.layers.iter().map(ToString::to_string).collect();
        monitor.note(&format!(
            "{} samples of {} features: hidden layers of {} units",
            small.n_samples,
            small.n_features,
            Language::English.listed(&units)
        ));
    } else if !given("comparison.layers") {
        narrow(&mut comparison.layers, small.n_features, monitor);
    }
    if !given("comparison.references") {
        comparison.references = true;
    }
    if !given("comparison.learning_rates") {
        comparison.learning_rates = SMALL_RATES.to_vec();
    }
    if !given("comparison.fine_tuning.dropout") {
        comparison.fine_tuning.dropout = small.dropout();
    }
    for (name, method) in &mut settings.methods.0 {
        if !given(&format!("methods.{name}.dropout")) {
            small.soften(method);
        }
    }
    search::suit(comparison, &settings.methods, options, (true, small.dropout().input));
    settings.grounds.retain(|_, grounds| *grounds == Grounds::given());
    for table in ["comparison", "methods"] {
        let on = "rules for small sets, from the numbers of samples and features".to_owned();
        settings.grounds.insert(table.to_owned(), Grounds { on, trials: None });
    }
    lengthen(&mut settings.methods, comparison, &options.set, splits, monitor);
}

/// The largest dropout of inputs that is searched on large sets.
const LARGE_INPUT_DROPOUT: f64 = 0.2;

/// Learning rates that are tried with small sets.
const SMALL_RATES: [f64; 3] = [0.003, 0.01, 0.03];

/// Sets with fewer training samples, or fewer features, than this are small.
const SMALL_SAMPLES: usize = 10_000;
const SMALL_FEATURES: usize = 200;

/// The size of a set that the settings for MNIST do not suit.
#[derive(Debug, Clone, Copy)]
struct Small {
    n_samples: usize,
    n_features: usize,
}

impl Small {
    fn of(splits: &Splits) -> Option<Self> {
        let small =
            Small { n_samples: splits.train.n_samples(), n_features: splits.train.n_features() };
        let is_small = small.n_samples < SMALL_SAMPLES || small.n_features < SMALL_FEATURES;
        is_small.then_some(small)
    }

    /// Two layers, each twice as wide as the data, within bounds.
    fn layers(&self) -> Vec<usize> {
        vec![(2 * self.n_features).next_power_of_two().clamp(LEAST_UNITS, MOST_UNITS); 2]
    }

    /// A hundred passes through the labels, within bounds.
    fn budget(count: usize) -> LabelBudget {
        let batch_size = (count / 20).clamp(8, 100);
        let updates = (100 * count).div_ceil(batch_size).clamp(500, 3000);
        LabelBudget { count, updates, batch_size, dropout: None }
    }

    /// The dropout of fine-tuning. If there are few inputs, each of them is needed.
    fn dropout(&self) -> Dropout {
        Dropout { input: self.input_dropout(0.2), hidden: 0.1 }
    }

    fn input_dropout(&self, most: f64) -> f64 {
        match self.n_features {
            0..50 => 0.0,
            50..SMALL_FEATURES => most / 2.0,
            _ => most,
        }
    }

    /// Lowers the dropout of inputs that a method sets itself.
    fn soften(&self, method: &mut MethodConfig) {
        if let Some(dropout) = &mut method.dropout {
            dropout.input = self.input_dropout(dropout.input);
        }
    }
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

/// Gives layers enough epochs if theirs are not set, since few samples make short epochs.
fn lengthen(
    methods: &mut Methods,
    comparison: &ComparisonConfig,
    set: &[String],
    splits: &Splits,
    monitor: &dyn Monitor,
) {
    let n_samples = splits.train.n_samples();
    for (name, method) in &mut methods.0 {
        if is_given(set, &format!("methods.{name}.layers.training.epochs")) {
            continue;
        }
        let longest = method.layers.own_mut().filter_map(|layer| layer.lengthen(n_samples)).max();
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

/// The largest number of units of a layer per feature of the data.
const UNITS_PER_FEATURE: usize = 4;

/// A layer may have this many units even if there are fewer features.
const LEAST_UNITS: usize = 64;

/// The largest number of units of a layer for a small set.
const MOST_UNITS: usize = 500;

fn most_units(n_features: usize) -> usize {
    (UNITS_PER_FEATURE * n_features).max(LEAST_UNITS)
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
    fn few_features_take_narrow_layers() {
        assert_eq!([3, 64, 784].map(most_units), [64, 256, 3136]);
        let layers = |n_features| Small { n_samples: 500, n_features }.layers();
        assert_eq!([4, 64, 20_136].map(layers), [vec![64; 2], vec![128; 2], vec![500; 2]]);
    }

    #[test]
    fn small_sets_take_small_batches_and_enough_steps() {
        let small = Small { n_samples: 100, n_features: 4 };
        let budget = |count| {
            let LabelBudget { updates, batch_size, .. } = Small::budget(count);
            (updates, batch_size)
        };
        assert_eq!(
            [10, 100, 1000, 9000].map(budget),
            [(500, 8), (1250, 8), (2000, 50), (3000, 100)]
        );
        assert_eq!(small.dropout().input, 0.0, "of four inputs, each is needed");
    }
}
