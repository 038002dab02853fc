//! The crate's tests in one binary, which is linked once.
#![allow(missing_docs, reason = "tests are not documentation")]

mod convolution;
mod gradients;
mod linear;
mod missing;
mod training;
