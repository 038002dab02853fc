//! Requests to stop: the first one ends the work after its state is saved, the second one immediately.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// The signal of the first request; 0 before there is one.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
static SAVES: AtomicBool = AtomicBool::new(false);

/// The number of the signal that a terminal's Ctrl-C sends.
const INTERRUPT: i32 = 2;

/// Installs the handler. It ends the process at the first request; after [`save_at_first`], at the second.
/// Signals that the process was started to ignore, as by `nohup`, stay ignored.
#[cfg(unix)]
pub(crate) fn listen() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let heard: Vec<i32> =
        [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal)).collect();
    // Without a thread or a handler, a request ends the process. The thread installs the handler, so that
    // there is none if the thread cannot be started.
    let listen = move || {
        if let Ok(mut signals) = Signals::new(heard) {
            signals.forever().for_each(request);
        }
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(listen);
}

/// Whether the process was started to ignore a signal, if the system reports it.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Installs the handler. It ends the process at the first request; after [`save_at_first`], at the second.
#[cfg(not(unix))]
pub(crate) fn listen() {
    // This fails only if a handler exists already, and none does.
    let _ = ctrlc::set_handler(|| request(INTERRUPT));
}

fn request(signal: i32) {
    let is_first = SIGNAL.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    if !is_first || !SAVES.load(Ordering::Relaxed) {
        std::process::exit(128 + signal);
    }
}

/// Declares that from now on there is a state to save, and that the work polls [`asked`].
pub(crate) fn save_at_first() {
    SAVES.store(true, Ordering::Relaxed);
}

/// Whether the user asked to stop.
pub(crate) fn asked() -> bool {
    SIGNAL.load(Ordering::Relaxed) != 0
}

/// The exit code of a process that was asked to stop: 128 plus the number of the signal.
pub(crate) fn exit_code() -> u8 {
    let signal = match SIGNAL.load(Ordering::Relaxed) {
        0 => INTERRUPT,
        signal => signal,
    };
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}
