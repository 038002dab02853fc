//! Output: progress and errors on standard error, results on standard output.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use aerbm::nn_core::Progress;
use aerbm::{Monitor, Threads};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::duration::words;
use crate::harmless::{harmless, one_line};
use crate::interrupt;
use crate::remedy::remedy;

/// The time between two lines on the progress of a stage where there is no progress bar. Small networks have
/// hundreds of epochs a second, which would fill a log.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The terminal, with the user's choices of output.
pub(crate) struct Ui {
    quiet: bool,
    json: bool,
    terminal: bool,
    bar: RefCell<Option<ProgressBar>>,
    /// When progress was last reported without a bar.
    last_line: Cell<Instant>,
    /// The state of the whole work, to be shown with the next stage.
    overall: RefCell<Option<String>>,
    /// Whether standard output has a line for each epoch, so that standard error needs none.
    epochs_are_results: Cell<bool>,
    /// Notes from before the work began, which are not shown if it is refused; `None` once it has begun.
    held: RefCell<Option<Vec<String>>>,
}

impl Ui {
    pub(crate) fn new(quiet: bool, json: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Ui {
            quiet,
            json,
            terminal,
            bar: RefCell::new(None),
            last_line: Cell::new(Instant::now()),
            overall: RefCell::new(None),
            epochs_are_results: Cell::new(false),
            held: RefCell::new(Some(vec![])),
        }
    }

    /// Prints a line of results, unless JSON is requested.
    pub(crate) fn result(&self, text: &str) -> anyhow::Result<()> {
        if self.json { Ok(()) } else { self.print(text) }
    }

    /// Prints the path of a file that the command wrote: a line, or an object with JSON.
    pub(crate) fn file(&self, kind: &str, path: &Path) -> anyhow::Result<()> {
        if self.json {
            let path = path.display().to_string();
            return self.print(&serde_json::json!({ kind: path }).to_string());
        }
        self.print(&format!("{kind}: {}", path.display()))
    }

    /// Shows a picture in the terminal. If standard output is not a terminal, or results are JSON,
    /// prints a note instead.
    pub(crate) fn picture(&self, path: &Path) -> anyhow::Result<()> {
        if self.json || !std::io::stdout().is_terminal() {
            self.note("--show: the figure is not shown, because standard output is not a terminal");
            return Ok(());
        }
        let picture = image::open(path).with_context(|| path.display().to_string())?;
        let place =
            viuer::Config { absolute_offset: false, ..protocols(|name| std::env::var(name).ok()) };
        viuer::print(&picture, &place).context("--show: the terminal cannot show the figure")?;
        Ok(())
    }

    /// Whether results are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Declares that [`epoch`](Self::epoch) will print a line for each epoch.
    pub(crate) fn epochs_are_results(&self) {
        self.epochs_are_results.set(!self.json);
    }

    /// Prints the result of an epoch, unless progress is off.
    pub(crate) fn epoch(&self, text: &str) -> anyhow::Result<()> {
        if self.quiet { Ok(()) } else { self.result(text) }
    }

    /// Prints rows of results if JSON is requested.
    pub(crate) fn rows<R: Serialize>(&self, rows: &[R]) -> anyhow::Result<()> {
        if self.json {
            for row in rows {
                self.print(&serde_json::to_string(row)?)?;
            }
        }
        Ok(())
    }

    /// Prints text that was requested but is not a result, such as a script.
    pub(crate) fn text(&self, text: &str) -> anyhow::Result<()> {
        self.print(text)
    }

    /// Writes a line to standard output. A pipe that is closed, as `head` closes it, is not an error.
    fn print(&self, line: &str) -> anyhow::Result<()> {
        self.tell_held_notes();
        let outcome = self.aside(|| writeln!(std::io::stdout(), "{}", harmless(line)));
        match outcome {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(error).context("standard output")
            }
            _ => Ok(()),
        }
    }

    /// Writes text to standard error, even if progress is off.
    pub(crate) fn always(&self, text: &str) {
        self.aside(|| print_aside(text));
    }

    /// Prints an error in one line, with the option that helps.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        self.finish();
        let mut line = format!("error: {error:#}");
        if let Some(remedy) = remedy(error) {
            line += if line.ends_with('?') { " " } else { "; " };
            line += remedy;
        }
        print_aside(&one_line(&line));
    }

    /// Prints the notes from before the work, which begins now or is done.
    pub(crate) fn tell_held_notes(&self) {
        for note in self.held.take().into_iter().flatten() {
            self.aside(|| print_aside(&note));
        }
    }

    /// Prints without disturbing the progress bar.
    fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Monitor for Ui {
    fn overall(&self, done: usize, of: usize, seconds_left: Option<f64>) {
        let left = seconds_left.map(|seconds| format!(", about {} left", words(seconds)));
        let text = format!("{done} of {of} stages done{}", left.unwrap_or_default());
        *self.overall.borrow_mut() = Some(text);
    }

    fn begin(&self, title: &str, steps: usize) {
        self.finish();
        self.tell_held_notes();
        if self.quiet {
            return;
        }
        let overall = self.overall.take();
        if self.terminal {
            let bar = ProgressBar::new(steps as u64);
            let above = overall.map(|text| text + "\n").unwrap_or_default();
            let style = ProgressStyle::with_template(
                &(above
                    + "{prefix:.bold} {wide_bar:.cyan/blue} {pos:>3}/{len} {msg} {eta:>4} left"),
            );
            bar.set_style(style.expect("the template is well formed"));
            bar.set_prefix(harmless(title).into_owned());
            // The clock of the bar is a thread, which may be one too many.
            let Threads { asked, started } = aerbm::threads();
            if started == asked {
                bar.enable_steady_tick(Duration::from_millis(250));
            }
            *self.bar.borrow_mut() = Some(bar);
        } else {
            let overall = overall.map(|text| format!("  [{text}]")).unwrap_or_default();
            print_aside(&format!("{title}{overall}"));
            self.last_line.set(Instant::now());
        }
    }

    fn advance(&self, progress: &Progress, seconds: f64) {
        if self.quiet {
            return;
        }
        let Progress { epoch, of, value, metric, samples } = progress;
        let message = format!("{} {value:.5}  {} samples/s", metric.name, speed(*samples, seconds));
        if let Some(bar) = &*self.bar.borrow() {
            bar.set_length(*of as u64);
            bar.set_position(*epoch as u64);
            bar.set_message(message);
        } else if !self.terminal && !self.epochs_are_results.get() {
            let is_due = self.last_line.get().elapsed() >= BETWEEN_LINES;
            if is_due || epoch == of {
                print_aside(&format!("  {epoch}/{of}  {message}"));
                self.last_line.set(Instant::now());
            }
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }

    fn note(&self, text: &str) {
        // Decisions about the data also matter to users who want no progress.
        let line = one_line(text);
        match &mut *self.held.borrow_mut() {
            Some(held) => held.push(line),
            None => self.aside(|| print_aside(&line)),
        }
    }

    fn interrupted(&self) -> bool {
        interrupt::asked()
    }
}

/// The graphics protocols that this terminal supports according to the environment; without any, half blocks
/// are drawn. The terminal is not queried, because the program would wait forever for one that does not
/// answer.
fn protocols(variable: impl Fn(&str) -> Option<String>) -> viuer::Config {
    let is = |name: &str, parts: &[&str]| {
        variable(name).is_some_and(|value| parts.iter().any(|part| value.contains(part)))
    };
    viuer::Config {
        use_kitty: is("TERM", &["kitty", "ghostty"]),
        use_iterm: is("TERM_PROGRAM", &["iTerm", "WezTerm"]) || is("LC_TERMINAL", &["iTerm"]),
        use_sixel: is("TERM", &["sixel", "foot", "mlterm"]),
        ..viuer::Config::default()
    }
}

/// Samples per second, to two significant digits.
fn speed(samples: usize, seconds: f64) -> f64 {
    let speed = samples as f64 / seconds;
    format!("{speed:.1e}").parse().unwrap_or(speed)
}

/// Writes a line to standard error; a failure cannot be reported anywhere.
pub(crate) fn print_aside(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", harmless(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_known_by_their_names_and_others_get_half_blocks() {
        let of = |name: &'static str, value: &'static str| {
            let found = protocols(move |asked| (asked == name).then(|| value.to_owned()));
            [found.use_kitty, found.use_iterm, found.use_sixel]
        };
        assert_eq!(of("TERM", "xterm-256color"), [false; 3]);
        assert_eq!(of("TERM", "xterm-kitty"), [true, false, false]);
        assert_eq!(of("TERM_PROGRAM", "iTerm.app"), [false, true, false]);
        assert_eq!(of("TERM", "foot"), [false, false, true]);
    }
}
