use nn_core::{InvalidSetting, require};
use serde::{Deserialize, Serialize};
use stack::{
    AutoencoderPretraining, FineTuneConfig, Pretraining, RandomInitialisation, RbmPretraining,
};

/// A way to initialise the network that is then fine-tuned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Random weights.
    None,
    /// Basic autoencoders.
    Autoencoder,
    /// RBMs by contrastive divergence.
    Rbm,
}

impl Method {
    /// All of them, the control first.
    pub const ALL: [Method; 3] = [Method::None, Method::Autoencoder, Method::Rbm];

    /// The name in tables and settings.
    pub fn name(self) -> &'static str {
        match self {
            Method::None => "none",
            Method::Autoencoder => "autoencoder",
            Method::Rbm => "rbm",
        }
    }
}

/// A number of labels to learn from, and how much work that gets, whatever the method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelBudget {
    /// Labelled samples.
    pub count: usize,
    /// Steps of fine-tuning.
    pub updates: usize,
    /// Samples a step.
    pub batch_size: usize,
}

/// A comparison of methods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonConfig {
    /// How the training images are split into those that are learned from and those that validate.
    #[serde(default)]
    pub partition: mnist_io::Partition,
    /// The methods; `none` is what the others are compared with.
    pub methods: Vec<Method>,
    /// Hidden units of each layer, from the data up.
    pub layers: Vec<usize>,
    /// Numbers of layers to compare: nets of the first so many layers.
    pub depths: Vec<usize>,
    /// Seeds 1 to this number.
    pub seeds: u64,
    /// Numbers of labels.
    pub labels: Vec<LabelBudget>,
    /// Learning rates that every method may choose from on the validation set: all are tried for the
    /// first seed, and the best is kept for the others.
    pub learning_rates: Vec<f64>,
    /// Unlabelled training images that pretraining sees; 0 for all.
    #[serde(default)]
    pub pretraining_images: usize,
    /// Settings of method `autoencoder`.
    #[serde(default)]
    pub autoencoder: AutoencoderPretraining,
    /// Settings of method `rbm`.
    #[serde(default)]
    pub rbm: RbmPretraining,
    /// What else fine-tuning needs; updates, batch size and learning rate are those above.
    #[serde(default)]
    pub fine_tuning: FineTuneConfig,
}

impl ComparisonConfig {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let some = |field, n: usize| require(n >= 1, field, &"[]", "at least one entry");
        some("comparison.methods", self.methods.len())?;
        some("comparison.layers", self.layers.len())?;
        some("comparison.depths", self.depths.len())?;
        some("comparison.labels", self.labels.len())?;
        some("comparison.learning_rates", self.learning_rates.len())?;
        require(self.seeds >= 1, "comparison.seeds", &self.seeds, "at least 1")?;
        for units in &self.layers {
            require(*units >= 1, "comparison.layers", units, "at least 1 unit a layer")?;
        }
        for depth in &self.depths {
            let holds = (1..=self.layers.len()).contains(depth);
            require(holds, "comparison.depths", depth, "1 to the number of layers")?;
        }
        for (i, budget) in self.labels.iter().enumerate() {
            let earlier = self.labels[..i].iter().all(|other| other.count < budget.count);
            require(earlier, "comparison.labels.count", &budget.count, "rising counts")?;
            for rate in &self.learning_rates {
                self.fine_tuning_for(budget, *rate).validate()?;
            }
        }
        self.autoencoder.model.validate()?;
        self.autoencoder.training.validate()?;
        self.rbm.model.validate()?;
        self.rbm.training.validate()
    }

    /// The settings of fine-tuning with this budget at this rate.
    pub fn fine_tuning_for(&self, budget: &LabelBudget, learning_rate: f64) -> FineTuneConfig {
        FineTuneConfig {
            updates: budget.updates,
            batch_size: budget.batch_size,
            learning_rate,
            ..self.fine_tuning.clone()
        }
    }

    /// How this method initialises a layer.
    pub fn pretraining(&self, method: Method) -> Box<dyn Pretraining> {
        match method {
            Method::None => Box::new(RandomInitialisation::default()),
            Method::Autoencoder => Box::new(self.autoencoder.clone()),
            Method::Rbm => Box::new(self.rbm.clone()),
        }
    }

    /// The settings that a layer pretrained by this method depends on.
    pub(crate) fn pretraining_settings(&self, method: Method) -> serde_json::Value {
        match method {
            Method::None => serde_json::json!(null),
            Method::Autoencoder => serde_json::json!(self.autoencoder),
            Method::Rbm => serde_json::json!(self.rbm),
        }
    }

    /// Epochs that a layer of this method is pretrained for.
    pub(crate) fn pretraining_epochs(&self, method: Method) -> usize {
        match method {
            Method::None => 0,
            Method::Autoencoder => self.autoencoder.training.epochs,
            Method::Rbm => self.rbm.training.epochs,
        }
    }

    /// Samples a step of pretraining.
    pub(crate) fn pretraining_batch_size(&self, method: Method) -> usize {
        match method {
            Method::None => 1,
            Method::Autoencoder => self.autoencoder.training.batch_size,
            Method::Rbm => self.rbm.training.batch_size,
        }
    }
}
