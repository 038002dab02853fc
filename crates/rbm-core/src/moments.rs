//! Means and variances of the data's columns over observed values, summed in double precision.

use std::ops::Range;

use ndarray::{Array1, s};
use nn_core::{Samples, UnreadableSamples};
use numerics::Real;

use crate::{Binarisation, Layer};

/// The mean of each column.
pub(crate) fn means<F: Real>(data: &impl Samples<F>) -> Result<Array1<f64>, UnreadableSamples> {
    let mut sums = Array1::<f64>::zeros(data.n_features());
    data.for_each_block(&mut |_, block| {
        for row in block.rows() {
            sums.zip_mut_with(&row, |sum, &x| *sum += x.as_f64());
        }
    })?;
    if sums.iter().any(|sum| sum.is_nan()) {
        return observed_means(data, |_, x| x);
    }
    Ok(sums / data.n_samples() as f64)
}

/// The mean squared distance of each column from its mean.
pub(crate) fn variances<F: Real>(
    data: &impl Samples<F>,
    means: &Array1<f64>,
) -> Result<Array1<f64>, UnreadableSamples> {
    let mut squares = Array1::<f64>::zeros(data.n_features());
    data.for_each_block(&mut |_, block| {
        for row in block.rows() {
            for ((square, &x), mean) in squares.iter_mut().zip(row).zip(means) {
                *square += (x.as_f64() - mean).powi(2);
            }
        }
    })?;
    if squares.iter().any(|square| square.is_nan()) {
        return observed_means(data, |column, x| (x - means[column]).powi(2));
    }
    Ok(squares / data.n_samples() as f64)
}

/// The mean of `of(column, value)` over the observed values of each column; 0 if there are none.
fn observed_means<F: Real>(
    data: &impl Samples<F>,
    of: impl Fn(usize, f64) -> f64,
) -> Result<Array1<f64>, UnreadableSamples> {
    let mut sums = Array1::<f64>::zeros(data.n_features());
    let mut counts = sums.clone();
    data.for_each_block(&mut |_, block| {
        for row in block.rows() {
            for (column, x) in row.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
                sums[column] += of(column, x.as_f64());
                counts[column] += 1.0;
            }
        }
    })?;
    Ok(sums / counts.mapv(|n| f64::max(n, 1.0)))
}

/// Whether the mean of all values is so low that biases of zero would be far from it.
pub(crate) fn is_sparse<F: Real>(data: &impl Samples<F>) -> Result<bool, UnreadableSamples> {
    const SPARSE: f64 = 0.02;
    Ok(data.n_samples() > 0
        && means(data)?.mean().is_some_and(|mean| (0.0..SPARSE).contains(&mean)))
}

/// The standard deviation of each of these columns, but at least a tenth of the median of those that vary: a
/// constant column would otherwise have an unbounded density. The median is used so that a column of large
/// numbers does not affect the others. The standard deviation of all other columns is 1.
pub(crate) fn floored_standard_deviations<F: Real>(
    data: &impl Samples<F>,
    columns: &[Range<usize>],
) -> Result<Array1<F>, UnreadableSamples> {
    let all = variances(data, &means(data)?)?.mapv(f64::sqrt);
    let own = columns.iter().flat_map(|columns| all.slice(s![columns.clone()]));
    let mut own: Vec<f64> = own.copied().filter(|std| *std > 0.0).collect();
    own.sort_by(f64::total_cmp);
    let floor = own.get(own.len() / 2).map_or(1.0, |median| 0.1 * median);
    let mut std = Array1::ones(all.len());
    for columns in columns {
        let found = all.slice(s![columns.clone()]).mapv(|std| F::of(std.max(floor)));
        std.slice_mut(s![columns.clone()]).assign(&found);
    }
    Ok(std)
}

/// The squared error of always predicting the means, in units of σ² and summed over visible units. One
/// unpredictable sample is added, so that the error is above zero for constant data.
pub(crate) fn error_of_means<F: Real>(
    visible: &Layer<F>,
    binarisation: Binarisation,
    (means, variances): (&Array1<f64>, &Array1<f64>),
    n_samples: usize,
) -> f64 {
    let error = match binarisation {
        Binarisation::Probabilities => visible.total_variance(variances),
        Binarisation::Threshold | Binarisation::Sample => {
            means.iter().map(|mean| mean * (1.0 - mean)).sum()
        }
    };
    let n = n_samples as f64;
    (n * error + visible.largest_variance()) / (n + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn moments_are_over_observed_values() {
        let nan = f64::NAN;
        let data = array![[1.0, nan, nan], [3.0, 5.0, nan], [nan, 7.0, nan]];
        let means = means(&data).expect("in memory");
        assert_eq!(means, array![2.0, 6.0, 0.0]);
        assert_eq!(variances(&data, &means).expect("in memory"), array![1.0, 1.0, 0.0]);
    }

    #[test]
    fn a_column_of_large_numbers_leaves_the_others_their_deviations() {
        let column = |scale: f64| [-scale, scale, -scale, scale];
        let columns = [1.0, 2.0, 1000.0, 1e-9, 0.0].map(column);
        let data = Array2::from_shape_fn((4, 5), |(row, column)| columns[column][row]);
        let std = floored_standard_deviations(&data.view(), std::slice::from_ref(&(0..5)))
            .expect("in memory");
        // The median of 1e-9, 1, 2 and 1000, from above.
        assert_eq!(std.to_vec(), [1.0, 2.0, 1000.0, 0.2, 0.2]);
        let constant = Array2::from_elem((4, 2), 7.0);
        let std = floored_standard_deviations(&constant.view(), std::slice::from_ref(&(0..2)))
            .expect("in memory");
        assert_eq!(std.to_vec(), [1.0, 1.0]);
    }
}
