//! Recognition of English texts stored by a run.
//!
//! A figure's description and `run.json` hold sentences rather than message names, so that they can be read
//! without this program. Here the English messages serve as patterns: the literal text identifies the
//! message, and the text between gives its values.

use std::sync::OnceLock;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::Language;

/// Prefixes of the names of messages that runs store.
const STORED: [&str; 7] = ["figure-", "axis-", "tile-", "method-", "test-", "status-", "told-"];

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(String),
}

/// A message with one choice of its variants.
#[derive(Debug)]
struct Sentence {
    id: String,
    parts: Vec<Part>,
}

/// The name of the message that a text matches, and the values in it.
pub(crate) fn recognised(text: &str) -> Option<(String, Vec<(String, &str)>)> {
    static SENTENCES: OnceLock<Vec<Sentence>> = OnceLock::new();
    let sentences = SENTENCES.get_or_init(sentences);
    sentences.iter().find_map(|sentence| {
        let mut values = Vec::new();
        fits(&sentence.parts, text, &mut values).then(|| (sentence.id.clone(), values))
    })
}

/// Whether the parts make up the text; if so, their values are added.
fn fits<'t>(parts: &[Part], text: &'t str, values: &mut Vec<(String, &'t str)>) -> bool {
    match parts {
        [] => text.is_empty(),
        [Part::Text(own), rest @ ..] => {
            text.strip_prefix(own.as_str()).is_some_and(|after| fits(rest, after, values))
        }
        [Part::Value(name), rest @ ..] => {
            let mut ends = text.char_indices().map(|(end, _)| end).skip(1).chain([text.len()]);
            let known = values.len();
            let earlier = values.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
            ends.any(|end| {
                let value = &text[..end];
                // A repeated value must be the same each time.
                if value.is_empty() || earlier.is_some_and(|earlier| earlier != value) {
                    return false;
                }
                values.truncate(known);
                if earlier.is_none() {
                    values.push((name.clone(), value));
                }
                fits(rest, &text[end..], values)
            })
        }
    }
}

/// The messages that runs store, those with the most literal text first, since others may match the same text
/// with longer values.
fn sentences() -> Vec<Sentence> {
    let (Ok(resource) | Err((resource, _))) = parser::parse(Language::English.source());
    let mut found = Vec::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name;
        if !STORED.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        let attributes =
            message.attributes.iter().map(|it| (format!("{name}.{}", it.id.name), &it.value));
        let value = message.value.iter().map(|value| (name.to_owned(), value));
        for (id, pattern) in value.chain(attributes) {
            let of = |parts| Sentence { id: id.clone(), parts };
            found.extend(choices(pattern).into_iter().map(of));
        }
    }
    let own = |sentence: &Sentence| -> usize {
        let lengths = sentence.parts.iter().map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Value(_) => 0,
        });
        lengths.sum()
    };
    found.sort_by_key(|sentence| std::cmp::Reverse(own(sentence)));
    found
}

/// The parts of a pattern, once for each choice of its variants.
fn choices(pattern: &Pattern<&str>) -> Vec<Vec<Part>> {
    let mut all = vec![Vec::new()];
    for element in &pattern.elements {
        let next: Vec<Vec<Part>> = match element {
            PatternElement::TextElement { value } => vec![vec![Part::Text((*value).to_owned())]],
            PatternElement::Placeable { expression } => match expression {
                Expression::Select { variants, .. } => {
                    variants.iter().flat_map(|variant| choices(&variant.value)).collect()
                }
                Expression::Inline(InlineExpression::VariableReference { id }) => {
                    vec![vec![Part::Value(id.name.to_owned())]]
                }
                Expression::Inline(InlineExpression::StringLiteral { value }) => {
                    vec![vec![Part::Text((*value).to_owned())]]
                }
                Expression::Inline(_) => vec![vec![]],
            },
        };
        all = all
            .into_iter()
            .flat_map(|before| next.iter().map(move |after| [&before[..], after].concat()))
            .collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_the_text_around_them() {
        let parts = |parts: &[&str]| -> Vec<Part> {
            let part = |text: &&str| match text.strip_prefix('$') {
                Some(name) => Part::Value(name.to_owned()),
                None => Part::Text((*text).to_owned()),
            };
            parts.iter().map(part).collect()
        };
        let found = |of: &[&str], text: &'static str| {
            let mut values = Vec::new();
            fits(&parts(of), text, &mut values).then_some(values)
        };
        let two = ["from ", "$a", " to ", "$b", "."];
        let expected = vec![("a".to_owned(), "x"), ("b".to_owned(), "y to z")];
        assert_eq!(found(&two, "from x to y to z."), Some(expected));
        assert_eq!(found(&two, "from x to ."), None, "no value is empty");
        assert_eq!(found(&["$a", "/", "$a"], "b/b"), Some(vec![("a".to_owned(), "b")]));
        assert_eq!(found(&["$a", "/", "$a"], "b/c"), None);
    }

    #[test]
    fn no_message_hides_another() {
        // A message filled with its own values is recognised as that message, or as one with the same text.
        for sentence in sentences() {
            let text: String = sentence
                .parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.as_str(),
                    Part::Value(_) => "7",
                })
                .collect();
            let (id, _) = recognised(&text).expect("a message");
            let same = |language: Language| {
                let seven = |part: &Part| match part {
                    Part::Value(name) => Some((name.clone(), "7")),
                    Part::Text(_) => None,
                };
                let values: Vec<(String, &str)> = sentence.parts.iter().filter_map(seven).collect();
                let values: Vec<(&str, crate::Value<'_>)> =
                    values.iter().map(|(name, value)| (name.as_str(), (*value).into())).collect();
                language.say(&id, &values) == language.say(&sentence.id, &values)
            };
            assert!(
                id == sentence.id || same(Language::Korean),
                "{text}: {id}, not {}",
                sentence.id
            );
        }
    }
}
