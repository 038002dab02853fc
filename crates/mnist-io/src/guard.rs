//! Turns panics of other crates' decoders on damaged files into errors.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
    /// The message of the last caught panic.
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A decoder that panicked, with its message.
#[derive(Debug)]
pub(crate) struct Panicked(String);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file is damaged ({})", self.0)
    }
}

impl std::error::Error for Panicked {}

/// Calls a decoder, which must not be used again if it panics. The panic is not printed.
///
/// # Errors
/// [`Panicked`] if the decoder panics.
pub(crate) fn guarded<R>(decode: impl FnOnce() -> R) -> Result<R, Panicked> {
    listen();
    let before = IS_GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(decode));
    IS_GUARDED.set(before);
    outcome.map_err(|_| Panicked(MESSAGE.take()))
}

/// Installs a hook that keeps panics of guarded decoders instead of printing them.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            if IS_GUARDED.get() {
                let message = panic.payload_as_str().unwrap_or("no reason is given");
                MESSAGE.set(message.lines().collect::<Vec<_>>().join(" "));
            } else {
                others(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_a_result_stays_one() {
        assert_eq!(guarded(|| 3).expect("no panic"), 3);
        let error = guarded(|| [1, 2].iter().skip(1).map(|n| 7 / (n - 2)).sum::<i32>());
        let error = error.expect_err("a panic").to_string();
        assert_eq!(error, "the file is damaged (attempt to divide by zero)");
    }
}
