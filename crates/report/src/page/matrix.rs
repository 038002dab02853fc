//! The verdicts of a comparison at a glance: a line for each pair that was asked about, a column for each
//! number of labels.

use std::collections::BTreeSet;

use maud::{Markup, html};
use number_text::{count, signed};
use wording::{Language, say};

use super::differences::class_of;
use super::heading::titled_with_layers;
use super::{head, scrolling};
use crate::answer::{Answer, PairVerdict};
use crate::group::distinct;
use crate::rows::PairedRow;

/// The matrix at the largest depth; nothing if no pair was asked about.
pub(super) fn table(language: Language, rows: &[PairedRow], answer: Option<&Answer>) -> Markup {
    let asked = answer.map_or(&[][..], |answer| &answer.pairs).iter().filter(|pair| pair.asked);
    let asked: Vec<&PairVerdict> = asked.collect();
    let Some(depth) = asked.iter().map(|pair| pair.depth).max() else { return html! {} };
    let here: Vec<&PairVerdict> = asked.into_iter().filter(|pair| pair.depth == depth).collect();
    let labels: BTreeSet<usize> = here.iter().map(|pair| pair.labels).collect();
    let pairs = distinct(here.iter().map(|pair| (&*pair.method_a, &*pair.method_b)));
    let difference = |verdict: &PairVerdict| {
        let is = |row: &&PairedRow| {
            (&row.method_a, &row.method_b) == (&verdict.method_a, &verdict.method_b)
                && (row.depth, row.labels) == (verdict.depth, verdict.labels)
        };
        rows.iter().find(is).map_or(f64::NAN, |row| row.difference_pct_mean)
    };
    html! {
        (titled_with_layers(language, "glance-title", depth))
        (scrolling(language, &say!(language, "glance"), html! {
            table.matrix {
                thead {
                    tr {
                        (head(language, "methods"))
                        @for labels in &labels {
                            th.number scope="col" { (say!(language, "labels", labels = count(*labels))) }
                        }
                    }
                }
                tbody {
                    @for &(a, b) in &pairs {
                        tr data-series=(a) {
                            th scope="row" { (a) " − " (b) }
                            @for &labels in &labels {
                                @let found = here.iter().find(|pair| {
                                    (&*pair.method_a, &*pair.method_b, pair.labels) == (a, b, labels)
                                });
                                @match found {
                                    Some(pair) => td.number {
                                        span class={ "verdict " (class_of(pair.tone)) } title=(pair.text) {
                                            (signed(difference(pair), 2))
                                        }
                                        span.spoken { " " (pair.text) }
                                    },
                                    None => td.number.none { "–" },
                                }
                            }
                        }
                    }
                }
            }
        }))
        p.hint { (with_badges(&say!(language, "glance-hint"))) }
    }
}

/// Text in which `[good:green]` becomes the word "green" as a badge of this tone.
fn with_badges(text: &str) -> Markup {
    let mut pieces = text.split('[');
    let before = pieces.next().unwrap_or_default();
    html! {
        (before)
        @for piece in pieces {
            @let (badge, after) = piece.split_once(']').unwrap_or((piece, ""));
            @let (tone, word) = badge.split_once(':').unwrap_or(("open", badge));
            span class={ "verdict " (tone) } { (word) } (after)
        }
    }
}
