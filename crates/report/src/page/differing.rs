//! The page on the differences between two runs.

use std::path::Path;

use maud::{Markup, html};

use wording::Language;

use super::{document, scrolling};
use crate::error::Error;
use crate::table::write_text;

/// A value that differs between two runs; empty if a run has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferingValue {
    /// Its name.
    pub name: String,
    /// The value in each run.
    pub values: [String; 2],
}

/// Writes a page with the settings and numbers in which two named runs differ.
///
/// # Errors
/// [`Error::Write`] if the file cannot be written.
pub fn write_differing(
    file: &Path,
    runs: [&str; 2],
    settings: &[DifferingValue],
    numbers: &[DifferingValue],
) -> Result<(), Error> {
    let [a, b] = runs;
    let section = |id, name: &str, rows: &[DifferingValue]| {
        (!rows.is_empty()).then(|| (id, String::from(name), table(name, runs, rows)))
    };
    let sections =
        [section("settings", "Settings", settings), section("numbers", "Numbers", numbers)];
    let sections: Vec<_> = sections.into_iter().flatten().collect();
    let count = |rows: &[DifferingValue], what: &str| match rows.len() {
        0 => format!("no {what}"),
        1 => format!("one {what}"),
        n => format!("{n} {what}s"),
    };
    let lead = html! {
        p.eyebrow { "aerbm" }
        h1 { (a) " and " (b) }
        div.lead {
            p.answer {
                "They differ in " (count(settings, "setting")) " and " (count(numbers, "number")) "."
            }
        }
    };
    let footer = html! { "Made from the files of both folders by " code { "aerbm diff" } "." };
    let title = format!("{a} and {b}");
    write_text(
        file,
        &document(Language::English, &title, &lead, &html! {}, &sections, &footer).into_string(),
    )
}

fn table(name: &str, [a, b]: [&str; 2], rows: &[DifferingValue]) -> Markup {
    let cell = |value: &String| if value.is_empty() { "–".to_owned() } else { value.clone() };
    scrolling(
        Language::English,
        name,
        html! {
            table {
                thead { tr { th scope="col" { (name) } th scope="col" { (a) } th scope="col" { (b) } } }
                tbody {
                    @for DifferingValue { name, values: [a, b] } in rows {
                        tr { th scope="row" { (name) } td { (cell(a)) } td { (cell(b)) } }
                    }
                }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_shown_and_none_becomes_markup() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("difference.html");
        let value = |name: &str, a: &str, b: &str| DifferingValue {
            name: name.into(),
            values: [a.into(), b.into()],
        };
        let settings = [value("rbm.n_hidden", "<b>5</b>", "")];
        write_differing(&file, ["one", "two"], &settings, &[]).expect("written");
        let page = std::fs::read_to_string(&file).expect("there");
        assert!(page.contains("They differ in one setting and no number."));
        assert!(page.contains("&lt;b&gt;5&lt;/b&gt;") && !page.contains("<b>5"));
        assert!(page.contains("<td>–</td>") && !page.contains("id=\"numbers\""));
    }
}
