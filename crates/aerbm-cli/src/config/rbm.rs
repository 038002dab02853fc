use mnist_io::Partition;
use nn_core::{InvalidSetting, require};
use rbm_core::{AnnealingConfig, RbmConfig, Temperatures, TrainingConfig, Unit};
use serde::{Deserialize, Serialize};

/// The settings of a run of one RBM.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RbmSettings {
    pub(crate) partition: Partition,
    pub(crate) model: RbmConfig,
    pub(crate) training: TrainingConfig,
    pub(crate) likelihood: LikelihoodSettings,
}

/// How likelihoods are measured, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LikelihoodSettings {
    /// Epochs of training between two measurements on the validation set; 0 for none.
    pub(crate) every: usize,
    /// Chains of annealed importance sampling in each direction.
    pub(crate) chains: usize,
    /// Their temperatures.
    pub(crate) schedule: Temperatures,
    /// Gibbs steps of the backward chains between the data and their start.
    pub(crate) burn_in: usize,
}

impl Default for LikelihoodSettings {
    fn default() -> Self {
        let AnnealingConfig { chains, schedule, burn_in } = AnnealingConfig::default();
        LikelihoodSettings { every: 0, chains, schedule, burn_in }
    }
}

impl LikelihoodSettings {
    pub(crate) fn annealing(&self) -> AnnealingConfig {
        AnnealingConfig { chains: self.chains, schedule: self.schedule, burn_in: self.burn_in }
    }
}

impl RbmSettings {
    pub(crate) fn validate(&self) -> Result<(), InvalidSetting> {
        self.model.validate()?;
        self.training.validate_for(self.model.visible)?;
        self.likelihood.annealing().validate()
    }
}

/// The settings of a run of a deep belief network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DbnSettings {
    pub(crate) partition: Partition,
    /// Hidden units of each RBM, from the data up.
    pub(crate) layers: Vec<usize>,
    /// The architecture of each RBM; its number of hidden units gives way to `layers`.
    pub(crate) model: RbmConfig,
    /// How all RBMs but the top one are trained.
    pub(crate) training: TrainingConfig,
    /// How the top RBM is trained.
    pub(crate) top: TrainingConfig,
}

impl Default for DbnSettings {
    fn default() -> Self {
        DbnSettings {
            partition: Partition::default(),
            layers: vec![500, 500, 2000],
            model: RbmConfig::default(),
            training: TrainingConfig::default(),
            top: TrainingConfig::default(),
        }
    }
}

impl DbnSettings {
    pub(crate) fn validate(&self) -> Result<(), InvalidSetting> {
        let holds = !self.layers.is_empty() && self.layers.iter().all(|&units| units >= 1);
        let found = format!("{:?}", self.layers);
        require(holds, "layers", &found, "one number of units or more, each at least 1")?;
        self.model.validate()?;
        let units = [self.model.visible, self.model.hidden];
        let discrete = units[0] == units[1] && units[0].states().is_some();
        let found = units.map(Unit::name).join(" visible and ");
        require(
            discrete,
            "model",
            &found,
            "discrete units of one kind, such as binary, in every layer",
        )?;
        self.training.validate()?;
        self.top.validate()
    }

    /// The architecture of a layer.
    pub(crate) fn model_of(&self, layer: usize) -> RbmConfig {
        RbmConfig { n_hidden: self.layers[layer], ..self.model.clone() }
    }

    /// How a layer is trained.
    pub(crate) fn training_of(&self, layer: usize) -> &TrainingConfig {
        if layer + 1 == self.layers.len() { &self.top } else { &self.training }
    }

    /// Epochs of all layers together.
    pub(crate) fn epochs(&self) -> usize {
        (0..self.layers.len()).map(|layer| self.training_of(layer).epochs).sum()
    }
}
