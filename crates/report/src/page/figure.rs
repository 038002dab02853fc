//! Figures on the page.

use maud::{Markup, PreEscaped, html};
use wording::{Language, say};

use super::heading::heading;
use super::{prose, tidy};
use crate::figures::{self, Figure, Section};
use crate::group::grouped;

/// The figures of a section. Figures with the same reading instructions are stacked, and the instructions
/// appear once.
pub(super) fn gallery(language: Language, figures: &[Figure], section: Section) -> Markup {
    let here: Vec<&Figure> = figures.iter().filter(|it| it.meta.section == section).collect();
    let groups = grouped(&here, |figure| tidy(&figure.meta.how_to_read));
    html! {
        @for (how_to_read, figures) in &groups {
            @for (i, figure) in figures.iter().enumerate() {
                (card(language, figure, if i == 0 { how_to_read } else { "" }))
            }
        }
    }
}

/// A drawing with its caption and links to its files.
fn card(language: Language, figure: &Figure, how_to_read: &str) -> Markup {
    let Figure { name, meta, svg, narrow_svg, .. } = figure;
    html! {
        figure id={ "figure-" (name) } {
            (heading(language, &meta.title, &format!("figure-{name}")))
            @if !how_to_read.is_empty() { p.reading { b { (say!(language, "how-to-read")) " " } (how_to_read) } }
            // Bitmaps are most of the page, so a sheet of them is included once and scrolls on a narrow
            // screen.
            @let has_bitmaps = svg.contains("<image");
            div class=(if has_bitmaps { "drawing" } else { "drawing wide" })
                tabindex="0" role="group" aria-label=(meta.title) {
                (PreEscaped(figures::without_title(svg)))
            }
            @if !has_bitmaps {
                div.drawing.narrow { (PreEscaped(figures::without_title(narrow_svg))) }
            }
            figcaption {
                @if !meta.caption.is_empty() { p { (prose(&meta.caption)) } }
                p.files {
                    @for extension in ["csv", "svg", "png"] {
                        @let label = say!(
                            language, "file-of", extension = extension, title = meta.title.as_str()
                        );
                        a href={ "figures/" (name) "." (extension) } download aria-label=(label) {
                            "." (extension)
                        }
                    }
                }
            }
        }
    }
}
