//! Tables of cost: parameter updates, which are the same on every machine, and seconds, which are not.

use maud::{Markup, html};

use super::heading::titled;
use super::scrolling;
use crate::group::grouped;
use crate::rows::{ComparisonRow, EqualSecondsRow, TimingRow};
use number_text::{count, duration, fixed};

pub(super) fn tables(
    comparison: &[ComparisonRow],
    equal: &[EqualSecondsRow],
    timings: &[TimingRow],
) -> Markup {
    html! {
        @if !comparison.is_empty() { (updates(comparison)) }
        @if !equal.is_empty() { (equal_seconds(equal)) }
        @if !timings.is_empty() { (seconds(timings)) }
    }
}

fn updates(rows: &[ComparisonRow]) -> Markup {
    let groups = grouped(rows, |row| (row.depth, row.method.clone()));
    html! {
        (titled("Parameter updates per classifier"))
        (scrolling("Parameter updates", html! {
            table {
                thead {
                    tr {
                        th scope="col" { "method" }
                        th.number scope="col" { "hidden layers" }
                        th.number scope="col" { "pretraining" }
                        th.number scope="col" { "fine-tuning" }
                    }
                }
                tbody {
                    @for ((depth, method), rows) in &groups {
                        tr data-series=(method) {
                            th scope="row" { (method) }
                            td.number { (depth) }
                            td.number { (range(rows.iter().map(|row| row.pretrain_updates))) }
                            td.number { (range(rows.iter().map(|row| row.finetune_updates))) }
                        }
                    }
                }
            }
        }))
        p.hint {
            "Ranges are over numbers of labels and over seeds. Each pretrained layer is trained once \
             and reused for all numbers of labels and for deeper networks."
        }
    }
}

fn equal_seconds(rows: &[EqualSecondsRow]) -> Markup {
    html! {
        (titled("Test error with equal time for all methods"))
        (scrolling("Equal time", html! {
            table {
                thead {
                    tr {
                        th.number scope="col" { "labels" }
                        th scope="col" { "method" }
                        th.number scope="col" { "seed" }
                        th.number scope="col" { "pretraining" }
                        th.number scope="col" { "total time" }
                        th.number scope="col" { "fine-tuning updates" }
                        th.number scope="col" { "test error, %" }
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
        p.hint {
            "Each method was fine-tuned until it had used as much time as the slowest method, \
             pretraining included. These numbers depend on the clock and differ on other machines."
        }
    }
}

fn seconds(rows: &[TimingRow]) -> Markup {
    let groups = grouped(rows, |row| (row.method.clone(), row.stage.clone()));
    html! {
        (titled("Time"))
        (scrolling("Time", html! {
            table {
                thead {
                    tr {
                        th scope="col" { "method" }
                        th scope="col" { "stage" }
                        th.number scope="col" { "total time" }
                        th.number scope="col" { "median samples/s" }
                    }
                }
                tbody {
                    @for ((method, stage), rows) in &groups {
                        tr {
                            th scope="row" { (method) }
                            td { (stage) }
                            td.number { (duration(total(rows))) }
                            td.number { (fixed(median_rate(rows), 0)) }
                        }
                    }
                }
            }
        }))
        p.hint { "Wall-clock time on the machine of this run, summed over seeds and layers." }
        p.files { a href="timings.csv" download { "timings.csv" } }
    }
}

/// Total seconds. If a whole stage was timed as well as its epochs, only the stage counts.
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
