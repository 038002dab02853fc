//! Means over data, summed in double precision.
//!
//! A sum in single precision loses digits as it grows: for the mean activity of 256 units over 10,000
//! images, three or four digits remain.

use ndarray::{Array1, ArrayView2};
use numerics::Real;

/// Mean of all values of an array, slice or iterator; NaN if there are none.
///
/// ```
/// // Single precision cannot add 1 to 2²⁴ = 16,777,216: a sum in f32 would stop there.
/// let ones = vec![1.0_f32; 17_000_000];
/// assert_eq!(ones.iter().sum::<f32>(), 16_777_216.0);
/// assert_eq!(nn_core::mean_f64(&ones), 1.0);
/// ```
pub fn mean_f64<'a, F: Real>(x: impl IntoIterator<Item = &'a F>) -> f64 {
    let add = |(sum, n): (f64, usize), value: &F| (sum + value.as_f64(), n + 1);
    let (sum, n) = x.into_iter().fold((0.0, 0), add);
    sum / n as f64
}

/// Mean of each column. Shapes: (n × d) → d; NaN if n = 0.
pub fn column_means<F: Real>(x: ArrayView2<F>) -> Array1<f64> {
    let mut means = Array1::<f64>::zeros(x.ncols());
    for row in x.rows() {
        means.zip_mut_with(&row, |mean, value| *mean += value.as_f64());
    }
    means / x.nrows() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    /// The mean of 300,000 numbers 0.1, whose sum in f32 is wrong in the fourth digit.
    #[test]
    fn sums_are_in_double_precision() {
        let x = Array2::<f32>::from_elem((300_000, 1), 0.1);
        let in_f32 = x.iter().sum::<f32>() / 300_000.0;
        assert!((in_f32 - 0.1).abs() > 1e-4, "{in_f32}");
        let expected = f64::from(0.1_f32);
        assert!((mean_f64(&x) - expected).abs() < 1e-12);
        assert!((column_means(x.view())[0] - expected).abs() < 1e-12);
    }

    #[test]
    fn means_by_hand() {
        let x = array![[1.0_f64, 2.0], [3.0, 6.0]];
        assert_eq!(mean_f64(&x), 3.0);
        assert_eq!(column_means(x.view()), array![2.0, 4.0]);
        assert!(mean_f64(&Array2::<f32>::zeros((0, 3))).is_nan());
    }
}
