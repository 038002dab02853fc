//! The units of a layer: all of one kind, or block by block according to the layout of a table.
//!
//! The loops over rows are in `blocks.rs`.

use std::ops::Range;

use nn_core::{Activation, BlockKind, Layout};
use numerics::Real;

use super::Unit;

/// The units of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Units {
    /// All of one kind.
    Same(Unit),
    /// Block by block: Gaussian units for real numbers, a categorical unit for each category, and `bits`
    /// for values in [0, 1]. Visible layers only.
    Mixed {
        /// The blocks.
        layout: Layout,
        /// Units of values in [0, 1].
        bits: Unit,
    },
}

/// A block's units: independent ones of one kind, or one categorical unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Each(Unit),
    Group,
}

impl From<Unit> for Units {
    fn from(unit: Unit) -> Self {
        Units::Same(unit)
    }
}

impl PartialEq<Unit> for Units {
    fn eq(&self, unit: &Unit) -> bool {
        *self == Units::Same(*unit)
    }
}

impl Units {
    /// The units that suit the layout: of one kind if all columns are real numbers or values in [0, 1],
    /// and otherwise block by block. Values in [0, 1] get `bits`.
    #[must_use]
    pub fn of_layout(layout: &Layout, bits: Unit) -> Self {
        match layout.only() {
            Some(BlockKind::Real) => Units::Same(Unit::Gaussian),
            Some(_) => Units::Same(bits),
            None => Units::Mixed { layout: layout.clone(), bits },
        }
    }

    /// The blocks of a layer of `n` units.
    pub(crate) fn parts(&self, n: usize) -> Vec<(Part, Range<usize>)> {
        match self {
            Units::Same(unit) => vec![(Part::Each(*unit), 0..n)],
            Units::Mixed { layout, bits } => {
                let part = |kind| match kind {
                    BlockKind::Real => Part::Each(Unit::Gaussian),
                    BlockKind::UnitInterval | BlockKind::Binary => Part::Each(*bits),
                    BlockKind::Category => Part::Group,
                };
                layout.ranges().map(|(kind, columns)| (part(kind), columns)).collect()
            }
        }
    }

    /// The columns of each feature of a layer of `n` units: one column, or those of a category.
    #[must_use]
    pub fn features(&self, n: usize) -> Vec<Range<usize>> {
        match self {
            Units::Same(_) => (0..n).map(|i| i..i + 1).collect(),
            Units::Mixed { layout, .. } => layout.features(),
        }
    }

    /// The units at these ascending indices.
    ///
    /// # Panics
    /// If a category is selected in part.
    pub(crate) fn select(&self, indices: &[usize]) -> Self {
        let Units::Mixed { layout, bits } = self else { return self.clone() };
        let kept = layout.ranges().filter_map(|(kind, columns)| {
            let width = indices.iter().filter(|i| columns.contains(i)).count();
            let whole = kind != BlockKind::Category || width == 0 || width == columns.len();
            assert!(whole, "a category is known or unknown as a whole");
            (width > 0).then_some((kind, width))
        });
        Units::Mixed { layout: Layout::new(kept), bits: *bits }
    }

    fn each(&self) -> Vec<Unit> {
        let of_part = |(part, _)| match part {
            Part::Each(unit) => Some(unit),
            Part::Group => None,
        };
        self.parts(0).into_iter().filter_map(of_part).collect()
    }

    /// The units' name in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Units::Same(unit) => unit.name(),
            Units::Mixed { .. } => "mixed",
        }
    }

    /// A description of the units' values, for tables and messages.
    pub fn values(&self) -> &'static str {
        match self {
            Units::Same(unit) => unit.values(),
            Units::Mixed { .. } => "values of the table's columns",
        }
    }

    /// The bounds of the units' values; infinite if there are none.
    pub fn bounds(&self) -> (f64, f64) {
        let widest = |(low, high): (f64, f64), (a, b): (f64, f64)| (low.min(a), high.max(b));
        let bounds = self.each().into_iter().map(Unit::bounds);
        bounds.reduce(widest).unwrap_or((0.0, 1.0))
    }

    /// The states of units that are all of one discrete kind, ascending.
    pub fn states(&self) -> Option<&'static [f64]> {
        match self {
            Units::Same(unit) => unit.states(),
            Units::Mixed { .. } => None,
        }
    }

    /// The two states, if all units share the same two.
    pub(crate) fn two_states(&self) -> Option<[f64; 2]> {
        self.states().and_then(|states| states.try_into().ok())
    }

    /// The activation function that a deterministic layer uses in place of the units' means. For a mixed
    /// layer it is the identity: the layout's functions are applied to its outputs.
    pub fn activation(&self) -> Activation {
        match self {
            Units::Same(unit) => unit.activation(),
            Units::Mixed { .. } => Activation::Identity,
        }
    }

    /// Whether every mean is the probability of being 1, independently of the other units.
    pub fn mean_is_probability(&self) -> bool {
        matches!(self, Units::Same(unit) if unit.mean_is_probability())
    }

    /// The kind of hidden units that can be tempered: all of one kind, with a linear energy.
    pub(crate) fn tempered(&self) -> Option<Unit> {
        match self {
            Units::Same(unit) if unit.has_linear_energy() => Some(*unit),
            _ => None,
        }
    }

    /// Whether a state's energy is −(bias · state).
    pub fn has_linear_energy(&self) -> bool {
        self.each().into_iter().all(Unit::has_linear_energy)
    }

    /// Whether some units have a standard deviation σ.
    pub fn has_std(&self) -> bool {
        self.each().into_iter().any(Unit::has_std)
    }

    /// The columns, of `n`, whose units have a standard deviation.
    pub(crate) fn columns_with_std(&self, n: usize) -> Vec<Range<usize>> {
        let has_std = |part: &Part| matches!(part, Part::Each(unit) if unit.has_std());
        self.parts(n).into_iter().filter(|(part, _)| has_std(part)).map(|(_, c)| c).collect()
    }

    /// The number of states of a layer of `n` units, if all are discrete and it can be represented.
    pub(crate) fn n_states(&self, n: usize) -> Option<usize> {
        self.parts(n).into_iter().try_fold(1_usize, |product, (part, columns)| {
            let of_part = match part {
                Part::Each(unit) => {
                    unit.states()?.len().checked_pow(u32::try_from(columns.len()).ok()?)?
                }
                Part::Group => columns.len(),
            };
            product.checked_mul(of_part)
        })
    }

    /// Writes the state with this number.
    pub(crate) fn write_state<F: Real>(&self, mut state: usize, row: &mut [F]) {
        for (part, columns) in self.parts(row.len()) {
            let row = &mut row[columns];
            match part {
                Part::Each(unit) => {
                    let values = unit.states().unwrap_or_default();
                    for value in row {
                        *value = F::of(values[state % values.len()]);
                        state /= values.len();
                    }
                }
                Part::Group => {
                    row.fill(F::zero());
                    row[state % row.len()] = F::one();
                    state /= row.len();
                }
            }
        }
    }
}
