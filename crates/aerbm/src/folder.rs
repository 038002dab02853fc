//! The folder of a run.
//!
//! The folder, `config.toml` and `run.json` are written before any work, so that a folder that cannot
//! be written to is noticed at once. Tables are rewritten as results arrive.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use durable::{FolderLock, LockError};
use report::{MetricRow, Row, TimingRow};
use serde::Serialize;
use serde_json::json;
use study::stage::Store;

use crate::best::BEST;
use crate::record::Record;
use crate::{Error, Language, page};

/// The folder of finished stages in that of a run.
pub(crate) const STAGES: &str = "stages";

/// The folders in that of a run, which hold no other runs.
pub(crate) const INSIDE: [&str; 5] = ["models", "figures", STAGES, "cluster", BEST];

/// Names of files of a run that a folder may have without one.
const FIRST_FILES: [&str; 6] =
    ["metrics.csv", "timings.csv", "summary.csv", "comparison.csv", "settings.csv", "report.html"];

/// The status of a run whose work failed.
pub(crate) const FAILED: &str = "failed";

/// The folder of a run, which no other process writes to while this value exists.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    info: serde_json::Value,
    metrics: Vec<MetricRow>,
    timings: Vec<TimingRow>,
    lock: FolderLock,
}

/// The data in `run.json`.
#[derive(Debug, Serialize)]
pub struct DataInfo<'a> {
    /// Name of the data.
    pub name: &'a str,
    /// SHA-256 of the training part.
    pub train_sha256: &'a str,
    /// SHA-256 of the test part.
    pub test_sha256: &'a str,
    /// The names of the classes, unless they are 0, 1, 2, …
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub classes: &'a [String],
    /// `rows` if the samples are not images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<&'a str>,
    /// Decisions made while reading.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub notes: &'a [String],
}

impl RunFolder {
    /// Opens the folder, creating it if it is missing, and writes the settings into it. Without a language,
    /// its page keeps the one that it had.
    ///
    /// # Errors
    /// [`Error::Folder`] if it cannot be written to, [`Error::InUse`] if another process uses it.
    pub fn open(
        path: &Path,
        command: &str,
        config: &str,
        data: &DataInfo<'_>,
        language: Option<Language>,
    ) -> Result<Self, Error> {
        let cannot = |source| Error::Folder { folder: path.to_owned(), source };
        refuse_place(path).map_err(cannot)?;
        std::fs::create_dir_all(path).map_err(cannot)?;
        let lock = lock(path)?;
        durable::remove_leftovers_below(path);
        let mut info = json!({
            "command": command,
            "folder": path.display().to_string(),
            "version": env!("CARGO_PKG_VERSION"),
            "commit": env!("AERBM_COMMIT"),
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
            "cpu": cpu(),
            "threads": crate::threads().started,
            "data": data,
            "status": "running",
        });
        let language = language.map_or_else(|| page::language(path), Ok)?;
        page::record_language(&mut info, language);
        let folder =
            RunFolder { path: path.to_owned(), info, metrics: vec![], timings: vec![], lock };
        // A folder with this file is that of a run, whenever the process is killed.
        folder.write_info()?;
        report::write_text(&path.join("config.toml"), config)?;
        Ok(folder)
    }

    /// Adds entries to `run.json`.
    ///
    /// # Errors
    /// [`Error::Report`] if the file cannot be written.
    pub fn set_info(&mut self, entries: &serde_json::Value) -> Result<(), Error> {
        for (key, value) in entries.as_object().into_iter().flatten() {
            self.info[key] = value.clone();
        }
        self.write_info()
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the model of this name.
    pub fn model_folder(&self, run: &str) -> PathBuf {
        self.path.join("models").join(run)
    }

    /// Adds the rows of a trained model and writes the tables.
    ///
    /// # Errors
    /// [`Error::Report`] if a table cannot be written.
    pub fn add_record(&mut self, record: &Record) -> Result<(), Error> {
        self.add_rows(record.metric_rows(), record.timing_rows())
    }

    /// Adds rows and writes the tables.
    ///
    /// # Errors
    /// [`Error::Report`] if a table cannot be written.
    pub fn add_rows(
        &mut self,
        metrics: Vec<MetricRow>,
        timings: Vec<TimingRow>,
    ) -> Result<(), Error> {
        self.metrics.extend(metrics);
        self.timings.extend(timings);
        self.write_table("metrics.csv", &self.metrics)?;
        self.write_table("timings.csv", &self.timings)
    }

    /// The measurements so far.
    pub fn metrics(&self) -> &[MetricRow] {
        &self.metrics
    }

    /// Writes a table of this name.
    ///
    /// # Errors
    /// [`Error::FolderGone`] if the folder was removed meanwhile, [`Error::Report`] if the table cannot be
    /// written.
    pub fn write_table<R: Row>(&self, name: &str, rows: &[R]) -> Result<(), Error> {
        self.check_place()?;
        Ok(report::write_csv(&self.path.join(name), rows)?)
    }

    /// Does the work of the run, marks it as complete, redraws the figures from their tables, and writes the
    /// page and the checksums. Returns the path of the page. If the work fails, `run.json` records the
    /// reason.
    ///
    /// # Errors
    /// The failure of the work, [`Error::FolderGone`] if the folder was removed meanwhile, or [`Error::Report`] if
    /// a file cannot be read or written.
    pub fn complete<T>(
        mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<(T, PathBuf), Error> {
        match work(&mut self).and_then(|value| Ok((value, self.finish()?))) {
            Ok(done) => Ok(done),
            // The folder has disappeared, which explains any failure.
            Err(_) if !self.lock.is_in_place() => Err(self.gone()),
            Err(Error::Interrupted) => {
                self.record_end("interrupted", None);
                Err(Error::Interrupted)
            }
            Err(error) => {
                self.record_end(FAILED, Some(error.with_causes()));
                Err(error)
            }
        }
    }

    /// Records how an incomplete run ended. A failure to write the record is ignored, because the
    /// run's own failure matters more.
    fn record_end(&mut self, status: &str, failure: Option<String>) {
        self.info["status"] = json!(status);
        if let Some(failure) = failure {
            self.info["failure"] = json!(failure);
        }
        let _ = self.write_info();
    }

    fn finish(&mut self) -> Result<PathBuf, Error> {
        self.check_place()?;
        // Claims of dead processes are harmless, so failing to remove them is not an error.
        let _ = Store::new(self.path.join(STAGES)).remove_dead_claims();
        self.info["status"] = json!("complete");
        self.write_info()?;
        page::write(&self.path)?;
        crate::sums::write(&self.path)?;
        Ok(self.path.join("report.html"))
    }

    /// Refuses to continue in a folder that was removed, or replaced by another: it would lack what was
    /// written before.
    fn check_place(&self) -> Result<(), Error> {
        if self.lock.is_in_place() { Ok(()) } else { Err(self.gone()) }
    }

    fn gone(&self) -> Error {
        Error::FolderGone { folder: self.path.clone() }
    }

    fn write_info(&self) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(&self.info)? + "\n";
        Ok(report::write_text(&self.path.join("run.json"), &text)?)
    }
}

/// Locks the folder of a run, so that no other process writes to it in the meantime.
///
/// # Errors
/// [`Error::InUse`] if another process writes to it, [`Error::Folder`] if it cannot be written to.
pub(crate) fn lock(path: &Path) -> Result<FolderLock, Error> {
    FolderLock::acquire(path).map_err(|error| match error {
        LockError::Io(source) => Error::Folder { folder: path.to_owned(), source },
        holder => Error::InUse { folder: path.to_owned(), holder: holder.to_string() },
    })
}

/// Refuses folders that a run must not be written to.
fn refuse_place(path: &Path) -> std::io::Result<()> {
    refuse_missing_parents(path)?;
    refuse_inside_of_run(path)?;
    refuse_other_files(path)
}

/// Refuses `..` below a folder that does not exist, which would be created to no purpose.
fn refuse_missing_parents(path: &Path) -> std::io::Result<()> {
    let mut above = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir && !above.as_os_str().is_empty() && !above.is_dir() {
            let message = format!("{} does not exist", above.display());
            return Err(std::io::Error::new(ErrorKind::NotFound, message));
        }
        above.push(part);
    }
    Ok(())
}

/// Refuses a folder that belongs to another run.
fn refuse_inside_of_run(path: &Path) -> std::io::Result<()> {
    let whole = std::path::absolute(path)?;
    for run in whole.ancestors().skip(1).filter(|folder| folder.join("run.json").is_file()) {
        let first = whole.strip_prefix(run).ok().and_then(|inside| inside.iter().next());
        if first.is_some_and(|first| INSIDE.iter().any(|name| first == *name)) {
            let message =
                format!("it belongs to the run in {}; name another folder", run.display());
            return Err(std::io::Error::new(ErrorKind::InvalidInput, message));
        }
    }
    Ok(())
}

/// Refuses a folder that is not that of a run, but has files of the user that a run would replace.
fn refuse_other_files(path: &Path) -> std::io::Result<()> {
    if path.join("run.json").is_file() || path.join("config.toml").is_file() {
        return Ok(());
    }
    match FIRST_FILES.iter().find(|name| path.join(name).exists()) {
        None => Ok(()),
        Some(name) => {
            let message = format!("it has a file {name} that is not of a run; name another folder");
            Err(std::io::Error::new(ErrorKind::InvalidInput, message))
        }
    }
}

/// The content of `run.json`; null if there is none.
pub(crate) fn info(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("run.json")).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Refuses a folder without the tables of a run.
///
/// # Errors
/// [`Error::Unfinished`] if the run in it has no results, [`Error::NoRun`] if there is none.
pub(crate) fn require_run(folder: &Path) -> Result<(), Error> {
    if folder.join("metrics.csv").is_file() {
        return Ok(());
    }
    let (info, folder) = (info(folder), folder.to_owned());
    Err(match info["status"].as_str() {
        Some(status) => Error::Unfinished { folder, status: status.to_owned() },
        None => Error::NoRun { folder, missing: "metrics.csv" },
    })
}

/// Removes a file, if it exists.
pub(crate) fn remove(file: &Path) -> Result<(), Error> {
    match std::fs::remove_file(file) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(Error::Io { path: file.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// The name of the processor, if the system reports it.
fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}
