//! The last value of every metric.

use maud::{Markup, html};
use wording::{Language, say};

use super::{head, number_head, scrolling};
use crate::metrics::last_values;
use crate::rows::MetricRow;
use number_text::{count, significant};

/// Maximum number of rows on the page; `metrics.csv` has them all.
const LIMIT: usize = 400;
/// Maximum number of rows shown unfolded.
const OPEN: usize = 40;

pub(super) fn table(language: Language, rows: &[MetricRow]) -> Markup {
    if rows.is_empty() {
        return html! {};
    }
    let last = last_values(rows.iter());
    let shown = &last[..last.len().min(LIMIT)];
    html! {
        details open[last.len() <= OPEN] {
            summary { (say!(language, "values-summary", n = count(last.len()))) }
            (scrolling(language, &say!(language, "section-values"), html! {
                table {
                    thead {
                        tr {
                            (head(language, "run"))
                            (number_head(language, "seed"))
                            (head(language, "stage"))
                            (number_head(language, "layer"))
                            (number_head(language, "epoch"))
                            (head(language, "split"))
                            (head(language, "metric"))
                            (number_head(language, "value"))
                            (head(language, "unit"))
                        }
                    }
                    tbody {
                        @for row in shown {
                            tr {
                                th scope="row" { (row.run) }
                                td.number { (row.seed) }
                                td { (row.stage) }
                                td.number { (optional(row.layer)) }
                                td.number { (optional(row.epoch)) }
                                td { (row.split) }
                                td { (row.metric) }
                                td.number { (significant(row.value)) }
                                td { (row.unit) }
                            }
                        }
                    }
                }
            }))
            @if last.len() > LIMIT {
                p.hint { (say!(language, "values-more", n = count(last.len() - LIMIT))) }
            }
        }
        p.files { a href="metrics.csv" download { "metrics.csv" } }
    }
}

fn optional(value: Option<usize>) -> String {
    value.map_or_else(|| "–".into(), count)
}
