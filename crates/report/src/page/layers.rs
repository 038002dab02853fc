//! Measurements of the first layer of each method's networks beside their test error, as in the table of
//! Rifai et al. (2011).

use maud::{Markup, html};
use wording::{Language, Value, say};

use super::heading::titled;
use super::{head, number_head, scrolling};
use crate::answer::Styles;
use crate::rows::{MetricRow, SummaryRow};
use number_text::{count, fixed};

/// Metrics with their own column, and their decimals. Messages `layer-…` are the column heads.
const COLUMNS: [(&str, usize); 4] =
    [("saturated_pct", 1), ("weight_distance", 2), ("cka", 2), ("updates_to_control", 0)];

/// One line per method with means over seeds, at the largest depth and its largest number of labels.
pub(super) fn first_layer(
    language: Language,
    summary: &[SummaryRow],
    metrics: &[MetricRow],
    styles: &Styles,
) -> Markup {
    let Some((depth, labels)) = summary.iter().map(|row| (row.depth, row.labels)).max() else {
        return html! {};
    };
    let run = format!("comparison, {labels} labels, depth {depth}");
    let mean = |method: &str, metric: &str| {
        let of_first = |row: &&MetricRow| {
            // A measurement of the whole network is recorded under its last layer.
            let layer = if metric == "updates_to_control" { depth } else { 1 };
            row.layer == Some(layer)
                && row.metric == metric
                && row.method == method
                && row.run == run
        };
        crate::metrics::mean(
            &metrics.iter().filter(of_first).map(|row| row.value).collect::<Vec<_>>(),
        )
    };
    let known = |row: &&SummaryRow| {
        (row.depth, row.labels) == (depth, labels)
            && styles.has_layers(&row.method)
            && COLUMNS.iter().any(|(metric, _)| mean(&row.method, metric).is_some())
    };
    let rows: Vec<&SummaryRow> = summary.iter().filter(known).collect();
    if rows.is_empty() {
        return html! {};
    }
    html! {
        (titled(language, "first-layer-title", &[("labels", Value::from(count(labels)))]))
        (scrolling(language, &say!(language, "first-layer"), html! {
            table {
                thead {
                    tr {
                        (head(language, "method"))
                        (number_head(language, "test-error"))
                        @for (metric, _) in COLUMNS {
                            th.number scope="col" { (say!(language, &format!("layer-{metric}"))) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr data-series=(row.method) {
                            th scope="row" { (row.method) }
                            td.number { (fixed(row.test_error_pct_mean, 2)) }
                            @for (metric, decimals) in COLUMNS {
                                @match mean(&row.method, metric) {
                                    Some(value) => td.number { (fixed(value, decimals)) },
                                    None => td.number.none { "–" },
                                }
                            }
                        }
                    }
                }
            }
        }))
        p.hint { (say!(language, "first-layer-hint")) }
    }
}
