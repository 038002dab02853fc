//! The folder of a run: what is written where, and when.
//!
//! The folder, `config.toml` and `run.json` are written before any work, so that a folder that
//! cannot be written to is found at once. Tables are rewritten as results arrive.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use report::{MetricRow, Row, TimingRow};
use serde::Serialize;
use serde_json::json;

use crate::train::Record;

/// A folder that this process, and no other, writes results to.
pub(crate) struct RunFolder {
    path: PathBuf,
    info: serde_json::Value,
    metrics: Vec<MetricRow>,
    timings: Vec<TimingRow>,
    /// Held as long as the folder is open; the system lets go of it however the process ends.
    _lock: File,
}

/// What `run.json` says of the data.
#[derive(Debug, Serialize)]
pub(crate) struct DataInfo<'a> {
    pub(crate) name: &'a str,
    pub(crate) train_sha256: &'a str,
    pub(crate) test_sha256: &'a str,
    /// The name of each class, where they are not 0, 1, 2, …
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) classes: &'a [String],
    /// What was decided while reading.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) notes: &'a [String],
}

impl RunFolder {
    /// Opens or makes the folder and writes the settings into it.
    pub(crate) fn open(
        path: &Path,
        command: &str,
        config: &str,
        data: &DataInfo,
    ) -> anyhow::Result<Self> {
        let cannot =
            || format!("cannot write to {}; choose another folder with --out", path.display());
        std::fs::create_dir_all(path).with_context(cannot)?;
        let lock = File::create(path.join(".lock")).with_context(cannot)?;
        match lock.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "{} is in use by another aerbm; wait for it, or choose another folder with --out",
                    path.display()
                )
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        let info = json!({
            "command": command,
            "version": env!("CARGO_PKG_VERSION"),
            "commit": env!("AERBM_COMMIT"),
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
            "cpu": cpu(),
            "threads": rayon::current_num_threads(),
            "data": data,
            "status": "running",
        });
        let folder = RunFolder {
            path: path.to_owned(),
            info,
            metrics: vec![],
            timings: vec![],
            _lock: lock,
        };
        report::write_text(&path.join("config.toml"), config).with_context(cannot)?;
        folder.write_info()?;
        Ok(folder)
    }

    /// Keeps these entries in `run.json`.
    pub(crate) fn set_info(&mut self, entries: &serde_json::Value) -> anyhow::Result<()> {
        for (key, value) in entries.as_object().into_iter().flatten() {
            self.info[key] = value.clone();
        }
        self.write_info()
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the model of this run is kept.
    pub(crate) fn model_folder(&self, run: &str) -> PathBuf {
        self.path.join("models").join(run)
    }

    /// Adds the rows of a trained model and writes the tables.
    pub(crate) fn add_record(&mut self, record: &Record) -> anyhow::Result<()> {
        self.add_rows(record.metric_rows(), record.timing_rows())
    }

    /// Adds rows and writes the tables.
    pub(crate) fn add_rows(
        &mut self,
        metrics: Vec<MetricRow>,
        timings: Vec<TimingRow>,
    ) -> anyhow::Result<()> {
        self.metrics.extend(metrics);
        self.timings.extend(timings);
        self.write_table("metrics.csv", &self.metrics)?;
        self.write_table("timings.csv", &self.timings)
    }

    /// The measurements so far.
    pub(crate) fn metrics(&self) -> &[MetricRow] {
        &self.metrics
    }

    /// Writes a table of this name.
    pub(crate) fn write_table<R: Row>(&self, name: &str, rows: &[R]) -> anyhow::Result<()> {
        Ok(report::write_csv(&self.path.join(name), rows)?)
    }

    /// Says that all is done, draws the figures again from their tables, and makes the page.
    pub(crate) fn finish(mut self) -> anyhow::Result<PathBuf> {
        self.info["status"] = json!("complete");
        self.write_info()?;
        report::build(&self.path)?;
        Ok(self.path.join("report.html"))
    }

    fn write_info(&self) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(&self.info)? + "\n";
        Ok(report::write_text(&self.path.join("run.json"), &text)?)
    }
}

/// Removes a file, if it is there.
pub(crate) fn remove(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{}", file.display()))
        }
        _ => Ok(()),
    }
}

/// The processor's name, where the system tells.
fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}
