use ndarray::{ArrayView2, Axis};
use numerics::Real;

/// Reconstruction error in the three units that are common in the literature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReconstructionError {
    /// Mean squared error per pixel, (1/nd) Σ (x − y)².
    pub mse_per_pixel: f64,
    /// Squared error per image, (1/n) Σ (x − y)²: a sum over pixels and a mean over images.
    pub sse_per_image: f64,
    /// Binary cross-entropy per image, −(1/n) Σ x ln y + (1 − x) ln(1 − y), in nats, with y clamped to
    /// [10⁻⁷, 1 − 10⁻⁷]. NaN if any y is outside [0, 1] and therefore not a probability.
    pub bce_nats_per_image: f64,
}

/// Compares reconstructions `y` with originals `x`, both n × d. All sums are in double precision. Missing
/// values of the originals (NaN) are left out: the mean per pixel is over observed values, and errors
/// per image are that mean times d.
///
/// # Panics
/// If the shapes differ.
pub fn reconstruction_error<F: Real>(x: ArrayView2<F>, y: ArrayView2<F>) -> ReconstructionError {
    assert_eq!(x.dim(), y.dim(), "originals and reconstructions");
    let (n, d) = (x.nrows() as f64, x.ncols() as f64);
    let (mut sse, mut bce, mut missing) = (0.0, 0.0, 0_usize);
    for (x, y) in x.axis_iter(Axis(0)).zip(y.axis_iter(Axis(0))) {
        for (&x, &y) in x.iter().zip(y) {
            let (x, y) = (x.as_f64(), y.as_f64());
            if x.is_nan() {
                missing += 1;
                continue;
            }
            sse += (x - y) * (x - y);
            if (0.0..=1.0).contains(&y) {
                let y = y.clamp(1e-7, 1.0 - 1e-7);
                bce -= x * y.ln() + (1.0 - x) * (1.0 - y).ln();
            } else {
                bce = f64::NAN;
            }
        }
    }
    if missing > 0 {
        let share = 1.0 - missing as f64 / (n * d);
        (sse, bce) = (sse / share, bce / share);
    }
    ReconstructionError {
        mse_per_pixel: sse / n / d,
        sse_per_image: sse / n,
        bce_nats_per_image: bce / n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_three_units_by_hand() {
        let (x, y) = (array![[1.0_f64, 0.0], [0.5, 1.0]], array![[0.5, 0.0], [0.5, 0.75]]);
        let error = reconstruction_error(x.view(), y.view());
        assert!((error.sse_per_image - 0.3125 / 2.0).abs() < 1e-15);
        assert!((error.mse_per_pixel - 0.3125 / 4.0).abs() < 1e-15);
        // The first and third pixel contribute ln 2, the fourth ln(4/3).
        let expected = f64::midpoint(2.0 * 2_f64.ln(), (4.0_f64 / 3.0).ln());
        assert!((error.bce_nats_per_image - expected).abs() < 1e-6);
        let half = array![[f64::NAN, 0.0], [0.5, f64::NAN]];
        let observed = reconstruction_error(half.view(), array![[9.0, 0.25], [0.5, 9.0]].view());
        assert!((observed.mse_per_pixel - 0.0625 / 2.0).abs() < 1e-15);
        assert!((observed.sse_per_image - 0.0625).abs() < 1e-15);
        let outside = reconstruction_error(x.view(), array![[1.5, 0.0], [0.5, 1.0]].view());
        assert!(outside.bce_nats_per_image.is_nan());
    }
}
