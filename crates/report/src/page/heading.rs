//! Headings that can be linked to.

use maud::{Markup, html};

/// A heading with a link to the place of this identifier.
pub(super) fn heading(text: &str, id: &str) -> Markup {
    html! { h3 { (text) " " a.anchor href={ "#" (id) } aria-label={ "Link to: " (text) } { "#" } } }
}

/// A heading that is a place of its own, named after its text.
pub(super) fn titled(text: &str) -> Markup {
    let id = slug(text);
    html! {
        h3 id=(id) {
            (text) " " a.anchor href={ "#" (id) } aria-label={ "Link to: " (text) } { "#" }
        }
    }
}

/// The text in lower case, with a hyphen between its words.
fn slug(text: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
    let text: String = text.replace(',', "").chars().map(plain).collect();
    text.split_whitespace().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_after_headings() {
        assert_eq!(
            slug("Differences, paired by seed, 3 hidden layers"),
            "differences-paired-by-seed-3-hidden-layers"
        );
        assert_eq!(slug("With 10,000 labels"), "with-10000-labels");
    }
}
