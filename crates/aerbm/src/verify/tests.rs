//! A damaged table of mistakes is reported as one line of the verification.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]

use report::{MetricRow, write_csv};

use super::*;

/// A comparison of two cells, with only what its verification needs, and these numbers of samples and digits.
fn run_with(cells: [(usize, &str); 2]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let of = |seed: u64, samples: usize, mistakes: &str| MistakesRow {
        method: "none".into(),
        depth: 1,
        labels: 100,
        seed,
        network: "0123456789abcdef".into(),
        samples,
        mistakes: mistakes.into(),
    };
    let rows: Vec<MistakesRow> =
        (1..).zip(cells).map(|(seed, (samples, digits))| of(seed, samples, digits)).collect();
    write_csv(&dir.path().join("mistakes.csv"), &rows).unwrap();
    write_csv::<ComparisonRow>(&dir.path().join("comparison.csv"), &[]).unwrap();
    write_csv::<MetricRow>(&dir.path().join("metrics.csv"), &[]).unwrap();
    // With the settings of a comparison, its summaries are computed from the mistakes.
    let profile = include_str!("../../profiles/quick.toml");
    std::fs::write(dir.path().join("config.toml"), profile).unwrap();
    dir
}

#[test]
fn damaged_mistakes_are_told_and_do_not_panic() {
    for (cells, told) in [
        ([(8, "80"), (12, "800")], "mistakes.csv: line 3: 12 samples; expected 8, as in line 2"),
        ([(8, "80"), (0, "")], "mistakes.csv: line 3: 0 samples; expected at least 1"),
        ([(0, ""), (0, "")], "mistakes.csv: line 2: 0 samples; expected at least 1"),
        ([(8, "80"), (8, "8")], "mistakes.csv: line 3: the digits do not fit 8 samples"),
    ] {
        let dir = run_with(cells);
        let found = verify(dir.path()).unwrap();
        let of_table: Vec<&String> =
            found.problems.iter().filter(|problem| problem.starts_with("mistakes.csv")).collect();
        assert!(of_table.len() == 1 && of_table[0].starts_with(told), "{:?}", found.problems);
    }
}

#[test]
fn summaries_are_computed_again_from_the_mistakes() {
    let dir = run_with([(8, "80"), (8, "c0")]);
    let found = verify(dir.path()).unwrap();
    assert!(found.problems.contains(&"summary.csv: missing".to_owned()), "{:?}", found.problems);
    assert!(found.problems.iter().all(|problem| !problem.starts_with("mistakes.csv")));
}
