//! Studies on a cluster: the plan that is submitted, its tasks, the engine that runs them, and their state.

pub(crate) mod plan;
pub(crate) mod slurm;
pub(crate) mod state;
pub(crate) mod tasks;
