//! Samples in the formats of other programs: double precision and compressed sparse rows. They are converted
//! one batch at a time, so there is never a second copy of all of them.

use ndarray::{ArrayView2, ArrayViewMut2};
use numerics::{Real, by_rows};
use thiserror::Error;

use crate::{Samples, UnreadableSamples};

/// Samples in double precision, n × d, that models in another precision learn from.
#[derive(Debug, Clone, Copy)]
pub struct Doubles<'a>(pub ArrayView2<'a, f64>);

impl<F: Real> Samples<F> for Doubles<'_> {
    fn n_samples(&self) -> usize {
        self.0.nrows()
    }

    fn n_features(&self) -> usize {
        self.0.ncols()
    }

    fn gather(&self, samples: &[usize], out: ArrayViewMut2<F>) -> Result<(), UnreadableSamples> {
        by_rows(samples.len(), out, |range, mut out| {
            for (mut row, &sample) in out.rows_mut().into_iter().zip(&samples[range]) {
                row.zip_mut_with(&self.0.row(sample), |out, &value| *out = F::of(value));
            }
        });
        Ok(())
    }
}

/// The integers that sparse matrices index by.
pub trait SparseIndex: Copy + Sync {
    /// The index as a position in memory; `None` if it is negative.
    fn position(self) -> Option<usize>;
}

impl SparseIndex for i32 {
    fn position(self) -> Option<usize> {
        usize::try_from(self).ok()
    }
}

impl SparseIndex for i64 {
    fn position(self) -> Option<usize> {
        usize::try_from(self).ok()
    }
}

/// Samples in compressed sparse rows (CSR): the non-zeros of row i are `values[starts[i]..starts[i + 1]]`, in
/// the columns that `columns` holds at the same positions. Values of the same element add up.
///
/// ```
/// use nn_core::{CsrRows, Samples};
/// let rows = CsrRows::new(&[0, 2, 2, 3], &[0, 2, 1], &[1.0_f64, 2.0, 3.0], 3)?;
/// let mut batch = ndarray::Array2::<f32>::zeros((2, 3));
/// rows.gather(&[0, 2], batch.view_mut()).expect("in memory");
/// assert_eq!(batch, ndarray::array![[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]]);
/// # Ok::<(), nn_core::MalformedRows>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct CsrRows<'a, I, V> {
    starts: &'a [I],
    columns: &'a [I],
    values: &'a [V],
    n_features: usize,
}

/// Sparse rows contradict themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the sparse matrix is not one of compressed rows: {0}")]
pub struct MalformedRows(&'static str);

impl<'a, I: SparseIndex, V: Real> CsrRows<'a, I, V> {
    /// Rows of `n_features` columns.
    ///
    /// # Errors
    /// [`MalformedRows`] if positions do not ascend from 0 to the number of values, or a column is out of
    /// range.
    pub fn new(
        starts: &'a [I],
        columns: &'a [I],
        values: &'a [V],
        n_features: usize,
    ) -> Result<Self, MalformedRows> {
        let malformed = |reason| Err(MalformedRows(reason));
        if columns.len() != values.len() {
            return malformed("indices and data differ in length");
        }
        let ends = [starts.first(), starts.last()].map(|at| at.and_then(|at| at.position()));
        if ends != [Some(0), Some(values.len())] {
            return malformed("indptr does not begin with 0 and end with the number of values");
        }
        let positions = || starts.iter().map(|start| start.position());
        if !positions().zip(positions().skip(1)).all(|(a, b)| a.is_some() && a <= b) {
            return malformed("indptr does not ascend");
        }
        if !columns.iter().all(|column| column.position().is_some_and(|it| it < n_features)) {
            return malformed("a column index is out of range");
        }
        Ok(CsrRows { starts, columns, values, n_features })
    }
}

/// A position that [`CsrRows::new`] checked.
fn checked(position: impl SparseIndex) -> usize {
    position.position().expect("it was checked to be no negative number")
}

impl<F: Real, I: SparseIndex, V: Real> Samples<F> for CsrRows<'_, I, V> {
    fn n_samples(&self) -> usize {
        self.starts.len() - 1
    }

    fn n_features(&self) -> usize {
        self.n_features
    }

    fn gather(&self, samples: &[usize], out: ArrayViewMut2<F>) -> Result<(), UnreadableSamples> {
        by_rows(samples.len(), out, |range, mut out| {
            for (mut row, &sample) in out.rows_mut().into_iter().zip(&samples[range]) {
                row.fill(F::zero());
                let own = checked(self.starts[sample])..checked(self.starts[sample + 1]);
                for (&column, value) in self.columns[own.clone()].iter().zip(&self.values[own]) {
                    row[checked(column)] += F::of(value.as_f64());
                }
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn doubles_are_rounded_to_the_precision_of_the_model() {
        let data = array![[0.1_f64, 2.0], [1.0 / 3.0, -1.0]];
        let mut batch = Array2::<f32>::zeros((2, 2));
        Doubles(data.view()).gather(&[1, 0], batch.view_mut()).expect("in memory");
        assert_eq!(batch, array![[1.0_f32 / 3.0, -1.0], [0.1, 2.0]]);
        // A transposed array is read by its strides.
        Doubles(data.t()).gather(&[0, 1], batch.view_mut()).expect("in memory");
        assert_eq!(batch, array![[0.1_f32, 1.0 / 3.0], [2.0, -1.0]]);
    }

    #[test]
    fn values_of_one_place_add_up() {
        let rows = CsrRows::new(&[0_i64, 3, 3], &[1, 1, 0], &[1.0_f32, 2.0, 4.0], 2);
        let rows = rows.expect("well formed");
        let mut seen = Vec::new();
        Samples::<f32>::for_each_block(&rows, &mut |_, block| seen.extend(block.iter().copied()))
            .expect("in memory");
        assert_eq!(seen, [4.0, 3.0, 0.0, 0.0]);
    }

    #[test]
    fn malformed_rows_are_refused() {
        let reason = |starts: &[i32], columns: &[i32], n_values: usize| {
            let values = vec![1.0_f32; n_values];
            CsrRows::new(starts, columns, &values, 2).expect_err("malformed").0
        };
        assert_eq!(reason(&[0, 1], &[0], 2), "indices and data differ in length");
        let ends = "indptr does not begin with 0 and end with the number of values";
        assert_eq!(reason(&[0, 2], &[0], 1), ends);
        assert_eq!(reason(&[], &[], 0), ends);
        assert_eq!(reason(&[0, 2, 1, 2], &[0, 1], 2), "indptr does not ascend");
        assert_eq!(reason(&[0, -1, 1], &[0], 1), "indptr does not ascend");
        assert_eq!(reason(&[0, 1], &[2], 1), "a column index is out of range");
        assert_eq!(reason(&[0, 1], &[-1], 1), "a column index is out of range");
    }
}
