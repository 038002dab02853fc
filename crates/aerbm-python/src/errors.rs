//! Errors as exceptions: `OSError` for files, `KeyboardInterrupt` for interrupts, `ValueError` for all else.

use aerbm::Error;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyValueError};
use pyo3::prelude::*;

/// The exception of an error, with the messages of its causes.
pub(crate) fn exception(error: Error) -> PyErr {
    let message = error.with_causes();
    match error {
        Error::Interrupted => PyKeyboardInterrupt::new_err(message),
        Error::Io { .. } | Error::Folder { .. } => PyOSError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

/// A `ValueError` with the message of any other error.
pub(crate) fn value_error(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}
