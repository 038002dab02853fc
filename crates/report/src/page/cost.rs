//! Cost tables: parameter updates, which are the same on every machine, and seconds, which are not.

use maud::{Markup, html};
use wording::{Language, say};

use super::heading::titled;
use super::{Run, head, number_head, scrolling};
use crate::answer::Styles;
use crate::group::grouped;
use crate::rows::{ComparisonRow, EqualSecondsRow, TimingRow};
use number_text::{count, duration, fixed};

pub(super) fn tables(run: &Run<'_>) -> Markup {
    let language = run.language();
    html! {
        @if !run.comparison.is_empty() { (updates(run.styles, &run.comparison)) }
        @if !run.equal_seconds.is_empty() { (equal_seconds(language, &run.equal_seconds)) }
        @if !run.timings.is_empty() { (seconds(language, &run.timings)) }
    }
}

fn updates(styles: &Styles, rows: &[ComparisonRow]) -> Markup {
    let language = styles.language;
    let groups = grouped(rows, |row| (row.depth, row.method.clone()));
    html! {
        (titled(language, "updates-title", &[]))
        (scrolling(language, &say!(language, "updates"), html! {
            table {
                thead {
                    tr {
                        (head(language, "method"))
                        (number_head(language, "hidden-layers"))
                        (number_head(language, "pretraining"))
                        (number_head(language, "fine-tuning"))
                    }
                }
                tbody {
                    @for ((depth, method), rows) in &groups {
                        tr data-series=(method) {
                            th scope="row" { (method) }
                            @if styles.has_layers(method) {
                                td.number { (depth) }
                            } @else {
                                td.number.none { "–" }
                            }
                            td.number { (range(rows.iter().map(|row| row.pretrain_updates))) }
                            td.number { (range(rows.iter().map(|row| row.finetune_updates))) }
                        }
                    }
                }
            }
        }))
        p.hint { (say!(language, "updates-hint")) }
    }
}

fn equal_seconds(language: Language, rows: &[EqualSecondsRow]) -> Markup {
    html! {
        (titled(language, "equal-title", &[]))
        (scrolling(language, &say!(language, "equal"), html! {
            table {
                thead {
                    tr {
                        (number_head(language, "labels"))
                        (head(language, "method"))
                        (number_head(language, "seed"))
                        (number_head(language, "pretraining"))
                        (number_head(language, "total-time"))
                        (number_head(language, "fine-tuning-updates"))
                        (number_head(language, "test-error"))
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            td.number { (count(row.labels)) }
                            th scope="row" { (row.method) }
                            td.number { (row.seed) }
                            td.number { (duration(row.pretrain_seconds)) }
                            td.number { (duration(row.seconds)) }
                            td.number { (count(row.finetune_updates as usize)) }
                            td.number { (fixed(row.test_error_pct, 2)) }
                        }
                    }
                }
            }
        }))
        p.hint { (say!(language, "equal-hint")) }
    }
}

fn seconds(language: Language, rows: &[TimingRow]) -> Markup {
    // Networks of a comparison are summed by method, whose models may have other names.
    let name = |row: &TimingRow| {
        if row.run.starts_with("comparison") { row.method.clone() } else { row.run.clone() }
    };
    let groups = grouped(rows, |row| (name(row), row.stage.clone()));
    html! {
        (titled(language, "time", &[]))
        (scrolling(language, &say!(language, "time"), html! {
            table {
                thead {
                    tr {
                        (head(language, "method"))
                        (head(language, "stage"))
                        (number_head(language, "total-time"))
                        (number_head(language, "rate"))
                    }
                }
                tbody {
                    @for ((name, stage), rows) in &groups {
                        tr {
                            th scope="row" { (name) }
                            td { (stage) }
                            td.number { (duration(total(rows))) }
                            td.number { (fixed(median_rate(rows), 0)) }
                        }
                    }
                }
            }
        }))
        p.hint { (say!(language, "time-hint")) }
        p.files { a href="timings.csv" download { "timings.csv" } }
    }
}

/// Total seconds. If a stage was timed as a whole as well as by epochs, only the whole counts.
fn total(rows: &[&TimingRow]) -> f64 {
    let whole = |row: &TimingRow| {
        rows.iter().any(|r| {
            r.epoch.is_none() && (&r.run, r.seed, r.layer) == (&row.run, row.seed, row.layer)
        })
    };
    rows.iter().filter(|row| row.epoch.is_none() || !whole(row)).map(|row| row.seconds).sum()
}

fn median_rate(rows: &[&TimingRow]) -> f64 {
    let rates = rows.iter().map(|row| row.samples_per_second);
    let mut rates: Vec<f64> = rates.filter(|rate| rate.is_finite() && *rate > 0.0).collect();
    rates.sort_by(f64::total_cmp);
    match rates.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => rates[n / 2],
        n => f64::midpoint(rates[n / 2 - 1], rates[n / 2]),
    }
}

fn range(values: impl Iterator<Item = u64> + Clone) -> String {
    match (values.clone().min(), values.max()) {
        (Some(low), Some(high)) if low == high => count(low),
        (Some(low), Some(high)) => format!("{} – {}", count(low), count(high)),
        _ => "n/a".into(),
    }
}
