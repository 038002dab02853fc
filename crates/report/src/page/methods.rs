//! The method bar, whose buttons hide and show a method in every figure and table.

use std::collections::BTreeSet;

use maud::{Markup, html};
use wording::{Language, say};

use crate::figures::Figure;
use crate::group::distinct;

/// One button for each method and model in the figures, whose names are in `known`; nothing for fewer than two.
/// The page's script reveals the bar, because its buttons do nothing without the script.
pub(super) fn bar(language: Language, figures: &[Figure], known: &BTreeSet<&str>) -> Markup {
    let all = figures.iter().flat_map(|figure| figure.series.iter().cloned());
    let methods = distinct(all.filter(|(name, _)| known.contains(name.as_str())));
    html! {
        @if methods.len() > 1 {
            div #methods role="group" aria-label=(say!(language, "methods-label")) hidden {
                span.hint { (say!(language, "methods-show")) }
                @for (name, (red, green, blue)) in &methods {
                    button type="button" aria-pressed="true" data-toggle=(name) {
                        svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" {
                            circle cx="6" cy="6" r="5" fill=(format!("#{red:02X}{green:02X}{blue:02X}")) {}
                        }
                        (language.stored(name))
                    }
                }
            }
        }
    }
}
