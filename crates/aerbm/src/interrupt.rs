//! Ctrl-C: finish what is being written, keep what is done, stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// The user asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; what is finished is kept, and the same command goes on from there")]
pub(crate) struct Interrupted;

/// Takes note of the first request to stop; a second one ends the process at once.
pub(crate) fn listen() {
    // Fails only if there is a handler already, and there is none.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// Whether the user asked to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// The answer that a watcher gives.
pub(crate) fn flow() -> ControlFlow<()> {
    if asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
