//! Scaling of an array's numbers for training.

use ndarray::{Array2, ArrayViewMut2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::note::{Note, Scaled};
use super::table::Table;
use crate::contract::Scaling;
use crate::error::Error;
use crate::format_error::FormatError;

/// The scaling of values. Data-dependent parameters are fitted to the training rows, without validation rows
/// fixed by a column, groups or time; other validation rows are drawn later and therefore included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Divides bytes of images by 255. Divides integers from 0 to 255 in arrays, and in tables that look like
    /// images, by 255 if the largest is at least 128, else by the largest. Leaves values in [0, 1] and spins
    /// of ±1 unchanged. Standardises the columns of all other data, those of tables with heavy tails by
    /// median and quartiles.
    #[default]
    Auto,
    /// Leaves values unchanged, except dates.
    None,
    /// (x − min) / (max − min) over the fitted rows, clamped to [0, 1] in the others. Minimum and maximum are
    /// those of a column or, for images, of all pixels.
    Unit,
    /// (x − mean) / standard deviation, both of a column over the fitted rows. A constant column becomes 0.
    Standard,
}

impl Scaling {
    /// Reads `n` scaled rows of a table into memory: their only copy as `f32`.
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
            table.read_scaled((0..size).map(|i| row(block * BLOCK + i)), out, self)
        })?;
        Ok(rows)
    }

    /// Scales values that are kept or divided.
    ///
    /// # Panics
    /// If the columns have their own constants: such values are scaled as f64.
    pub(crate) fn apply(&self, values: &mut [f32]) {
        match self {
            Scaling::Keep => (),
            Scaling::Divide { divisor } => values.iter_mut().for_each(|x| *x /= divisor),
            Scaling::Columns { .. } => unreachable!("columns are scaled in f64"),
        }
    }
}

/// The scaling of an array, with statistics.
pub(crate) struct Resolved {
    pub(crate) scaling: Scaling,
    pub(crate) note: Note,
    /// The training range: one for all features, or one for each.
    pub(crate) ranges: Vec<[f64; 2]>,
    /// Number of missing values.
    pub(crate) n_missing: u64,
}

/// Rows of an array: those to which the scaling is fitted, and others that must also hold numbers.
pub(crate) struct Parts<'a> {
    pub(crate) train: &'a Table,
    pub(crate) rows: &'a (dyn Fn(usize) -> usize + Sync),
    pub(crate) n_rows: usize,
    /// The other rows of the same table, and all of another table.
    pub(crate) held: &'a [usize],
    pub(crate) test: Option<&'a Table>,
    /// Whether NaN counts as a missing value.
    pub(crate) missing_allowed: bool,
}

/// Determines the scaling, from the fitted rows if `scale` depends on them.
///
/// # Errors
/// [`Error::NotFinite`], or a table that cannot be read.
pub(crate) fn resolve(scale: Scale, parts: &Parts) -> Result<Resolved, Error> {
    let train = parts.train;
    if train.pixels && matches!(scale, Scale::Auto | Scale::None) {
        let (scaling, note) = match scale {
            Scale::Auto => (Scaling::Divide { divisor: 255.0 }, Note::PixelBytes),
            _ => (Scaling::Keep, values_note(&Seen::of_bytes(), Scaled::Unchanged)),
        };
        return Ok(Resolved { scaling, note, ranges: vec![[0.0, 255.0]], n_missing: 0 });
    }
    let width = train.n_columns();
    let mut seen = Seen::new(width, parts.missing_allowed);
    for_each_block(train, (0..parts.n_rows).map(parts.rows), |rows, block| {
        seen.add(train, rows, block)
    })?;
    if seen.n.iter().all(|n| *n == 0) {
        return Err(FormatError::NoValues { place: train.file.display().to_string() }.into());
    }
    let mut n_missing = seen.n_missing;
    let held = Some((train, parts.held.to_vec()));
    let test = parts.test.map(|table| (table, (0..table.n_rows).collect()));
    for (table, rows) in held.into_iter().chain(test) {
        let mut other = Seen::new(width, parts.missing_allowed);
        for_each_block(table, rows.into_iter(), |rows, block| other.add(table, rows, block))?;
        n_missing += other.n_missing;
    }
    let [min, max] = seen.range();
    let per_column = || seen.min.iter().zip(&seen.max).map(|(&min, &max)| [min, max]).collect();
    let together = vec![[min, max]];
    let (scaling, scaled, ranges) = match scale {
        Scale::Auto if seen.whole && min >= 0.0 && max <= 255.0 && max > 1.0 => {
            let divisor = if max >= 128.0 { 255.0 } else { max as f32 };
            (Scaling::Divide { divisor }, Scaled::DividedBy(divisor), together)
        }
        Scale::Auto if min >= 0.0 && max <= 1.0 || seen.whole && min >= -1.0 && max <= 1.0 => {
            (Scaling::Keep, Scaled::Unchanged, together)
        }
        Scale::Auto => {
            let scaled = Scaled::Standardised { columns: width, robust: 0 };
            (seen.standard_scaling(), scaled, per_column())
        }
        Scale::None => (Scaling::Keep, Scaled::Unchanged, together),
        Scale::Unit if train.shape.is_image() => {
            (seen.unit_scaling(true), Scaled::ToUnit, together)
        }
        Scale::Unit => (seen.unit_scaling(false), Scaled::ToUnit, per_column()),
        Scale::Standard => (seen.standard_scaling(), Scaled::ToStandard, per_column()),
    };
    Ok(Resolved { scaling, note: values_note(&seen, scaled), ranges, n_missing })
}

fn values_note(seen: &Seen, scaled: Scaled) -> Note {
    let [min, max] = seen.range();
    Note::Values { whole: seen.whole, min, max, scaled }
}

/// Number of rows that are read together.
const BLOCK: usize = 1000;

/// Statistics of each column.
struct Seen {
    missing_allowed: bool,
    n_missing: u64,
    whole: bool,
    /// Number of values of each column.
    n: Vec<u64>,
    /// The first value of each column. Sums of differences from it are accurate in one pass.
    origin: Vec<f64>,
    /// Sums of x − origin.
    sums: Vec<f64>,
    /// Sums of (x − origin)².
    squares: Vec<f64>,
    min: Vec<f64>,
    max: Vec<f64>,
}

impl Seen {
    fn new(width: usize, missing_allowed: bool) -> Self {
        Seen {
            missing_allowed,
            n_missing: 0,
            whole: true,
            n: vec![0; width],
            origin: vec![0.0; width],
            sums: vec![0.0; width],
            squares: vec![0.0; width],
            min: vec![f64::INFINITY; width],
            max: vec![f64::NEG_INFINITY; width],
        }
    }

    /// Properties of bytes that are known without reading them.
    fn of_bytes() -> Self {
        let mut seen = Seen::new(1, false);
        (seen.min, seen.max) = (vec![0.0], vec![255.0]);
        seen
    }

    /// The smallest and largest value over all columns.
    fn range(&self) -> [f64; 2] {
        let min = self.min.iter().copied().fold(f64::INFINITY, f64::min);
        [min, self.max.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
    }

    fn add(&mut self, table: &Table, rows: &[usize], block: &[f64]) -> Result<(), Error> {
        let width = self.n.len();
        for (row, values) in rows.iter().zip(block.chunks(width)) {
            for (column, &x) in values.iter().enumerate() {
                if x.is_nan() && self.missing_allowed {
                    self.n_missing += 1;
                    continue;
                }
                if !x.is_finite() {
                    let (file, found) = (table.file.clone(), x as f32);
                    return Err(Error::NotFinite { file, row: *row, column, found });
                }
                if self.n[column] == 0 {
                    self.origin[column] = x;
                }
                self.n[column] += 1;
                let moved = x - self.origin[column];
                self.sums[column] += moved;
                self.squares[column] += moved * moved;
                self.min[column] = self.min[column].min(x);
                self.max[column] = self.max[column].max(x);
                self.whole &= x.fract() == 0.0;
            }
        }
        Ok(())
    }

    /// Maps the range of each column, or of all columns together, to [0, 1].
    fn unit_scaling(&self, together: bool) -> Scaling {
        let (mut centre, mut max) = (self.min.clone(), self.max.clone());
        if together {
            let [low, high] = self.range();
            centre.fill(low);
            max.fill(high);
        }
        let spread = max.iter().zip(&centre).map(|(max, min)| spread_or_one(max - min)).collect();
        let centre = centre.into_iter().map(finite_or_zero).collect();
        Scaling::Columns { centre, spread, within_unit: true }
    }

    /// Scales each column to mean 0 and standard deviation 1.
    fn standard_scaling(&self) -> Scaling {
        let column = |column: usize| {
            let n = self.n[column].max(1) as f64;
            let mean = self.sums[column] / n;
            let std = (self.squares[column] / n - mean * mean).max(0.0).sqrt();
            (self.origin[column] + mean, spread_or_one(std))
        };
        let (centre, spread) = (0..self.n.len()).map(column).unzip();
        Scaling::Columns { centre, spread, within_unit: false }
    }
}

/// The spread to divide by; 1 for a constant or empty column.
fn spread_or_one(spread: f64) -> f64 {
    if spread > 0.0 { spread } else { 1.0 }
}

/// The centre to subtract; 0 for an empty column.
fn finite_or_zero(centre: f64) -> f64 {
    if centre.is_finite() { centre } else { 0.0 }
}

/// Calls `visit` with the rows and the values of each block of rows.
fn for_each_block(
    table: &Table,
    mut rows: impl ExactSizeIterator<Item = usize>,
    mut visit: impl FnMut(&[usize], &[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut block = Array2::<f64>::zeros((rows.len().min(BLOCK), table.n_columns()));
    while rows.len() > 0 {
        let some: Vec<usize> = rows.by_ref().take(BLOCK).collect();
        let mut block = block.slice_mut(ndarray::s![..some.len(), ..]);
        table.read(some.iter().copied(), block.view_mut())?;
        visit(&some, block.as_slice().expect("whole rows are contiguous"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::element::{Element, Kind};
    use super::super::table::Values;
    use super::*;
    use crate::shape::ImageShape;

    fn table(reals: &[f64], height: usize, width: usize) -> Table {
        let n_rows = reals.len() / height / width;
        let shape = ImageShape::grey(height, width);
        let bytes = reals.iter().flat_map(|x| x.to_le_bytes()).collect();
        let values =
            Values::Packed { bytes, element: Element { kind: Kind::F64, big_endian: false } };
        Table { file: "made".into(), n_rows, shape, pixels: false, values }
    }

    fn parts<'a>(train: &'a Table, rows: &'a (dyn Fn(usize) -> usize + Sync)) -> Parts<'a> {
        let n_rows = train.n_rows;
        Parts { train, rows, n_rows, held: &[], test: None, missing_allowed: false }
    }

    fn scaled(scale: Scale, reals: &[f64], height: usize, width: usize) -> (Vec<f32>, String) {
        let table = table(reals, height, width);
        let found = resolve(scale, &parts(&table, &|i| i)).unwrap();
        let rows = found.scaling.rows(&table, table.n_rows, |i| i).unwrap();
        (rows.into_iter().collect(), found.note.to_string())
    }

    #[test]
    fn whole_numbers_are_divided_and_others_are_kept_or_standardised() {
        let auto = |reals: &[f64]| scaled(Scale::Auto, reals, 1, 2);
        let (values, note) = auto(&[0.0, 16.0, 4.0, 8.0]);
        assert_eq!(values, [0.0, 1.0, 0.25, 0.5]);
        assert!(note.starts_with("integers from 0 to 16, divided by 16"), "{note}");
        assert_eq!(auto(&[0.0, 254.0]).0, [0.0, 254.0 / 255.0]);
        for kept in [[0.0, 1.0], [0.5, 0.25], [-1.0, 1.0]] {
            assert_eq!(auto(&kept).0, kept.map(|x| x as f32));
        }
        let (values, note) = auto(&[5_412_000.25, 1.0, 5_412_000.75, 3.0]);
        assert_eq!(values, [-1.0, -1.0, 1.0, 1.0]);
        assert!(note.ends_with("each column scaled to mean 0 and standard deviation 1"), "{note}");
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
    fn only_training_rows_determine_the_scaling_and_others_are_cut_off() {
        let table = table(&[1.0, 5.0, 3.0, 0.0], 1, 1);
        let rows = |i: usize| 2 * i;
        let train = Parts { n_rows: 2, held: &[1, 3], ..parts(&table, &rows) };
        let found = resolve(Scale::Unit, &train).unwrap();
        assert_eq!(found.ranges, [[1.0, 3.0]]);
        assert_eq!(
            found.scaling.rows(&table, 4, |i| i).unwrap().into_raw_vec_and_offset().0,
            [0.0, 1.0, 1.0, 0.0]
        );
    }

    #[test]
    fn what_is_no_number_is_named_or_counted() {
        let table = table(&[0.0, 1.0, 2.0, f64::NAN], 1, 2);
        let error = resolve(Scale::None, &parts(&table, &|i| i)).err().map(|e| e.to_string());
        assert!(error.is_some_and(|said| said.contains("row 1, column 1 is NaN")));
        let marked = Parts { missing_allowed: true, ..parts(&table, &|i| i) };
        assert_eq!(resolve(Scale::Standard, &marked).unwrap().n_missing, 1);
    }
}
