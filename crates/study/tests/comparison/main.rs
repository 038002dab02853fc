//! Whole comparisons on artificial data: every method, cached stages, equal time, and labels that cannot be
//! learned.
#![allow(missing_docs, reason = "tests are not documentation")]

mod failures;
mod interruptions;
mod methods;
mod plans;
mod runs;
mod search;
mod settings;
mod support;
