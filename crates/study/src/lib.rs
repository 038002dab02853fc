#![doc = include_str!("../README.md")]

pub mod calibration;
pub mod checkpoint;
pub mod class_metrics;
mod color;
mod comparison;
mod config;
mod error;
mod event;
mod layer_cache;
mod layers;
mod methods;
mod outcome;
pub mod plan;
mod recommendation;
pub mod reference;
mod roles;
pub mod search;
pub mod stage;
mod stage_training;
pub mod statistics;
mod summary;
pub mod tensor_file;
pub mod verdict;

pub use color::Color;
pub use comparison::{ReferenceCell, Refitted, Study, refit, run_comparison};
pub use config::{
    ArchitectureSettings, Choice, ComparisonConfig, EqualSeconds, LabelBudget, Search, SearchSpace,
};
pub use error::{ConfigError, StudyError, nearest};
pub use event::{Event, Listener};
pub use layer_cache::{CachedStack, LayerSource, Recorder, cached_layers};
pub use layers::{LayerEntry, Layers};
pub use methods::{MethodConfig, MethodStyle, Methods};
pub use outcome::{Cell, EqualTime, Failure, LayerRecord, Outcome, Trial};
pub use recommendation::recommended;
pub use roles::{MethodRole, Role, Roles};
pub use summary::{MethodSummary, PairSummary, Tested, compare_pairs, summarise};
pub use wording::Language;
