//! Plans: the stages of a study before they are computed, in an order in which every stage comes after those
//! that it needs.
//!
//! A plan is the good order, and no order is wrong: a stage whose needs are missing computes them. See
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

/// Multiply-adds per second while no finished stage has measured them. Two cores that had other work as well did 4 to 8
/// billion in the quick profile; a guess that is too low gives jobs too much time, which is the lesser harm.
pub const MULTIPLY_ADDS_PER_SECOND: f64 = 5e9;

/// A stage before it is computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// The key that the stage is called by. Its result has the same one, unless training diverges or the
    /// stage depends on a choice that is not made yet.
    pub key: Key,
    /// Words for it, such as "rbm, layer 2, seed 3".
    pub name: String,
    /// The keys of the stages whose results it reads.
    pub needs: Vec<Key>,
    /// The work in multiply-adds, as an estimate.
    pub multiply_adds: f64,
    /// Whether it is over.
    pub done: bool,
}

/// The stages of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The stages, each after those that it needs.
    pub stages: Vec<Planned>,
    /// Multiply-adds in a second, from the times of finished stages; none before there are any.
    pub multiply_adds_per_second: Option<f64>,
}
