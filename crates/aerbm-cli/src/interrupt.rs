//! Ctrl-C: finish what is being written, keep what is done, stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static WAITS: AtomicBool = AtomicBool::new(false);

/// The user asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; what is finished is kept, and the same command goes on from there")]
pub(crate) struct Interrupted;

/// Ends the process at a request to stop; where there is something to keep, at the second one.
pub(crate) fn listen() {
    // Fails only if there is a handler already, and there is none.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) || !WAITS.load(Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// From here on there is something to keep, and what runs looks at [`asked`].
pub(crate) fn wait() {
    WAITS.store(true, Ordering::Relaxed);
}

/// Whether the user asked to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// The answer that a watcher gives.
pub(crate) fn flow() -> ControlFlow<()> {
    if asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
