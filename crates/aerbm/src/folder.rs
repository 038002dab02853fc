//! The folder of a run.
//!
//! The folder, `config.toml` and `run.json` are written before any work, so that a folder that cannot
//! be written to is noticed at once. Tables are rewritten as results arrive.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use durable::{FolderLock, LockError};
use report::{MetricRow, Row, TimingRow};
use serde::Serialize;
use serde_json::json;
use study::stage::Store;

use crate::record::Record;
use crate::{Error, Language, page};

/// The folder of finished stages in that of a run.
pub(crate) const STAGES: &str = "stages";

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
    /// The names of the classes, where they are not 0, 1, 2, …
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub classes: &'a [String],
    /// Decisions made while reading.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub notes: &'a [String],
}

impl RunFolder {
    /// Opens the folder, which is created where it is missing, and writes the settings into it. Without a language,
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
        std::fs::create_dir_all(path).map_err(cannot)?;
        let lock = match FolderLock::acquire(path) {
            Ok(lock) => lock,
            Err(LockError::Io(error)) => return Err(cannot(error)),
            Err(holder) => {
                return Err(Error::InUse { folder: path.to_owned(), holder: holder.to_string() });
            }
        };
        durable::remove_leftovers_below(path);
        let mut info = json!({
            "command": command,
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
        report::write_text(&path.join("config.toml"), config)?;
        folder.write_info()?;
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
    /// page, whose path is returned, and the checksums. If the work fails, `run.json` says why.
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
        // Claims of dead processes are harmless, so that it is no failure if they stay.
        let _ = Store::new(self.path.join(STAGES)).remove_dead_claims();
        self.info["status"] = json!("complete");
        self.write_info()?;
        page::write(&self.path)?;
        crate::sums::write(&self.path)?;
        Ok(self.path.join("report.html"))
    }

    /// Refuses to go on in a folder that was removed, or replaced by another: it would lack what was written
    /// before.
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
