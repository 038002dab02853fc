#![doc = include_str!("../README.md")]

mod comparison;
mod config;
pub mod stage;
pub mod statistics;
mod summary;
pub mod tensor_file;

pub use comparison::{Cell, Event, LayerRecord, Listener, Outcome, StudyError, run_comparison};
pub use config::{ComparisonConfig, LabelBudget, Method};
pub use summary::{MethodSummary, PairSummary, compare_pairs, summarise};
