//! A column of a table and its encoding as features.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::layout::BlockKind;

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The name; the index from 0 if the table has no header.
    pub name: String,
    /// The index in the training file, from 0.
    pub index: usize,
    /// The type and its constants.
    #[serde(flatten)]
    pub kind: ColumnKind,
    /// The share of missing values in training.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missing_share: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ColumnKind {
    /// Numbers: one feature.
    Number {
        /// The choice that determines the constants.
        scaling: ScaledBy,
        /// The constants.
        #[serde(flatten)]
        shift: Shift,
        /// The smallest and largest training value.
        range: [f64; 2],
        /// Whether all features of this table lie in [0, 1].
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unit_interval: bool,
    },
    /// Dates or times as seconds since 1970: one feature.
    Date {
        /// The format of the text, in chrono's notation.
        format: String,
        /// The constants, in seconds.
        #[serde(flatten)]
        shift: Shift,
        /// The first and last training moment, in seconds since 1970.
        range: [f64; 2],
    },
    /// One of two values: one feature, which is 0 or 1.
    Boolean {
        /// The value that becomes 0.
        no: String,
        /// The value that becomes 1.
        yes: String,
    },
    /// One of several levels: one feature for each, and a last one for all others.
    Category {
        /// The levels seen in training, in order.
        levels: Vec<String>,
    },
    /// Not a feature.
    Ignored {
        /// The reason.
        reason: Reason,
    },
}

/// The reason why a column is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Almost every row has a different value.
    Identifier,
    /// It counts the rows.
    RowNumber,
    /// All its values are equal.
    Constant,
    /// All its values are missing.
    AllMissing,
    /// The options exclude it.
    Dropped,
    /// It divides the rows into parts or groups.
    Parts,
}

/// The choice of a number's scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaledBy {
    /// Values are unchanged.
    Kept,
    /// Values are divided by one number for all columns.
    Divided,
    /// The training range is mapped to [0, 1].
    Unit,
    /// Centre and spread are the mean and standard deviation.
    Standard,
    /// Centre and spread are the median and the interquartile range / 1.349, the standard deviation of a
    /// normal distribution. Outliers are clipped.
    Robust,
}

/// The affine map of a number to a feature: (x − centre) / spread, clipped to the limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The value mapped to 0.
    pub centre: f64,
    /// The distance mapped to 1.
    pub spread: f64,
    /// The smallest and largest feature, if values beyond them are clipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<[f64; 2]>,
}

impl Column {
    /// The reason why values of the column cannot become features, if there is one.
    pub(super) fn fault(&self) -> Option<String> {
        match &self.kind {
            ColumnKind::Number { shift, .. } | ColumnKind::Date { shift, .. } => shift.fault(),
            ColumnKind::Category { levels } if levels.is_empty() => Some("no levels".into()),
            ColumnKind::Boolean { no, yes } if no == yes => Some("two equal values".into()),
            ColumnKind::Category { .. }
            | ColumnKind::Boolean { .. }
            | ColumnKind::Ignored { .. } => None,
        }
    }
}

impl Shift {
    fn fault(&self) -> Option<String> {
        let Shift { centre, spread, limits } = self;
        if !(centre.is_finite() && spread.is_finite() && *spread > 0.0) {
            return Some(format!("centre {centre}, spread {spread}; expected a spread above 0"));
        }
        let [low, high] = limits.unwrap_or([0.0, 1.0]);
        (low > high || low.is_nan() || high.is_nan())
            .then(|| format!("limits {low} to {high}; expected rising numbers"))
    }

    /// The identity map.
    pub(crate) const KEEP: Shift = Shift { centre: 0.0, spread: 1.0, limits: None };

    /// The feature of a value. It is computed in f64, so that large values that differ little stay distinct.
    #[must_use]
    pub fn encode(&self, value: f64) -> f32 {
        let scaled = (value - self.centre) / self.spread;
        self.limits.map_or(scaled, |[low, high]| scaled.clamp(low, high)) as f32
    }

    /// The value of a feature: the inverse of [`Shift::encode`] up to the rounding of the feature.
    #[must_use]
    pub fn decode(&self, feature: f32) -> f64 {
        f64::from(feature) * self.spread + self.centre
    }
}

impl Column {
    /// The kind and number of the features, if any.
    #[must_use]
    pub fn block(&self) -> Option<(BlockKind, usize)> {
        match &self.kind {
            ColumnKind::Number { unit_interval: true, .. } => Some((BlockKind::UnitInterval, 1)),
            ColumnKind::Number { shift, .. } | ColumnKind::Date { shift, .. } => {
                let kind = match shift.limits {
                    Some([0.0, 1.0]) => BlockKind::UnitInterval,
                    _ => BlockKind::Real,
                };
                Some((kind, 1))
            }
            ColumnKind::Boolean { .. } => Some((BlockKind::Binary, 1)),
            ColumnKind::Category { levels } => Some((BlockKind::Category, levels.len() + 1)),
            ColumnKind::Ignored { .. } => None,
        }
    }

    /// Number of features.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.block().map_or(0, |(_, width)| width)
    }

    /// The names of the features.
    #[must_use]
    pub fn feature_names(&self) -> Vec<String> {
        match &self.kind {
            ColumnKind::Ignored { .. } => vec![],
            ColumnKind::Category { levels } => {
                let all = levels.iter().map(String::as_str).chain(["other"]);
                all.map(|level| format!("{}={level}", self.name)).collect()
            }
            _ => vec![self.name.clone()],
        }
    }

    /// The training range of each feature.
    pub(super) fn model_ranges(&self) -> Vec<[f32; 2]> {
        match &self.kind {
            ColumnKind::Number { shift, range, .. } | ColumnKind::Date { shift, range, .. } => {
                vec![range.map(|end| shift.encode(end))]
            }
            _ => vec![[0.0, 1.0]; self.n_features()],
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Identifier => "it has a value of its own for almost every row",
            Reason::RowNumber => "it counts the rows",
            Reason::Constant => "all its values are equal",
            Reason::AllMissing => "all its values are missing",
            Reason::Dropped => "the options drop it",
            Reason::Parts => "it divides the rows into parts",
        })
    }
}
