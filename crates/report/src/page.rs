//! The page: everything that a run's folder says, as one HTML file that needs no other.

mod cost;
mod info;
mod layers;
mod models;
mod results;
mod values;

use std::fs;
use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use crate::error::Error;
use crate::figures::{self, Figure, Section};
use crate::rows::{
    ComparisonRow, EqualSecondsRow, MetricRow, PairedRow, Row, SummaryRow, TimingRow,
};
use crate::table::{read_csv, write_text};
use crate::verdict::{Verdict, headline_of_run};

/// What a run's folder holds; what it does not hold is empty.
struct Run {
    folder: String,
    config: Option<String>,
    info: Option<Value>,
    metrics: Vec<MetricRow>,
    timings: Vec<TimingRow>,
    comparison: Vec<ComparisonRow>,
    summary: Vec<SummaryRow>,
    paired: Vec<PairedRow>,
    equal_seconds: Vec<EqualSecondsRow>,
    figures: Vec<Figure>,
}

/// Writes `DIR/report.html` from the files of `dir` and its drawn figures.
pub(crate) fn write(dir: &Path, figures: Vec<Figure>) -> Result<(), Error> {
    let run = Run {
        folder: folder_name(dir),
        config: optional_text(&dir.join("config.toml"))?,
        info: optional_json(&dir.join("run.json"))?,
        metrics: optional_csv(&dir.join("metrics.csv"))?,
        timings: optional_csv(&dir.join("timings.csv"))?,
        comparison: optional_csv(&dir.join("comparison.csv"))?,
        summary: optional_csv(&dir.join("summary.csv"))?,
        paired: optional_csv(&dir.join("paired.csv"))?,
        equal_seconds: optional_csv(&dir.join("equal_seconds.csv"))?,
        figures,
    };
    write_text(&dir.join("report.html"), &run.page().into_string())
}

impl Run {
    fn page(&self) -> Markup {
        let verdict = Verdict::of(&self.summary, &self.paired, &self.comparison);
        let title = self.title(verdict.is_some());
        let sections: Vec<(&str, &str, Markup)> = [
            ("results", "Results", self.results(verdict.as_ref())),
            ("learning", "Learning", self.gallery(Section::Learning)),
            ("features", "Features", self.gallery(Section::Features)),
            ("reconstruction", "Reconstruction", self.gallery(Section::Reconstruction)),
            ("generation", "Generation", self.gallery(Section::Generation)),
            ("values", "Values", values::table(&self.metrics)),
            ("cost", "Cost", cost::tables(&self.comparison, &self.equal_seconds, &self.timings)),
            ("settings", "Settings", info::settings(self.config.as_deref(), self.info.as_ref())),
            ("reproduce", "Reproduce", info::reproduce(self)),
        ]
        .into_iter()
        .filter(|(_, _, body)| !body.0.is_empty())
        .collect();
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · aerbm" }
                    style { (PreEscaped(include_str!("../assets/page.css"))) }
                }
                body {
                    header {
                        p.eyebrow { "aerbm · " (self.folder) }
                        h1 { (title) }
                        (self.lead(verdict.as_ref()))
                        nav aria-label="Sections" {
                            @for (id, name, _) in &sections { a href={ "#" (id) } { (name) } }
                        }
                    }
                    main {
                        @for (id, name, body) in &sections {
                            section id=(id) { h2 { (name) } (body) }
                        }
                    }
                    footer { p { "Drawn from the CSV files of this folder by " code { "aerbm report" } "." } }
                }
            }
        }
    }

    fn title(&self, compares: bool) -> String {
        if compares {
            return "Does pretraining help?".into();
        }
        let run = self.metrics.first().map(|row| &row.run);
        let only = run.filter(|run| self.metrics.iter().all(|row| row.run == **run));
        only.unwrap_or(&self.folder).clone()
    }

    /// What `run.json` says under this key.
    fn info_text(&self, key: &str) -> Option<&str> {
        self.info.as_ref()?.get(key)?.as_str()
    }

    /// The answer, before anything else.
    fn lead(&self, verdict: Option<&Verdict>) -> Markup {
        let sentence = verdict.map_or_else(
            || headline_of_run(&self.metrics).unwrap_or_else(|| "No results yet.".into()),
            |verdict| verdict.headline.clone(),
        );
        let (answer, rest) = match sentence.split_once(": ") {
            Some((answer, rest)) if verdict.is_some() => (format!("{answer}: "), rest.to_owned()),
            _ => (String::new(), sentence),
        };
        html! {
            div.lead {
                p.answer { @if !answer.is_empty() { strong { (answer) } } (tidy(&rest)) }
                @if let Some(verdict) = verdict {
                    @if !verdict.notes.is_empty() { p.note { (tidy(&verdict.notes.join(" "))) } }
                }
                @if let Some(about) = self.info_text("about") { p.note { (prose(about)) } }
            }
        }
    }

    fn results(&self, verdict: Option<&Verdict>) -> Markup {
        let figures = self.gallery(Section::Comparison);
        html! {
            @if let Some(verdict) = verdict {
                @if !verdict.findings.is_empty() {
                    ul.findings { @for finding in &verdict.findings { li { (tidy(finding)) } } }
                }
            }
            (results::errors(&self.summary))
            (figures)
            (layers::first_layer(&self.summary, &self.metrics))
            (results::differences(&self.paired))
            (models::table(&self.metrics))
        }
    }

    fn gallery(&self, section: Section) -> Markup {
        html! {
            @for figure in self.figures.iter().filter(|figure| figure.meta.section == section) {
                (card(figure))
            }
        }
    }
}

/// A drawing, what it shows, how to read it, and its files.
fn card(figure: &Figure) -> Markup {
    let Figure { name, meta, svg } = figure;
    html! {
        figure id={ "figure-" (name) } {
            h3 { (meta.title) }
            div.drawing tabindex="0" { (PreEscaped(figures::without_title(svg))) }
            figcaption {
                @if !meta.caption.is_empty() { p { (meta.caption) } }
                @if !meta.how_to_read.is_empty() {
                    p { b { "How to read it. " } (meta.how_to_read) }
                }
                p.files {
                    @for extension in ["csv", "svg", "png"] {
                        a href={ "figures/" (name) "." (extension) } download { "." (extension) }
                    }
                }
            }
        }
    }
}

/// A table in a frame that scrolls sideways where the screen is narrow.
fn scrolling(table: Markup) -> Markup {
    html! { div.scroll tabindex="0" { (table) } }
}

/// A number stays on the line of its unit.
fn tidy(text: &str) -> String {
    text.replace(" %", "\u{a0}%").replace(" points", "\u{a0}points").replace(" seed", "\u{a0}seed")
}

/// Text with `code` between backquotes.
fn prose(text: &str) -> Markup {
    html! {
        @for (i, piece) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (piece) } } @else { (tidy(piece)) }
        }
    }
}

fn folder_name(dir: &Path) -> String {
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

fn optional_json(file: &Path) -> Result<Option<Value>, Error> {
    let Some(text) = optional_text(file)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|source| Error::Json {
        file: file.to_owned(),
        expected: "what the run says of itself",
        source,
    })
}
