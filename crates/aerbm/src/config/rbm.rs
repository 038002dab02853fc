//! Settings of RBMs and deep belief networks.

use mnist_io::SplitRule;
use nn_core::{BlockKind, InvalidSetting, Layout, TrainingError, require};
use rbm_core::{Algorithm, LogZConfig, RbmConfig, Temperatures, TrainingConfig, Unit};
use serde::{Deserialize, Serialize};

use super::kind::RunKind;
use super::memory::Memory;
use super::parse::ConfigError;

/// The settings of a run of one RBM.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RbmSettings {
    /// Split of the training samples into training and validation parts.
    #[serde(alias = "partition")]
    pub split: SplitRule,
    /// The architecture.
    pub model: RbmConfig,
    /// Training settings.
    pub training: TrainingConfig,
    /// Settings of the likelihood estimate.
    pub likelihood: LikelihoodSettings,
}

/// Settings of likelihood measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LikelihoodSettings {
    /// Epochs of training between two measurements on the validation set; 0 for none.
    pub every: usize,
    /// Target half-width of the 95 % interval of log Z, in nats.
    pub precision: f64,
    /// Number of sweeps of tempering after which the estimate of log Z ends even if the interval is wider.
    pub max_sweeps: usize,
    /// Number of independent ladders of temperatures.
    pub ladders: usize,
    /// Number of chains in each direction of annealed importance sampling, whose estimates are reported as
    /// well.
    pub chains: usize,
    /// Annealing schedule.
    pub schedule: Temperatures,
    /// Gibbs steps between the data and the start of the reverse chains.
    pub burn_in: usize,
}

impl Default for LikelihoodSettings {
    fn default() -> Self {
        let LogZConfig { precision, max_sweeps, ladders } = LogZConfig::default();
        let schedule = Temperatures::Short {};
        LikelihoodSettings {
            every: 0,
            precision,
            max_sweeps,
            ladders,
            chains: 100,
            schedule,
            burn_in: 1000,
        }
    }
}

impl LikelihoodSettings {
    /// Sweeps of a measurement between epochs.
    const SWEEPS_IN_TRAINING: usize = 1_000;

    /// The settings of the estimate of log Z.
    pub fn log_z(&self) -> LogZConfig {
        let &LikelihoodSettings { precision, max_sweeps, ladders, .. } = self;
        LogZConfig { precision, max_sweeps, ladders }
    }

    /// The settings of an estimate of log Z between epochs, which is short.
    pub fn log_z_in_training(&self) -> LogZConfig {
        let max_sweeps = self.max_sweeps.min(Self::SWEEPS_IN_TRAINING);
        LogZConfig { max_sweeps, ..self.log_z() }
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.log_z().validate()?;
        require(self.chains >= 2, "likelihood.chains", &self.chains, "at least 2")?;
        self.schedule.validate()
    }
}

/// Adds the memory of an RBM whose number of units `setting` sets, with the training settings of `table`.
fn add_rbm(
    memory: &mut Memory,
    (setting, (visible, hidden)): (&str, (usize, usize)),
    (table, training): (&str, &TrainingConfig),
) {
    let both = visible.saturating_add(hidden);
    memory.add_weights(setting, visible, hidden);
    memory.add_states(&format!("{table}.batch_size"), training.batch_size, both);
    let chains = match training.algorithm {
        Algorithm::Cd { .. } => 0,
        Algorithm::Pcd { chains } | Algorithm::FastPcd { chains, .. } => chains,
        Algorithm::Tempering { chains, temperatures } => chains.saturating_mul(temperatures),
    };
    memory.add_states(&format!("{table}.algorithm.chains"), chains, both);
}

impl RunKind for RbmSettings {
    fn method(&self) -> &'static str {
        "rbm"
    }

    fn validate(&self) -> Result<(), TrainingError> {
        self.model.validate()?;
        self.training.validate_for(self.model.visible)?;
        Ok(self.likelihood.validate()?)
    }

    fn split(&self) -> SplitRule {
        self.split
    }

    fn epochs(&self) -> usize {
        self.training.epochs
    }

    fn batch_size(&self) -> usize {
        self.training.batch_size
    }

    fn memory(&self, n_visible: usize) -> Memory {
        let mut memory = Memory::default();
        let units = (n_visible, self.model.n_hidden);
        add_rbm(&mut memory, ("model.n_hidden", units), ("training", &self.training));
        memory
    }

    fn needs_memory(&self) -> bool {
        self.likelihood.every > 0
    }

    fn fit_to_layout(&mut self, layout: &Layout) -> Result<bool, ConfigError> {
        let is_real = layout.only() == Some(BlockKind::Real);
        if is_real && self.model.visible.states().is_none() {
            return Ok(false);
        }
        let model = self.model.fitted_to(layout);
        // Settings that a run on such data recorded already suit them.
        if model == self.model {
            return Ok(false);
        }
        self.model = model;
        self.training = self.training.fitted_to(layout);
        Ok(true)
    }
}

/// The settings of a run of a deep belief network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DbnSettings {
    /// Split of the training samples into training and validation parts.
    #[serde(alias = "partition")]
    pub split: SplitRule,
    /// Hidden units of each RBM, from the data up.
    pub layers: Vec<usize>,
    /// The architecture of each RBM; `layers` replaces its number of hidden units.
    pub model: RbmConfig,
    /// Training settings of all RBMs but the top one.
    pub training: TrainingConfig,
    /// Training settings of the top RBM.
    pub top: TrainingConfig,
}

impl Default for DbnSettings {
    fn default() -> Self {
        DbnSettings {
            split: SplitRule::default(),
            layers: vec![500, 500, 2000],
            model: RbmConfig::default(),
            training: TrainingConfig::default(),
            top: TrainingConfig::default(),
        }
    }
}

impl DbnSettings {
    /// The architecture of a layer.
    pub fn model_of(&self, layer: usize) -> RbmConfig {
        RbmConfig { n_hidden: self.layers[layer], ..self.model.clone() }
    }

    /// Training settings of a layer.
    pub fn training_of(&self, layer: usize) -> &TrainingConfig {
        if layer + 1 == self.layers.len() { &self.top } else { &self.training }
    }

    /// Name of the table with the training settings of a layer.
    pub(crate) fn table_of(&self, layer: usize) -> &'static str {
        if layer + 1 == self.layers.len() { "top" } else { "training" }
    }
}

impl RunKind for DbnSettings {
    fn method(&self) -> &'static str {
        "dbn"
    }

    fn validate(&self) -> Result<(), TrainingError> {
        let holds = !self.layers.is_empty() && self.layers.iter().all(|&units| units >= 1);
        let found = format!("{:?}", self.layers);
        require(holds, "layers", &found, "one number of units or more, each at least 1")?;
        self.model.validate()?;
        let units = [self.model.visible, self.model.hidden];
        let discrete = units[0] == units[1] && units[0].states().is_some();
        let found = units.map(Unit::name).join(" visible and ");
        let expected = "discrete units of one kind, such as binary, in every layer";
        require(discrete, "model", &found, expected)?;
        self.training.validate()?;
        // The settings of the top layer are ordinary training settings, in a separate table.
        Ok(self.top.validate().map_err(|error| error.in_place_of("training", "top"))?)
    }

    fn split(&self) -> SplitRule {
        self.split
    }

    fn epochs(&self) -> usize {
        (0..self.layers.len()).map(|layer| self.training_of(layer).epochs).sum()
    }

    fn batch_size(&self) -> usize {
        self.training.batch_size
    }

    fn memory(&self, n_visible: usize) -> Memory {
        let mut memory = Memory::default();
        let mut below = n_visible;
        for (index, &units) in self.layers.iter().enumerate() {
            let setting = format!("layers.{index}");
            let training = (self.table_of(index), self.training_of(index));
            add_rbm(&mut memory, (&setting, (below, units)), training);
            below = units;
        }
        memory
    }

    fn needs_memory(&self) -> bool {
        true
    }

    fn fit_to_layout(&mut self, _: &Layout) -> Result<bool, ConfigError> {
        Err(ConfigError(
            "a deep belief network takes values in [0, 1]; scale the columns to it, or choose an RBM or an \
             autoencoder"
                .to_owned(),
        ))
    }
}
