//! Summary of new data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AnyEncoder, Rows};
use crate::some_of::some_of;

/// Summary of new data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowsReport {
    /// Number of rows.
    pub n_rows: usize,
    /// Number of rows whose label is a class of the contract.
    pub n_labelled: usize,
    /// Summaries of the columns that become features, in the order of the features.
    pub features: Vec<FeatureReport>,
    /// Labels that are not classes of the contract, with their number of rows.
    pub unknown_classes: Vec<(String, u64)>,
}

/// Summary of one column, or of one feature of an array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureReport {
    /// The name of the column; the index from 0 for arrays.
    pub name: String,
    /// The share of values outside the training range.
    pub outside_share: f64,
    /// The share of missing values.
    pub missing_share: f64,
    /// Levels not seen in training, with their number of rows.
    pub unknown_levels: Vec<(String, u64)>,
}

impl Rows<'_> {
    /// Summary of the rows read so far; after the last block, of all rows.
    #[must_use]
    pub fn report(&self) -> RowsReport {
        let n_rows = self.n_seen;
        let share = |n: u64, of: u64| if of == 0 { 0.0 } else { n as f64 / of as f64 };
        let feature =
            |name: String, outside: u64, missing: u64, unknown: Vec<(String, u64)>| FeatureReport {
                name,
                outside_share: share(outside, n_rows as u64 - missing),
                missing_share: share(missing, n_rows as u64),
                unknown_levels: unknown,
            };
        let features = match &self.encoder {
            AnyEncoder::Table(encoder) => encoder
                .seen()
                .map(|(column, seen)| {
                    let unknown = seen.unknown.iter().map(|(level, n)| (level.clone(), *n));
                    feature(column.name.clone(), seen.n_outside, seen.n_missing, unknown.collect())
                })
                .collect(),
            AnyEncoder::Array(encoder) => encoder
                .counts
                .n_outside
                .iter()
                .zip(&encoder.counts.n_missing)
                .enumerate()
                .map(|(i, (&outside, &missing))| feature(i.to_string(), outside, missing, vec![]))
                .collect(),
        };
        let unknown_classes = self.unknown_classes.iter().map(|(name, n)| (name.clone(), *n));
        let unknown_classes = unknown_classes.collect();
        RowsReport { n_rows, n_labelled: self.n_labelled, features, unknown_classes }
    }
}

impl RowsReport {
    /// The share of all values that are outside the training ranges.
    #[must_use]
    pub fn outside_share(&self) -> f64 {
        let sum: f64 = self.features.iter().map(|feature| feature.outside_share).sum();
        sum / self.features.len().max(1) as f64
    }
}

/// One line for each difference from the training part; empty if there is none.
impl fmt::Display for RowsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut outside: Vec<_> = self.features.iter().filter(|x| x.outside_share > 0.0).collect();
        outside.sort_by(|a, b| b.outside_share.total_cmp(&a.outside_share));
        if !outside.is_empty() {
            let told =
                outside.iter().map(|x| format!("{} ({:.1} %)", x.name, 100.0 * x.outside_share));
            let (told, share) = (some_of(told), 100.0 * self.outside_share());
            writeln!(f, "{share:.1} % of the values are outside the range learned: {told}")?;
        }
        for x in self.features.iter().filter(|x| !x.unknown_levels.is_empty()) {
            let n: u64 = x.unknown_levels.iter().map(|(_, n)| n).sum();
            writeln!(
                f,
                "{} unknown levels of {}: {}",
                rows_have(n),
                x.name,
                counted(&x.unknown_levels)
            )?;
        }
        if !self.unknown_classes.is_empty() {
            let n: u64 = self.unknown_classes.iter().map(|(_, n)| n).sum();
            writeln!(f, "{} unknown classes: {}", rows_have(n), counted(&self.unknown_classes))?;
        }
        Ok(())
    }
}

/// "1 row has" or "2 rows have".
fn rows_have(n: u64) -> String {
    if n == 1 { "1 row has".to_owned() } else { format!("{n} rows have") }
}

fn counted(counts: &[(String, u64)]) -> String {
    some_of(counts.iter().map(|(name, n)| format!("{name} ({n})")))
}
