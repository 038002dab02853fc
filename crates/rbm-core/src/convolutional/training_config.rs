use nn_core::{InvalidSetting, Schedule, require};
use serde::{Deserialize, Serialize};

use crate::{Algorithm, Binarisation, MomentumRule, NegativeVisible, TrainingConfig, Units};

/// Training settings of a convolutional RBM.
///
/// A weight is used at every position of the kernel, so its gradient is a sum over positions; the learning
/// rate multiplies the mean over them. Rates and penalties can therefore be those that suit dense RBMs,
/// whatever the size of the images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvTrainingConfig {
    /// Number of passes over the data.
    pub epochs: usize,
    /// Number of images in a step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Binarisation of grey values.
    pub binarisation: Binarisation,
    /// Source of the negative phase: contrastive divergence or persistent chains.
    pub algorithm: Algorithm,
    /// k, the number of full Gibbs steps in each step of learning.
    pub gibbs_steps: usize,
    /// Initial learning rate η.
    pub learning_rate: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Strength λ of the L2 penalty on weights, which adds −λ w to their gradient.
    pub weight_decay: f64,
    /// Strength λ of the L1 penalty on weights, which adds −λ sign(w) to their gradient.
    pub l1: f64,
    /// Target of the sparsity penalty for the mean activity of detection units. A model that is
    /// over-complete by a factor of the number of maps learns trivial features without the penalty (Lee et
    /// al. 2009, section 3.1).
    pub sparsity_target: f64,
    /// Strength λ of the sparsity penalty, 0 for none. It adds λ (target − activity) to the gradient of
    /// each hidden bias, where the activity of a map is a moving average over batches with rate 0.1.
    pub sparsity_cost: f64,
    /// Momentum variant.
    pub momentum_rule: MomentumRule,
    /// Momentum μ in the first epochs.
    pub initial_momentum: f64,
    /// Momentum μ after those epochs.
    pub momentum: f64,
    /// Number of epochs with the initial momentum.
    pub initial_momentum_epochs: usize,
}

impl Default for ConvTrainingConfig {
    fn default() -> Self {
        ConvTrainingConfig {
            epochs: 10,
            batch_size: 100,
            binarisation: Binarisation::Probabilities,
            algorithm: Algorithm::Cd { negative_visible: NegativeVisible::Probabilities },
            gibbs_steps: 1,
            learning_rate: 0.1,
            schedule: Schedule::Constant,
            weight_decay: 2e-4,
            l1: 0.0,
            sparsity_target: 0.03,
            sparsity_cost: 1.0,
            momentum_rule: MomentumRule::HeavyBall,
            initial_momentum: 0.5,
            momentum: 0.9,
            initial_momentum_epochs: 5,
        }
    }
}

impl ConvTrainingConfig {
    /// Checks every bound, and that the settings suit the visible units.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting that is out of its range or does not suit the units.
    pub fn validate_for(&self, visible: impl Into<Units>) -> Result<(), InvalidSetting> {
        let (holds, name) = match self.algorithm {
            Algorithm::Cd { .. } | Algorithm::Pcd { .. } => (true, ""),
            Algorithm::FastPcd { .. } => (false, "fast-pcd"),
            Algorithm::Tempering { .. } => (false, "tempering"),
        };
        let expected = "cd or pcd, the algorithms of convolutional RBMs";
        require(holds, "training.algorithm", &name, expected)?;
        self.shared().validate_for(visible)
    }

    /// The settings that dense RBMs have too.
    pub(crate) fn shared(&self) -> TrainingConfig {
        TrainingConfig {
            epochs: self.epochs,
            batch_size: self.batch_size,
            binarisation: self.binarisation,
            algorithm: self.algorithm,
            gibbs_steps: self.gibbs_steps,
            learning_rate: self.learning_rate,
            schedule: self.schedule,
            weight_decay: self.weight_decay,
            l1: self.l1,
            sparsity_target: self.sparsity_target,
            sparsity_cost: self.sparsity_cost,
            momentum_rule: self.momentum_rule,
            initial_momentum: self.initial_momentum,
            momentum: self.momentum,
            initial_momentum_epochs: self.initial_momentum_epochs,
            offset_rate: 0.0,
            variance_rate: 0.0,
        }
    }
}
