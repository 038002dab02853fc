#![doc = include_str!("../README.md")]

mod dataset;
mod derived;
mod error;
pub mod fetch;
mod file_check;
mod format_error;
mod hash;
pub mod idx;
mod idx_folder;
mod mnist;
mod parts;
mod read;
mod shape;
mod split_rule;
mod splits;
pub mod subsets;
mod training_data;
mod unpack;
mod write_npy;

pub use dataset::Dataset;
pub use derived::Derived;
pub use error::Error;
pub use file_check::FileCheck;
pub use format_error::FormatError;
pub use idx_folder::{load, load_with_classes};
pub use mnist::verify_mnist;
pub use read::{Note, OnDisk, Opened, ReadOptions, Scale, Scaled, format_names, open};
pub use shape::ImageShape;
pub use split_rule::SplitRule;
pub use splits::{Splits, TrainTest};
pub use subsets::{label_subset, shuffled_labels, stratified_order};
pub use training_data::TrainingData;
pub use write_npy::write_npy;
