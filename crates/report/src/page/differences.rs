//! Tables of the differences between pairs of methods, with the verdicts of the answer.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::heading::titled;
use super::{layers_of, scrolling, seed_counts, tidy};
use crate::answer::{Answer, PairVerdict, Tone};
use crate::group::distinct;
use crate::rows::PairedRow;
use number_text::{count, p_value, signed};

/// How to read the p-values of some tests, by the first words of their names in `paired.csv`.
const READING: [(&str, &str); 3] = [
    (
        "crossed",
        "The interval and the crossed t-test are about other seeds and other test samples; the paired \
         t-test and the sign flips are about other seeds on these test samples.",
    ),
    ("sign flips", "The sign-flip test does not assume normality."),
    (
        "McNemar",
        "McNemar's test is about these trained networks on these test samples, counted once per \
         seed. It says nothing about other seeds, and its p-values are small.",
    ),
];

/// The least p-value that flipping the signs of this many differences can give.
fn least_of_sign_flips(seeds: usize) -> f64 {
    2.0 * 0.5_f64.powi(i32::try_from(seeds).unwrap_or(i32::MAX))
}

/// Paired differences. The largest depth is visible; the others are folded.
pub(super) fn tables(rows: &[PairedRow], answer: Option<&Answer>) -> Markup {
    let depths: BTreeSet<usize> = rows.iter().map(|row| row.depth).collect();
    let Some(deepest) = depths.last() else { return html! {} };
    html! {
        (titled(&format!("Differences, paired by seed, {}", layers_of(*deepest))))
        @if let Some(answer) = answer {
            @if !answer.family.is_empty() { p.hint { (tidy(&answer.family)) } }
        }
        (of_depth(rows, *deepest, answer))
        @for depth in depths.iter().rev().skip(1) {
            details {
                summary { "The same with " (layers_of(*depth)) }
                (of_depth(rows, *depth, answer))
            }
        }
    }
}

/// The pairs of one depth: those asked about are visible, and the others are folded. If none was
/// asked about, all are visible.
fn of_depth(rows: &[PairedRow], depth: usize, answer: Option<&Answer>) -> Markup {
    let here = rows.iter().filter(|row| row.depth == depth);
    let pairs = here.map(|row| (row, answer.and_then(|answer| answer.verdict_on(row))));
    let (asked, others): (Vec<Pair<'_>>, Vec<Pair<'_>>) =
        pairs.partition(|(_, verdict)| verdict.is_some_and(|verdict| verdict.asked));
    html! {
        @if asked.is_empty() {
            (table(others))
        } @else {
            (table(asked))
            @if !others.is_empty() {
                details {
                    summary { "The other pairs of methods" }
                    (table(others))
                }
            }
        }
    }
}

type Pair<'a> = (&'a PairedRow, Option<&'a PairVerdict>);

/// One line per pair, with the p-value of each test.
fn table(mut pairs: Vec<Pair<'_>>) -> Markup {
    pairs.sort_by_key(|(row, _)| row.labels); // stable, so pairs keep the order of the rows
    let tests = distinct(pairs.iter().map(|(row, _)| row.test.as_str()));
    let key = |row: &PairedRow| (row.labels, row.method_a.clone(), row.method_b.clone());
    let p_of = |of: &PairedRow, test: &str| {
        let own = pairs.iter().find(|(row, _)| key(row) == key(of) && row.test == test);
        own.map_or(f64::NAN, |(row, _)| row.p_value)
    };
    let mut here = pairs.clone();
    here.retain(|(row, _)| row.test == tests[0]);
    let seeds: BTreeSet<usize> = here.iter().map(|(row, _)| row.seeds).collect();
    let has_verdicts = here.iter().any(|(_, verdict)| verdict.is_some());
    html! {
        (scrolling("Paired differences", html! {
            table {
                thead {
                    tr {
                        th.number scope="col" { "labels" }
                        th scope="col" { "methods" }
                        th.number scope="col" { "difference" }
                        th.number scope="col" { "95 % interval" }
                        @if has_verdicts { th scope="col" { "verdict" } }
                        @if seeds.len() > 1 { th.number scope="col" { "seeds" } }
                        @for test in &tests { th.number scope="col" { "p" br; (test) } }
                    }
                }
                tbody {
                    @for (i, (row, verdict)) in here.iter().enumerate() {
                        @let first = i == 0 || here[i - 1].0.labels != row.labels;
                        tr.first[first] data-series=(row.method_a) {
                            td.number { span.repeated[!first] { (count(row.labels)) } }
                            th scope="row" { (row.method_a) " − " (row.method_b) }
                            td.number { (signed(row.difference_pct_mean, 2)) }
                            td.number { (interval(row)) }
                            @if has_verdicts { td { @if let Some(one) = verdict { (badge(one)) } } }
                            @if seeds.len() > 1 { td.number { (row.seeds) } }
                            @for test in &tests { td.number { (p_value(p_of(row, test))) } }
                        }
                    }
                }
            }
        }))
        p.hint {
            "Test error of the first method minus that of the second, in percentage points, over "
            (seed_counts(&seeds)) ". Below zero, the first method is better; an interval that \
             includes zero shows no difference."
            @for (name, sentence) in READING {
                @if tests.iter().any(|test| test.starts_with(name)) { " " (sentence) }
                @if let Some(&seeds) = seeds.first() && name == "sign flips" && seeds > 1 {
                    " With " (seeds) " seeds its p-value cannot be below "
                    (p_value(least_of_sign_flips(seeds))) "."
                }
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

fn badge(verdict: &PairVerdict) -> Markup {
    html! { span class={ "verdict " (class_of(verdict.tone)) } { (verdict.text) } }
}

/// The class of a badge of this tone.
pub(super) fn class_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::FairlyGood => "good fairly",
        Tone::Neutral => "open",
        Tone::FairlyBad => "bad fairly",
        Tone::Bad => "bad",
    }
}
