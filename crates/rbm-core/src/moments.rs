//! Means and variances of the data's columns, summed in double precision.

use ndarray::Array1;
use nn_core::{Samples, UnreadableSamples};
use numerics::Real;

/// The mean of each column.
pub(crate) fn means<F: Real>(data: &impl Samples<F>) -> Result<Array1<f64>, UnreadableSamples> {
    let mut sums = Array1::<f64>::zeros(data.n_features());
    data.for_each_block(&mut |_, block| {
        for row in block.rows() {
            sums.zip_mut_with(&row, |sum, &x| *sum += x.as_f64());
        }
    })?;
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
    Ok(squares / data.n_samples() as f64)
}

/// The standard deviation of each column, but at least a tenth of their average: a column that
/// never changes would otherwise have a density without bound.
pub(crate) fn floored_standard_deviations<F: Real>(
    data: &impl Samples<F>,
) -> Result<Array1<F>, UnreadableSamples> {
    let std = variances(data, &means(data)?)?.mapv(f64::sqrt);
    let floor = std.mean().unwrap_or(0.0) * 0.1;
    let floor = if floor > 0.0 { floor } else { 1.0 };
    Ok(std.mapv(|std| F::of(std.max(floor))))
}
