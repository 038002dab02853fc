//! What the user sees: progress and errors on standard error, results on standard output.

use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// The terminal, as the user asked for it.
pub(crate) struct Ui {
    quiet: bool,
    json: bool,
    terminal: bool,
    bar: RefCell<Option<ProgressBar>>,
}

impl Ui {
    pub(crate) fn new(quiet: bool, json: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Ui { quiet, json, terminal, bar: RefCell::new(None) }
    }

    /// Begins a piece of work of `steps` steps.
    pub(crate) fn begin(&self, title: &str, steps: usize) {
        self.finish();
        if self.quiet {
            return;
        }
        if self.terminal {
            let bar = ProgressBar::new(steps as u64);
            let style = ProgressStyle::with_template(
                "{prefix:<44!} {bar:24.cyan/blue} {pos:>3}/{len} {msg} {eta:>4} left",
            );
            bar.set_style(style.expect("the template is well formed"));
            bar.set_prefix(title.to_owned());
            bar.enable_steady_tick(Duration::from_millis(250));
            *self.bar.borrow_mut() = Some(bar);
        } else {
            write_line(&mut std::io::stderr(), title);
        }
    }

    /// Shows that `done` of `of` steps are done, with the cost so far and the speed.
    pub(crate) fn advance(&self, done: usize, of: usize, cost: &str, samples_per_second: f64) {
        if self.quiet {
            return;
        }
        let message = format!("{cost}  {samples_per_second:.0} samples/s");
        if let Some(bar) = &*self.bar.borrow() {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
            bar.set_message(message);
        } else if !self.terminal {
            write_line(&mut std::io::stderr(), &format!("  {done}/{of}  {message}"));
        }
    }

    /// Ends the piece of work.
    pub(crate) fn finish(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }

    /// A remark on how things go, for people.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.aside(|| write_line(&mut std::io::stderr(), text));
        }
    }

    /// A line of results, unless they are asked for as JSON.
    pub(crate) fn result(&self, text: &str) {
        if !self.json {
            self.aside(|| write_line(&mut std::io::stdout(), text));
        }
    }

    /// Rows of results, if they are asked for as JSON.
    pub(crate) fn rows<R: Serialize>(&self, rows: &[R]) {
        if self.json {
            for row in rows {
                let line = serde_json::to_string(row).unwrap_or_default();
                self.aside(|| write_line(&mut std::io::stdout(), &line));
            }
        }
    }

    /// One line that says what went wrong.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        self.aside(|| write_line(&mut std::io::stderr(), &format!("error: {error:#}")));
    }

    fn aside(&self, print: impl FnOnce()) {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

/// A reader that went away, as `head` does, is no failure of ours.
fn write_line(out: &mut impl Write, text: &str) {
    let _ = writeln!(out, "{text}");
}
