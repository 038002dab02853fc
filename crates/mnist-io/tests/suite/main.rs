//! The crate's tests in a single binary, which is linked once.
#![allow(missing_docs, reason = "tests are not documentation")]

mod broken_files;
mod cases;
mod colours;
mod columnar;
mod common;
mod contract;
mod declared;
mod derived;
mod errors;
mod fetch;
mod fitted;
mod formats;
mod images;
mod mnist;
mod places;
mod properties;
mod streaming;
mod tables;
