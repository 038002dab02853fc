//! Supplementary tables of a comparison: standard classifiers, balanced errors, failures.

use std::collections::BTreeSet;

use maud::{Markup, html};
use number_text::{count, fixed};
use wording::{Language, say};

use super::heading::titled;
use super::{head, number_head, scrolling, with_code};
use crate::group::distinct;
use crate::rows::{BalancedRow, FailureRow, ReferenceRow};

pub(super) fn tables(
    language: Language,
    references: &[ReferenceRow],
    balanced: &[BalancedRow],
    failures: &[FailureRow],
) -> Markup {
    html! {
        @if !failures.is_empty() { (failed(language, failures)) }
        @if !references.is_empty() { (usual(language, references)) }
        @if !balanced.is_empty() { (by_class(language, balanced)) }
    }
}

/// A table of means over seeds with one column for each number of labels. Rows are (name, labels, value).
fn means(language: Language, column: &str, rows: &[(&str, usize, f64)]) -> Markup {
    let labels: BTreeSet<usize> = rows.iter().map(|(_, labels, _)| *labels).collect();
    let names = distinct(rows.iter().map(|(name, _, _)| *name));
    let mean = |name: &str, labels: usize| {
        let here = rows.iter().filter(|row| (row.0, row.1) == (name, labels));
        let (sum, n) = here.fold((0.0, 0), |(sum, n), row| (sum + row.2, n + 1));
        (n > 0).then(|| sum / f64::from(n))
    };
    let name = say!(language, &format!("column-{column}"));
    scrolling(
        language,
        &name,
        html! {
            table {
                thead {
                    tr {
                        th scope="col" { (name) }
                        @for labels in &labels {
                            th.number scope="col" { (say!(language, "labels", labels = count(*labels))) }
                        }
                    }
                }
                tbody {
                    @for name in names {
                        tr {
                            th scope="row" { (name) }
                            @for &labels in &labels {
                                @match mean(name, labels) {
                                    Some(mean) => td.number { (fixed(mean, 2)) },
                                    None => td.number.none { "–" },
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn usual(language: Language, rows: &[ReferenceRow]) -> Markup {
    let errors: Vec<_> =
        rows.iter().map(|r| (r.classifier.as_str(), r.labels, r.test_error_pct)).collect();
    let notes = distinct(rows.iter().filter(|row| !row.note.is_empty()));
    html! {
        (titled(language, "usual-title", &[]))
        (means(language, "classifier", &errors))
        p.hint {
            (with_code(&say!(language, "usual-hint")))
            @for row in notes {
                " " (say!(
                    language,
                    "usual-note",
                    classifier = row.classifier.as_str(),
                    labels = count(row.labels),
                    note = row.note.as_str()
                ))
            }
        }
    }
}

fn by_class(language: Language, rows: &[BalancedRow]) -> Markup {
    let errors: Vec<_> =
        rows.iter().map(|r| (r.method.as_str(), r.labels, r.balanced_error_pct)).collect();
    html! {
        (titled(language, "balanced-title", &[]))
        (means(language, "method", &errors))
        p.hint { (say!(language, "balanced-hint")) }
    }
}

fn failed(language: Language, rows: &[FailureRow]) -> Markup {
    html! {
        (titled(language, "failures-title", &[]))
        (scrolling(language, &say!(language, "failures"), html! {
            table {
                thead {
                    tr {
                        (head(language, "method"))
                        (number_head(language, "hidden-layers"))
                        (number_head(language, "labels"))
                        (number_head(language, "seed"))
                        (head(language, "reason"))
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (row.method) }
                            td.number { (row.depth) }
                            td.number { (count(row.labels)) }
                            td.number { (row.seed) }
                            td { (row.reason) }
                        }
                    }
                }
            }
        }))
        p.hint { (say!(language, "failures-hint")) }
    }
}
