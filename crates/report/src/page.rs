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
mod run;
mod values;

use std::collections::BTreeSet;
use std::path::Path;

use maud::{DOCTYPE, Markup, html};
use wording::{Language, say};

use self::run::Run;
use crate::answer::{Answer, Styles};
use crate::error::Error;
use crate::figures::{Figure, Section};
use crate::table::write_text;

/// Writes `DIR/report.html` from the files of `dir` and its drawn figures.
pub(crate) fn write(
    dir: &Path,
    figures: Vec<Figure>,
    styles: &Styles,
    answer: Option<&Answer>,
) -> Result<(), Error> {
    let run = Run::read(dir, figures, styles, answer)?;
    write_text(&dir.join("report.html"), &run.page()?.into_string())
}

impl Run<'_> {
    fn page(&self) -> Result<Markup, Error> {
        let (title, language) = (self.title(), self.language());
        let playground =
            self.playground.as_ref().map(|it| playground::section(language, it)).transpose()?;
        let gallery = |section| figure::gallery(language, &self.figures, section);
        let cost = cost::tables(self);
        let settings = info::settings(language, self.config.as_deref(), self.info.as_ref());
        let sections: Vec<(&str, String, Markup)> = [
            ("results", self.results()),
            ("try", playground.unwrap_or_else(|| html! {})),
            ("learning", gallery(Section::Learning)),
            ("features", gallery(Section::Features)),
            ("reconstruction", gallery(Section::Reconstruction)),
            ("generation", gallery(Section::Generation)),
            ("values", values::table(language, &self.metrics)),
            ("cost", cost),
            ("settings", settings),
            ("reproduce", info::reproduce(self)),
        ]
        .into_iter()
        .filter(|(_, body)| !body.0.is_empty())
        .map(|(id, body)| (id, say!(language, &format!("section-{id}")), body))
        .collect();
        let lead = html! { p.eyebrow { "aerbm · " (self.name()) } h1 { (title) } (self.lead()) };
        let before = methods::bar(language, &self.figures, &self.names());
        let about_files = say!(language, "page-files");
        let footer = html! {
            (with_code(&say!(language, "page-footer")))
            @if !about_files.is_empty() { " " (about_files) }
        };
        Ok(document(language, &title, &lead, &before, &sections, &footer))
    }

    /// The first element of the page: the answer, or the last values of a run without one.
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
                @if let Some(use_it) = self.told("recommendation") { p.note { (prose(&use_it)) } }
                @if let Some(about) = self.told("about") { p.note { (prose(&about)) } }
            }
        }
    }

    fn results(&self) -> Markup {
        let findings = self.answer.map_or(&[][..], |answer| &answer.findings);
        let language = self.language();
        html! {
            (matrix::table(language, &self.paired, self.answer))
            @if !findings.is_empty() {
                details open[self.paired.is_empty()] {
                    summary { (say!(language, "verdicts-in-words")) }
                    ul.findings { @for finding in findings { li { (tidy(finding)) } } }
                }
            }
            (results::errors(&self.summary, &self.summary_of_seeds, self.styles))
            (beside::tables(language, &self.references, &self.balanced, &self.failures))
            (figure::gallery(language, &self.figures, Section::Comparison))
            (layers::first_layer(language, &self.summary, &self.metrics, self.styles))
            (differences::tables(language, &self.paired, self.answer))
            (models::table(language, self.samples(), &self.metrics))
        }
    }
}

/// A whole page: the head, a list of the sections (identity, name, content), the part before them, and the
/// sections.
fn document(
    language: Language,
    title: &str,
    lead: &Markup,
    before: &Markup,
    sections: &[(&str, String, Markup)],
    footer: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(inline::policy(language));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · aerbm" }
                (inline::styles(language))
            }
            body {
                nav aria-label=(say!(language, "sections")) {
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
                (inline::scripts(language))
            }
        }
    }
}

/// A table in a frame that scrolls sideways on a narrow screen.
fn scrolling(language: Language, name: &str, table: Markup) -> Markup {
    let label = say!(language, "table-label", name = name);
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// Joins numbers with their units by non-breaking spaces.
fn tidy(text: &str) -> String {
    let text = text.replace(" %", "\u{a0}%").replace(" points", "\u{a0}points");
    text.replace(" seed", "\u{a0}seed").replace(" p < ", " p\u{a0}<\u{a0}")
}

/// Text with `code` in backquotes, and numbers joined to their units.
fn prose(text: &str) -> Markup {
    marked(text, tidy)
}

/// Text with `code` in backquotes.
fn with_code(text: &str) -> Markup {
    marked(text, str::to_owned)
}

fn marked(text: &str, plain: impl Fn(&str) -> String) -> Markup {
    html! {
        @for (i, piece) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (piece) } } @else { (plain(piece)) }
        }
    }
}

/// The number of seeds, or their range, in words.
fn seed_counts(language: Language, seeds: &BTreeSet<usize>) -> String {
    match (seeds.first(), seeds.last()) {
        (Some(1), Some(1)) => say!(language, "seeds-only-one"),
        (Some(&low), Some(&high)) if low != high => {
            say!(language, "seeds-range", low = low, high = high)
        }
        (Some(&only), _) => say!(language, "seeds", n = only),
        _ => say!(language, "seeds-none"),
    }
}

/// A number of hidden layers in words.
fn layers_of(language: Language, depth: usize) -> String {
    say!(language, "layers", n = depth)
}

/// A column head.
fn head(language: Language, column: &str) -> Markup {
    html! { th scope="col" { (say!(language, &format!("column-{column}"))) } }
}

/// A column head for numbers.
fn number_head(language: Language, column: &str) -> Markup {
    html! { th.number scope="col" { (say!(language, &format!("column-{column}"))) } }
}
