//! Settings of the run, the machine, and the command to repeat it.

use maud::{Markup, html};
use serde_json::Value;

use wording::{Language, say};

use super::{Run, with_code};

/// The key of the decisions made while the data were read, which have a list of their own.
const NOTES: &str = "notes";

/// Keys of `run.json` that come first, in the order of the page. Other plain values follow in
/// alphabetical order.
const KEYS: [&str; 7] = ["status", "data", "seed", "version", "commit", "cpu", "threads"];

pub(super) fn settings(language: Language, config: Option<&str>, info: Option<&Value>) -> Markup {
    let facts = info.map(|info| facts(language, info)).unwrap_or_default();
    let notes = info.and_then(|info| info["data"][NOTES].as_array());
    html! {
        @if !facts.is_empty() {
            dl { @for (name, value) in &facts { div { dt { (name) } dd { (value) } } } }
        }
        @if let Some(notes) = notes {
            details {
                summary { (say!(language, "settings-notes")) }
                ul { @for note in notes { li { (language.stored(&plain(note))) } } }
            }
        }
        @if let Some(config) = config {
            details {
                summary { (say!(language, "settings-as-run")) }
                pre { code { (config) } }
            }
        }
    }
}

pub(super) fn reproduce(run: &Run<'_>) -> Markup {
    html! {
        @if let Some(command) = run.info_text("command") { pre { code { (command) } } }
        p.hint {
            (with_code(&say!(run.language(), "reproduce-hint", folder = run.folder.as_str())))
        }
    }
}

/// Names and values for the page, without empty values.
fn facts(language: Language, info: &Value) -> Vec<(String, String)> {
    let Some(object) = info.as_object() else { return Vec::new() };
    let known = KEYS.iter().filter_map(|key| Some(((*key).to_owned(), object.get(*key)?)));
    let mut others: Vec<(String, &Value)> = object
        .iter()
        .filter(|(key, value)| {
            !KEYS.contains(&key.as_str()) && !value.is_object() && !value.is_array()
        })
        .filter(|(key, _)| {
            !["about", "command", "data_key", "folder", "recommendation"].contains(&key.as_str())
        })
        .map(|(key, value)| (key.clone(), value))
        .collect();
    others.sort_by(|a, b| a.0.cmp(&b.0));
    known
        .chain(others)
        .map(|(key, value)| (name_of(language, &key), language.stored(&plain(value))))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// The words for a key, or the key itself.
fn name_of(language: Language, key: &str) -> String {
    let message = format!("fact-{key}");
    let words = say!(language, &message);
    if words == message { key.replace('_', " ") } else { words }
}

/// A value on one line; hashes are truncated to their first twelve digits.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            text[..12].to_owned()
        }
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(object) => object
            .iter()
            .filter(|(key, _)| *key != NOTES)
            .map(|(key, value)| format!("{}: {}", key.replace('_', " "), plain(value)))
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    }
}
