//! Principal component analysis: the optimum of the linear autoencoder (Baldi & Hornik 1989) and
//! the baseline for nonlinear ones.
//!
//! With the mean μ and the covariance C = (1/n) Σ (x − μ)(x − μ)ᵀ = V Λ Vᵀ, eigenvalues in descending
//! order, the code of x is (x − μ) V_k and its reconstruction is μ + (x − μ) V_k V_kᵀ.
//!
//! A missing value (NaN) is filled with the mean of the observed values of its column, so it adds nothing to
//! the covariance or the code.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use thiserror::Error;

use crate::eigen;

/// The first principal components of a data set, in double precision.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// μ, visible.
    pub mean: Array1<f64>,
    /// V_k, visible × components, with orthonormal columns.
    pub components: Array2<f64>,
    /// Variance along each component, in descending order.
    pub variances: Array1<f64>,
}

/// Errors of [`Pca::fit`].
#[derive(Debug, Error)]
pub enum PcaError {
    /// The number of components is 0 or exceeds the number of columns.
    #[error("{asked} components of data with {columns} columns: expected 1 to {columns}")]
    Components {
        /// Number of components asked for.
        asked: usize,
        /// Number of columns of the data.
        columns: usize,
    },
    /// The data have no rows.
    #[error("PCA needs at least one sample")]
    NoData,
    /// The eigenvalue routine failed, for example because of NaN.
    #[error("the eigenvalues of the covariance matrix could not be computed: {reason}")]
    Eigenvalues {
        /// The reason that the routine gives.
        reason: String,
    },
}

impl Pca {
    /// Fits the first `n_components` principal components of `data` (n × visible), with a symmetric
    /// eigenvalue routine: LAPACK's if a feature selects it. Sums over samples are in double precision.
    ///
    /// # Errors
    /// [`PcaError`] for no samples, an impossible number of components, or data that are not finite.
    pub fn fit<'a>(
        data: impl Into<ArrayView2<'a, f32>>,
        n_components: usize,
    ) -> Result<Self, PcaError> {
        let data = data.into();
        let columns = data.ncols();
        if n_components == 0 || n_components > columns {
            return Err(PcaError::Components { asked: n_components, columns });
        }
        let n = data.nrows() as f64;
        let mean = means(data)?;
        let mut covariance = Array2::zeros((columns, columns));
        for block in data.axis_chunks_iter(Axis(0), BLOCK) {
            let centred = centred(block, &mean);
            let (a, b) = (centred.t(), centred.view());
            numerics::matmul_scaled(1.0 / n, a, b, 1.0, covariance.view_mut());
        }
        let found = eigen::symmetric(covariance);
        let (values, vectors) = found.map_err(|reason| PcaError::Eigenvalues { reason })?;
        // Eigenvalues are in ascending order.
        let first = columns - n_components;
        let components = vectors.slice(s![.., first..;1]).slice(s![.., ..;-1]).to_owned();
        let variances = values.slice(s![first..]).slice(s![..;-1]).to_owned();
        Ok(Pca { mean, components, variances })
    }

    /// The codes of `x`. Shapes: (n × visible) → (n × components).
    #[must_use]
    pub fn encode<'a>(&self, x: impl Into<ArrayView2<'a, f32>>) -> Array2<f32> {
        self.by_blocks(x.into(), self.components.ncols(), |centred| centred.dot(&self.components))
    }

    /// The codes of `x` with each component divided by its standard deviation. On the fitted data, they are
    /// uncorrelated with variance 1. Variances below 10⁻⁹ of the largest are raised to that value, so that
    /// directions without variance stay small. Shapes: (n × visible) → (n × components).
    #[must_use]
    pub fn whiten<'a>(&self, x: impl Into<ArrayView2<'a, f32>>) -> Array2<f32> {
        let floor = self.variances.iter().fold(0.0_f64, |largest, &v| largest.max(v)) * 1e-9;
        let scales = self.variances.mapv(|v| if v > 0.0 { v.max(floor).powf(-0.5) } else { 0.0 });
        self.by_blocks(x.into(), self.components.ncols(), |centred| {
            centred.dot(&self.components) * &scales
        })
    }

    /// The projections of `x` onto the span of the components. Shapes: (n × visible) →
    /// (n × visible).
    #[must_use]
    pub fn reconstruct<'a>(&self, x: impl Into<ArrayView2<'a, f32>>) -> Array2<f32> {
        let x = x.into();
        self.by_blocks(x, x.ncols(), |centred| {
            centred.dot(&self.components).dot(&self.components.t()) + &self.mean
        })
    }

    /// Applies `of` to blocks of centred samples, to bound the memory taken in double precision.
    fn by_blocks(
        &self,
        x: ArrayView2<f32>,
        width: usize,
        of: impl Fn(Array2<f64>) -> Array2<f64>,
    ) -> Array2<f32> {
        let mut out = Array2::zeros((x.nrows(), width));
        let blocks = x.axis_chunks_iter(Axis(0), BLOCK);
        for (x, mut out) in blocks.zip(out.axis_chunks_iter_mut(Axis(0), BLOCK)) {
            out.assign(&of(centred(x, &self.mean)).mapv(|value| value as f32));
        }
        out
    }
}

/// The principal coordinates of samples (Gower 1966), and their share of the variance: the codes that
/// [`Pca::fit`] would give these samples, up to signs. With the centred samples X and X Xᵀ = U Λ Uᵀ, they are
/// U_k Λ_k^½. The matrix is n × n, which suits few samples with many columns. Shapes: (n × visible) → (n ×
/// components).
///
/// # Errors
/// As [`Pca::fit`].
pub fn principal_coordinates<'a>(
    data: impl Into<ArrayView2<'a, f32>>,
    n_components: usize,
) -> Result<(Array2<f32>, f64), PcaError> {
    let data = data.into();
    let (rows, columns) = data.dim();
    if n_components == 0 || n_components > columns {
        return Err(PcaError::Components { asked: n_components, columns });
    }
    let centred = centred(data, &means(data)?);
    let mut products = Array2::zeros((rows, rows));
    numerics::matmul_scaled(1.0, centred.view(), centred.t(), 0.0, products.view_mut());
    let total = products.diag().sum();
    let found = eigen::symmetric(products);
    let (values, vectors) = found.map_err(|reason| PcaError::Eigenvalues { reason })?;
    // Eigenvalues are in ascending order. Components beyond the number of samples have no variance.
    let first: Vec<usize> = (0..rows).rev().take(n_components).collect();
    let mut coordinates = Array2::zeros((rows, n_components));
    for (of, mut coordinate) in first.iter().zip(coordinates.columns_mut()) {
        let deviation = values[*of].max(0.0).sqrt();
        coordinate.assign(&vectors.column(*of).mapv(|value| (deviation * value) as f32));
    }
    let explained: f64 = first.iter().map(|of| values[*of].max(0.0)).sum();
    Ok((coordinates, if total > 0.0 { explained / total } else { 0.0 }))
}

/// μ, over the observed values of each column.
fn means(data: ArrayView2<f32>) -> Result<Array1<f64>, PcaError> {
    if data.nrows() == 0 {
        return Err(PcaError::NoData);
    }
    let mut mean = Array1::<f64>::zeros(data.ncols());
    for row in data.rows() {
        mean.zip_mut_with(&row, |mean, &x| *mean += f64::from(x));
    }
    mean /= data.nrows() as f64;
    Ok(if mean.iter().any(|mean| mean.is_nan()) { observed_means(data) } else { mean })
}

/// The mean of the observed values of each column; 0 if there are none.
fn observed_means(data: ArrayView2<f32>) -> Array1<f64> {
    data.map_axis(Axis(0), |column| {
        let observed = column.iter().filter(|x| !x.is_nan());
        let (sum, n) = observed.fold((0.0, 0.0), |(sum, n), &x| (sum + f64::from(x), n + 1.0));
        sum / f64::max(n, 1.0)
    })
}

/// x − μ, which is 0 for missing values.
fn centred(x: ArrayView2<f32>, mean: &Array1<f64>) -> Array2<f64> {
    let mut centred = x.mapv(f64::from) - mean;
    centred.mapv_inplace(|value| if value.is_nan() { 0.0 } else { value });
    centred
}

/// Number of samples per block.
const BLOCK: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_component() {
        let data = Array2::from_shape_fn((50, 3), |(i, j)| (i * (j + 1)) as f32 / 50.0);
        let pca = Pca::fit(data.view(), 2).expect("three columns");
        let direction = pca.components.column(0).mapv(f64::abs);
        let expected = Array1::from(vec![1.0, 2.0, 3.0]) / 14_f64.sqrt();
        assert!((&direction - &expected).iter().all(|d| d.abs() < 1e-6));
        assert!(pca.variances[1].abs() < 1e-9);
        let back = pca.reconstruct(data.view());
        assert!((&back - &data).iter().all(|d| d.abs() < 1e-5));
        assert_eq!(pca.encode(data.view()).dim(), (50, 2));
    }

    #[test]
    fn the_error_is_the_variance_left_out() {
        let data = Array2::from_shape_fn((40, 5), |(i, j)| ((i * 7 + j * j * 3) % 11) as f32);
        let all = Pca::fit(data.view(), 5).expect("five columns");
        let some = Pca::fit(data.view(), 2).expect("five columns");
        let difference = some.reconstruct(data.view()) - &data;
        let error = difference.mapv(|d| f64::from(d * d)).sum() / 40.0;
        assert!((error - all.variances.slice(s![2..]).sum()).abs() < 1e-4);
    }

    #[test]
    fn whitened_codes_are_uncorrelated_and_of_variance_one() {
        let data = Array2::from_shape_fn((200, 4), |(i, j)| {
            ((i * (j + 3) * 7919) % 101) as f32 * [1.0, 10.0, 100.0, 1e3][j] + (i % 7) as f32
        });
        let white = Pca::fit(data.view(), 3).expect("four columns").whiten(data.view());
        let covariance = white.t().dot(&white) / 200.0;
        assert!((covariance - Array2::<f32>::eye(3)).iter().all(|d| d.abs() < 1e-4));
        let flat = Array2::<f32>::ones((10, 3));
        let white = Pca::fit(flat.view(), 2).expect("three columns").whiten(flat.view());
        assert!(white.iter().all(|&value| value == 0.0), "data without variance have zero codes");
    }

    #[test]
    fn principal_coordinates_are_the_codes_of_the_samples() {
        let values = |i: usize, j: usize| ((i * 7 + j * j * 3 + i * j) % 11) as f32;
        for (rows, columns) in [(40, 5), (6, 30)] {
            let data = Array2::from_shape_fn((rows, columns), |(i, j)| values(i, j));
            let all = Pca::fit(data.view(), columns).expect("as many components as columns");
            let codes = all.encode(data.view());
            let (found, share) = principal_coordinates(data.view(), 2).expect("two columns");
            for (code, found) in codes.columns().into_iter().zip(found.columns()) {
                let apart = |sign: f32| (&code - &(&found * sign)).mapv(f32::abs).sum();
                assert!(apart(1.0).min(apart(-1.0)) < 1e-2, "{rows} × {columns}");
            }
            let expected = (all.variances[0] + all.variances[1]) / all.variances.sum();
            assert!((share - expected).abs() < 1e-6, "{share}, expected {expected}");
        }
        let (alone, share) = principal_coordinates(&Array2::ones((1, 3)), 2).expect("a sample");
        assert_eq!((alone, share), (Array2::zeros((1, 2)), 0.0));
    }

    #[test]
    fn missing_values_count_as_the_mean() {
        let mut data = Array2::from_shape_fn((40, 3), |(i, j)| ((i * 7 + j * j * 3) % 11) as f32);
        let mut filled = data.clone();
        let others = data.slice(s![1.., 1]).mean().expect("39 rows");
        (data[[0, 1]], filled[[0, 1]]) = (f32::NAN, others);
        let pca = Pca::fit(data.view(), 2).expect("three columns");
        let expected = Pca::fit(filled.view(), 2).expect("three columns");
        assert!((&pca.components - &expected.components).iter().all(|d| d.abs() < 1e-5));
        let apart = pca.encode(data.view()) - expected.encode(filled.view());
        assert!(apart.iter().all(|d| d.abs() < 1e-4));
    }

    #[test]
    fn impossible_requests_are_named() {
        let data = Array2::<f32>::zeros((2, 3));
        let error = Pca::fit(data.view(), 4).expect_err("three columns");
        assert_eq!(error.to_string(), "4 components of data with 3 columns: expected 1 to 3");
        assert!(matches!(Pca::fit(data.slice(s![..0, ..]), 1), Err(PcaError::NoData)));
    }
}
