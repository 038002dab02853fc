#![doc = include_str!("../README.md")]

mod dataset;
mod derived;
mod error;
pub mod fetch;
mod hash;
pub mod idx;
pub mod mnist;
mod parts;
mod read;
mod splits;
pub mod subsets;
mod unpack;

pub use dataset::{Dataset, ImageShape};
pub use derived::Derived;
pub use error::Error;
pub use mnist::{FileCheck, Mnist, load, load_with_classes, verify};
pub use read::{FormatError, OnDisk, Opened, ReadOptions, Scale, open};
pub use splits::{Partition, Splits};
pub use subsets::{label_subset, shuffled_labels, stratified_order};
