//! The table of test-set measurements of several models, or of several seeds of one model.

use maud::{Markup, html};
use wording::{Language, say};

use super::heading::titled;
use super::{head, number_head, scrolling};
use crate::metrics::{self, OF_MODELS, Samples, TestValues, mean};
use crate::rows::MetricRow;
use number_text::{count, significant};

/// A metric in one unit.
struct Column {
    metric: &'static str,
    title: [String; 2],
    unit: String,
}

/// One line per run, with the mean over its seeds and their range. A single model has no table: the first
/// sentence of the page has its values.
pub(super) fn table(language: Language, samples: Samples, rows: &[MetricRow]) -> Markup {
    let test = TestValues::of(rows);
    let columns = columns(language, samples, &test);
    let values = |run: &str, column: &Column| test.values(run, column.metric, &column.unit);
    let seeds = |run: &str| columns.iter().map(|one| values(run, one).len()).max().unwrap_or(0);
    let mut runs = test.runs();
    runs.retain(|run| seeds(run) > 0);
    let most_seeds = runs.iter().map(|run| seeds(run)).max().unwrap_or(0);
    html! {
        @if runs.len() > 1 || most_seeds > 1 {
            (titled(language, "models-title", &[]))
            (scrolling(language, &say!(language, "models-title"), html! {
                table {
                    thead {
                        tr {
                            (head(language, "run"))
                            @if most_seeds > 1 { (number_head(language, "seeds")) }
                            @for column in &columns {
                                th.number scope="col" { (column.title[0]) br; (column.title[1]) }
                            }
                        }
                    }
                    tbody {
                        @for run in &runs {
                            tr data-series=(run) {
                                th scope="row" { (run) }
                                @if most_seeds > 1 { td.number { (count(seeds(run))) } }
                                @for column in &columns { (cell(&values(run, column))) }
                            }
                        }
                    }
                }
            }))
            @if most_seeds > 1 {
                p.hint { (say!(language, "models-hint")) }
            }
        }
    }
}

/// One column per unit of each measured metric.
fn columns(language: Language, samples: Samples, test: &TestValues<'_>) -> Vec<Column> {
    let of = |metric: &'static str| {
        let [first, second] = metrics::parts(language, samples, metric);
        let title = move |unit: &str| {
            let parts = [second.as_str(), unit].into_iter().filter(|part| !part.is_empty());
            [first.clone(), parts.collect::<Vec<_>>().join(", ")]
        };
        let units = test.units(metric).into_iter();
        units.map(move |unit| Column { metric, title: title(unit), unit: unit.into() })
    };
    OF_MODELS.into_iter().flat_map(of).collect()
}

fn cell(values: &[f64]) -> Markup {
    let Some(mean) = mean(values) else { return html! { td.number.none { "–" } } };
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
