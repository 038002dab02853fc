//! Finished and unfinished runs: a list of those in a folder, and the differences between two.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use report::{DifferingValue, MetricRow, SummaryRow, read_csv};
use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::folder::{INSIDE, info, require_run};

/// Depth below the folder in which runs are looked for: `reports/paper/basic` and `reports/runs/NAME`.
const DEPTH: usize = 3;

/// Metrics of model quality, the most informative first, with their units in words and whether a larger value is
/// better.
const TELLING: [(&str, &str, bool); 5] = [
    ("error_pct", "% test error", false),
    ("log_likelihood_nats", "nats log-likelihood", true),
    ("psnr_db", "dB PSNR", true),
    ("sse_per_image", "squared error per image", false),
    ("mse_per_pixel", "squared error per pixel", false),
];

/// A summary of a run in one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunLine {
    /// Its folder.
    pub folder: PathBuf,
    /// `comparison`, `models`, or `both`.
    pub kind: &'static str,
    /// Name of the data.
    pub data: String,
    /// Time at which its tables were last written, in UTC.
    pub date: String,
    /// `complete`, `running`, `interrupted` or `failed`.
    pub status: String,
    /// Its best result, in words.
    pub best: String,
}

/// The runs in a folder and in the folders below it, by path.
///
/// # Errors
/// [`Error::Io`] if the folder cannot be read.
pub fn list(root: &Path) -> Result<Vec<RunLine>, Error> {
    let mut found = Vec::new();
    collect(root, DEPTH, &mut found)?;
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<RunLine>) -> Result<(), Error> {
    if let Some(info) = info_of(folder) {
        found.push(line(folder, &info));
    }
    if depth == 0 {
        return Ok(());
    }
    let cannot = |source| Error::Io { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let inside = INSIDE.iter().any(|name| path.ends_with(name));
        if path.is_dir() && !inside {
            collect(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

fn info_of(folder: &Path) -> Option<Value> {
    Some(info(folder)).filter(Value::is_object)
}

fn line(folder: &Path, info: &Value) -> RunLine {
    let has = |name: &str| folder.join(name).is_file();
    let summary: Vec<SummaryRow> = read_csv(&folder.join("summary.csv")).unwrap_or_default();
    let metrics: Vec<MetricRow> = read_csv(&folder.join("metrics.csv")).unwrap_or_default();
    let has_models = metrics.iter().any(|row| row.stage == "train");
    let kind = match (has("summary.csv"), has_models) {
        (true, true) => "both",
        (true, false) => "comparison",
        (false, _) => "models",
    };
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let written = ["metrics.csv", "run.json"]
        .iter()
        .find_map(|name| std::fs::metadata(folder.join(name)).and_then(|it| it.modified()).ok());
    RunLine {
        folder: folder.to_owned(),
        kind,
        data: text(&info["data"]["name"]),
        date: written.map_or_else(|| "?".to_owned(), date_of),
        status: text(&info["status"]),
        best: best_error(&summary).or_else(|| best_metric(&metrics)).unwrap_or_default(),
    }
}

fn date_of(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The lowest mean test error at the largest number of labels.
fn best_error(rows: &[SummaryRow]) -> Option<String> {
    let labels = rows.iter().map(|row| row.labels).max()?;
    let here = rows.iter().filter(|row| row.labels == labels && !row.test_error_pct_mean.is_nan());
    let best = here.min_by(|a, b| a.test_error_pct_mean.total_cmp(&b.test_error_pct_mean))?;
    let labels = number_text::count(labels);
    Some(format!("{} {:.2} % test error, {labels} labels", best.method, best.test_error_pct_mean))
}

/// The best of the models' last values of the most informative metric on the test samples.
fn best_metric(rows: &[MetricRow]) -> Option<String> {
    TELLING.iter().find_map(|&(metric, words, larger_is_better)| {
        let is_telling = |row: &&MetricRow| {
            row.split == "test"
                && row.metric == metric
                && row.layer.is_none()
                && row.method != "pca"
                && row.value.is_finite()
        };
        let last: BTreeMap<&str, &MetricRow> =
            rows.iter().filter(is_telling).map(|row| (row.run.as_str(), row)).collect();
        let badness = |row: &MetricRow| if larger_is_better { -row.value } else { row.value };
        let best = last.into_values().min_by(|a, b| badness(a).total_cmp(&badness(b)))?;
        Some(format!("{} {} {words}", best.run, number_text::significant(best.value)))
    })
}

/// A value that differs between two runs; empty for a run without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `setting` or `number`.
    pub kind: &'static str,
    /// The setting, or the number with everything that distinguishes it.
    pub name: String,
    /// Its value in the first run.
    pub a: String,
    /// Its value in the second run.
    pub b: String,
}

/// Differences between the settings and the final numbers of two runs, in the order of their names.
///
/// # Errors
/// [`Error::NoRun`] for a folder without a run, or the reason why a file cannot be read.
pub fn diff(a: &Path, b: &Path) -> Result<Vec<Difference>, Error> {
    for folder in [a, b] {
        let Some(info) = info_of(folder) else {
            return Err(Error::NoRun { folder: folder.to_owned(), missing: "run.json" });
        };
        if info["status"] != "complete" {
            require_run(folder)?;
        }
    }
    let mut found = differing("setting", &settings(a)?, &settings(b)?);
    found.extend(differing("number", &numbers(a)?, &numbers(b)?));
    Ok(found)
}

/// Writes a page with the differences between two runs.
///
/// # Errors
/// [`Error::Report`] if it cannot be written.
pub fn write_page(file: &Path, a: &Path, b: &Path, found: &[Difference]) -> Result<(), Error> {
    let of = |kind: &str| -> Vec<DifferingValue> {
        let value = |it: &Difference| DifferingValue {
            name: it.name.clone(),
            values: [it.a.clone(), it.b.clone()],
        };
        found.iter().filter(|it| it.kind == kind).map(value).collect()
    };
    let names = [a, b].map(|folder| folder.display().to_string());
    let names = [names[0].as_str(), &names[1]];
    Ok(report::write_differing(file, names, &of("setting"), &of("number"))?)
}

type Values = BTreeMap<String, String>;

fn differing(kind: &'static str, a: &Values, b: &Values) -> Vec<Difference> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let of = |values: &Values, name: &String| values.get(name).cloned().unwrap_or_default();
    let pairs = names.into_iter().map(|name| (name, of(a, name), of(b, name)));
    let differing = pairs.filter(|(_, a, b)| a != b);
    differing.map(|(name, a, b)| Difference { kind, name: name.clone(), a, b }).collect()
}

/// The settings by their full names, with the version and the data.
pub(crate) fn settings(folder: &Path) -> Result<Values, Error> {
    let path = folder.join("config.toml");
    let text = std::fs::read_to_string(&path).map_err(|source| Error::Io { path, source })?;
    let mut values = Values::new();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    flatten("", &toml::Value::Table(table), &mut values);
    let info = info_of(folder).unwrap_or_default();
    for key in ["version", "commit", "seed"] {
        if let Some(value) = info.get(key) {
            values.insert(format!("run.{key}"), value.to_string());
        }
    }
    if let Some(name) = info["data"]["name"].as_str() {
        values.insert("run.data".to_owned(), name.to_owned());
    }
    Ok(values)
}

fn flatten(name: &str, value: &toml::Value, into: &mut Values) {
    let of = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        toml::Value::Table(table) => {
            table.iter().for_each(|(key, value)| flatten(&of(key), value, into));
        }
        toml::Value::Array(values) if values.iter().any(toml::Value::is_table) => {
            for (i, value) in values.iter().enumerate() {
                // Runs of a profile have names.
                let key = value.get("name").and_then(toml::Value::as_str);
                flatten(&of(key.unwrap_or(&i.to_string())), value, into);
            }
        }
        other => {
            into.insert(name.to_owned(), other.to_string());
        }
    }
}

/// Test errors with their intervals, and the last value of each other metric on test samples.
fn numbers(folder: &Path) -> Result<Values, Error> {
    let mut values = Values::new();
    let path = folder.join("summary.csv");
    if path.is_file() {
        for row in read_csv::<SummaryRow>(&path)? {
            let layers = if row.depth == 1 { "layer" } else { "layers" };
            let name = format!(
                "test error, {}, {} labels, {} hidden {layers}",
                row.method, row.labels, row.depth
            );
            let (mean, low, high) = (row.test_error_pct_mean, row.ci95_low, row.ci95_high);
            // A single seed has no interval.
            let interval =
                if low.is_nan() { String::new() } else { format!(" ({low:.2} to {high:.2})") };
            values.insert(name, format!("{mean:.2} %{interval}"));
        }
    }
    let path = folder.join("metrics.csv");
    if path.is_file() {
        let rows = read_csv::<MetricRow>(&path)?;
        // Later rows are of later epochs, and replace earlier ones.
        for row in rows.iter().filter(|row| row.split == "test" && row.layer.is_none()) {
            let name = format!("{}, seed {}, {}, {}", row.run, row.seed, row.stage, row.metric);
            let text = format!("{} {}", number_text::significant(row.value), row.unit);
            values.insert(name, text.trim_end().to_owned());
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(root: &Path, name: &str, config: &str, error: f64) -> PathBuf {
        let folder = root.join(name);
        let write = |file: &str, text: &str| report::write_text(&folder.join(file), text);
        write("run.json", r#"{"status": "complete", "data": {"name": "mnist"}}"#).expect("written");
        write("config.toml", config).expect("written");
        let row = SummaryRow {
            method: "rbm".into(),
            depth: 1,
            labels: 1000,
            seeds: 2,
            test_error_pct_mean: error,
            ci95_low: error - 1.0,
            ci95_high: error + 1.0,
        };
        report::write_csv(&folder.join("summary.csv"), &[row]).expect("written");
        folder
    }

    #[test]
    fn runs_are_found_and_differ_in_what_was_changed() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let a = folder(root.path(), "a", "seeds = 2\n[x]\nrate = 0.1\n", 5.0);
        let b = folder(root.path(), "deep/er/b", "seeds = 2\n[x]\nrate = 0.2\n", 4.0);
        folder(&a, "models/no", "", 1.0);
        let lines = list(root.path()).expect("runs");
        let folders: Vec<&Path> = lines.iter().map(|line| line.folder.as_path()).collect();
        assert_eq!(folders, [&a, &b]);
        assert_eq!(lines[1].best, "rbm 4.00 % test error, 1,000 labels");
        assert_eq!((lines[0].kind, lines[0].status.as_str()), ("comparison", "complete"));

        let found = diff(&a, &b).expect("a difference");
        let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["x.rate", "test error, rbm, 1000 labels, 1 hidden layer"]);
        assert_eq!((found[0].a.as_str(), found[1].b.as_str()), ("0.1", "4.00 % (3.00 to 5.00)"));
        assert!(diff(&a, &a).expect("the same").is_empty());
        assert!(matches!(diff(root.path(), &a), Err(Error::NoRun { .. })));
    }
}
