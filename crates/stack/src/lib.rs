#![doc = include_str!("../README.md")]

mod autoencoder;
mod changes;
mod classification;
mod classifier;
mod conv_dbn;
mod conv_rbm;
mod dbn;
mod deep;
mod dropout;
mod fine_tune;
mod fine_tuning;
mod generative;
mod greedy;
mod job;
mod layer;
mod pca;
mod plan;
mod pretraining;
mod random;
mod rbm;
mod shifted;
mod stacked_rbm;
mod unlabelled;
mod unroll;
mod virtual_adversarial;

pub use ae_core::Shift;
pub use autoencoder::AutoencoderPretraining;
pub use changes::{LayerChange, layer_changes};
pub use classification::{
    ClassifierMemory, NotFinite, classification_cost_and_gradient, classification_step,
};
pub use classifier::Classifier;
pub use conv_dbn::ConvDbn;
pub use conv_rbm::ConvRbmPretraining;
pub use dbn::Dbn;
pub use deep::{DeepPretraining, unroll_into};
pub use dropout::{Dropout, DropoutDraw};
pub use fine_tune::{
    Evaluation, FineTuneConfig, FineTuned, Labelled, fine_tune, fine_tune_with_unlabelled,
};
pub use fine_tuning::FineTuning;
pub use generative::{Generative, SampleChains};
pub use greedy::{Greedy, ResumeError, greedy, layer_prefix};
pub use job::{Job, LayerJob};
pub use layer::{LayerUnits, PretrainedLayer, StackedLayer};
pub use pca::PcaInitialisation;
pub use plan::{PlannedLayer, fit_to_images};
pub use pretraining::{Begun, LayerPretraining, LayerTraining, Pretraining};
pub use random::RandomInitialisation;
pub use rbm::{RbmLayerTraining, RbmPretraining};
pub use stacked_rbm::StackedRbm;
pub use unlabelled::{Unlabelled, VirtualAdversarial};
pub use unroll::unroll;
