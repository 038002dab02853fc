//! The content of a run's folder, as its page shows it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;
use wording::{Language, say};

use crate::answer::{Answer, Styles};
use crate::error::Error;
use crate::figures::Figure;
use crate::headline;
use crate::metrics::Samples;
use crate::playground::Playground;
use crate::rows::{
    BalancedRow, ComparisonRow, EqualSecondsRow, FailureRow, MetricRow, PairedRow, ReferenceRow,
    Row, SummaryRow, TimingRow,
};
use crate::table::read_csv;

/// The content of a run's folder, with absent files left empty, and the caller's information about it.
pub(super) struct Run<'a> {
    pub(super) folder: String,
    pub(super) config: Option<String>,
    pub(super) info: Option<Value>,
    pub(super) metrics: Vec<MetricRow>,
    pub(super) timings: Vec<TimingRow>,
    pub(super) comparison: Vec<ComparisonRow>,
    pub(super) summary: Vec<SummaryRow>,
    pub(super) summary_of_seeds: Vec<SummaryRow>,
    pub(super) paired: Vec<PairedRow>,
    pub(super) equal_seconds: Vec<EqualSecondsRow>,
    pub(super) references: Vec<ReferenceRow>,
    pub(super) balanced: Vec<BalancedRow>,
    pub(super) failures: Vec<FailureRow>,
    pub(super) figures: Vec<Figure>,
    pub(super) playground: Option<Playground>,
    pub(super) styles: &'a Styles,
    pub(super) answer: Option<&'a Answer>,
}

impl<'a> Run<'a> {
    /// Reads the files of a run.
    pub(super) fn read(
        dir: &Path,
        figures: Vec<Figure>,
        styles: &'a Styles,
        answer: Option<&'a Answer>,
    ) -> Result<Self, Error> {
        let info: Option<Value> = optional_json(&dir.join("run.json"), "the description of a run")?;
        let playground = dir.join(crate::playground::FILE);
        Ok(Run {
            folder: folder_of(info.as_ref(), dir),
            config: optional_text(&dir.join("config.toml"))?,
            info,
            metrics: optional_csv(&dir.join("metrics.csv"))?,
            timings: optional_csv(&dir.join("timings.csv"))?,
            comparison: optional_csv(&dir.join("comparison.csv"))?,
            summary: optional_csv(&dir.join("summary.csv"))?,
            summary_of_seeds: optional_csv(&dir.join("summary_of_seeds.csv"))?,
            paired: optional_csv(&dir.join("paired.csv"))?,
            equal_seconds: optional_csv(&dir.join("equal_seconds.csv"))?,
            references: optional_csv(&dir.join("references.csv"))?,
            balanced: optional_csv(&dir.join("balanced.csv"))?,
            failures: optional_csv(&dir.join("failures.csv"))?,
            figures,
            playground: optional_json(&playground, "models for the page")?,
            styles,
            answer,
        })
    }

    pub(super) fn language(&self) -> Language {
        self.styles.language
    }

    pub(super) fn title(&self) -> String {
        if self.answer.is_some() {
            return say!(self.language(), "page-question");
        }
        if let Some(method) = self.only_method() {
            let words = self.styles.of(method).map_or(method, |style| style.words.as_str());
            return self.language().stored(words);
        }
        let run = self.metrics.first().map(|row| &row.run);
        let only = run.filter(|run| self.metrics.iter().all(|row| row.run == **run));
        only.map_or_else(|| self.name().to_owned(), Clone::clone)
    }

    /// The method of a comparison that has only one.
    fn only_method(&self) -> Option<&str> {
        let first = &self.summary.first()?.method;
        self.summary.iter().all(|row| row.method == *first).then_some(first)
    }

    /// The test error of the only method, at the largest number of labels and the largest depth.
    fn headline_of_one(&self, method: &str) -> String {
        let language = self.language();
        let of = self.summary.iter().max_by_key(|row| (row.labels, row.depth));
        let error = of.map_or(f64::NAN, |row| row.test_error_pct_mean);
        let words = self.styles.of(method).map_or(method, |style| style.words.as_str());
        say!(
            language,
            "page-one-method",
            labels = number_text::count(of.map_or(0, |row| row.labels)),
            method = language.stored(words),
            error = format!("{} %", number_text::fixed(error, 2))
        )
    }

    /// The names of the methods and models of the run.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        let models = self.metrics.iter().flat_map(|row| [&row.run, &row.method]);
        models.chain(self.summary.iter().map(|row| &row.method)).map(String::as_str).collect()
    }

    /// The kind of the samples. Runs of earlier versions did not record it.
    pub(super) fn samples(&self) -> Samples {
        let samples = self.info.as_ref().map(|info| &info["data"]["samples"]);
        if samples.is_some_and(|samples| samples == "rows") {
            Samples::Rows
        } else {
            Samples::Images
        }
    }

    /// The name of the folder.
    pub(super) fn name(&self) -> &str {
        let last = Path::new(&self.folder).file_name().and_then(|name| name.to_str());
        last.unwrap_or(&self.folder)
    }

    /// The text under a key of `run.json`, translated if this program writes it.
    pub(super) fn told(&self, key: &str) -> Option<String> {
        self.info_text(key).map(|text| self.language().stored(text))
    }

    /// The text under a key of `run.json`.
    pub(super) fn info_text(&self, key: &str) -> Option<&str> {
        self.info.as_ref()?.get(key)?.as_str()
    }

    /// The first sentence of the page of a run without an answer.
    pub(super) fn headline_without_answer(&self) -> String {
        if let Some(method) = self.only_method() {
            return self.headline_of_one(method);
        }
        if !self.summary.is_empty() {
            return say!(self.language(), "page-no-verdict");
        }
        headline::headline(self.language(), self.samples(), &self.metrics)
            .unwrap_or_else(|| say!(self.language(), "page-no-results"))
    }
}

/// The folder of the run as the command named it. Runs of earlier versions did not record it; of these, it is the
/// name of the folder.
fn folder_of(info: Option<&Value>, dir: &Path) -> String {
    if let Some(folder) = info.and_then(|info| info["folder"].as_str()) {
        return folder.to_owned();
    }
    let full = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    full.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned())
}

fn optional_csv<R: Row>(file: &Path) -> Result<Vec<R>, Error> {
    if file.exists() { read_csv(file) } else { Ok(Vec::new()) }
}

fn optional_text(file: &Path) -> Result<Option<String>, Error> {
    if !file.exists() {
        return Ok(None);
    }
    fs::read_to_string(file).map(Some).map_err(Error::read(file))
}

fn optional_json<T: DeserializeOwned>(
    file: &Path,
    expected: &'static str,
) -> Result<Option<T>, Error> {
    let Some(text) = optional_text(file)? else { return Ok(None) };
    let json = |source| Error::Json { file: file.to_owned(), expected, source };
    serde_json::from_str(&text).map(Some).map_err(json)
}
