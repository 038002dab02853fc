//! The kinds of features in a sample.

use serde::{Deserialize, Serialize};

/// Consecutive features of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Block {
    /// The kind of the features.
    pub kind: BlockKind,
    /// Number of features.
    pub width: usize,
}

/// A kind of features, which determines the unit and the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// Values in [0, 1], such as grey values.
    UnitInterval,
    /// 0 or 1.
    Binary,
    /// Real numbers, usually standardised.
    Real,
    /// One category as a one-hot group: exactly one feature is 1 and the others are 0. The last feature
    /// represents all levels not seen in training.
    Category,
}

/// Appends features. Adjacent features of one kind become one block, except that each category stays
/// separate.
pub(crate) fn append(layout: &mut Vec<Block>, kind: BlockKind, width: usize) {
    match layout.last_mut() {
        Some(last) if last.kind == kind && kind != BlockKind::Category => last.width += width,
        _ => layout.push(Block { kind, width }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_kind_are_one_block_and_categories_stay_apart() {
        use BlockKind::{Category, Real};
        let mut layout = vec![];
        for (kind, width) in [(Real, 1), (Real, 2), (Category, 3), (Category, 2), (Real, 1)] {
            append(&mut layout, kind, width);
        }
        let found: Vec<_> = layout.into_iter().map(|block| (block.kind, block.width)).collect();
        assert_eq!(found, [(Real, 3), (Category, 3), (Category, 2), (Real, 1)]);
    }
}
