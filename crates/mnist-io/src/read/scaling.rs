//! Scaling of a file's numbers for training.

use ndarray::{Array2, ArrayViewMut2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::note::{Note, Scaled};
use super::order::Order;
use super::table::Table;
use crate::error::Error;

/// The scaling of values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Divides bytes of images by 255. Divides integers from 0 to 255 by 255 if the largest is at
    /// least 128, else by the largest. Leaves all other values unchanged.
    #[default]
    Auto,
    /// Leaves values unchanged.
    None,
    /// (x − min) / (max − min) over the training part, clamped to [0, 1] in the other parts. Minimum
    /// and maximum are those of a column, or, for images, of all pixels.
    Unit,
    /// (x − mean) / standard deviation, both of a column over the training part. A constant column
    /// becomes 0.
    Standard,
}

/// The scaling of one data set, with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scaling {
    /// x.
    Keep,
    /// x / divisor.
    Divide(f32),
    /// (x − centre) / spread of each column, clamped to [0, 1] if `within_unit`.
    Columns { centre: Vec<f32>, spread: Vec<f32>, within_unit: bool },
}

impl Scaling {
    /// Reads `n` rows of a table, scaled, into memory: the only copy of them as `f32`.
    pub(crate) fn rows(
        &self,
        table: &Table,
        n: usize,
        row: impl Fn(usize) -> usize + Sync,
    ) -> Result<Array2<f32>, Error> {
        let width = table.n_columns();
        let mut rows = Array2::zeros((n, width));
        let values = rows.as_slice_mut().expect("a new array is contiguous");
        values.par_chunks_mut(BLOCK * width).enumerate().try_for_each(|(block, values)| {
            let size = values.len() / width;
            let out = ArrayViewMut2::from_shape((size, width), &mut *values)
                .expect("whole rows of the table's width");
            table.read((0..size).map(|i| row(block * BLOCK + i)), out)?;
            self.apply(values);
            Ok::<(), Error>(())
        })?;
        Ok(rows)
    }

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

/// Determines the scaling, and a note on it, from the values as far as `scale` depends on them.
/// `tables` are all parts, the training part first; `order` is that of the training rows.
///
/// # Errors
/// [`Error::NotFinite`], or a table that cannot be read.
pub(crate) fn resolve(
    scale: Scale,
    tables: &[&Table],
    order: &Order,
) -> Result<(Scaling, Note), Error> {
    let train = tables[0];
    if scale == Scale::Auto && train.pixels {
        return Ok((Scaling::Divide(255.0), Note::PixelBytes));
    }
    let mut range = Range::default();
    for table in tables {
        range.widen(table)?;
    }
    let Range { min, max, whole } = range;
    let (scaling, scaled) = match scale {
        Scale::Auto if whole && min >= 0.0 && max <= 255.0 && max > 1.0 => {
            let divisor = if max >= 128.0 { 255.0 } else { max };
            (Scaling::Divide(divisor), Scaled::DividedBy(divisor))
        }
        Scale::Auto | Scale::None => (Scaling::Keep, Scaled::Unchanged),
        Scale::Unit => {
            (Columns::of(train, order)?.unit_scaling(train.shape.is_image()), Scaled::ToUnit)
        }
        Scale::Standard => (Columns::of(train, order)?.standard_scaling(), Scaled::ToStandard),
    };
    Ok((scaling, Note::Values { whole, min, max, scaled }))
}

/// Number of rows that are read together.
const BLOCK: usize = 1000;

/// The smallest and largest value, and whether all values are integers.
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
    /// Includes the values of a table.
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

/// Statistics of each column of the training part.
struct Columns {
    /// Number of rows.
    n: f64,
    /// The first row. Sums of differences from it are accurate in one pass.
    origin: Vec<f32>,
    /// Sums of x − origin.
    sums: Vec<f64>,
    /// Sums of (x − origin)².
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

    /// Maps the range of each column, or of all columns together, to [0, 1].
    fn unit_scaling(mut self, together: bool) -> Scaling {
        if together {
            let min = self.min.iter().copied().fold(f32::INFINITY, f32::min);
            let max = self.max.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            self.min.fill(min);
            self.max.fill(max);
        }
        let range = |(max, min): (&f32, &f32)| spread_or_one(f64::from(*max) - f64::from(*min));
        let spread = self.max.iter().zip(&self.min).map(range).collect();
        Scaling::Columns { centre: self.min, spread, within_unit: true }
    }

    /// Gives each column mean 0 and standard deviation 1.
    fn standard_scaling(&self) -> Scaling {
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

/// The spread to divide by; 1 for a constant column.
fn spread_or_one(spread: f64) -> f32 {
    if spread > 0.0 { spread as f32 } else { 1.0 }
}

/// Calls `visit` with the place of the first row and the values of each block of rows.
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
    use crate::shape::ImageShape;

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
        (values, note.to_string())
    }

    #[test]
    fn whole_numbers_are_divided_and_others_are_kept() {
        let auto = |reals: &[f32]| scaled(Scale::Auto, reals, 1, 2);
        let (values, note) = auto(&[0.0, 16.0, 4.0, 8.0]);
        assert_eq!(values, [0.0, 1.0, 0.25, 0.5]);
        assert!(note.starts_with("integers from 0 to 16, divided by 16"), "{note}");
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
        columns.unit_scaling(false).apply(&mut values);
        assert_eq!(values, [0.0, 0.5, 1.0]);
    }

    #[test]
    fn what_is_no_number_is_named() {
        let table = table(&[0.0, 1.0, 2.0, f32::NAN], 1, 2);
        let error = resolve(Scale::None, &[&table], &Order::as_it_is(2)).unwrap_err();
        assert!(matches!(error, Error::NotFinite { row: 1, column: 1, .. }), "{error}");
    }
}
