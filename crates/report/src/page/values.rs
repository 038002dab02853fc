//! The last value of every metric.

use maud::{Markup, html};

use super::scrolling;
use crate::metrics::last_values;
use crate::rows::MetricRow;
use number_text::{count, significant};

/// Largest number of rows on the page; `metrics.csv` has them all.
const LIMIT: usize = 400;
/// Largest number of rows that are shown unfolded.
const OPEN: usize = 40;

pub(super) fn table(rows: &[MetricRow]) -> Markup {
    if rows.is_empty() {
        return html! {};
    }
    let last = last_values(rows.iter());
    let shown = &last[..last.len().min(LIMIT)];
    html! {
        details open[last.len() <= OPEN] {
            summary { (count(last.len())) " values, each from the last epoch" }
            (scrolling("Values", html! {
                table {
                    thead {
                        tr {
                            th scope="col" { "run" }
                            th.number scope="col" { "seed" }
                            th scope="col" { "stage" }
                            th.number scope="col" { "layer" }
                            th.number scope="col" { "epoch" }
                            th scope="col" { "split" }
                            th scope="col" { "metric" }
                            th.number scope="col" { "value" }
                            th scope="col" { "unit" }
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
                p.hint { (count(last.len() - LIMIT)) " more values are in metrics.csv." }
            }
        }
        p.files { a href="metrics.csv" download { "metrics.csv" } }
    }
}

fn optional(value: Option<usize>) -> String {
    value.map_or_else(|| "–".into(), count)
}
