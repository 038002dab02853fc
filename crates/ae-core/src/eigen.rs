//! Eigenvalues and eigenvectors of covariance matrices: in Rust, or by LAPACK if a feature selects it.

use ndarray::{Array1, Array2};

/// The eigenvalues of a covariance matrix in ascending order, n, and their orthonormal eigenvectors as
/// columns, n × n.
///
/// # Errors
/// The reason why the eigenvalues cannot be computed, such as values that are not finite.
#[cfg(feature = "lapack")]
pub(crate) fn symmetric(matrix: Array2<f64>) -> Result<(Array1<f64>, Array2<f64>), String> {
    use ndarray_linalg::{Eigh, UPLO};
    matrix.eigh(UPLO::Lower).map_err(|error| error.to_string())
}

#[cfg(not(feature = "lapack"))]
pub(crate) use in_rust as symmetric;

/// Like [`symmetric`], by Householder's tridiagonal form and implicit QR steps.
///
/// # Errors
/// As [`symmetric`].
#[cfg(any(test, not(feature = "lapack")))]
pub(crate) fn in_rust(matrix: Array2<f64>) -> Result<(Array1<f64>, Array2<f64>), String> {
    use nalgebra::{DMatrix, SymmetricEigen};
    /// Maximum number of QR steps per eigenvalue; two or three are typical.
    const STEPS: usize = 100;
    let n = matrix.nrows();
    if matrix.iter().any(|value| !value.is_finite()) {
        return Err("the matrix has values that are not finite".to_owned());
    }
    // A symmetric matrix is the same in row-major and column-major order.
    let mut matrix = DMatrix::from_iterator(n, n, matrix);
    // The iteration treats numbers as zero if they are small relative to the diagonal. Constant columns put
    // zeros on the diagonal, relative to which no number is small, and it ends in NaN. Adding a multiple of
    // the identity shifts the eigenvalues and leaves the eigenvectors unchanged.
    let mean = matrix.trace() / n as f64;
    let shift = if mean > 0.0 { mean } else { 1.0 };
    for i in 0..n {
        matrix[(i, i)] += shift;
    }
    let found = SymmetricEigen::try_new(matrix, f64::EPSILON, STEPS * n);
    let found = found.ok_or("the QR iteration did not converge")?;
    if found.eigenvectors.iter().any(|value| !value.is_finite()) {
        return Err("the QR iteration ended in values that are not finite".to_owned());
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| found.eigenvalues[a].total_cmp(&found.eigenvalues[b]));
    let values = order.iter().map(|&column| found.eigenvalues[column] - shift).collect();
    let vectors =
        Array2::from_shape_fn((n, n), |(row, column)| found.eigenvectors[(row, order[column])]);
    Ok((values, vectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A covariance of rank 12 among 20 columns, so that eigenvalues of zero coincide.
    fn covariance() -> Array2<f64> {
        let x = Array2::from_shape_fn((12, 20), |(i, j)| ((20 * i + j) as f64).powi(2).sin());
        x.t().dot(&x) / 12.0
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_give_the_matrix_back() {
        let matrix = covariance();
        let (values, vectors) = in_rust(matrix.clone()).expect("finite");
        assert!(values.windows(2).into_iter().all(|pair| pair[0] <= pair[1]));
        let back = (&vectors * &values).dot(&vectors.t());
        assert!((back - &matrix).iter().all(|d| d.abs() < 1e-10));
        let products = vectors.t().dot(&vectors);
        assert!((products - Array2::<f64>::eye(20)).iter().all(|d| d.abs() < 1e-12));
    }

    /// Images have pixels that are never on, and there may be fewer images than pixels.
    #[test]
    fn few_rows_and_columns_of_zeros_are_no_exception() {
        const SIDE: usize = 28;
        // Without the shift, the iteration ends in NaN for these.
        const ROWS: [usize; 6] = [5, 7, 8, 9, 10, 13];
        // A bright spot whose width and position depend on the sample.
        let spot = |i: usize, j: usize| {
            let [row, column] = [j / SIDE, j % SIDE].map(|place| place as f64 - 14.0);
            let row = row - ((i * 37 % 11) as f64 - 5.0) * 0.2 * 14.0 / 3.0;
            let column = column - ((i * 53 % 13) as f64 - 6.0) * 0.15 * 14.0 / 3.0;
            let value = (-(row * row + column * column) / (4.2 + (i % 5) as f64 * 0.2)).exp();
            if value < 0.1 { 0.0 } else { (value * 255.0).round() / 255.0 }
        };
        for n_rows in ROWS {
            let x = Array2::from_shape_fn((n_rows, SIDE * SIDE), |(i, j)| spot(i, j));
            let x = &x - &x.mean_axis(ndarray::Axis(0)).expect("rows");
            let matrix = x.t().dot(&x) / n_rows as f64;
            let (values, vectors) = in_rust(matrix.clone()).expect("finite");
            let back = (&vectors * &values).dot(&vectors.t());
            assert!((back - &matrix).iter().all(|d| d.abs() < 1e-12), "{n_rows} rows");
            let products = vectors.t().dot(&vectors) - Array2::<f64>::eye(SIDE * SIDE);
            assert!(products.iter().all(|d| d.abs() < 1e-12), "{n_rows} rows");
        }
    }

    #[test]
    fn both_ways_agree() {
        let (values, vectors) = symmetric(covariance()).expect("finite");
        let (in_rust_values, in_rust_vectors) = in_rust(covariance()).expect("finite");
        assert!((&values - &in_rust_values).iter().all(|d| d.abs() < 1e-10));
        // Vectors of distinct eigenvalues agree up to their signs.
        for column in 8..20 {
            let cosine = vectors.column(column).dot(&in_rust_vectors.column(column));
            assert!((cosine.abs() - 1.0).abs() < 1e-10, "column {column}: {cosine}");
        }
    }

    #[test]
    fn values_that_are_not_finite_are_refused() {
        assert!(in_rust(Array2::from_elem((2, 2), f64::NAN)).is_err());
    }
}
