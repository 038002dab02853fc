//! The crate's tests in one binary, which is linked once.
#![allow(missing_docs, reason = "tests are not documentation")]

mod convolution;
mod fine_tuning;
mod stacks;
mod tables;
mod unlabelled;
