//! The section in which readers try the models.

use maud::{Markup, html};
use wording::{Language, say};

use super::inline;
use crate::error::Error;
use crate::playground::Playground;

/// The models, and the element in which the page's script shows them.
pub(super) fn section(language: Language, playground: &Playground) -> Result<Markup, Error> {
    let mut playground = playground.clone();
    for plane in playground.models.iter_mut().filter_map(|model| model.plane.as_mut()) {
        plane.words = language.stored(&plane.words);
    }
    Ok(html! {
        p { (say!(language, "play-intro")) }
        @if !playground.left_out.is_empty() {
            p.hint { (say!(language, "play-left-out", names = playground.left_out.join(", "))) }
        }
        noscript { p { (say!(language, "play-no-script")) } }
        div #playground hidden {}
        (inline::data("playground-data", &playground)?)
    })
}
