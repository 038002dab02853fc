//! Tests of the whole crate on a folder: files, figures and page.
#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of `#[test]` functions")]

mod files;
mod made_up;
mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use report::Styles;

/// Builds the page of a folder without styles and without an answer, and returns it.
pub(crate) fn plain_page(dir: &Path) -> String {
    report::build(dir, &Styles::default(), None).unwrap();
    fs::read_to_string(dir.join("report.html")).unwrap()
}

/// Builds the page of the made-up comparison with its answer, and returns it.
pub(crate) fn page_with_answer(dir: &Path) -> String {
    report::build(dir, &made_up::styles(), Some(&made_up::answer())).unwrap();
    fs::read_to_string(dir.join("report.html")).unwrap()
}

pub(crate) fn images() -> Vec<Vec<f32>> {
    (0..80).map(|k| (0..784).map(|i| ((i * (k + 3)) % 97) as f32 / 96.0).collect()).collect()
}

pub(crate) fn bytes_in(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let files = names.filter(|path| path.is_file());
    files.map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}
