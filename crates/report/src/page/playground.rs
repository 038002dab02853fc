//! The section in which a reader tries the models.

use maud::{Markup, html};

use super::inline;
use crate::error::Error;
use crate::playground::Playground;

/// The models and the place in which the script of the page shows them.
pub(super) fn section(playground: &Playground) -> Result<Markup, Error> {
    Ok(html! {
        p {
            "Draw, or take an example: every model reconstructs what it sees, in your browser and from the weights \
             in this page. The class is the one whose mean code is nearest."
        }
        @if !playground.left_out.is_empty() {
            p.hint { "Left out, because the page would be too large: " (playground.left_out.join(", ")) "." }
        }
        noscript { p { "This needs JavaScript, which is switched off." } }
        div #playground hidden {}
        (inline::data("playground-data", playground)?)
    })
}
