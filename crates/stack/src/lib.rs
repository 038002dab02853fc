#![doc = include_str!("../README.md")]

mod autoencoder;
mod changes;
mod classifier;
mod dbn;
mod deep;
mod dropout;
mod fine_tune;
mod greedy;
mod layer;
mod pca;
mod pretraining;
mod random;
mod rbm;
mod unroll;

pub use autoencoder::AutoencoderPretraining;
pub use changes::{LayerChange, layer_changes};
pub use classifier::{
    Classifier, ClassifierMemory, NotFinite, classification_cost_and_gradient, classification_step,
};
pub use dbn::Dbn;
pub use deep::{DeepPretraining, unroll_into};
pub use dropout::{Dropout, DropoutDraw};
pub use fine_tune::{Evaluation, FineTuneConfig, FineTuned, Labelled, fine_tune};
pub use greedy::{Greedy, ResumeError, greedy};
pub use layer::{Layer, LayerUnits, PretrainedLayer};
pub use pca::PcaInitialisation;
pub use pretraining::{Begun, LayerPretraining, LayerTraining, PlannedLayer, Pretraining};
pub use random::RandomInitialisation;
pub use rbm::{RbmLayerTraining, RbmPretraining};
pub use unroll::unroll;
