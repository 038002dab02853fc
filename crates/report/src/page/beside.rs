//! Tables beside the test errors of a comparison: usual classifiers, balanced errors, failures.

use std::collections::BTreeSet;

use maud::{Markup, html};
use number_text::{count, fixed};

use super::heading::titled;
use super::scrolling;
use crate::group::distinct;
use crate::rows::{BalancedRow, FailureRow, ReferenceRow};

pub(super) fn tables(
    references: &[ReferenceRow],
    balanced: &[BalancedRow],
    failures: &[FailureRow],
) -> Markup {
    html! {
        @if !failures.is_empty() { (failed(failures)) }
        @if !references.is_empty() { (usual(references)) }
        @if !balanced.is_empty() { (by_class(balanced)) }
    }
}

/// A table of means over seeds with one column for each number of labels. Rows are (name, labels, value).
fn means(head: &str, rows: &[(&str, usize, f64)]) -> Markup {
    let labels: BTreeSet<usize> = rows.iter().map(|(_, labels, _)| *labels).collect();
    let names = distinct(rows.iter().map(|(name, _, _)| *name));
    let mean = |name: &str, labels: usize| {
        let here = rows.iter().filter(|row| (row.0, row.1) == (name, labels));
        let (sum, n) = here.fold((0.0, 0), |(sum, n), row| (sum + row.2, n + 1));
        (n > 0).then(|| sum / f64::from(n))
    };
    scrolling(
        head,
        html! {
            table {
                thead {
                    tr {
                        th scope="col" { (head) }
                        @for labels in &labels {
                            th.number scope="col" { (count(*labels)) " labels" }
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

fn usual(rows: &[ReferenceRow]) -> Markup {
    let errors: Vec<_> =
        rows.iter().map(|r| (r.classifier.as_str(), r.labels, r.test_error_pct)).collect();
    let notes = distinct(rows.iter().filter(|row| !row.note.is_empty()));
    html! {
        (titled("Usual classifiers on the same labels"))
        (means("classifier", &errors))
        p.hint {
            "Mean test error in percent. Their few settings are chosen on the validation samples, as              those of the networks are."
            @for row in notes {
                " " (row.classifier) ", " (count(row.labels)) " labels: " (row.note) "."
            }
        }
    }
}

fn by_class(rows: &[BalancedRow]) -> Markup {
    let errors: Vec<_> =
        rows.iter().map(|r| (r.method.as_str(), r.labels, r.balanced_error_pct)).collect();
    html! {
        (titled("Balanced test error"))
        (means("method", &errors))
        p.hint {
            "The mean over the classes of the error of each class, in percent: every class counts the              same, however rare it is. A classifier that always names one of two classes has 50 %."
        }
    }
}

fn failed(rows: &[FailureRow]) -> Markup {
    html! {
        (titled("Networks that could not be trained"))
        (scrolling("Failures", html! {
            table {
                thead {
                    tr {
                        th scope="col" { "method" }
                        th.number scope="col" { "hidden layers" }
                        th.number scope="col" { "labels" }
                        th.number scope="col" { "seed" }
                        th scope="col" { "reason" }
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
        p.hint { "They are missing in every other table." }
    }
}
