//! Settings of a comparison.

mod search;
mod tuning;
mod validate;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use stack::{Dropout, FineTuneConfig};

pub use search::{Choice, Search, SearchSpace};
pub(crate) use tuning::UNIT;

/// A number of labels and its fine-tuning work, which is the same for every method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelBudget {
    /// Number of labelled samples.
    pub count: usize,
    /// Steps of fine-tuning.
    pub updates: usize,
    /// Samples per step.
    pub batch_size: usize,
    /// Dropout with this number of labels, overriding that of fine-tuning: few labels call for more, few
    /// passes for less. A method's own dropout takes precedence over both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<Dropout>,
}

/// A second comparison in equal time: fine-tuning continues until each method has had as much time as the
/// slowest, including pretraining.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EqualSeconds {
    /// Numbers of labels, all of them among those of the comparison.
    pub labels: Vec<usize>,
    /// Number of seeds, taken from the first of the comparison.
    pub seeds: u64,
}

/// Settings for the methods of one architecture that differ from those of the comparison. Methods are
/// compared within their architecture, so that each comparison stays matched.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArchitectureSettings {
    /// Numbers of labels in ascending order; empty for those of the comparison.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<LabelBudget>,
    /// Learning rates to choose from; empty for those of the comparison.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning_rates: Vec<f64>,
    /// Learning-rate multipliers of the hidden layers; empty for those of the comparison.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden_learning_rate_multipliers: Vec<f64>,
    /// The search for the other hyperparameters; `None` for that of the comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
}

/// A comparison of methods. Their settings are in [`Methods`](crate::Methods).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonConfig {
    /// The split of the training samples into training and validation parts.
    #[serde(default, alias = "partition")]
    pub split: mnist_io::SplitRule,
    /// Names of the compared methods.
    pub methods: Vec<String>,
    /// Hidden units of each layer, from the data up.
    pub layers: Vec<usize>,
    /// Depths to compare: a network of depth d has the first d layers.
    pub depths: Vec<usize>,
    /// Number of seeds: `first_seed` and those following it.
    pub seeds: u64,
    /// The first seed, at which rates are chosen. Seeds whose test errors nobody has read confirm settings
    /// that were found with others.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub first_seed: u64,
    /// Numbers of labels in ascending order.
    pub labels: Vec<LabelBudget>,
    /// Learning rates from which every method may choose on the validation set: all are tried at the first
    /// seed, and the best is kept for the others.
    pub learning_rates: Vec<f64>,
    /// The second comparison, in equal time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equal_seconds: Option<EqualSeconds>,
    /// Learning-rate multipliers of the hidden layers; each is tried with each learning rate. Below 1,
    /// fine-tuning keeps more of what pretraining found.
    #[serde(default = "unchanged", alias = "hidden_rate_factors")]
    pub hidden_learning_rate_multipliers: Vec<f64>,
    /// The search over dropout, norms and noise on the validation set, with the same budget for every method;
    /// without it, every learning rate is tried with every multiplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// Settings for the methods of an architecture, by its name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub architectures: IndexMap<String, ArchitectureSettings>,
    /// Whether standard classifiers are fitted to the same labels: nearest neighbours, logistic regression
    /// and boosted trees.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub references: bool,
    /// Number of unlabelled training samples used in pretraining, and in fine-tuning if its settings have a
    /// cost for them; 0 for all.
    #[serde(default, alias = "pretraining_images")]
    pub pretraining_samples: usize,
    /// The other settings of fine-tuning. Updates, batch size and learning rate are those above, as is
    /// dropout if a number of labels has its own.
    #[serde(default)]
    pub fine_tuning: FineTuneConfig,
}

fn one() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_one(seed: &u64) -> bool {
    *seed == 1
}

fn unchanged() -> Vec<f64> {
    vec![1.0]
}
