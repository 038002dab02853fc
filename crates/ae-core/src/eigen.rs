//! Eigenvalues and eigenvectors of symmetric matrices: in Rust, or by LAPACK where a feature chooses one.

use ndarray::{Array1, Array2};

/// The eigenvalues of a symmetric matrix in ascending order, n, and their orthonormal eigenvectors as
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

/// As [`symmetric`], by Householder's tridiagonal form and implicit QR steps.
///
/// # Errors
/// As [`symmetric`].
#[cfg(any(test, not(feature = "lapack")))]
pub(crate) fn in_rust(matrix: Array2<f64>) -> Result<(Array1<f64>, Array2<f64>), String> {
    use nalgebra::{DMatrix, SymmetricEigen};
    /// QR steps for each eigenvalue; two or three are usual.
    const STEPS: usize = 100;
    let n = matrix.nrows();
    if matrix.iter().any(|value| !value.is_finite()) {
        return Err("the matrix has values that are not finite".to_owned());
    }
    // Row by row or column by column, a symmetric matrix is the same.
    let matrix = DMatrix::from_iterator(n, n, matrix);
    let found = SymmetricEigen::try_new(matrix, f64::EPSILON, STEPS * n);
    let found = found.ok_or("the QR iteration did not converge")?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| found.eigenvalues[a].total_cmp(&found.eigenvalues[b]));
    let values = order.iter().map(|&column| found.eigenvalues[column]).collect();
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
