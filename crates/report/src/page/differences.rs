//! Tables of the differences between pairs of methods, with the verdicts of the answer.

use std::collections::BTreeSet;

use maud::{Markup, html};
use wording::{Language, say};

use super::heading::titled_with_layers;
use super::{head, layers_of, number_head, scrolling, seed_counts, tidy};
use crate::answer::{Answer, PairVerdict, Tone};
use crate::group::distinct;
use crate::rows::PairedRow;
use number_text::{count, p_value, signed};

/// The messages that explain the p-values of some tests, by the first words of their names in `paired.csv`.
const READING: [(&str, &str); 4] = [
    ("crossed", "reading-crossed"),
    ("sign flips", "reading-sign-flips"),
    ("McNemar, clustered", "reading-mcnemar"),
    // Found in tables of earlier versions.
    ("McNemar, pooled", "reading-mcnemar-pooled"),
];

/// The smallest possible p-value from flipping the signs of this many differences.
fn least_of_sign_flips(seeds: usize) -> f64 {
    2.0 * 0.5_f64.powi(i32::try_from(seeds).unwrap_or(i32::MAX))
}

/// Paired differences. The largest depth is visible; the others are folded.
pub(super) fn tables(language: Language, rows: &[PairedRow], answer: Option<&Answer>) -> Markup {
    let depths: BTreeSet<usize> = rows.iter().map(|row| row.depth).collect();
    let Some(deepest) = depths.last() else { return html! {} };
    html! {
        (titled_with_layers(language, "differences-title", *deepest))
        @if let Some(answer) = answer {
            @if !answer.family.is_empty() { p.hint { (tidy(&answer.family)) } }
        }
        (of_depth(language, rows, *deepest, answer))
        @for depth in depths.iter().rev().skip(1) {
            details {
                summary { (say!(language, "same-with-layers", layers = layers_of(language, *depth))) }
                (of_depth(language, rows, *depth, answer))
            }
        }
    }
}

/// The pairs of one depth: those asked about are visible, and the others are folded. If none was asked about,
/// all are visible.
fn of_depth(
    language: Language,
    rows: &[PairedRow],
    depth: usize,
    answer: Option<&Answer>,
) -> Markup {
    let here = rows.iter().filter(|row| row.depth == depth);
    let pairs = here.map(|row| (row, answer.and_then(|answer| answer.verdict_on(row))));
    let (asked, others): (Vec<Pair<'_>>, Vec<Pair<'_>>) =
        pairs.partition(|(_, verdict)| verdict.is_some_and(|verdict| verdict.asked));
    html! {
        @if asked.is_empty() {
            (table(language, others))
        } @else {
            (table(language, asked))
            @if !others.is_empty() {
                details {
                    summary { (say!(language, "differences-others")) }
                    (table(language, others))
                }
            }
        }
    }
}

type Pair<'a> = (&'a PairedRow, Option<&'a PairVerdict>);

/// One line per pair, with the p-value of each test.
fn table(language: Language, mut pairs: Vec<Pair<'_>>) -> Markup {
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
        (scrolling(language, &say!(language, "differences"), html! {
            table {
                thead {
                    tr {
                        (number_head(language, "labels"))
                        (head(language, "methods"))
                        (number_head(language, "difference"))
                        (number_head(language, "interval"))
                        @if has_verdicts { (head(language, "verdict")) }
                        @if seeds.len() > 1 { (number_head(language, "seeds")) }
                        @for test in &tests { th.number scope="col" { "p" br; (language.stored(test)) } }
                    }
                }
                tbody {
                    @for (i, (row, verdict)) in here.iter().enumerate() {
                        @let first = i == 0 || here[i - 1].0.labels != row.labels;
                        tr.first[first] data-series=(row.method_a) {
                            td.number { span.repeated[!first] { (count(row.labels)) } }
                            th scope="row" { (row.method_a) " − " (row.method_b) }
                            td.number { (signed(row.difference_pct_mean, 2)) }
                            td.number { (interval(language, row)) }
                            @if has_verdicts { td { @if let Some(one) = verdict { (badge(one)) } } }
                            @if seeds.len() > 1 { td.number { (row.seeds) } }
                            @for test in &tests { td.number { (p_value(p_of(row, test))) } }
                        }
                    }
                }
            }
        }))
        p.hint {
            (say!(language, "differences-hint", seeds = seed_counts(language, &seeds)))
            @for (name, message) in READING {
                @if tests.iter().any(|test| test.starts_with(name)) { " " (say!(language, message)) }
                @if let Some(&seeds) = seeds.first() && name == "sign flips" && seeds > 1 {
                    @let least = p_value(least_of_sign_flips(seeds));
                    " " (say!(language, "reading-sign-flips-least", seeds = seeds, p = least))
                }
            }
        }
    }
}

fn interval(language: Language, row: &PairedRow) -> String {
    if row.ci95_low.is_finite() && row.ci95_high.is_finite() {
        let [low, high] = [row.ci95_low, row.ci95_high].map(|end| signed(end, 2));
        say!(language, "interval", low = low, high = high)
    } else {
        "n/a".into()
    }
}

fn badge(verdict: &PairVerdict) -> Markup {
    html! { span class={ "verdict " (class_of(verdict.tone)) } { (verdict.text) } }
}

/// The CSS class of a badge of this tone.
pub(super) fn class_of(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::FairlyGood => "good fairly",
        Tone::Neutral => "open",
        Tone::FairlyBad => "bad fairly",
        Tone::Bad => "bad",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables of earlier versions have a different McNemar test, which is explained as such.
    #[test]
    fn the_test_of_a_table_is_the_one_that_is_explained() {
        let page = |test: &str, language: Language| {
            let row = PairedRow {
                method_a: "rbm".into(),
                method_b: "none".into(),
                depth: 3,
                labels: 100,
                seeds: 5,
                difference_pct_mean: -1.0,
                ci95_low: -2.0,
                ci95_high: -0.5,
                p_value: 0.01,
                test: test.into(),
            };
            tables(language, &[row], None).into_string()
        };
        let english = ["McNemar, clustered", "McNemar, pooled"].map(|t| page(t, Language::English));
        assert!(english[0].contains("Each test sample counts once"), "{}", english[0]);
        assert!(!english[0].contains("too small"), "{}", english[0]);
        assert!(english[1].contains("too small"), "{}", english[1]);
        for (test, words) in [("McNemar, clustered", "군집"), ("McNemar, pooled", "합산")] {
            let korean = page(test, Language::Korean);
            assert!(korean.contains(words), "{korean}");
        }
    }
}
