//! Threads, progress and interrupts of long calls.

use std::cell::{Cell, RefCell};

use aerbm::Monitor;
use aerbm::nn_core::Progress;
use pyo3::prelude::*;

/// Number of multiplications below which a second thread gains nothing, because its start takes as long.
const WORTH_A_THREAD: usize = 4_000_000;

/// Calls `body` with this many threads, or with one if it has few multiplications to do.
pub(crate) fn with_threads<R>(threads: usize, work: usize, body: impl FnOnce() -> R) -> R {
    let threads = if work < WORTH_A_THREAD { 1 } else { threads.max(1) };
    aerbm::with_n_threads(threads, body)
}

/// A monitor that calls a Python function after each step of training, with (stage, step, steps, value,
/// metric, seconds), and stops the work if that raises an exception or the user presses Ctrl+C. It is used
/// without the interpreter's lock, which it takes for each call.
pub(crate) struct Listener<'a> {
    function: Option<&'a Py<PyAny>>,
    stage: RefCell<String>,
    raised: Cell<Option<PyErr>>,
    stopped: Cell<bool>,
}

impl<'a> Listener<'a> {
    pub(crate) fn new(function: Option<&'a Py<PyAny>>) -> Self {
        let (stage, raised) = (RefCell::default(), Cell::default());
        Listener { function, stage, raised, stopped: Cell::new(false) }
    }

    /// Returns the result of the work, or the exception that stopped it.
    pub(crate) fn result<T>(self, found: Result<T, aerbm::Error>) -> PyResult<T> {
        match self.raised.take() {
            Some(raised) => Err(raised),
            None => found.map_err(crate::errors::exception),
        }
    }

    fn raise(&self, error: PyErr) {
        self.raised.set(Some(error));
        self.stopped.set(true);
    }

    fn call(&self, call: impl FnOnce(Python<'_>, &Py<PyAny>) -> PyResult<Py<PyAny>>) {
        let Some(function) = self.function.filter(|_| !self.stopped.get()) else { return };
        if let Err(error) = Python::attach(|py| call(py, function)) {
            self.raise(error);
        }
    }
}

impl Monitor for Listener<'_> {
    fn begin(&self, title: &str, _steps: usize) {
        title.clone_into(&mut self.stage.borrow_mut());
    }

    fn advance(&self, progress: &Progress, seconds: f64) {
        let Progress { epoch, of, value, metric, .. } = progress;
        let stage = self.stage.borrow().clone();
        self.call(|py, function| {
            function.call1(py, (stage, *epoch, *of, *value, metric.name.as_ref() as &str, seconds))
        });
    }

    fn note(&self, text: &str) {
        self.call(|py, function| function.call1(py, (text, 0, 0, f64::NAN, "", 0.0)));
    }

    fn interrupted(&self) -> bool {
        if !self.stopped.get() {
            Python::attach(|py| {
                if let Err(error) = py.check_signals() {
                    self.raise(error);
                }
            });
        }
        self.stopped.get()
    }
}
