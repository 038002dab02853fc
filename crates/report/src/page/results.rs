//! Tables of a comparison: test errors, and differences between methods.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::scrolling;
use crate::number::{count, fixed, p_value, signed};
use crate::rows::{PairedRow, SummaryRow};
use crate::verdict::{AUTOENCODERS, BASELINE, RBM};

/// Mean test error by method and number of labels: the largest depth in sight, the others folded
/// away.
pub(super) fn errors(rows: &[SummaryRow]) -> Markup {
    let depths: BTreeSet<usize> = rows.iter().map(|row| row.depth).collect();
    let Some(deepest) = depths.last() else { return html! {} };
    html! {
        h3 { "Test error by method and number of labels, " (layers(*deepest)) }
        (error_table(rows, *deepest))
        @for depth in depths.iter().rev().skip(1) {
            details {
                summary { "The same with " (layers(*depth)) }
                (error_table(rows, *depth))
            }
        }
    }
}

fn error_table(rows: &[SummaryRow], depth: usize) -> Markup {
    let here: Vec<&SummaryRow> = rows.iter().filter(|row| row.depth == depth).collect();
    let labels: BTreeSet<usize> = here.iter().map(|row| row.labels).collect();
    let mut methods: Vec<&str> = Vec::new();
    for row in &here {
        if !methods.contains(&row.method.as_str()) {
            methods.push(&row.method);
        }
    }
    let best = |labels: usize| {
        let means = here.iter().filter(|row| row.labels == labels).map(|r| r.test_error_pct_mean);
        means.filter(|mean| mean.is_finite()).fold(f64::INFINITY, f64::min)
    };
    let seeds: BTreeSet<usize> = here.iter().map(|row| row.seeds).collect();
    html! {
        (scrolling(html! {
            table {
                thead {
                    tr {
                        th scope="col" { "method" }
                        @for labels in &labels {
                            th.number scope="col" { (count(*labels)) " labels" }
                        }
                    }
                }
                tbody {
                    @for method in methods {
                        tr {
                            th scope="row" { (method) }
                            @for &labels in &labels {
                                @match here.iter().find(|r| r.method == method && r.labels == labels) {
                                    Some(row) => (cell(row, best(labels))),
                                    None => td.number.none { "–" },
                                }
                            }
                        }
                    }
                }
            }
        }))
        p.hint {
            "Mean test error in percent over " (seed_counts(&seeds))
            @if seeds.iter().any(|&n| n > 1) { ", below it its 95 % interval" }
            ". Bold: the lowest mean of the column, which alone does not make a difference."
        }
    }
}

fn layers(depth: usize) -> String {
    format!("{depth} hidden {}", if depth == 1 { "layer" } else { "layers" })
}

fn cell(row: &SummaryRow, best: f64) -> Markup {
    let mean = fixed(row.test_error_pct_mean, 2);
    let is_best = mean == fixed(best, 2);
    let has_interval = row.ci95_low.is_finite() && row.ci95_high.is_finite();
    html! {
        td.number {
            @if is_best { b { (mean) } } @else { (mean) }
            @if has_interval {
                span.interval { (fixed(row.ci95_low, 2)) " – " (fixed(row.ci95_high, 2)) }
            }
        }
    }
}

fn seed_counts(seeds: &BTreeSet<usize>) -> String {
    match (seeds.first(), seeds.last()) {
        (Some(1), Some(1)) => "1 seed, which gives no interval".into(),
        (Some(low), Some(high)) if low != high => format!("{low} to {high} seeds"),
        (Some(only), _) => format!("{only} seeds"),
        _ => "no seeds".into(),
    }
}

/// Paired differences: at the largest depth those with no pretraining and those between the families
/// in sight, the others folded away.
pub(super) fn differences(rows: &[PairedRow]) -> Markup {
    let depths: BTreeSet<usize> = rows.iter().map(|row| row.depth).collect();
    let Some(deepest) = depths.last() else { return html! {} };
    let in_question = |row: &&PairedRow| {
        let of = |names: &[&str], name: &str| names.contains(&name);
        let (a, b) = (row.method_a.as_str(), row.method_b.as_str());
        of(&[BASELINE], a)
            || of(&[BASELINE], b)
            || (of(&AUTOENCODERS, a) && b == RBM)
            || (a == RBM && of(&AUTOENCODERS, b))
    };
    let here: Vec<&PairedRow> = rows.iter().filter(|row| row.depth == *deepest).collect();
    let (first, others): (Vec<&PairedRow>, Vec<&PairedRow>) =
        here.into_iter().partition(in_question);
    html! {
        h3 { "Differences, paired by seed, " (layers(*deepest)) }
        @if !first.is_empty() { (difference_table(first)) }
        @if !others.is_empty() {
            details {
                summary { "The other pairs of methods" }
                (difference_table(others))
            }
        }
        @for depth in depths.iter().rev().skip(1) {
            details {
                summary { "The same with " (layers(*depth)) }
                (difference_table(rows.iter().filter(|row| row.depth == *depth).collect()))
            }
        }
    }
}

/// A line for each pair, with the p-value of each test.
fn difference_table(mut rows: Vec<&PairedRow>) -> Markup {
    rows.sort_by_key(|row| row.labels); // stable: the run's order of pairs within
    let mut tests: Vec<&str> = Vec::new();
    for row in &rows {
        if !tests.contains(&row.test.as_str()) {
            tests.push(&row.test);
        }
    }
    let pair = |row: &PairedRow| (row.labels, row.method_a.clone(), row.method_b.clone());
    let p_of = |of: &PairedRow, test: &str| {
        let row = rows.iter().find(|row| pair(row) == pair(of) && row.test == test);
        row.map_or(f64::NAN, |row| row.p_value)
    };
    let here: Vec<&PairedRow> = rows.iter().copied().filter(|row| row.test == tests[0]).collect();
    let seeds: BTreeSet<usize> = here.iter().map(|row| row.seeds).collect();
    html! {
        (scrolling(html! {
            table {
                thead {
                    tr {
                        th.number scope="col" { "labels" }
                        th scope="col" { "methods" }
                        th.number scope="col" { "difference" }
                        th.number scope="col" { "95 % interval" }
                        th scope="col" { "verdict" }
                        @if seeds.len() > 1 { th.number scope="col" { "seeds" } }
                        @for test in &tests { th.number scope="col" { "p" br; (test) } }
                    }
                }
                tbody {
                    @for (i, row) in here.iter().enumerate() {
                        @let first = i == 0 || here[i - 1].labels != row.labels;
                        tr.first[first] {
                            td.number { @if first { (count(row.labels)) } }
                            th scope="row" { (row.method_a) " − " (row.method_b) }
                            td.number { (signed(row.difference_pct_mean, 2)) }
                            td.number { (interval(row)) }
                            td { (verdict(row)) }
                            @if seeds.len() > 1 { td.number { (row.seeds) } }
                            @for test in &tests { td.number { (p_value(p_of(row, test))) } }
                        }
                    }
                }
            }
        }))
        p.hint {
            "Test error of the first method minus that of the second, in points of percent: below \
             zero, the first is better. Two methods are told apart when the 95 % interval excludes \
             zero. " (seed_counts(&seeds)) "."
            @if tests.len() > 1 {
                " Holm's correction is over the pairs of a pretrained method and a net without \
                 pretraining (logistic, or rectified with dropout), and of an autoencoder and the \
                 RBM; sign flips assume nothing to be normal, but with few seeds cannot give a \
                 small p; McNemar's test is of these trained networks on these test samples, which \
                 it counts once a seed: it says nothing of other seeds, and its p is small."
            }
        }
    }
}

fn interval(row: &PairedRow) -> String {
    if row.ci95_low.is_finite() && row.ci95_high.is_finite() {
        format!("{} to {}", signed(row.ci95_low, 2), signed(row.ci95_high, 2))
    } else {
        "n/a".into()
    }
}

fn verdict(row: &PairedRow) -> Markup {
    let (class, text) = if row.seeds < 2 {
        ("open", "one seed".to_owned())
    } else if !row.ci95_low.is_finite() || !row.ci95_high.is_finite() {
        ("open", "no interval".to_owned())
    } else if row.ci95_high < 0.0 {
        ("good", format!("{} better", row.method_a))
    } else if row.ci95_low > 0.0 {
        ("bad", format!("{} better", row.method_b))
    } else {
        ("open", "not told apart".to_owned())
    };
    html! { span class={ "verdict " (class) } { (text) } }
}
