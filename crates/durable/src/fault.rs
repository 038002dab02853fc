//! Points at which a test can kill the process: one after each step that changes the disk.
//!
//! The environment variable `AERBM_FAULT_POINT` gives the number of the point, counted from 1, at which the
//! process ends without any cleanup, as if killed. Release builds do not read it.

/// Name of the environment variable.
pub const VARIABLE: &str = "AERBM_FAULT_POINT";

/// Ends the process if a test requested it here.
#[cfg(debug_assertions)]
pub fn point() {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static PASSED: AtomicU64 = AtomicU64::new(0);
    static LAST: LazyLock<Option<u64>> =
        LazyLock::new(|| std::env::var(VARIABLE).ok()?.parse().ok());

    if let Some(last) = *LAST
        && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == last
    {
        std::process::abort();
    }
}

/// Does nothing: only debug builds have faults.
#[cfg(not(debug_assertions))]
pub fn point() {}
