use nn_core::{Activation, InvalidSetting, require};
use serde::{Deserialize, Serialize};
use stack::{
    AutoencoderPretraining, Dropout, FineTuneConfig, PcaInitialisation, Pretraining,
    RandomInitialisation, RbmPretraining,
};

use crate::Method;

/// What method `relu-dropout` has beside its units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReluDropout {
    /// Units left out of a step at random.
    pub dropout: Dropout,
    /// The largest norm of the weights into a unit.
    pub max_norm: Option<f64>,
}

impl ReluDropout {
    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.dropout.validate()?;
        let norm = self.max_norm.unwrap_or(1.0);
        require(norm.is_finite() && norm > 0.0, "max_norm", &norm, "a finite number above 0")
    }
}

impl Default for ReluDropout {
    /// As Srivastava et al. (2014) had it on MNIST.
    fn default() -> Self {
        ReluDropout { dropout: Dropout { input: 0.2, hidden: 0.5 }, max_norm: Some(2.0) }
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
    /// Instead of that of fine-tuning: few labels want more, few passes less. `relu-dropout` has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<Dropout>,
}

/// Where methods are also given equal time: fine-tuning goes on until each has had as much as the
/// slowest, its pretraining included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EqualSeconds {
    /// At these numbers of labels, some of the comparison's.
    pub labels: Vec<usize>,
    /// For seeds 1 to this number.
    pub seeds: u64,
}

/// A comparison of methods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonConfig {
    /// How the training images are split into those that are learned from and those that validate.
    #[serde(default)]
    pub partition: mnist_io::SplitRule,
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
    /// Where methods are also given equal time, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equal_seconds: Option<EqualSeconds>,
    /// What the rate of the hidden layers is multiplied by; each is tried with each learning rate.
    /// Below 1, fine-tuning keeps more of what pretraining found.
    #[serde(default = "as_it_is")]
    pub hidden_rate_factors: Vec<f64>,
    /// Unlabelled training images that pretraining sees; 0 for all.
    #[serde(default)]
    pub pretraining_images: usize,
    /// Settings of method `none`.
    #[serde(default)]
    pub none: RandomInitialisation,
    /// Settings of method `relu-dropout`.
    #[serde(default)]
    pub relu_dropout: ReluDropout,
    /// Settings of method `autoencoder`.
    #[serde(default)]
    pub autoencoder: AutoencoderPretraining,
    /// Settings of method `sparse`.
    #[serde(default)]
    pub sparse: AutoencoderPretraining,
    /// Settings of method `denoising`.
    #[serde(default)]
    pub denoising: AutoencoderPretraining,
    /// Settings of method `contractive`.
    #[serde(default)]
    pub contractive: AutoencoderPretraining,
    /// Settings of method `rbm`.
    #[serde(default)]
    pub rbm: RbmPretraining,
    /// The ways of method `mixed`, from the data up; the last one also goes for the layers above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mixed: Vec<Method>,
    /// What else fine-tuning needs; updates, batch size and learning rate are those above, and dropout
    /// where a number of labels has its own.
    #[serde(default)]
    pub fine_tuning: FineTuneConfig,
}

fn as_it_is() -> Vec<f64> {
    vec![1.0]
}

/// What is chosen on the validation set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// η of the read-out.
    pub learning_rate: f64,
    /// What it is multiplied by for the hidden layers.
    pub hidden_factor: f64,
}

/// The rates of fine-tuning as they are given, for what does not depend on the chosen ones.
pub(crate) const UNIT: Rates = Rates { learning_rate: 1.0, hidden_factor: 1.0 };

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
        some("comparison.hidden_rate_factors", self.hidden_rate_factors.len())?;
        require(self.seeds >= 1, "comparison.seeds", &self.seeds, "at least 1")?;
        for (i, method) in self.methods.iter().enumerate() {
            let once = !self.methods[..i].contains(method);
            require(once, "comparison.methods", &method.name(), "every method once")?;
        }
        for units in &self.layers {
            require(*units >= 1, "comparison.layers", units, "at least 1 unit a layer")?;
        }
        for depth in &self.depths {
            let holds = (1..=self.layers.len()).contains(depth);
            require(holds, "comparison.depths", depth, "1 to the number of layers")?;
        }
        for (i, depth) in self.depths.iter().enumerate() {
            let once = !self.depths[..i].contains(depth);
            require(once, "comparison.depths", depth, "every depth once")?;
        }
        for rate in &self.learning_rates {
            let holds = rate.is_finite() && *rate > 0.0;
            require(holds, "comparison.learning_rates", rate, "finite numbers above 0")?;
        }
        for factor in &self.hidden_rate_factors {
            let holds = factor.is_finite() && *factor >= 0.0;
            let expected = "finite numbers, 0 or above";
            require(holds, "comparison.hidden_rate_factors", factor, expected)?;
        }
        for (i, budget) in self.labels.iter().enumerate() {
            let LabelBudget { count, updates, batch_size, dropout } = budget;
            require(*count >= 1, "comparison.labels.count", count, "at least 1")?;
            let earlier = self.labels[..i].iter().all(|other| other.count < *count);
            require(earlier, "comparison.labels.count", count, "rising counts")?;
            require(*updates >= 1, "comparison.labels.updates", updates, "at least 1")?;
            require(*batch_size >= 1, "comparison.labels.batch_size", batch_size, "at least 1")?;
            dropout
                .unwrap_or_default()
                .validate()
                .map_err(|error| error.within("comparison.labels"))?;
            self.fine_tuning_for(Method::None, self.layers.len(), budget, UNIT).validate()?;
        }
        for count in self.equal_seconds.iter().flat_map(|equal| &equal.labels) {
            let known = self.labels.iter().any(|budget| budget.count == *count);
            let expected = "some of the counts in comparison.labels";
            require(known, "comparison.equal_seconds.labels", count, expected)?;
        }
        for way in Method::ALL.into_iter().filter(|way| way.is_pretraining()) {
            let valid = match self.settings(way, 0) {
                Settings::Autoencoder(settings) => settings.validate(),
                Settings::Rbm(settings) => settings.validate(),
                Settings::Random(_) | Settings::Pca => Ok(()),
            };
            valid.map_err(|error| error.within(&format!("comparison.{}", way.name())))?;
        }
        self.none.validate().map_err(|error| error.within("comparison.none"))?;
        self.relu_dropout.validate().map_err(|error| error.within("comparison.relu_dropout"))?;
        for way in &self.mixed {
            let expected = "ways to pretrain a layer, such as \"rbm\" or \"denoising\"";
            require(way.is_pretraining(), "comparison.mixed", &way.name(), expected)?;
        }
        if self.methods.contains(&Method::Mixed) {
            some("comparison.mixed", self.mixed.len())?;
            let is_mixed = self.mixed.iter().any(|way| *way != self.mixed[0]);
            let first = self.mixed[0].name();
            require(is_mixed, "comparison.mixed", &first, "at least two different ways")?;
        }
        self.validate_names()
    }

    /// Whether the methods are what their names say.
    fn validate_names(&self) -> Result<(), InvalidSetting> {
        let is_mixed = self.methods.contains(&Method::Mixed);
        let has = |way| self.methods.contains(&way) || is_mixed && self.mixed.contains(&way);
        require(
            !has(Method::Sparse) || self.sparse.is_sparse(),
            "comparison.sparse.training.penalty",
            &"none",
            "{kind = \"kl\", …} or {kind = \"l1\", …}",
        )?;
        require(
            !has(Method::Contractive) || self.contractive.is_contractive(),
            "comparison.contractive.training.penalty",
            &"none",
            "{kind = \"contractive\", …}",
        )?;
        require(
            !has(Method::Denoising) || self.denoising.is_denoising(),
            "comparison.denoising.training.corruption",
            &"none",
            "noise, such as {kind = \"masking\", fraction = 0.5}",
        )?;
        let FineTuneConfig { updates, batch_size, learning_rate, .. } = FineTuneConfig::default();
        let of_labels = "no value: comparison.labels and comparison.learning_rates have it";
        let found = &self.fine_tuning;
        require(found.updates == updates, "fine_tuning.updates", &found.updates, of_labels)?;
        require(
            found.batch_size == batch_size,
            "fine_tuning.batch_size",
            &found.batch_size,
            of_labels,
        )?;
        require(
            found.learning_rate == learning_rate,
            "fine_tuning.learning_rate",
            &found.learning_rate,
            of_labels,
        )
    }

    /// All that a method may choose from: a method whose hidden layers do not learn, no factors.
    pub fn rates_of(&self, method: Method) -> Vec<Rates> {
        let factors = match method {
            Method::RawLogistic | Method::RandomFeatures => &[1.0],
            _ => self.hidden_rate_factors.as_slice(),
        };
        let with = |learning_rate: f64| {
            factors.iter().map(move |&hidden_factor| Rates { learning_rate, hidden_factor })
        };
        self.learning_rates.iter().flat_map(|&rate| with(rate)).collect()
    }

    /// The settings of fine-tuning a net of so many hidden layers with this budget at these rates.
    pub fn fine_tuning_for(
        &self,
        method: Method,
        depth: usize,
        budget: &LabelBudget,
        rates: Rates,
    ) -> FineTuneConfig {
        let mut config = FineTuneConfig {
            updates: budget.updates,
            batch_size: budget.batch_size,
            learning_rate: rates.learning_rate,
            dropout: budget.dropout.unwrap_or(self.fine_tuning.dropout),
            ..self.fine_tuning.clone()
        };
        // Layers beyond those given have factor 1, the read-out always.
        let given = |layer: usize| config.rate_factors.get(layer).copied().unwrap_or(1.0);
        let factors: Vec<f64> = (0..depth).map(|i| rates.hidden_factor * given(i)).collect();
        config.rate_factors = if factors.iter().all(|f| *f == 1.0) { vec![] } else { factors };
        match method {
            Method::RandomFeatures => config.rate_factors = vec![0.0; depth],
            Method::ReluDropout => {
                (config.dropout, config.max_norm) =
                    (self.relu_dropout.dropout, self.relu_dropout.max_norm);
            }
            _ => (),
        }
        config
    }

    /// How this method initialises a layer: by itself, but for a stack of several ways.
    ///
    /// # Panics
    /// If the method is `mixed` and no ways are given, which [`validate`](Self::validate) refuses.
    pub(crate) fn way(&self, method: Method, layer: usize) -> Method {
        match method {
            Method::Mixed => self.mixed[layer.min(self.mixed.len() - 1)],
            _ => method,
        }
    }

    /// How this method initialises the layer, counted from 0.
    pub(crate) fn pretraining(&self, method: Method, layer: usize) -> Box<dyn Pretraining> {
        match self.settings(method, layer) {
            Settings::Random(settings) => Box::new(settings),
            Settings::Pca => Box::new(PcaInitialisation {}),
            Settings::Autoencoder(settings) => Box::new(settings.clone()),
            Settings::Rbm(settings) => Box::new(settings.clone()),
        }
    }

    /// The settings that this layer of the method depends on.
    pub(crate) fn settings(&self, method: Method, layer: usize) -> Settings<'_> {
        match self.way(method, layer) {
            Method::None => Settings::Random(self.none),
            Method::RawLogistic | Method::RandomFeatures => {
                Settings::Random(RandomInitialisation::default())
            }
            Method::ReluDropout => {
                Settings::Random(RandomInitialisation::suited_to(Activation::Relu))
            }
            Method::Pca => Settings::Pca,
            Method::Autoencoder => Settings::Autoencoder(&self.autoencoder),
            Method::Sparse => Settings::Autoencoder(&self.sparse),
            Method::Denoising => Settings::Autoencoder(&self.denoising),
            Method::Contractive => Settings::Autoencoder(&self.contractive),
            Method::Rbm => Settings::Rbm(&self.rbm),
            Method::Mixed => unreachable!("a layer has one way"),
        }
    }
}

/// A method's settings, by family.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub(crate) enum Settings<'a> {
    Random(RandomInitialisation),
    Pca,
    Autoencoder(&'a AutoencoderPretraining),
    Rbm(&'a RbmPretraining),
}

impl Settings<'_> {
    /// Steps of pretraining a layer on `n_samples` samples.
    pub(crate) fn updates(self, n_samples: usize) -> usize {
        let (epochs, batch_size) = match self {
            Settings::Random(_) | Settings::Pca => return 0,
            Settings::Autoencoder(settings) => {
                (settings.training.epochs, settings.training.batch_size)
            }
            Settings::Rbm(settings) => (settings.training.epochs, settings.training.batch_size),
        };
        epochs * n_samples.div_ceil(batch_size)
    }
}
