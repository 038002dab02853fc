//! The numbers in RESULTS.md and the READMEs are those of the committed tables.

use std::path::{Path, PathBuf};

use report::{PairedRow, SummaryRow, read_csv};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names in backquotes.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The numbers of a cell, such as −7.92, −8.91 and −6.92 of "−7.92 (−8.91 to −6.92), p <0.001".
fn numbers(cell: &str) -> Vec<f64> {
    let plain = cell.replace('−', "-").replace('–', " ").replace('*', "");
    let words = plain.split(|c: char| !(c.is_ascii_digit() || ".-+".contains(c)));
    words.filter_map(|word| word.parse().ok()).collect()
}

/// Whether numbers equal those of the file after rounding to two digits.
fn are_rounded(shown: &[f64], exact: [f64; 3]) -> bool {
    shown.len() >= 3
        && shown.iter().zip(exact).all(|(shown, exact)| (shown - exact).abs() < 0.005_01)
}

/// Whether a corrected p-value equals that of the file after rounding, or is below the bound that is shown.
fn is_rounded_p(cell: &str, exact: f64) -> bool {
    let Some((_, shown)) = cell.split_once(", p ") else { return true };
    let Some(bound) = shown.strip_prefix('<') else {
        let digits = shown.split_once('.').map_or(0, |(_, digits)| digits.len());
        let unit = 0.1_f64.powi(i32::try_from(digits).expect("few digits"));
        return (shown.parse::<f64>().expect("a number") - exact).abs() <= 0.501 * unit;
    };
    exact < bound.parse().expect("a number")
}

/// Checks a table of test errors, which begins with this line, against the tables of a run. Returns the number of
/// cells.
fn check(text: &str, head: &str, run: &Path) -> usize {
    let summary: Vec<SummaryRow> = read_csv(&run.join("summary.csv")).expect("a table");
    let paired: Vec<PairedRow> = read_csv(&run.join("paired.csv")).expect("a table");
    let labels: Vec<usize> = head
        .split('|')
        .filter_map(|cell| {
            let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
            digits.parse().ok()
        })
        .collect();
    let mut checked = 0;
    for line in text.lines().skip(2).take_while(|line| line.starts_with('|')) {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let methods = names(cells.next().expect("a first cell"));
        for (cell, &labels) in cells.zip(&labels).filter(|(cell, _)| !cell.is_empty()) {
            let shown = numbers(cell);
            let holds = match methods[..] {
                [method] => summary.iter().any(|row| {
                    let exact = [row.test_error_pct_mean, row.ci95_low, row.ci95_high];
                    (row.method.as_str(), row.labels) == (method, labels)
                        && are_rounded(&shown, exact)
                }),
                [first, second] => paired.iter().any(|row| {
                    let exact = [row.difference_pct_mean, row.ci95_low, row.ci95_high];
                    (row.method_a.as_str(), row.method_b.as_str(), row.labels)
                        == (first, second, labels)
                        && are_rounded(&shown, exact)
                        && (!cell.contains(", p ") || row.test.ends_with("Holm"))
                        && is_rounded_p(cell, row.p_value)
                }),
                _ => panic!("{line}: expected one method or two"),
            };
            assert!(holds, "{methods:?} with {labels} labels: {cell} is not in {}", run.display());
            checked += 1;
        }
    }
    checked
}

#[test]
fn tables_of_errors_are_those_of_the_committed_runs() {
    let reference = root().join("reports/reference");
    let three = "| method | 100 labels | 1,000 labels | 10,000 labels |";
    for (file, place, head, run, least) in [
        ("RESULTS.md", 0, three, "", 40),
        ("RESULTS.md", 1, three, "paper/equal-budget", 40),
        (
            "RESULTS.md",
            0,
            "| method | 100 labels | 1,000 labels | 3,000 labels |",
            "paper/labels",
            30,
        ),
        ("README.ko.md", 0, "| 방법 | 레이블 100개 | 1,000개 | 10,000개 |", "", 12),
    ] {
        let text = std::fs::read_to_string(root().join(file)).expect("readable");
        let (at, _) = text.match_indices(head).nth(place).expect("the table");
        let checked = check(&text[at..], head, &reference.join(run));
        assert!(checked >= least, "{file}, {head}: {checked} cells");
    }
}

#[test]
fn the_first_sentence_is_that_of_the_reference() {
    let summary = root().join("reports/reference/summary.csv");
    let summary: Vec<SummaryRow> = read_csv(&summary).expect("a table");
    let error = |method: &str, labels: usize| {
        let row = summary.iter().find(|row| (row.method.as_str(), row.labels) == (method, labels));
        row.expect("a cell").test_error_pct_mean
    };
    let readme = std::fs::read_to_string(root().join("README.md")).expect("readable");
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in [
        format!("from {:.1} % to {:.1} %", error("none", 100), error("rbm", 100)),
        format!("from {:.2} % to {:.2} %", error("none", 10_000), error("rbm", 10_000)),
    ] {
        assert!(readme.contains(&sentence), "README.md does not say \"{sentence}\"");
    }
}
