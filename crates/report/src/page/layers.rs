//! The first layer of each method's networks, beside their error: the table of Rifai et al. (2011).

use maud::{Markup, html};

use super::scrolling;
use crate::number::{count, fixed};
use crate::rows::{MetricRow, SummaryRow};

/// Metrics that have a column, with its title and decimals.
const COLUMNS: [(&str, &str, usize); 4] = [
    ("saturated_pct", "saturated before, %", 1),
    ("weight_distance", "distance moved", 2),
    ("cka", "features kept, CKA", 2),
    ("updates_to_control", "updates to the best of none", 0),
];

/// A line for each method, at the largest depth and, there, the largest number of labels: means over
/// seeds.
pub(super) fn first_layer(summary: &[SummaryRow], metrics: &[MetricRow]) -> Markup {
    let Some((depth, labels)) = summary.iter().map(|row| (row.depth, row.labels)).max() else {
        return html! {};
    };
    let run = format!("comparison, {labels} labels, depth {depth}");
    let mean = |method: &str, metric: &str| {
        let of_first = |row: &&MetricRow| {
            // What is of the whole net has its last layer.
            let layer = if metric == "updates_to_control" { depth } else { 1 };
            row.layer == Some(layer)
                && row.metric == metric
                && row.method == method
                && row.run == run
        };
        let values: Vec<f64> = metrics.iter().filter(of_first).map(|row| row.value).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
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
        h3 { "The first layer before and after fine-tuning with " (count(labels)) " labels" }
        (scrolling(html! {
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
                        tr {
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
            "Means over seeds. Saturated: activities within a twentieth of their range from either \
             bound. Distance: relative to the norm of the weights. Updates: of fine-tuning, until the \
             validation error was that of " code { "none" } " at its best, over the seeds where it \
             ever was."
        }
    }
}
