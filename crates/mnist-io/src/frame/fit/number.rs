//! Scaling of number columns.

use super::{Draft, kept, values_note};
use crate::contract::{ColumnKind, ScaledBy, Shift};
use crate::frame::schema::DeclaredScaling;
use crate::read::note::{Note, Scaled};
use crate::read::scaling::Scale;

/// Robust values beyond this limit are clipped.
const FAR_OUT: f64 = 8.0;

/// The interquartile range of a standard normal distribution.
const NORMAL_IQR: f64 = 1.349;

/// Statistics of a column over the training rows.
#[derive(Debug, Clone)]
pub(super) struct Statistics {
    /// Number of values that are not missing.
    pub(super) n: usize,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) mean: f64,
    pub(super) std: f64,
    /// Lower quartile, median and upper quartile.
    quartiles: [f64; 3],
    /// Whether all values are integers.
    pub(super) whole: bool,
    /// The values, if there are exactly two and both are integers.
    pub(super) two_integers: Option<[f64; 2]>,
}

impl Statistics {
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut known: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        let n = known.len();
        let min = known.iter().copied().fold(f64::INFINITY, f64::min);
        let max = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let whole = known.iter().all(|value| value.fract() == 0.0);
        let two = whole && min < max && known.iter().all(|value| *value == min || *value == max);
        // Two passes, starting from the smallest value, keep the digits of large values that differ little.
        let mean = min + known.iter().map(|value| value - min).sum::<f64>() / n as f64;
        let variance = known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n as f64;
        let quartiles = if n == 0 { [f64::NAN; 3] } else { quartiles(&mut known) };
        let two_integers = two.then_some([min, max]);
        Statistics { n, min, max, mean, std: variance.sqrt(), quartiles, whole, two_integers }
    }

    pub(super) fn is_constant(&self) -> bool {
        self.min == self.max
    }

    fn robust_spread(&self) -> f64 {
        (self.quartiles[2] - self.quartiles[0]) / NORMAL_IQR
    }

    /// Whether a few outliers would dominate the standard deviation.
    fn is_heavy_tailed(&self) -> bool {
        let (centre, spread) = (self.quartiles[1], self.robust_spread());
        let farthest = (self.max - centre).max(centre - self.min);
        spread > 0.0 && farthest > FAR_OUT * spread && self.std > 1.5 * spread
    }

    fn is_within_unit(&self) -> bool {
        self.min >= 0.0 && self.max <= 1.0
    }

    fn standard(&self) -> Shift {
        Shift { centre: self.mean, spread: or_one(self.std), limits: None }
    }

    fn robust(&self) -> Shift {
        let spread = or_one(self.robust_spread());
        let limits = Some([-FAR_OUT, FAR_OUT]);
        Shift { centre: self.quartiles[1], spread, limits }
    }

    fn unit(&self) -> Shift {
        unit([self.min, self.max])
    }
}

/// The map of a range to [0, 1].
fn unit([min, max]: [f64; 2]) -> Shift {
    Shift { centre: min, spread: or_one(max - min), limits: Some([0.0, 1.0]) }
}

/// The spread to divide by; 1 for a constant column.
fn or_one(spread: f64) -> f64 {
    if spread > 0.0 { spread } else { 1.0 }
}

/// The three quartiles: the values at a quarter, a half and three quarters of the sorted order.
fn quartiles(values: &mut [f64]) -> [f64; 3] {
    let last = values.len() - 1;
    [last / 4, last / 2, last - last / 4]
        .map(|place| *values.select_nth_unstable_by(place, f64::total_cmp).1)
}

/// The scaling shared by the numbers of a table.
pub(super) struct TableScaling {
    by: Shared,
}

enum Shared {
    /// Values are kept; they may all lie in [0, 1].
    Keep {
        unit_interval: bool,
    },
    Divide(f64),
    /// One range shared by all pixels.
    Together([f64; 2]),
    Unit,
    Standard {
        robust_allowed: bool,
    },
}

/// Chooses the scaling of the numbers, with a note if there are any. Pixels are kept or scaled together.
pub(super) fn choose(
    scale: Scale,
    drafts: &mut [Draft],
    is_image: bool,
) -> (TableScaling, Option<Note>) {
    let numbers: Vec<&Statistics> = drafts
        .iter()
        .filter_map(|draft| match draft {
            Draft::Number(statistics, None) => Some(statistics),
            _ => None,
        })
        .collect();
    let unit_interval = numbers.iter().all(|numbers| numbers.is_within_unit());
    let max = numbers.iter().map(|numbers| numbers.max).fold(f64::NEG_INFINITY, f64::max);
    let min = numbers.iter().map(|numbers| numbers.min).fold(f64::INFINITY, f64::min);
    let (by, scaled) = match scale {
        Scale::Auto if unit_interval => (Shared::Keep { unit_interval }, Scaled::Unchanged),
        Scale::Auto if is_image => {
            let divisor = if max >= 128.0 { 255.0 } else { max };
            (Shared::Divide(divisor), Scaled::DividedBy(divisor as f32))
        }
        Scale::Auto => {
            let robust = numbers.iter().filter(|numbers| numbers.is_heavy_tailed()).count();
            let scaled = Scaled::Standardised { columns: numbers.len(), robust };
            (Shared::Standard { robust_allowed: true }, scaled)
        }
        Scale::None => (Shared::Keep { unit_interval }, Scaled::Unchanged),
        Scale::Unit if is_image => (Shared::Together([min, max]), Scaled::ToUnit),
        Scale::Unit => (Shared::Unit, Scaled::ToUnit),
        Scale::Standard => (Shared::Standard { robust_allowed: false }, Scaled::ToStandard),
    };
    let note = (!numbers.is_empty()).then(|| values_note(&numbers, scaled));
    (TableScaling { by }, note)
}

impl TableScaling {
    /// The map of a number column.
    pub(super) fn number(
        &self,
        numbers: &Statistics,
        declared: Option<DeclaredScaling>,
    ) -> ColumnKind {
        let number = |scaling, shift| kept(numbers, scaling, shift, false);
        match (declared, &self.by) {
            (Some(DeclaredScaling::None), _) => {
                kept(numbers, ScaledBy::Kept, Shift::KEEP, numbers.is_within_unit())
            }
            (Some(DeclaredScaling::Unit), _) | (None, Shared::Unit) => {
                number(ScaledBy::Unit, numbers.unit())
            }
            (Some(DeclaredScaling::Standard), _) => number(ScaledBy::Standard, numbers.standard()),
            (Some(DeclaredScaling::Robust), _) => number(ScaledBy::Robust, numbers.robust()),
            (None, Shared::Keep { unit_interval }) => {
                kept(numbers, ScaledBy::Kept, Shift::KEEP, *unit_interval)
            }
            (None, Shared::Divide(divisor)) => {
                let shift = Shift { spread: *divisor, ..Shift::KEEP };
                kept(numbers, ScaledBy::Divided, shift, true)
            }
            (None, Shared::Together(range)) => number(ScaledBy::Unit, unit(*range)),
            (None, Shared::Standard { robust_allowed }) => {
                if *robust_allowed && numbers.is_heavy_tailed() {
                    number(ScaledBy::Robust, numbers.robust())
                } else {
                    number(ScaledBy::Standard, numbers.standard())
                }
            }
        }
    }

    /// The map of a column of dates: seconds are never kept, because f32 would lose their digits.
    pub(super) fn date(&self, moments: &Statistics, format: String) -> ColumnKind {
        let shift = match self.by {
            Shared::Unit | Shared::Together(_) => moments.unit(),
            _ => moments.standard(),
        };
        ColumnKind::Date { format, shift, range: [moments.min, moments.max] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_and_a_half_keeps_its_digits() {
        let values = [5_412_000.25, 5_412_000.75, 5_412_000.5];
        let shift = Statistics::of(values.into_iter()).standard();
        let encoded = values.map(|value| shift.encode(value));
        assert!((encoded[0] + 1.224_745).abs() < 1e-6 && encoded[2] == 0.0, "{encoded:?}");
        for (value, feature) in values.into_iter().zip(encoded) {
            assert!((shift.decode(feature) - value).abs() < 1e-7);
        }
    }

    #[test]
    fn heavy_tails_are_scaled_by_quartiles_and_clipped() {
        let mut values: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        let plain = Statistics::of(values.iter().copied());
        assert!(!plain.is_heavy_tailed());
        values.push(1e6);
        let heavy = Statistics::of(values.into_iter().chain([f64::NAN]));
        assert!(heavy.is_heavy_tailed());
        let shift = heavy.robust();
        assert_eq!((shift.encode(0.5), shift.encode(1e6)), (0.0, 8.0));
        assert!((shift.encode(0.749) - 0.672).abs() < 0.01, "{}", shift.encode(0.749));
    }
}
