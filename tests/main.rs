//! The command from the point of view of its users, and the workspace from that of its readers.
#![allow(missing_docs, reason = "tests are not documentation")]

mod accessibility;
mod allocations;
mod autoencoders;
mod bad_input;
mod book;
mod browser;
mod cluster;
mod colours;
mod export;
mod journeys;
mod language;
mod layering;
mod own_data;
mod rbm;
mod replacing;
mod reproducible;
#[cfg(unix)]
mod signals;
#[cfg(target_os = "linux")]
mod slurm;
mod support;
mod training;
mod verification;
