#![doc = include_str!("../README.md")]

mod activation;
mod blocks;
mod chain;
mod dense;
mod error;
mod gradient_check;
mod init;
mod layout;
mod loss;
mod mean;
mod minibatch;
mod missing;
mod normal;
mod optimizer;
mod parameters;
mod progress;
mod reconstruction;
mod regularisation;
mod rule;
mod samples;
mod schedule;
mod update;

pub use activation::Activation;
pub use blocks::softmax;
pub use chain::{Chain, Workspace};
pub use dense::{Dense, LayerView};
pub use error::{InvalidSetting, TrainingError, check_representable, check_unit_interval, require};
pub use gradient_check::{GradientCheck, check_gradient};
pub use init::Initialiser;
pub use layout::{Block, BlockKind, Layout};
pub use loss::Loss;
pub use mean::{column_means, mean_f64};
pub use minibatch::{MeanCost, Minibatches, gather};
pub use missing::{any_missing, has_missing, observed};
pub use normal::{normal, with_normals};
pub use optimizer::Optimizer;
pub use parameters::{
    Kind, Parameters, RestoreError, Tensor, TensorMap, TensorMut, assign, restore, store,
};
pub use progress::{EpochRecord, Metric, Observer, Progress, observe};
pub use reconstruction::{ReconstructionError, reconstruction_error};
pub use regularisation::{Regularisation, incoming_square_norms};
pub use rule::Rule;
pub use samples::{Samples, UnreadableSamples};
pub use schedule::Schedule;
pub use update::TensorGradient;
