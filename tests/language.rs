//! Korean pages contain no English except names, the files beside them are those of any language, and a run
//! keeps the language of its page.

use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{aerbm, root, small_comparison, small_mnist};

/// Words of English sentences that no name of a method, metric or file contains.
const ENGLISH: [&str; 29] = [
    "the",
    "of",
    "is",
    "are",
    "and",
    "with",
    "by",
    "for",
    "not",
    "to",
    "from",
    "that",
    "than",
    "which",
    "no",
    "on",
    "better",
    "worse",
    "difference",
    "interval",
    "error",
    "show",
    "each",
    "models",
    "labels",
    "seeds",
    "seed",
    "epoch",
    "method",
];

/// Elements whose content is code or data.
const SKIPPED: [&str; 4] = ["script", "style", "pre", "code"];

/// The texts that a reader sees or hears: those between tags, and those of some attributes.
fn texts(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        found.push(text.to_owned());
        let (tag, after) = after.split_once('>').expect("a tag ends");
        for name in ["aria-label=\"", "title=\"", "alt=\""] {
            let values = tag.split(name).skip(1).filter_map(|value| value.split('"').next());
            found.extend(values.map(str::to_owned));
        }
        rest = after;
        let name = tag.split_whitespace().next().unwrap_or_default();
        if SKIPPED.contains(&name) {
            rest = after.split_once(&format!("</{name}>")).expect("the element ends").1;
        }
    }
    found
}

/// The texts with a word of an English sentence. The data of tables, which are names, are left out.
fn english(html: &str) -> Vec<String> {
    let is_english = |text: &String| {
        let is_name_of_run = text.starts_with("comparison, ");
        let mut words =
            text.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-');
        !is_name_of_run && words.any(|word| ENGLISH.contains(&word.to_lowercase().as_str()))
    };
    let mut found: Vec<String> = texts(html).into_iter().filter(is_english).collect();
    found.sort();
    found.dedup();
    found
}

fn page_of(run: &Path) -> String {
    std::fs::read_to_string(run.join("report.html")).expect("a page")
}

fn report(run: &Path, options: &[&str]) -> String {
    aerbm().arg("report").arg(run).args(options).assert().success();
    page_of(run)
}

#[test]
fn a_comparison_in_korean_has_no_english_sentence_and_keeps_its_language() {
    let data = small_mnist(600, 100);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("run");
    let mut args = small_comparison();
    args.extend(["--language", "ko", "--out", run.to_str().expect("a path"), "--data"]);
    aerbm().args(args).arg(data.path()).assert().success();

    let korean = page_of(&run);
    assert!(korean.contains("<html lang=\"ko\">") && korean.contains("사전훈련은 도움이 되는가?"));
    assert_eq!(english(&korean), [""; 0]);
    assert!(korean.contains("aerbm compare") && korean.contains(" --language ko"), "the command");
    let info = std::fs::read_to_string(run.join("run.json")).expect("a run");
    assert!(info.contains("\"language\": \"ko\""), "{info}");
    aerbm().arg("verify").arg(&run).assert().success().stdout(contains("verified: "));

    let read = |name: &str| std::fs::read(run.join(name)).expect("a file");
    let files = ["paired.csv", "figures/error_by_labels.svg", "figures/error_by_labels.csv"];
    let before = files.map(read);
    let again = report(&run, &[]);
    assert!(again == korean, "a page that is drawn again keeps its language");
    let english_page = report(&run, &["--language", "en"]);
    assert!(english_page.contains("<html lang=\"en\">") && !english(&english_page).is_empty());
    assert!(!english_page.contains('가'), "no Korean is left");
    assert!(files.map(read) == before, "the files beside the page are the same in every language");
    aerbm().arg("verify").arg(&run).assert().success();
}

#[test]
fn the_page_of_a_model_in_korean_has_no_english_sentence() {
    let data = small_mnist(300, 60);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let small = ["model.n_hidden=16", "training.epochs=1"];
    let layers = "layers=[{model={maps=6, kernel=7, pool=2}, training={epochs=1}}, \
                  {model={maps=8, kernel=4, pool=2}, training={epochs=1}}]";
    for (preset, settings) in
        [("denoising", &small[..]), ("rbm", &small[..]), ("conv-rbm", &[layers][..])]
    {
        let run = folder.path().join(preset);
        let mut args = vec!["train", preset, "--language", "ko", "--set", "split={train=250}"];
        for setting in settings {
            args.extend(["--set", setting]);
        }
        aerbm().args(args).arg("--data").arg(data.path()).arg("--out").arg(&run).assert().success();
        assert_eq!(english(&page_of(&run)), [""; 0], "{preset}");
    }
}

#[test]
fn the_reference_can_be_drawn_in_korean() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (from, run) = (root().join("reports/reference"), folder.path().join("reference"));
    for part in ["", "figures"] {
        std::fs::create_dir_all(run.join(part)).expect("created");
        for entry in std::fs::read_dir(from.join(part)).expect("the reference") {
            let entry = entry.expect("an entry");
            if entry.path().is_file() {
                std::fs::copy(entry.path(), run.join(part).join(entry.file_name()))
                    .expect("copied");
            }
        }
    }
    let before = report(&run, &["--language", "en"]);
    let korean = report(&run, &["--language", "ko"]);
    assert_eq!(english(&korean), [""; 0]);
    assert!(korean.contains("레이블 10,000개에서"), "numbers are the same");
    assert!(report(&run, &["--language", "en"]) == before);
}

#[test]
fn a_language_that_there_is_none_of_is_refused() {
    let refused =
        aerbm().args(["report", "reports/reference", "--language", "kr"]).assert().code(2);
    refused.stderr(contains("kr").and(contains("en, ko")));
}
