//! The table of test errors of a comparison.

use std::collections::BTreeSet;

use maud::{Markup, html};
use wording::say;

use super::heading::titled_with_layers;
use super::{head, layers_of, scrolling, seed_counts, with_code};
use crate::answer::Styles;
use crate::group::distinct;
use crate::rows::SummaryRow;
use number_text::{count, fixed};

/// The messages that state what an interval covers.
const SAMPLES: &str = "about-samples";
const SEEDS: &str = "about-seeds";

/// Mean test error by method and number of labels. The largest depth is visible; the others are folded, as
/// are the intervals of `of_seeds`. Runs of earlier versions have none of these; their intervals for seeds
/// are among `rows`.
pub(super) fn errors(rows: &[SummaryRow], of_seeds: &[SummaryRow], styles: &Styles) -> Markup {
    let depths: BTreeSet<usize> = rows.iter().map(|row| row.depth).collect();
    let Some(deepest) = depths.last() else { return html! {} };
    let about = if of_seeds.is_empty() { SEEDS } else { SAMPLES };
    let several = of_seeds.iter().any(|row| row.seeds > 1);
    let language = styles.language;
    html! {
        (titled_with_layers(language, "errors-title", *deepest))
        (error_table(rows, *deepest, styles, about))
        (key(rows, styles))
        @for depth in depths.iter().rev().skip(1) {
            details {
                summary { (say!(language, "same-with-layers", layers = layers_of(language, *depth))) }
                (error_table(rows, *depth, styles, about))
            }
        }
        @if several {
            details {
                summary { (say!(language, "same-with-intervals", about = say!(language, SEEDS))) }
                @for depth in depths.iter().rev() {
                    @if depths.len() > 1 { h4 { (layers_of(language, *depth)) } }
                    (error_table(of_seeds, *depth, styles, SEEDS))
                }
            }
        }
    }
}

/// The words for the names of the methods.
fn key(rows: &[SummaryRow], styles: &Styles) -> Markup {
    let language = styles.language;
    let named = distinct(rows.iter().map(|row| row.method.as_str())).into_iter();
    let words = named.filter_map(|name| {
        let words = language.stored(&styles.of(name)?.words);
        (words != name).then(|| format!("`{name}`: {words}"))
    });
    let words: Vec<String> = words.collect();
    html! {
        @if !words.is_empty() { p.hint { (with_code(&say!(language, "errors-key", methods = words.join("; ")))) } }
    }
}

fn error_table(rows: &[SummaryRow], depth: usize, styles: &Styles, about: &str) -> Markup {
    let here: Vec<&SummaryRow> = rows.iter().filter(|row| row.depth == depth).collect();
    let labels: BTreeSet<usize> = here.iter().map(|row| row.labels).collect();
    let methods = distinct(here.iter().map(|row| row.method.as_str()));
    let language = styles.language;
    let words = |method: &str| styles.of(method).map(|style| language.stored(&style.words));
    let best = |labels: usize| {
        let means = here.iter().filter(|row| row.labels == labels).map(|r| r.test_error_pct_mean);
        means.filter(|mean| mean.is_finite()).fold(f64::INFINITY, f64::min)
    };
    let seeds: BTreeSet<usize> = here.iter().map(|row| row.seeds).collect();
    html! {
        (scrolling(language, &say!(language, "errors"), html! {
            table {
                thead {
                    tr {
                        (head(language, "method"))
                        @for labels in &labels {
                            th.number scope="col" { (say!(language, "labels", labels = count(*labels))) }
                        }
                    }
                }
                tbody {
                    @for method in methods {
                        tr data-series=(method) {
                            th scope="row" title=[words(method)] { (method) }
                            @for &labels in &labels {
                                @match here.iter().find(|r| r.method == method && r.labels == labels) {
                                    Some(row) => (cell(row, best(labels))),
                                    None => td.number.none { "–" },
                                }
                            }
                        }
                    }
                }
            }
        }))
        p.hint {
            @let over = seed_counts(language, &seeds);
            @if seeds.iter().any(|&n| n > 1) {
                (say!(language, "errors-hint-intervals", seeds = over, about = say!(language, about)))
            } @else {
                (say!(language, "errors-hint", seeds = over))
            }
        }
    }
}

fn cell(row: &SummaryRow, best: f64) -> Markup {
    let mean = fixed(row.test_error_pct_mean, 2);
    let is_best = mean == fixed(best, 2);
    let has_interval = row.ci95_low.is_finite() && row.ci95_high.is_finite();
    html! {
        td.number {
            @if is_best { b { (mean) } } @else { (mean) }
            @if has_interval {
                span.interval { (fixed(row.ci95_low, 2)) " – " (fixed(row.ci95_high, 2)) }
            }
        }
    }
}
