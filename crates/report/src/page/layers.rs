//! Measurements of the first layer of each method's networks beside their test error, as in the table
//! of Rifai et al. (2011).

use maud::{Markup, html};

use super::heading::titled;
use super::scrolling;
use crate::rows::{MetricRow, SummaryRow};
use number_text::{count, fixed};

/// Metrics with a column of their own, its title and its decimals.
const COLUMNS: [(&str, &str, usize); 4] = [
    ("saturated_pct", "saturated before, %", 1),
    ("weight_distance", "distance moved", 2),
    ("cka", "features kept, CKA", 2),
    ("updates_to_control", "updates to match the control", 0),
];

/// One line per method with means over seeds, at the largest depth and there at the largest number of
/// labels.
pub(super) fn first_layer(summary: &[SummaryRow], metrics: &[MetricRow]) -> Markup {
    let Some((depth, labels)) = summary.iter().map(|row| (row.depth, row.labels)).max() else {
        return html! {};
    };
    let run = format!("comparison, {labels} labels, depth {depth}");
    let mean = |method: &str, metric: &str| {
        let of_first = |row: &&MetricRow| {
            // A measurement of the whole network is filed under its last layer.
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
            && COLUMNS.iter().any(|(metric, _, _)| mean(&row.method, metric).is_some())
    };
    let rows: Vec<&SummaryRow> = summary.iter().filter(known).collect();
    if rows.is_empty() {
        return html! {};
    }
    html! {
        (titled(&format!("The first layer before and after fine-tuning with {} labels", count(labels))))
        (scrolling("First layers", html! {
            table {
                thead {
                    tr {
                        th scope="col" { "method" }
                        th.number scope="col" { "test error, %" }
                        @for (_, title, _) in COLUMNS { th.number scope="col" { (title) } }
                    }
                }
                tbody {
                    @for row in rows {
                        tr data-series=(row.method) {
                            th scope="row" { (row.method) }
                            td.number { (fixed(row.test_error_pct_mean, 2)) }
                            @for (metric, _, decimals) in COLUMNS {
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
        p.hint {
            "Means over seeds. An activity is saturated if it is within a twentieth of its range from \
             either bound. The distance moved is relative to the norm of the weights. Updates to \
             match the control are those of fine-tuning until the validation error is as low as the \
             lowest of the control, averaged over the seeds in which this happens."
        }
    }
}
