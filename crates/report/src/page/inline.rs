//! Everything that a browser runs or styles the page with, embedded so that the page needs no other file and
//! its content policy is defined in one place.
//!
//! The texts in the scripts are messages: `{{script-next}}` in a string is the message `script-next`, and
//! `{{script-code|units=code.length|active=active}}` in a template literal is one with values, which are
//! expressions of the script.

use std::borrow::Cow;

use maud::{Markup, PreEscaped, html};
use serde::Serialize;
use wording::{Language, Value, say};

use super::policy;
use crate::error::Error;

/// The style sheets of the page.
const STYLES: [&str; 1] = [include_str!("../../assets/page.css")];

/// The scripts of the page, in execution order.
const SCRIPTS: [&str; 2] =
    [include_str!("../../assets/playground.js"), include_str!("../../assets/page.js")];

/// The policy that allows only these style sheets and scripts.
pub(super) fn policy(language: Language) -> String {
    let (styles, scripts) = (style_sheets(language), worded_scripts(language));
    let styles: Vec<&str> = styles.iter().map(AsRef::as_ref).collect();
    let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
    policy::policy(&styles, &scripts)
}

/// The style sheets.
pub(super) fn styles(language: Language) -> Markup {
    html! { @for css in style_sheets(language) { style { (PreEscaped(css)) } } }
}

/// The scripts. The page is readable without them.
pub(super) fn scripts(language: Language) -> Markup {
    html! { @for js in worded_scripts(language) { script { (PreEscaped(js)) } } }
}

/// The style sheets, with fonts for languages with other scripts.
fn style_sheets(language: Language) -> Vec<Cow<'static, str>> {
    let fonts = say!(language, "page-fonts");
    let own = (!fonts.is_empty()).then(|| {
        format!(
            ":root {{ --sans: system-ui, -apple-system, \"Segoe UI\", {fonts}, sans-serif; }}\n\
             svg text {{ font-family: var(--sans); }}\n\
             :lang(ko) {{ word-break: keep-all; overflow-wrap: break-word; }}\n"
        )
    });
    STYLES.into_iter().map(Cow::Borrowed).chain(own.map(Cow::Owned)).collect()
}

fn worded_scripts(language: Language) -> Vec<String> {
    SCRIPTS.into_iter().map(|js| worded(language, js)).collect()
}

/// A script with its messages in this language.
fn worded(language: Language, js: &str) -> String {
    let mut pieces = js.split("{{");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (message, after) = piece.split_once("}}").unwrap_or((piece, ""));
        let mut parts = message.split('|');
        let id = parts.next().unwrap_or_default();
        let values = parts.filter_map(|part| part.split_once('='));
        let values: Vec<(&str, String)> =
            values.map(|(name, value)| (name, format!("${{{value}}}"))).collect();
        let values: Vec<(&str, Value<'_>)> =
            values.iter().map(|(name, value)| (*name, Value::from(value.as_str()))).collect();
        out.push_str(&language.say(id, &values));
        out.push_str(after);
    }
    out
}

/// Data for the scripts, which is never run.
pub(super) fn data(id: &str, value: &impl Serialize) -> Result<Markup, Error> {
    // A text that ends the element, or starts a comment in it, would end the data too.
    let json = serde_json::to_string(value).map_err(|e| Error::Draw(e.to_string()))?;
    let json = json.replace('<', "\\u003c");
    Ok(html! { script type="application/json" id=(id) { (PreEscaped(json)) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_worded_by_messages() {
        let js =
            "button(\"{{script-next}}\"); say(`{{script-code|units=code.length|active=active}}`);";
        assert_eq!(
            worded(Language::English, js),
            "button(\"Next example\"); say(`Code: ${code.length} units, ${active} of them above a tenth of the \
             largest`);"
        );
        assert!(
            worded(Language::Korean, js)
                .starts_with("button(\"다음 예\"); say(`부호: 유닛 ${code.length}개")
        );
    }

    #[test]
    fn no_message_ends_a_string() {
        for &language in Language::ALL {
            for (message, _) in SCRIPTS
                .iter()
                .flat_map(|js| js.split("{{").skip(1))
                .filter_map(|it| it.split_once("}}"))
            {
                let id = message.split('|').next().unwrap_or_default();
                let text = say!(language, id);
                assert!(
                    text != id && !text.contains(['"', '`', '\\', '<']),
                    "{language}, {id}: {text}"
                );
            }
            for js in worded_scripts(language) {
                assert!(!js.contains("{{") && !js.contains("}}"));
            }
        }
    }
}
