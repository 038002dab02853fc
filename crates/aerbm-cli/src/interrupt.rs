//! Requests to stop: the first one ends the work after its state is saved, the second one at once.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static SAVES: AtomicBool = AtomicBool::new(false);

/// Installs the handler. It ends the process at the first request; after [`save_at_first`], at the
/// second.
pub(crate) fn listen() {
    // This fails only if there is a handler already, and there is none.
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) || !SAVES.load(Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// From now on there is a state to save, and the work asks [`asked`].
pub(crate) fn save_at_first() {
    SAVES.store(true, Ordering::Relaxed);
}

/// Whether the user asked to stop.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
