//! The crate's tests in one binary, so that the kernels are compiled once.
#![allow(missing_docs, reason = "tests are not documentation")]

mod annealing;
mod centring;
mod convolutional;
mod gaussian;
mod inpainting;
mod learning;
mod log_z_interval;
mod missing;
mod mixed;
mod probabilities;
mod stationarity;
mod tables;
mod teacher;
mod truncated_exponential;
mod units;
