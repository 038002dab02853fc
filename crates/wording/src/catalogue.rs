//! The messages of a language, formatted by Fluent.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent};

use crate::{Language, korean};

pub(crate) type Bundle = concurrent::FluentBundle<FluentResource>;

/// The messages of a language. Tests report errors in a catalogue.
pub(crate) fn bundle(language: Language) -> Bundle {
    let identifier = language.code().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![identifier]);
    // Isolation marks around values are for right-to-left scripts.
    bundle.set_use_isolating(false);
    let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(language.source().to_owned());
    // A duplicate name keeps its first message.
    let _ = bundle.add_resource(resource);
    let _ = bundle.add_function("JOSA", particle);
    bundle
}

/// The particle of a word: `JOSA($word, "은", "는")`.
fn particle<'a>(values: &[FluentValue<'a>], _: &FluentArgs<'_>) -> FluentValue<'a> {
    let [word, after_consonant, after_vowel] = values else { return FluentValue::Error };
    let word = match word {
        FluentValue::String(text) => text.to_string(),
        FluentValue::Number(number) => number.as_string().into_owned(),
        _ => return FluentValue::Error,
    };
    let takes = match after_consonant {
        FluentValue::String(particle) => korean::takes(particle, &word),
        _ => return FluentValue::Error,
    };
    if takes { after_consonant.clone() } else { after_vowel.clone() }
}

/// The message `NAME` or `NAME.ATTRIBUTE`; `None` if the catalogue lacks it.
pub(crate) fn format(bundle: &Bundle, id: &str, args: &FluentArgs<'_>) -> Option<String> {
    let (name, attribute) = id.split_once('.').map_or((id, None), |(name, it)| (name, Some(it)));
    let message = bundle.get_message(name)?;
    let pattern = match attribute {
        None => message.value()?,
        Some(attribute) => message.get_attribute(attribute)?.value(),
    };
    // A missing value is shown as its name; the tests compare the value names of the catalogues.
    Some(bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
    use fluent_syntax::parser;

    use super::*;

    /// The names of the values in a pattern.
    fn values_of(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
        let placeables = pattern.elements.iter().filter_map(|element| match element {
            PatternElement::Placeable { expression } => Some(expression),
            PatternElement::TextElement { .. } => None,
        });
        for expression in placeables {
            match expression {
                Expression::Inline(inline) => values_of_inline(inline, found),
                Expression::Select { selector, variants } => {
                    values_of_inline(selector, found);
                    for variant in variants {
                        values_of(&variant.value, found);
                    }
                }
            }
        }
    }

    fn values_of_inline(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                found.insert(id.name.to_owned());
            }
            InlineExpression::FunctionReference { arguments, .. } => {
                for argument in &arguments.positional {
                    values_of_inline(argument, found);
                }
            }
            _ => (),
        }
    }

    /// The messages of a catalogue and the names of their values.
    fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let resource = parser::parse(language.source()).expect("a catalogue without errors");
        let mut messages = BTreeMap::new();
        let mut add = |id: String, pattern: &Pattern<&str>| {
            let mut found = BTreeSet::new();
            values_of(pattern, &mut found);
            assert!(
                messages.insert(id.clone(), found).is_none(),
                "{language}: {id} is there twice"
            );
        };
        for entry in &resource.body {
            let Entry::Message(message) = entry else { continue };
            if let Some(pattern) = &message.value {
                add(message.id.name.to_owned(), pattern);
            }
            for attribute in &message.attributes {
                add(format!("{}.{}", message.id.name, attribute.id.name), &attribute.value);
            }
        }
        messages
    }

    /// Values for English plurals, which other languages may not use.
    const OF_ENGLISH: [&str; 2] = ["n", "plural"];

    #[test]
    fn every_language_has_every_message_with_the_same_values() {
        let english = messages(Language::English);
        assert!(english.len() > 400);
        for &language in Language::ALL {
            let others = messages(language);
            let missing: Vec<&String> =
                english.keys().filter(|id| !others.contains_key(*id)).collect();
            assert!(missing.is_empty(), "{language} lacks {missing:?}");
            let unknown: Vec<&String> =
                others.keys().filter(|id| !english.contains_key(*id)).collect();
            assert!(unknown.is_empty(), "{language} has {unknown:?}, which English has not");
            for (id, values) in &english {
                let differing = values.symmetric_difference(&others[id]);
                let differing: Vec<&String> =
                    differing.filter(|name| !OF_ENGLISH.contains(&name.as_str())).collect();
                assert!(differing.is_empty(), "{language}, {id}: {differing:?}");
            }
        }
    }

    #[test]
    fn every_translation_is_one() {
        let empty = FluentArgs::new();
        let alike = messages(Language::English).into_keys().filter(|id| {
            let of = |language: Language| format(language.bundle(), id, &empty);
            of(Language::English) == of(Language::Korean)
        });
        let expected = [
            "metric-psnr_db.first",
            "metric-psnr_db.second",
            "metric-ssim.first",
            "metric-ssim.second",
            "told-comma",
            "verdict-headline",
        ];
        assert_eq!(alike.collect::<Vec<_>>(), expected);
    }
}
