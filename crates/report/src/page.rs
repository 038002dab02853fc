//! The page: the content of a run's folder as one self-contained HTML file.

mod beside;
mod cost;
mod differences;
pub(crate) mod differing;
mod figure;
mod heading;
mod info;
mod inline;
mod layers;
mod matrix;
mod methods;
mod models;
mod playground;
mod policy;
mod results;
mod values;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use crate::answer::{Answer, Styles};
use crate::error::Error;
use crate::figures::{Figure, Section};
use crate::headline;
use crate::playground::Playground;
use crate::rows::{
    BalancedRow, ComparisonRow, EqualSecondsRow, FailureRow, MetricRow, PairedRow, ReferenceRow,
    Row, SummaryRow, TimingRow,
};
use crate::table::{read_csv, write_text};

/// The content of a run's folder, with files that are absent left empty, and what the caller says
/// about it.
struct Run<'a> {
    folder: String,
    config: Option<String>,
    info: Option<Value>,
    metrics: Vec<MetricRow>,
    timings: Vec<TimingRow>,
    comparison: Vec<ComparisonRow>,
    summary: Vec<SummaryRow>,
    summary_of_seeds: Vec<SummaryRow>,
    paired: Vec<PairedRow>,
    equal_seconds: Vec<EqualSecondsRow>,
    references: Vec<ReferenceRow>,
    balanced: Vec<BalancedRow>,
    failures: Vec<FailureRow>,
    figures: Vec<Figure>,
    playground: Option<Playground>,
    styles: &'a Styles,
    answer: Option<&'a Answer>,
}

/// Writes `DIR/report.html` from the files of `dir` and its drawn figures.
pub(crate) fn write(
    dir: &Path,
    figures: Vec<Figure>,
    styles: &Styles,
    answer: Option<&Answer>,
) -> Result<(), Error> {
    let run = Run {
        folder: folder_name(dir),
        config: optional_text(&dir.join("config.toml"))?,
        info: optional_json(&dir.join("run.json"))?,
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
        playground: optional_playground(&dir.join(crate::playground::FILE))?,
        styles,
        answer,
    };
    write_text(&dir.join("report.html"), &run.page()?.into_string())
}

impl Run<'_> {
    fn page(&self) -> Result<Markup, Error> {
        let title = self.title();
        let playground = self.playground.as_ref().map(playground::section).transpose()?;
        let sections: Vec<(&str, &str, Markup)> = [
            ("results", "Results", self.results()),
            ("try", "Try the models", playground.unwrap_or_else(|| html! {})),
            ("learning", "Learning", figure::gallery(&self.figures, Section::Learning)),
            ("features", "Features", figure::gallery(&self.figures, Section::Features)),
            (
                "reconstruction",
                "Reconstruction",
                figure::gallery(&self.figures, Section::Reconstruction),
            ),
            ("generation", "Generation", figure::gallery(&self.figures, Section::Generation)),
            ("values", "Values", values::table(&self.metrics)),
            ("cost", "Cost", cost::tables(&self.comparison, &self.equal_seconds, &self.timings)),
            ("settings", "Settings", info::settings(self.config.as_deref(), self.info.as_ref())),
            ("reproduce", "Reproduce", info::reproduce(self)),
        ]
        .into_iter()
        .filter(|(_, _, body)| !body.0.is_empty())
        .collect();
        let lead = html! { p.eyebrow { "aerbm · " (self.folder) } h1 { (title) } (self.lead()) };
        let before = methods::bar(&self.figures);
        let footer =
            html! { "Made from the CSV files of this folder by " code { "aerbm report" } "." };
        Ok(document(&title, &lead, &before, &sections, &footer))
    }

    fn title(&self) -> String {
        if self.answer.is_some() {
            return "Does pretraining help?".into();
        }
        let run = self.metrics.first().map(|row| &row.run);
        let only = run.filter(|run| self.metrics.iter().all(|row| row.run == **run));
        only.unwrap_or(&self.folder).clone()
    }

    /// The text under a key of `run.json`.
    fn info_text(&self, key: &str) -> Option<&str> {
        self.info.as_ref()?.get(key)?.as_str()
    }

    /// The first thing on the page: the answer, or the last values of a run that has none.
    fn lead(&self) -> Markup {
        let (strong, sentence) = match self.answer {
            Some(answer) => match answer.headline.split_once(": ") {
                Some((strong, rest)) => (format!("{strong}: "), rest.to_owned()),
                None => (String::new(), answer.headline.clone()),
            },
            None => (String::new(), self.headline_without_answer()),
        };
        let notes = self.answer.map_or(&[][..], |answer| &answer.notes);
        html! {
            div.lead {
                p.answer { @if !strong.is_empty() { strong { (strong) } } (tidy(&sentence)) }
                @if !notes.is_empty() { p.note { (tidy(&notes.join(" "))) } }
                @if let Some(use_it) = self.info_text("recommendation") { p.note { (prose(use_it)) } }
                @if let Some(about) = self.info_text("about") { p.note { (prose(about)) } }
            }
        }
    }

    fn headline_without_answer(&self) -> String {
        if !self.summary.is_empty() {
            return "This comparison has no verdict: the tables below have its results.".into();
        }
        headline::headline(&self.metrics).unwrap_or_else(|| "There are no results yet.".into())
    }

    fn results(&self) -> Markup {
        let findings = self.answer.map_or(&[][..], |answer| &answer.findings);
        html! {
            (matrix::table(&self.paired, self.answer))
            @if !findings.is_empty() {
                details open[self.paired.is_empty()] {
                    summary { "The verdicts in words" }
                    ul.findings { @for finding in findings { li { (tidy(finding)) } } }
                }
            }
            (results::errors(&self.summary, &self.summary_of_seeds, self.styles))
            (beside::tables(&self.references, &self.balanced, &self.failures))
            (figure::gallery(&self.figures, Section::Comparison))
            (layers::first_layer(&self.summary, &self.metrics))
            (differences::tables(&self.paired, self.answer))
            (models::table(&self.metrics))
        }
    }
}

/// A whole page: the head, a list of its sections (identity, name, content), what comes before them, and the
/// sections.
fn document(
    title: &str,
    lead: &Markup,
    before: &Markup,
    sections: &[(&str, &str, Markup)],
    footer: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(inline::policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · aerbm" }
                (inline::styles())
            }
            body {
                nav aria-label="Sections" {
                    @for (id, name, _) in sections { a href={ "#" (id) } { (name) } }
                }
                div.content {
                    header { (lead) }
                    main {
                        (before)
                        @for (id, name, body) in sections {
                            section id=(id) aria-labelledby={ (id) "-title" } {
                                h2 id={ (id) "-title" } { (name) }
                                (body)
                            }
                        }
                    }
                    footer { p { (footer) } }
                }
                (inline::scripts())
            }
        }
    }
}

/// A table in a frame that scrolls sideways on a narrow screen.
fn scrolling(name: &str, table: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label={ "Table: " (name) } { (table) } }
}

/// Joins numbers with their units by spaces that do not break.
fn tidy(text: &str) -> String {
    let text = text.replace(" %", "\u{a0}%").replace(" points", "\u{a0}points");
    text.replace(" seed", "\u{a0}seed").replace(" p < ", " p\u{a0}<\u{a0}")
}

/// Text in which `code` stands between backquotes.
fn prose(text: &str) -> Markup {
    html! {
        @for (i, piece) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (piece) } } @else { (tidy(piece)) }
        }
    }
}

/// The number of seeds, or their range, in words.
fn seed_counts(seeds: &BTreeSet<usize>) -> String {
    match (seeds.first(), seeds.last()) {
        (Some(1), Some(1)) => "1 seed, which gives no interval".into(),
        (Some(low), Some(high)) if low != high => format!("{low} to {high} seeds"),
        (Some(only), _) => format!("{only} seeds"),
        _ => "no seeds".into(),
    }
}

/// A number of hidden layers in words.
fn layers_of(depth: usize) -> String {
    format!("{depth} hidden {}", if depth == 1 { "layer" } else { "layers" })
}

fn folder_name(dir: &Path) -> String {
    let full = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    full.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned())
}

fn optional_csv<R: Row>(file: &Path) -> Result<Vec<R>, Error> {
    if file.exists() { read_csv(file) } else { Ok(Vec::new()) }
}

fn optional_playground(file: &Path) -> Result<Option<Playground>, Error> {
    let Some(text) = optional_text(file)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|source| Error::Json {
        file: file.to_owned(),
        expected: "models for the page",
        source,
    })
}

fn optional_text(file: &Path) -> Result<Option<String>, Error> {
    if !file.exists() {
        return Ok(None);
    }
    fs::read_to_string(file).map(Some).map_err(Error::read(file))
}

fn optional_json(file: &Path) -> Result<Option<Value>, Error> {
    let Some(text) = optional_text(file)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|source| Error::Json {
        file: file.to_owned(),
        expected: "the description of a run",
        source,
    })
}
