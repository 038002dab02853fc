#![doc = include_str!("../README.md")]

mod activation;
mod blocks;
mod chain;
mod convolution;
mod convolution_config;
mod error;
mod gradient_check;
mod init;
mod layer;
mod layout;
mod loss;
mod mean;
mod minibatch;
mod missing;
mod normal;
mod optimizer;
mod parameters;
mod passes;
mod pooling;
mod progress;
mod reconstruction;
mod regularisation;
mod rule;
mod samples;
mod schedule;
mod trace;
mod unfinished;
mod update;

pub use activation::Activation;
pub use blocks::softmax;
pub use chain::{Chain, Workspace};
pub use convolution::{Connection, Convolution, Pooling, Whole};
pub use convolution_config::ConvolutionConfig;
pub use error::{InvalidSetting, TrainingError, check_representable, check_unit_interval, require};
pub use gradient_check::{GradientCheck, check_gradient};
pub use init::Initialiser;
pub use layer::{Layer, LayerView};
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
pub use unfinished::{Pause, Unfinished};
pub use update::TensorGradient;
