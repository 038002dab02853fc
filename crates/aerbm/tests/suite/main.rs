//! The crate's tests in one binary, which is linked once.
#![allow(missing_docs, reason = "tests are not documentation")]

mod conv_rbm;
mod damaged;
mod fit;
mod learner;
mod published;
