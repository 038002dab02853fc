//! The layout of a data row: which columns are real numbers, which are probabilities or bits, and which
//! together are one category.
//!
//! Missing values are NaN. A category of k levels is a block of k columns, of which the one for the sample's
//! level is 1 and all others are 0; if it is missing, all of them are NaN.

use std::ops::Range;

use ndarray::ArrayView2;
use numerics::Real;
use serde::{Deserialize, Serialize};

use crate::{InvalidSetting, Samples, TrainingError, require};

/// Kind of the values in a block of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// Intensities or probabilities in [0, 1].
    UnitInterval,
    /// 0 or 1.
    Binary,
    /// Real numbers, standardised column by column.
    Real,
    /// One category: exactly one of the columns is 1.
    Category,
}

/// Consecutive columns of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Kind of the values.
    pub kind: BlockKind,
    /// Number of columns; for a category, its number of levels.
    pub width: usize,
}

/// The blocks of a row, from its first column on.
///
/// ```
/// use nn_core::{Block, BlockKind, Layout};
/// let layout = Layout::new([(BlockKind::Real, 2), (BlockKind::Category, 3)]);
/// assert_eq!(layout.width(), 5);
/// assert_eq!(layout.features(), [0..1, 1..2, 2..5]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Layout {
    /// The blocks.
    pub blocks: Vec<Block>,
}

/// The largest deviation of a category's sum from 1.
const SUM_TOLERANCE: f64 = 1e-3;

impl Layout {
    /// A layout of these kinds and widths.
    #[must_use]
    pub fn new(blocks: impl IntoIterator<Item = (BlockKind, usize)>) -> Self {
        Layout { blocks: blocks.into_iter().map(|(kind, width)| Block { kind, width }).collect() }
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.blocks.iter().map(|block| block.width).sum()
    }

    /// The kind and the columns of each block.
    pub fn ranges(&self) -> impl Iterator<Item = (BlockKind, Range<usize>)> + '_ {
        self.blocks.iter().scan(0, |start, block| {
            let columns = *start..*start + block.width;
            *start = columns.end;
            Some((block.kind, columns))
        })
    }

    /// The columns of each feature: one column, or all columns of a category.
    #[must_use]
    pub fn features(&self) -> Vec<Range<usize>> {
        let of_block = |(kind, columns): (BlockKind, Range<usize>)| match kind {
            BlockKind::Category => vec![columns],
            _ => columns.map(|column| column..column + 1).collect(),
        };
        self.ranges().flat_map(of_block).collect()
    }

    /// The kind that all columns share, where bits count as values in [0, 1]; `None` for a mixed layout
    /// and for categories.
    #[must_use]
    pub fn only(&self) -> Option<BlockKind> {
        let kind = |block: &Block| match block.kind {
            BlockKind::Binary => BlockKind::UnitInterval,
            kind => kind,
        };
        let first = self.blocks.first().map(kind)?;
        let same = first != BlockKind::Category && self.blocks.iter().all(|it| kind(it) == first);
        same.then_some(first)
    }

    /// Number of columns of this kind.
    #[must_use]
    pub fn n_of(&self, kind: BlockKind) -> usize {
        self.blocks.iter().filter(|block| block.kind == kind).map(|block| block.width).sum()
    }

    /// Checks that there are blocks and that none is empty.
    ///
    /// # Errors
    /// [`InvalidSetting`] for `model.layout`.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let narrowest = self.blocks.iter().map(|block| block.width).min().unwrap_or(0);
        require(narrowest >= 1, "model.layout", &narrowest, "blocks of at least 1 column")
    }

    /// Checks that the data (n × width) have this layout: values in [0, 1], finite numbers, and categories
    /// whose columns add up to 1. Missing values are accepted; in a category, all or none.
    ///
    /// # Errors
    /// [`TrainingError::Width`], [`TrainingError::OutOfRange`] for the first value that does not fit, and
    /// [`TrainingError::Unreadable`].
    pub fn check_data<F: Real>(&self, data: &impl Samples<F>) -> Result<(), TrainingError> {
        let (found, expected) = (data.n_features(), self.width());
        if found != expected {
            return Err(TrainingError::Width { found, expected });
        }
        let mut refused = None;
        data.for_each_block(&mut |first, block| {
            if refused.is_none() {
                refused = self.first_misfit(block, first);
            }
        })?;
        refused.map_or(Ok(()), Err)
    }

    fn first_misfit<F: Real>(&self, rows: ArrayView2<F>, first: usize) -> Option<TrainingError> {
        for (sample, row) in (first..).zip(rows.rows()) {
            for (kind, columns) in self.ranges() {
                let (unit, range) = match kind {
                    BlockKind::Real => ("real", "the finite numbers"),
                    BlockKind::UnitInterval | BlockKind::Binary => ("binary", "[0, 1]"),
                    BlockKind::Category => ("categorical", CATEGORY_RANGE),
                };
                let refuse = |column, value| {
                    let unit = unit.to_owned();
                    Some(TrainingError::OutOfRange { sample, column, value, unit, range })
                };
                for column in columns.clone() {
                    let value = row[column].as_f64();
                    let fits = value.is_nan()
                        || match kind {
                            BlockKind::Real => value.is_finite(),
                            _ => (0.0..=1.0).contains(&value),
                        };
                    if !fits {
                        return refuse(column, value);
                    }
                }
                if kind == BlockKind::Category {
                    let missing = columns.clone().filter(|&column| row[column].is_nan()).count();
                    let sum: f64 = columns.clone().map(|column| row[column].as_f64()).sum();
                    let sums_to_1 = (sum - 1.0).abs() <= SUM_TOLERANCE;
                    if missing != columns.len() && !sums_to_1 {
                        return refuse(columns.start, sum);
                    }
                }
            }
        }
        None
    }
}

const CATEGORY_RANGE: &str = "[0, 1] that add up to 1 over the columns of a category";

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn mixed() -> Layout {
        Layout::new([(BlockKind::Real, 1), (BlockKind::Binary, 1), (BlockKind::Category, 2)])
    }

    #[test]
    fn data_that_do_not_fit_are_named() {
        let nan = f64::NAN;
        let good = array![[-7.0, 1.0, 0.0, 1.0], [nan, nan, nan, nan]];
        assert!(mixed().check_data(&good).is_ok());
        for (column, value) in [(0, f64::INFINITY), (1, 1.5), (2, 1.0), (3, nan), (3, 0.0)] {
            let mut bad = good.clone();
            bad[[0, column]] = value;
            let error = mixed().check_data(&bad).expect_err("does not fit");
            let TrainingError::OutOfRange { sample, column: found, .. } = error else {
                panic!("{error}")
            };
            assert_eq!((sample, found), (0, column.min(2)));
        }
        let narrow = Array2::<f64>::zeros((1, 3));
        assert!(matches!(
            mixed().check_data(&narrow),
            Err(TrainingError::Width { found: 3, expected: 4 })
        ));
    }

    #[test]
    fn kinds_that_all_columns_share() {
        let binary = Layout::new([(BlockKind::Binary, 2), (BlockKind::UnitInterval, 1)]);
        assert_eq!(binary.only(), Some(BlockKind::UnitInterval));
        assert_eq!(Layout::new([(BlockKind::Real, 3)]).only(), Some(BlockKind::Real));
        assert_eq!(Layout::new([(BlockKind::Category, 3)]).only(), None);
        assert_eq!(mixed().only(), None);
        assert_eq!(mixed().n_of(BlockKind::Category), 2);
        assert!(Layout::default().validate().is_err() && mixed().validate().is_ok());
    }
}
