//! What each model measures on the test set.

use maud::{Markup, html};

use super::scrolling;
use crate::number::{count, significant};
use crate::rows::MetricRow;
use crate::verdict::TestValues;

/// Metrics that have a column, and the two lines of its title.
const COLUMNS: [(&str, [&str; 2]); 7] = [
    ("mse_per_pixel", ["squared error", "per pixel"]),
    ("sse_per_image", ["squared error", "per image"]),
    ("bce_nats_per_image", ["cross-entropy", "nats"]),
    ("psnr_db", ["PSNR", "dB"]),
    ("ssim", ["SSIM", ""]),
    ("error_pct", ["error of a classifier", "on its features, %"]),
    ("log_likelihood_nats", ["log-likelihood", "nats"]),
];

/// A line for each run; of one that was repeated, the mean over its seeds, the least and the most.
/// Nothing for a single model, whose values the page's first sentence has.
pub(super) fn table(rows: &[MetricRow]) -> Markup {
    let test = TestValues::of(rows);
    let of = |run: &str, metric: &str| test.values(run, metric).collect::<Vec<f64>>();
    let measured = |run: &str, metric: &str| test.values(run, metric).next().is_some();
    let mut runs = test.runs();
    runs.retain(|run| COLUMNS.iter().any(|(metric, _)| measured(run, metric)));
    let mut columns = COLUMNS.to_vec();
    columns.retain(|(metric, _)| runs.iter().any(|run| measured(run, metric)));
    let seeds =
        |run: &str| columns.iter().map(|(metric, _)| of(run, metric).len()).max().unwrap_or(0);
    let most_seeds = runs.iter().map(|run| seeds(run)).max().unwrap_or(0);
    html! {
        @if runs.len() > 1 || most_seeds > 1 {
            h3 { "Models on the test set" }
            (scrolling(html! {
                table {
                    thead {
                        tr {
                            th scope="col" { "run" }
                            @if most_seeds > 1 { th.number scope="col" { "seeds" } }
                            @for (_, [what, unit]) in &columns {
                                th.number scope="col" { (what) br; (unit) }
                            }
                        }
                    }
                    tbody {
                        @for run in &runs {
                            tr {
                                th scope="row" { (run) }
                                @if most_seeds > 1 { td.number { (count(seeds(run))) } }
                                @for (metric, _) in &columns { (cell(&of(run, metric))) }
                            }
                        }
                    }
                }
            }))
            @if most_seeds > 1 {
                p.hint { "Means over seeds, below them the least and the most." }
            }
        }
    }
}

fn cell(values: &[f64]) -> Markup {
    if values.is_empty() {
        return html! { td.number.none { "–" } };
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    html! {
        td.number {
            (significant(mean))
            @if values.len() > 1 {
                span.interval { (significant(least)) " – " (significant(most)) }
            }
        }
    }
}
