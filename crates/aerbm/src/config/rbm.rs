use mnist_io::Partition;
use nn_core::InvalidSetting;
use rbm_core::{AnnealingConfig, RbmConfig, Temperatures, TrainingConfig};
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
        self.training.validate()?;
        self.likelihood.annealing().validate()
    }
}
