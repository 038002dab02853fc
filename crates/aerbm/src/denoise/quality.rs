//! PSNR and SSIM of images.
//!
//! PSNR is −10 log₁₀ of the mean squared error over all images, for intensities in [0, 1]. SSIM (Wang,
//! Bovik, Sheikh & Simoncelli 2004) is the mean over images, their channels and 11 × 11 Gaussian windows
//! (σ = 1.5, inside the image) of
//! (2 μₓ μ_y + c₁)(2 σ_xy + c₂) / ((μₓ² + μ_y² + c₁)(σₓ² + σ_y² + c₂)), c₁ = 0.01², c₂ = 0.03².

use mnist_io::ImageShape;
use ndarray::ArrayView2;
use rayon::prelude::*;

use super::{by_channel, planes};

/// The quality of images against the originals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Peak signal-to-noise ratio in decibels.
    pub psnr_db: f64,
    /// Structural similarity; `None` for images smaller than a window.
    pub ssim: Option<f64>,
}

/// The quality of `found` against `clean`. Shapes: n × (pixels · channels).
pub fn quality(clean: ArrayView2<f32>, found: ArrayView2<f32>, shape: ImageShape) -> Quality {
    let error = nn_core::reconstruction_error(clean, found);
    let (clean, found) = (by_channel(clean, shape), by_channel(found, shape));
    let pairs: Vec<(&[f32], &[f32])> = planes(clean.view()).zip(planes(found.view())).collect();
    let windows = shape.height >= WINDOW && shape.width >= WINDOW && !pairs.is_empty();
    let ssim = windows.then(|| {
        // Values are collected before they are added so that the sum does not depend on the threads.
        let all: Vec<f64> = pairs.par_iter().map(|(x, y)| ssim(x, y, shape)).collect();
        all.iter().sum::<f64>() / all.len() as f64
    });
    Quality { psnr_db: -10.0 * error.mse_per_pixel.log10(), ssim }
}

const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;

fn ssim(x: &[f32], y: &[f32], shape: ImageShape) -> f64 {
    const C1: f64 = 0.01 * 0.01;
    const C2: f64 = 0.03 * 0.03;
    let means = |of: &dyn Fn(f64, f64) -> f64| {
        let values: Vec<f64> =
            x.iter().zip(y).map(|(&x, &y)| of(f64::from(x), f64::from(y))).collect();
        windowed(&values, shape)
    };
    let (mx, my) = (means(&|x, _| x), means(&|_, y| y));
    let (xx, yy, xy) = (means(&|x, _| x * x), means(&|_, y| y * y), means(&|x, y| x * y));
    let of_window = |i: usize| {
        let (mx, my) = (mx[i], my[i]);
        let (vx, vy, cov) = (xx[i] - mx * mx, yy[i] - my * my, xy[i] - mx * my);
        (2.0 * mx * my + C1) * (2.0 * cov + C2) / ((mx * mx + my * my + C1) * (vx + vy + C2))
    };
    (0..mx.len()).map(of_window).sum::<f64>() / mx.len() as f64
}

/// The Gaussian-weighted mean of every window that lies inside the image.
fn windowed(values: &[f64], shape: ImageShape) -> Vec<f64> {
    let half = (WINDOW / 2) as f64;
    let mut kernel: [f64; WINDOW] = std::array::from_fn(|i| {
        let d = i as f64 - half;
        (-d * d / (2.0 * SIGMA * SIGMA)).exp()
    });
    let total: f64 = kernel.iter().sum();
    for weight in &mut kernel {
        *weight /= total;
    }
    let (height, width) = (shape.height, shape.width - WINDOW + 1);
    let mut rows = Vec::with_capacity(height * width);
    for row in values.chunks(shape.width) {
        rows.extend(row.windows(WINDOW).map(|w| dot(w.iter(), &kernel)));
    }
    let mut out = Vec::with_capacity((height - WINDOW + 1) * width);
    for top in 0..=height - WINDOW {
        for column in 0..width {
            let below = rows[top * width + column..].iter().step_by(width);
            out.push(dot(below, &kernel));
        }
    }
    out
}

fn dot<'a>(values: impl Iterator<Item = &'a f64>, kernel: &[f64; WINDOW]) -> f64 {
    values.zip(kernel).map(|(value, weight)| value * weight).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    const SHAPE: ImageShape = ImageShape::grey(13, 12);

    fn images() -> Array2<f32> {
        Array2::from_shape_fn((3, 156), |(n, i)| ((n * 31 + i * 17) % 23) as f32 / 23.0)
    }

    #[test]
    fn the_same_image_is_perfect_and_noise_is_not() {
        let x = images();
        let same = quality(x.view(), x.view(), SHAPE);
        assert!(same.psnr_db.is_infinite());
        assert!((same.ssim.expect("large enough") - 1.0).abs() < 1e-12);
        let off = quality(x.view(), x.mapv(|x| x + 0.1).view(), SHAPE);
        assert!((off.psnr_db - 20.0).abs() < 1e-5, "−10 log 0.01");
        let inverted = quality(x.view(), x.mapv(|x| 1.0 - x).view(), SHAPE);
        assert!(inverted.ssim.expect("large enough") < 0.0, "an inverted image is anticorrelated");
        let small = ImageShape::grey(26, 6);
        assert_eq!(quality(x.view(), x.view(), small).ssim, None);
    }

    /// The definition, window by window, in two dimensions.
    #[test]
    fn ssim_is_as_defined() {
        let x = images();
        let y = x.mapv(|x| (3.0 * x).sin().abs());
        let (a, b) = (x.row(1).to_vec(), y.row(1).to_vec());
        let mut total = 0.0;
        for top in 0..3 {
            for left in 0..2 {
                let mut sums = [0.0; 6];
                for i in 0..11 {
                    for j in 0..11 {
                        let d = (i as f64 - 5.0).powi(2) + (j as f64 - 5.0).powi(2);
                        let weight = (-d / 4.5).exp();
                        let at = (top + i) * 12 + left + j;
                        let (p, q) = (f64::from(a[at]), f64::from(b[at]));
                        for (sum, term) in sums.iter_mut().zip([1.0, p, q, p * p, q * q, p * q]) {
                            *sum += weight * term;
                        }
                    }
                }
                let [w, p, q, pp, qq, pq] = sums;
                let (p, q, pp, qq, pq) = (p / w, q / w, pp / w, qq / w, pq / w);
                total += (2.0 * p * q + 1e-4) * (2.0 * (pq - p * q) + 9e-4)
                    / ((p * p + q * q + 1e-4) * (pp - p * p + qq - q * q + 9e-4));
            }
        }
        assert!((ssim(&a, &b, SHAPE) - total / 6.0).abs() < 1e-10);
    }
}
