//! Linkable headings.

use maud::{Markup, html};
use wording::{Language, Value, say};

/// A heading with a link to this identifier on the page.
pub(super) fn heading(language: Language, text: &str, id: &str) -> Markup {
    html! { h3 { (text) " " (anchor(language, text, id)) } }
}

/// A heading that can be linked to: the message of this name. Its identifier derives from its English text,
/// so that links work in any language.
pub(super) fn titled(language: Language, message: &str, values: &[(&str, Value<'_>)]) -> Markup {
    titled_as(language, &language.say(message, values), &Language::English.say(message, values))
}

/// A heading about a number of hidden layers.
pub(super) fn titled_with_layers(language: Language, message: &str, depth: usize) -> Markup {
    let text =
        |language: Language| say!(language, message, layers = super::layers_of(language, depth));
    titled_as(language, &text(language), &text(Language::English))
}

fn titled_as(language: Language, text: &str, english: &str) -> Markup {
    let id = slug(english);
    html! { h3 id=(id) { (text) " " (anchor(language, text, &id)) } }
}

fn anchor(language: Language, text: &str, id: &str) -> Markup {
    let label = say!(language, "link-to", text = text);
    html! { a.anchor href={ "#" (id) } aria-label=(label) { "#" } }
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
