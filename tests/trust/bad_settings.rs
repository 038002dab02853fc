//! Settings of the wrong type or out of range: every key of every preset.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::row::{Row, output, try_all};
use crate::support::{aerbm, is_long, place};

/// Presets with all kinds of models.
const PRESETS: [&str; 7] =
    ["rbm", "rbm-pcd", "autoencoder", "denoising", "sparse", "deep-autoencoder", "dbn"];

/// Values that no key of this type takes.
fn bad_values(value: &Value) -> &'static [&'static str] {
    match value {
        Value::Integer(_) => {
            &["-1", "1.5", "many", "[]", "{}", "nan", "99999999999999999999", "true"]
        }
        Value::Float(_) => &["nan", "inf", "-1e300", "much", "[]", "{}", "true"],
        Value::Boolean(_) => &["2", "maybe", "[]", "{}"],
        Value::String(_) => &["7", "no-such-word", "[]", "{}", "true"],
        _ => &["7", "word"],
    }
}

/// The keys of a table with their values, those within tables by their paths.
fn keys(table: &Table, above: &str) -> Vec<(String, Value)> {
    let inner = |(key, value): (&String, &Value)| {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            Value::Table(table) => keys(table, &path),
            other => vec![(path, other.clone())],
        }
    };
    table.iter().flat_map(inner).collect()
}

#[test]
fn every_key_of_every_preset_refuses_what_it_is_not() {
    let place = place();
    let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
    for preset in PRESETS {
        let text = output(aerbm(place.path()).args(["train", preset, "--print"]));
        for (key, value) in keys(&text.parse().expect("TOML"), "") {
            if !seen.insert(key.clone()) {
                continue;
            }
            for bad in bad_values(&value) {
                let assignment = format!("{key}={bad}");
                // For a table with a kind, the error names the table.
                let named: Vec<&str> =
                    key.split('.').take(2).filter(|part| *part != "kind").collect();
                let args = ["train", preset, "--set", &assignment, "--print"];
                rows.push(Row::new(&args, 2, &[&named.join(".")]));
            }
        }
    }
    let step = if is_long() { 1 } else { 2 };
    let rows: Vec<Row> = rows.into_iter().step_by(step).collect();
    assert!(rows.len() > 150, "{} rows", rows.len());
    try_all("settings", &rows, |_| ());
}
