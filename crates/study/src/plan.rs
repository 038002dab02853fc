//! Plans: the stages of a study before computation, in an order in which every stage comes after its
//! dependencies.
//!
//! A plan lists the efficient order, but any order is correct: a stage computes its missing dependencies. See
//! [`Study::plan`](crate::Study::plan).
//!
//! ```
//! use study::plan::{Graph, Planned};
//! use study::stage::Key;
//!
//! let key = |name: &str| Key::new("example", &name);
//! let stage = |name: &str, needs: &[&str], multiply_adds: f64| Planned {
//!     key: key(name),
//!     name: name.to_owned(),
//!     needs: needs.iter().map(|name| key(name)).collect(),
//!     multiply_adds,
//!     done: false,
//! };
//! let plan = [stage("layer", &[], 4e9), stage("a", &["layer"], 1e9), stage("b", &["layer"], 2e9)];
//! let graph = Graph::of(&plan, 1e9);
//! assert_eq!(graph.waves(), [vec![0], vec![1, 2]]);
//! assert_eq!(graph.makespan(1), 7.0);
//! assert_eq!(graph.makespan(2), 6.0);
//! assert_eq!(graph.critical_path(), [0, 2]);
//! ```

mod graph;

use serde::{Deserialize, Serialize};

use crate::stage::Key;

pub use graph::Graph;

/// Assumed multiply-adds per second until finished stages give a measurement. Two cores with other load did 4
/// to 8 billion in the quick profile; too low a guess gives jobs too much time, which is the lesser harm.
pub const MULTIPLY_ADDS_PER_SECOND: f64 = 5e9;

/// A stage before computation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// The key that identifies the stage. Its result has the same key, unless training diverges or the stage
    /// depends on a choice not yet made.
    pub key: Key,
    /// Its title, such as "rbm, layer 2, seed 3".
    pub name: String,
    /// The keys of the stages whose results it reads.
    pub needs: Vec<Key>,
    /// Estimated work in multiply-adds.
    pub multiply_adds: f64,
    /// Whether it has ended.
    pub done: bool,
}

/// The stages of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The stages, each after its dependencies.
    pub stages: Vec<Planned>,
    /// Multiply-adds per second, from the times of finished stages; `None` if there are none.
    pub multiply_adds_per_second: Option<f64>,
}
