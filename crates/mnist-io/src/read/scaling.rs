//! From the numbers of a file to those that a model learns from.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::order::Order;
use super::table::Table;
use crate::Error;

/// What is done with the values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Bytes of images over 255. Whole numbers from 0 to 255 over 255 if the largest is 128 or
    /// more, else over the largest. Everything else stays as it is.
    #[default]
    Auto,
    /// Values stay as they are.
    None,
    /// (x − min) / (max − min), so that the training part fills [0, 1]; what lies outside in other
    /// parts becomes 0 or 1. For each column of a table, for all pixels of images together.
    Unit,
    /// (x − mean) / standard deviation of each column over the training part; a column that never
    /// changes becomes 0.
    Standard,
}

/// What is done with the values of one set, resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scaling {
    Keep,
    /// x / divisor.
    Divide(f32),
    /// (x − centre) / spread, column by column, perhaps cut off at 0 and 1.
    Columns {
        centre: Vec<f32>,
        spread: Vec<f32>,
        within_unit: bool,
    },
}

impl Scaling {
    /// Scales whole rows.
    pub(crate) fn apply(&self, values: &mut [f32]) {
        match self {
            Scaling::Keep => (),
            Scaling::Divide(divisor) => values.iter_mut().for_each(|x| *x /= divisor),
            Scaling::Columns { centre, spread, within_unit } => {
                for row in values.chunks_mut(centre.len()) {
                    for ((x, centre), spread) in row.iter_mut().zip(centre).zip(spread) {
                        *x = (*x - centre) / spread;
                        if *within_unit {
                            *x = x.clamp(0.0, 1.0);
                        }
                    }
                }
            }
        }
    }
}

/// Looks at the values as far as `scale` needs it and says what to do, and in words what was found.
/// `tables` are all parts, the training part first, of which `order` says which rows train.
///
/// # Errors
/// [`Error::NotFinite`], or a table that cannot be read.
pub(crate) fn resolve(
    scale: Scale,
    tables: &[&Table],
    order: &Order,
) -> Result<(Scaling, String), Error> {
    let train = tables[0];
    if scale == Scale::Auto && train.pixels {
        return Ok((Scaling::Divide(255.0), "pixels are bytes: over 255".into()));
    }
    let mut range = Range::default();
    for table in tables {
        range.widen(table)?;
    }
    let Range { min, max, whole } = range;
    let found = format!("{} from {min} to {max}", if whole { "whole numbers" } else { "values" });
    Ok(match scale {
        Scale::Auto if whole && min >= 0.0 && max <= 255.0 && max > 1.0 => {
            let divisor = if max >= 128.0 { 255.0 } else { max };
            (Scaling::Divide(divisor), format!("{found}: over {divisor} (--scale says otherwise)"))
        }
        Scale::Auto | Scale::None => (Scaling::Keep, format!("{found}: as they are")),
        Scale::Unit | Scale::Standard => {
            let columns = Columns::of(train, order)?;
            (
                columns.scaling(scale, train.shape.is_image()),
                format!("{found}: scaled to {scale:?}").to_lowercase(),
            )
        }
    })
}

/// Rows that are looked at together.
const BLOCK: usize = 1000;

/// The smallest and largest value, and whether all are whole.
struct Range {
    min: f32,
    max: f32,
    whole: bool,
}

impl Default for Range {
    fn default() -> Self {
        Range { min: f32::INFINITY, max: f32::NEG_INFINITY, whole: true }
    }
}

impl Range {
    fn widen(&mut self, table: &Table) -> Result<(), Error> {
        for_each_block(table, 0..table.n_rows, |first, block| {
            for (i, &x) in block.iter().enumerate() {
                if !x.is_finite() {
                    let width = table.n_columns();
                    let (row, column) = (first + i / width, i % width);
                    return Err(Error::NotFinite {
                        file: table.file.clone(),
                        row,
                        column,
                        found: x,
                    });
                }
                self.min = self.min.min(x);
                self.max = self.max.max(x);
                self.whole &= x.fract() == 0.0;
            }
            Ok(())
        })
    }
}

/// What is known of each column of the training part.
struct Columns {
    n: f64,
    /// Sums of x − (first row's x), and of its square: exact enough in one pass.
    origin: Vec<f32>,
    sums: Vec<f64>,
    squares: Vec<f64>,
    min: Vec<f32>,
    max: Vec<f32>,
}

impl Columns {
    fn of(table: &Table, order: &Order) -> Result<Self, Error> {
        let width = table.n_columns();
        let mut columns = Columns {
            n: order.len() as f64,
            origin: vec![],
            sums: vec![0.0; width],
            squares: vec![0.0; width],
            min: vec![f32::INFINITY; width],
            max: vec![f32::NEG_INFINITY; width],
        };
        for_each_block(table, (0..order.len()).map(|i| order.row(i)), |_, block| {
            for row in block.chunks(width) {
                if columns.origin.is_empty() {
                    columns.origin = row.to_vec();
                }
                for (column, &x) in row.iter().enumerate() {
                    let moved = f64::from(x) - f64::from(columns.origin[column]);
                    columns.sums[column] += moved;
                    columns.squares[column] += moved * moved;
                    columns.min[column] = columns.min[column].min(x);
                    columns.max[column] = columns.max[column].max(x);
                }
            }
            Ok(())
        })?;
        Ok(columns)
    }

    fn scaling(mut self, scale: Scale, together: bool) -> Scaling {
        let spread_or_one = |spread: f64| if spread > 0.0 { spread as f32 } else { 1.0 };
        if scale == Scale::Unit {
            if together {
                let min = self.min.iter().copied().fold(f32::INFINITY, f32::min);
                let max = self.max.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                self.min.fill(min);
                self.max.fill(max);
            }
            let range = |(max, min): (&f32, &f32)| spread_or_one(f64::from(*max) - f64::from(*min));
            let spread = self.max.iter().zip(&self.min).map(range).collect();
            return Scaling::Columns { centre: self.min, spread, within_unit: true };
        }
        let moments = self.sums.iter().zip(&self.squares).map(|(sum, square)| {
            let mean = sum / self.n;
            (mean, (square / self.n - mean * mean).max(0.0).sqrt())
        });
        let (centre, spread) = moments
            .zip(&self.origin)
            .map(|((mean, std), &origin)| ((f64::from(origin) + mean) as f32, spread_or_one(std)))
            .unzip();
        Scaling::Columns { centre, spread, within_unit: false }
    }
}

/// Shows the rows in blocks, with the place of the first among them.
fn for_each_block(
    table: &Table,
    mut rows: impl ExactSizeIterator<Item = usize>,
    mut visit: impl FnMut(usize, &[f32]) -> Result<(), Error>,
) -> Result<(), Error> {
    let n = rows.len();
    let mut block = Array2::zeros((n.min(BLOCK), table.n_columns()));
    for first in (0..n).step_by(BLOCK) {
        let size = BLOCK.min(n - first);
        let mut block = block.slice_mut(ndarray::s![..size, ..]);
        table.read(rows.by_ref().take(size), block.view_mut())?;
        visit(first, block.as_slice().expect("whole rows are contiguous"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::table::Values;
    use super::*;
    use crate::ImageShape;

    fn table(reals: &[f32], height: usize, width: usize) -> Table {
        let n_rows = reals.len() / height / width;
        let shape = ImageShape { height, width };
        let values = Values::Reals(reals.to_vec());
        Table { file: "made".into(), n_rows, shape, pixels: false, values }
    }

    fn scaled(scale: Scale, reals: &[f32], height: usize, width: usize) -> (Vec<f32>, String) {
        let table = table(reals, height, width);
        let order = Order::as_it_is(table.n_rows);
        let (scaling, note) = resolve(scale, &[&table], &order).unwrap();
        let mut values = reals.to_vec();
        scaling.apply(&mut values);
        (values, note)
    }

    #[test]
    fn whole_numbers_are_divided_and_others_are_kept() {
        let auto = |reals: &[f32]| scaled(Scale::Auto, reals, 1, 2);
        let (values, note) = auto(&[0.0, 16.0, 4.0, 8.0]);
        assert_eq!(values, [0.0, 1.0, 0.25, 0.5]);
        assert!(note.starts_with("whole numbers from 0 to 16: over 16"), "{note}");
        assert_eq!(auto(&[0.0, 254.0]).0, [0.0, 254.0 / 255.0]);
        for kept in [[0.0, 1.0], [0.5, 3.0], [-1.0, 3.0], [0.0, 256.0]] {
            assert_eq!(auto(&kept).0, kept);
        }
    }

    #[test]
    fn columns_of_a_table_are_scaled_apart_and_pixels_together() {
        let reals = [0.0, 10.0, 7.0, 2.0, 30.0, 7.0];
        let (apart, _) = scaled(Scale::Unit, &reals, 1, 3);
        assert_eq!(apart, [0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        let (standard, _) = scaled(Scale::Standard, &reals, 1, 3);
        assert_eq!(standard, [-1.0, -1.0, 0.0, 1.0, 1.0, 0.0]);
        let (together, _) = scaled(Scale::Unit, &[0.0, 10.0, 5.0, 20.0], 2, 2);
        assert_eq!(together, [0.0, 0.5, 0.25, 1.0]);
    }

    #[test]
    fn what_lies_outside_the_training_part_is_cut_off() {
        let columns = Columns::of(&table(&[1.0, 3.0], 1, 1), &Order::as_it_is(2)).unwrap();
        let mut values = [0.0, 2.0, 5.0];
        columns.scaling(Scale::Unit, false).apply(&mut values);
        assert_eq!(values, [0.0, 0.5, 1.0]);
    }

    #[test]
    fn what_is_no_number_is_named() {
        let table = table(&[0.0, 1.0, 2.0, f32::NAN], 1, 2);
        let error = resolve(Scale::None, &[&table], &Order::as_it_is(2)).unwrap_err();
        assert!(matches!(error, Error::NotFinite { row: 1, column: 1, .. }), "{error}");
    }
}
