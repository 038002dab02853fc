//! Everything that a browser runs or styles the page with. It is all embedded here, so that the page needs
//! no other file, and so that a policy for its content has one place to look at.

use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use super::policy;
use crate::error::Error;

/// The style sheets of the page.
const STYLES: [&str; 1] = [include_str!("../../assets/page.css")];

/// The scripts of the page, in the order in which they run.
const SCRIPTS: [&str; 2] =
    [include_str!("../../assets/playground.js"), include_str!("../../assets/page.js")];

/// The policy that lets these style sheets and scripts alone be used.
pub(super) fn policy() -> String {
    policy::policy(&STYLES, &SCRIPTS)
}

/// The style sheets.
pub(super) fn styles() -> Markup {
    html! { @for css in STYLES { style { (PreEscaped(css)) } } }
}

/// The scripts. The page can be read without them.
pub(super) fn scripts() -> Markup {
    html! { @for js in SCRIPTS { script { (PreEscaped(js)) } } }
}

/// Data for the scripts, which is never run.
pub(super) fn data(id: &str, value: &impl Serialize) -> Result<Markup, Error> {
    // A text that ends the element, or begins a comment in it, would end the data, too.
    let json = serde_json::to_string(value).map_err(|e| Error::Draw(e.to_string()))?;
    let json = json.replace('<', "\\u003c");
    Ok(html! { script type="application/json" id=(id) { (PreEscaped(json)) } })
}
