//! Guarantees that users rely on: bad input is refused in one line and leaves nothing behind, a kill at any
//! moment loses nothing, and no file makes a reader crash or hang.
//!
//! `just trust` prints the counts; `AERBM_TRUST=long` makes the tests run longer.
#![allow(missing_docs, reason = "tests are not documentation")]
#![allow(clippy::print_stdout, reason = "the counts are the result")]
#![allow(clippy::format_collect, reason = "small tables, made where they are read")]

mod bad_files;
mod bad_models;
mod bad_settings;
mod bad_words;
mod commands;
mod disk;
mod faults;
mod fuzz;
mod kills;
#[cfg(target_os = "linux")]
mod long_use;
mod mutate;
mod outputs;
mod own_files;
mod row;
#[cfg(unix)]
#[path = "../signals.rs"]
mod signals;
#[cfg(target_os = "linux")]
mod small_machine;
mod support;
