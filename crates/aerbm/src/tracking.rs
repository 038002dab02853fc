//! Export of runs to the experiment trackers MLflow and TensorBoard.
//!
//! Each trained model and each network of a comparison becomes a run of the tracker: its settings are
//! parameters, and its measurements are metrics by epoch. Files that are written again replace those of the
//! same run.

mod mlflow;
mod tensorboard;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use report::{ComparisonRow, MetricRow, Row, read_csv};

use crate::Error;
use crate::folder::require_run;

/// A program that shows runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracker {
    /// MLflow's folder `mlruns`.
    Mlflow,
    /// TensorBoard's event files.
    Tensorboard,
}

impl Tracker {
    /// The name of the folder that the program looks for, or is usually given.
    pub fn folder(self) -> &'static str {
        match self {
            Tracker::Mlflow => "mlruns",
            Tracker::Tensorboard => "tensorboard",
        }
    }
}

/// A run of the tracker.
#[derive(Debug, Clone, PartialEq, Default)]
struct Tracked {
    /// Its name, which is also that of a file.
    name: String,
    parameters: BTreeMap<String, String>,
    points: Vec<Point>,
}

/// A measurement.
#[derive(Debug, Clone, PartialEq)]
struct Point {
    /// The quantity, such as `validation/mse_per_pixel`. The parts between slashes are names of files.
    metric: String,
    /// The epoch, or 0 for a finished model.
    step: usize,
    value: f64,
}

/// The run in a folder, and the time at which it was written.
struct Source {
    folder: PathBuf,
    written: Duration,
}

/// Writes the run in `folder` into the folder `out` of the tracker, and returns the number of its runs.
///
/// # Errors
/// [`Error::NoRun`] for a folder without a run, or the reason why a file cannot be read or written.
pub fn write(folder: &Path, tracker: Tracker, out: &Path) -> Result<usize, Error> {
    require_run(folder)?;
    let metrics = folder.join("metrics.csv");
    let modified = std::fs::metadata(&metrics).and_then(|found| found.modified());
    let modified = modified.map_err(|source| Error::Io { path: metrics.clone(), source })?;
    let common = common_parameters(folder)?;
    let mut runs = of_models(&read_csv(&metrics)?);
    runs.extend(of_networks(&optional(&folder.join("comparison.csv"))?));
    for run in &mut runs {
        run.parameters.extend(common.clone());
    }
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let source = Source { folder, written: since_1970(modified) };
    match tracker {
        Tracker::Mlflow => mlflow::write(&runs, &source, out)?,
        Tracker::Tensorboard => tensorboard::write(&runs, &source, out)?,
    }
    Ok(runs.len())
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn optional<R: Row>(file: &Path) -> Result<Vec<R>, Error> {
    if file.is_file() { Ok(read_csv(file)?) } else { Ok(vec![]) }
}

/// Properties that all runs of a folder share: settings, data and version.
fn common_parameters(folder: &Path) -> Result<BTreeMap<String, String>, Error> {
    let settings = crate::runs::settings(folder)?.into_iter();
    Ok(settings.map(|(name, value)| (name, value.trim_matches('"').to_owned())).collect())
}

/// The models of `metrics.csv`, one for each seed.
fn of_models(rows: &[MetricRow]) -> Vec<Tracked> {
    let mut runs: Vec<((&str, u64), Tracked)> = Vec::new();
    for row in rows.iter().filter(|row| row.value.is_finite()) {
        let key = (row.run.as_str(), row.seed);
        let place = runs.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            let parameters = [("method", row.method.clone()), ("seed", row.seed.to_string())];
            let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).into();
            let name = file_name(&format!("{} seed {}", row.run, row.seed));
            runs.push((key, Tracked { name, parameters, points: vec![] }));
            runs.len() - 1
        });
        let stage = match (row.stage.as_str(), row.layer) {
            ("pretrain", Some(layer)) => format!("pretraining layer {layer}/"),
            _ => String::new(),
        };
        let metric = format!("{stage}{}/{}", file_name(&row.split), file_name(&row.metric));
        let step = row.epoch.unwrap_or_default();
        runs[place].1.points.push(Point { metric, step, value: row.value });
    }
    runs.into_iter().map(|(_, run)| run).collect()
}

/// The networks of `comparison.csv`.
fn of_networks(rows: &[ComparisonRow]) -> Vec<Tracked> {
    let network = |row: &ComparisonRow| {
        let ComparisonRow { method, depth, labels, seed, .. } = row;
        let parameters = [
            ("method", method.clone()),
            ("depth", depth.to_string()),
            ("labels", labels.to_string()),
            ("seed", seed.to_string()),
        ];
        let point = |split: &str, value| {
            let metric = format!("{split}/error_pct");
            Point { metric, step: 0, value }
        };
        Tracked {
            name: file_name(&format!("{method} depth {depth} labels {labels} seed {seed}")),
            parameters: parameters.map(|(name, value)| (name.to_owned(), value)).into(),
            points: vec![
                point("validation", row.validation_error_pct),
                point("test", row.test_error_pct),
            ],
        }
    };
    rows.iter().map(network).collect()
}

/// A name without characters that have a meaning in paths or in a tracker.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    name.trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_paths() {
        assert_eq!(file_name("../../x y"), "-..-x-y");
        assert_eq!(file_name("rbm seed 1"), "rbm-seed-1");
    }

    #[test]
    fn models_and_networks_are_runs_with_their_measurements() {
        let row = |stage: &str, layer, epoch, seed, value| MetricRow {
            run: "dbn".into(),
            method: "dbn".into(),
            seed,
            stage: stage.into(),
            layer,
            epoch,
            split: "train".into(),
            metric: "cost".into(),
            value,
            unit: "nats".into(),
        };
        let rows = [
            row("pretrain", Some(2), Some(1), 1, 5.0),
            row("train", None, Some(3), 1, 4.0),
            row("train", None, Some(1), 2, f64::NAN),
            row("evaluate", None, None, 2, 3.0),
        ];
        let runs = of_models(&rows);
        assert_eq!(
            runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(),
            ["dbn-seed-1", "dbn-seed-2"]
        );
        let point = |metric: &str, step, value| Point { metric: metric.into(), step, value };
        assert_eq!(
            runs[0].points,
            [point("pretraining layer 2/train/cost", 1, 5.0), point("train/cost", 3, 4.0)]
        );
        assert_eq!(runs[1].points, [point("train/cost", 0, 3.0)]);
    }
}
