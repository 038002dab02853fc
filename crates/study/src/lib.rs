#![doc = include_str!("../README.md")]

mod comparison;
mod config;
mod error;
mod event;
mod method;
mod outcome;
mod roles;
pub mod stage;
pub mod statistics;
mod summary;
pub mod tensor_file;

pub use comparison::run_comparison;
pub use config::{ComparisonConfig, EqualSeconds, LabelBudget, Rates, ReluDropout};
pub use error::StudyError;
pub use event::{Event, Listener};
pub use method::Method;
pub use outcome::{Cell, EqualTime, LayerRecord, Outcome};
pub use roles::{MethodRole, Role, Roles};
pub use summary::{MethodSummary, PairSummary, compare_pairs, summarise};
