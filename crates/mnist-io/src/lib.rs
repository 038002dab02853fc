#![doc = include_str!("../README.md")]

mod contract;
mod dataset;
mod derived;
mod describe;
mod error;
pub mod fetch;
mod file_check;
mod format_error;
mod frame;
mod guard;
mod hash;
pub mod idx;
mod idx_folder;
mod layout;
mod mnist;
mod parts;
mod place;
mod read;
mod rows;
mod shape;
mod some_of;
mod split_rule;
mod splits;
pub mod subsets;
mod table_error;
mod training_data;
mod unpack;
mod write_npy;

pub use contract::{
    ArrayInput, CONTRACT_VERSION, Classes, Column, ColumnKind, Contract, Encoding, Input,
    MissingValues, Original, Reason, ScaledBy, Scaling, Shift, TableInput, UnknownLevels,
};
pub use dataset::Dataset;
pub use derived::Derived;
pub use describe::{Description, describe};
pub use error::Error;
pub use file_check::FileCheck;
pub use format_error::FormatError;
pub use idx_folder::{load, load_with_classes};
pub use layout::{Block, BlockKind};
pub use mnist::verify_mnist;
pub use place::Place;
pub use read::{Note, OnDisk, Opened, ReadOptions, Scale, Scaled, SplitBy, format_names, open};
pub use rows::{FeatureReport, NewData, RowBlock, Rows, RowsReport};
pub use shape::ImageShape;
pub use split_rule::SplitRule;
pub use splits::{Splits, TrainTest};
pub use subsets::{label_subset, stratified_order};
pub use table_error::TableError;
pub use training_data::TrainingData;
pub use write_npy::write_npy;
