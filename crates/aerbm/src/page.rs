//! The page of a run, drawn from the files in its folder.
//!
//! The answer of a comparison is computed in `study`, from the tables and the roles of the methods; the page
//! shows it.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use report::{
    Answer, ComparisonRow, Marker, MethodStyle, PairVerdict, PairedRow, Styles, SummaryRow, Tone,
    read_csv,
};
use serde_json::json;
use study::verdict::{CellLine, Finding, PairedLine, SummaryLine, Verdict};
use study::{Methods, Roles};
use wording::Language;

use crate::comparison::{mistakes, tables};
use crate::config::{ConfigError, ProfileConfig};
use crate::folder::{self, info, require_run};
use crate::{Error, sums};

/// Choices about the page of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageOptions {
    /// Whether the page leaves out the models for its reader to try.
    pub without_models: bool,
    /// The language; if `None`, that of an earlier run in the folder, or else English.
    pub language: Option<Language>,
}

/// The entry of `run.json` with the language of the page; it is absent for English.
const LANGUAGE: &str = "language";

/// The language of the page of the run in `dir`: English if the run has recorded no other.
///
/// # Errors
/// [`Error::Config`] for an unknown language.
pub fn language(dir: &Path) -> Result<Language, Error> {
    match info(dir)[LANGUAGE].as_str() {
        None => Ok(Language::default()),
        Some(code) => code.parse().map_err(|error: wording::UnknownLanguage| {
            ConfigError(format!("{}: {error}", dir.join("run.json").display())).into()
        }),
    }
}

/// Records the language of the page of the run in `dir`, for [`write()`] and for later redraws.
///
/// # Errors
/// [`Error::NoRun`] for a folder without a run, [`Error::Report`] if `run.json` cannot be written.
pub fn set_language(dir: &Path, language: Language) -> Result<(), Error> {
    require_run(dir)?;
    let mut info = info(dir);
    if !info.is_object() {
        return Err(Error::NoRun { folder: dir.to_owned(), missing: "run.json" });
    }
    record_language(&mut info, language);
    write_info(dir, &info)
}

fn write_info(dir: &Path, info: &serde_json::Value) -> Result<(), Error> {
    report::write_text(&dir.join("run.json"), &(serde_json::to_string_pretty(info)? + "\n"))?;
    sums::refresh(dir, &["run.json"])
}

/// Records the language in the content of `run.json`.
pub(crate) fn record_language(info: &mut serde_json::Value, language: Language) {
    if language != Language::default() {
        info[LANGUAGE] = json!(language.code());
    } else if let Some(entries) = info.as_object_mut() {
        entries.remove(LANGUAGE);
    }
}

/// Draws the figures of the run in `dir` again from their tables, writes its page in its language, and returns the
/// path of the page.
///
/// # Errors
/// [`Error::NoRun`] for a folder without a run, or the reason why a file cannot be read or written.
pub fn write(dir: &Path) -> Result<PathBuf, Error> {
    require_run(dir)?;
    let profile = ProfileConfig::of_folder(dir)?;
    let methods = profile.as_ref().map(|profile| &profile.methods);
    let language = language(dir)?;
    let styles = Styles { language, ..methods.map_or_else(default_styles, styles) };
    let answer = match profile.as_ref().and_then(|profile| profile.comparison.as_ref()) {
        Some(comparison) if dir.join("summary.csv").is_file() => {
            let methods = methods.expect("a comparison has methods");
            answer(dir, language, &methods.roles_among(&comparison.methods))?
        }
        _ => None,
    };
    report::build(dir, &styles, answer.as_ref())?;
    sums::refresh_drawn(dir)?;
    Ok(dir.join("report.html"))
}

/// Recomputes the tables that follow from the mistakes of each network, if the run is a comparison, records where
/// the run is, and then does the same as [`write()`].
///
/// # Errors
/// [`Error::Io`] if `mistakes.csv` is damaged, [`Error::InUse`] if another process writes to the folder, and as
/// [`write()`].
pub fn rebuild(dir: &Path) -> Result<PathBuf, Error> {
    require_run(dir)?;
    let _lock = folder::lock(dir)?;
    let path = dir.join("mistakes.csv");
    if let Some(profile) = ProfileConfig::of_folder(dir)?
        && let Some(comparison) = &profile.comparison
        && path.is_file()
    {
        let tested = mistakes::cells(read_csv(&path)?).map_err(|damaged| Error::Io {
            path,
            source: io::Error::new(io::ErrorKind::InvalidData, damaged),
        })?;
        tables::write_summaries(dir, &tested, &profile.methods.roles_among(&comparison.methods))?;
        sums::refresh(dir, &tables::SUMMARIES)?;
    }
    // The page names the folder, which may have been moved.
    let mut info = info(dir);
    let folder = json!(dir.display().to_string());
    if info.is_object() && info["folder"] != folder {
        info["folder"] = folder;
        write_info(dir, &info)?;
    }
    write(dir)
}

/// Adds figures, which `draw` draws, to the finished run in `dir`: its page shows them, and its checksums are
/// updated. In any other folder, the figures are drawn and nothing else happens.
///
/// # Errors
/// The failure of `draw`, or the reason why a file cannot be read or written.
pub fn add_figures<R>(dir: &Path, draw: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    let _lock = dir.join("run.json").is_file().then(|| folder::lock(dir)).transpose()?;
    let before = sums::of_figures(dir)?;
    let drawn = draw()?;
    if let Some(before) = before {
        sums::refresh_figures(dir, &before)?;
        write(dir)?;
    }
    Ok(drawn)
}

fn answer(dir: &Path, language: Language, roles: &Roles) -> Result<Option<Answer>, Error> {
    let [summary, paired, comparison] =
        ["summary.csv", "paired.csv", "comparison.csv"].map(|name| dir.join(name));
    let summary = read_csv(&summary)?;
    let paired = if paired.is_file() { read_csv(&paired)? } else { vec![] };
    let cells = if comparison.is_file() { read_csv(&comparison)? } else { vec![] };
    let methods: BTreeSet<&str> =
        summary.iter().map(|row: &SummaryRow| row.method.as_str()).collect();
    if methods.len() == 1 {
        return Ok(None);
    }
    let verdict = verdict(language, roles, &summary, &paired, &cells);
    Ok(verdict.map(|verdict| to_answer(language, verdict)))
}

/// The verdict on the tables of a comparison; `None` if they are empty.
pub(crate) fn verdict(
    language: Language,
    roles: &Roles,
    summary: &[SummaryRow],
    paired: &[PairedRow],
    cells: &[ComparisonRow],
) -> Option<Verdict> {
    let summary: Vec<SummaryLine> = summary
        .iter()
        .map(|row| SummaryLine {
            method: row.method.clone(),
            depth: row.depth,
            labels: row.labels,
            seeds: row.seeds,
            test_error_pct: row.test_error_pct_mean,
        })
        .collect();
    // Each pair has a row per test; the p-value that counts is that of the rows with Holm's correction.
    let corrected = paired.iter().filter(|row| row.test.ends_with("Holm"));
    let paired: Vec<PairedLine> = corrected
        .map(|row| PairedLine {
            method_a: row.method_a.clone(),
            method_b: row.method_b.clone(),
            depth: row.depth,
            labels: row.labels,
            seeds: row.seeds,
            difference_pct: row.difference_pct_mean,
            low: row.ci95_low,
            high: row.ci95_high,
            corrected_p: row.p_value,
        })
        .collect();
    let cells: Vec<CellLine> = cells
        .iter()
        .map(|row| CellLine {
            method: row.method.clone(),
            depth: row.depth,
            labels: row.labels,
            seed: row.seed,
            validation_error_pct: row.validation_error_pct,
            test_error_pct: row.test_error_pct,
            updates: row.pretrain_updates + row.finetune_updates,
        })
        .collect();
    Verdict::of(language, roles, &summary, &paired, &cells)
}

fn to_answer(language: Language, verdict: Verdict) -> Answer {
    let tone = |finding: Finding| match finding {
        Finding::Better => Tone::Good,
        Finding::SuggestiveBetter => Tone::FairlyGood,
        Finding::NoDifference | Finding::NoInterval => Tone::Neutral,
        Finding::SuggestiveWorse => Tone::FairlyBad,
        Finding::Worse => Tone::Bad,
    };
    let pairs = verdict.pairs.into_iter().map(|pair| PairVerdict {
        text: pair.words(language),
        tone: tone(pair.outcome),
        method_a: pair.method_a,
        method_b: pair.method_b,
        depth: pair.depth,
        labels: pair.labels,
        asked: pair.asked,
    });
    Answer {
        headline: verdict.headline,
        findings: verdict.findings,
        notes: verdict.notes,
        family: verdict.family,
        pairs: pairs.collect(),
    }
}

/// The styles of the built-in methods.
pub fn default_styles() -> Styles {
    styles(&ProfileConfig::built_in_methods())
}

/// The styles of methods; if there are none, those of the built-in methods, after which runs of single models
/// are named.
pub fn styles(methods: &Methods) -> Styles {
    if methods.is_empty() {
        return default_styles();
    }
    let markers = Marker::ALL.into_iter().cycle();
    let methods = methods.styles().zip(markers).map(|(style, marker)| MethodStyle {
        name: style.name.to_owned(),
        words: style.words.to_owned(),
        color: (style.color.red, style.color.green, style.color.blue),
        marker,
        has_layers: style.has_layers,
    });
    Styles { methods: methods.collect(), ..Styles::default() }
}
