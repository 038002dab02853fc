//! Median, Gaussian and Wiener filters, tuned on validation images.

use image::{GrayImage, ImageBuffer, Luma};
use imageproc::filter::{gaussian_blur_f32, median_filter};
use mnist_io::ImageShape;
use ndarray::{Array2, ArrayView2};
use nn_core::reconstruction_error;
use rayon::prelude::*;

use super::{by_channel, of_channels, planes};

/// A filter with its constants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Filter {
    /// The median of a square with sides of 2 r + 1 pixels.
    Median {
        /// Radius r.
        radius: u32,
    },
    /// A weighted mean with Gaussian weights.
    Gaussian {
        /// Standard deviation in pixels.
        sigma: f32,
    },
    /// μ + max(0, v − ν) / max(v, ν) (x − μ) with the mean μ and the variance v of a square with sides of 2 r
    /// + 1 pixels, for noise of variance ν (Lee 1980).
    Wiener {
        /// Radius r.
        radius: usize,
        /// Variance ν of the noise.
        noise: f64,
    },
}

impl Filter {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Filter::Median { .. } => "median",
            Filter::Gaussian { .. } => "gaussian",
            Filter::Wiener { .. } => "wiener",
        }
    }

    /// The constants, in words.
    pub fn constants(self) -> String {
        match self {
            Filter::Median { radius } => format!("radius {radius}"),
            Filter::Gaussian { sigma } => format!("σ {sigma}"),
            Filter::Wiener { radius, noise } => format!("radius {radius}, noise {noise}"),
        }
    }

    /// Returns the filtered images; each channel is filtered separately. Median and Gaussian filters work on
    /// 256 levels, as in image files. Shapes: n × (pixels · channels) → the same.
    pub fn apply(self, noisy: ArrayView2<f32>, shape: ImageShape) -> Array2<f32> {
        let channels = by_channel(noisy, shape);
        let planes: Vec<&[f32]> = planes(channels.view()).collect();
        let filtered: Vec<Vec<f32>> = planes
            .par_iter()
            .map(|plane| match self {
                Filter::Median { radius } => {
                    from_bytes(&median_filter(&to_bytes(plane, shape), radius, radius))
                }
                Filter::Gaussian { sigma } => {
                    from_bytes(&gaussian_blur_f32(&to_bytes(plane, shape), sigma))
                }
                Filter::Wiener { radius, noise } => wiener(plane, shape, radius, noise),
            })
            .collect();
        let filtered = Array2::from_shape_vec(channels.dim(), filtered.concat());
        of_channels(filtered.expect("as many pixels as before").view(), shape)
    }
}

/// Each kind of filter with the constants that minimise the squared error between the filtered `noisy`
/// and `clean`.
pub fn tuned(clean: ArrayView2<f32>, noisy: ArrayView2<f32>, shape: ImageShape) -> [Filter; 3] {
    let best = |candidates: Vec<Filter>| {
        let error = |filter: &Filter| {
            reconstruction_error(clean.view(), filter.apply(noisy, shape).view()).mse_per_pixel
        };
        let scored = candidates.into_iter().map(|filter| (error(&filter), filter));
        scored.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there are candidates").1
    };
    let sigmas = (2..=12).map(|i| Filter::Gaussian { sigma: 0.2 * i as f32 });
    let wieners = (1..=3).flat_map(|radius| {
        [0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3].map(|noise| Filter::Wiener { radius, noise })
    });
    [
        best((1..=3).map(|radius| Filter::Median { radius }).collect()),
        best(sigmas.collect()),
        best(wieners.collect()),
    ]
}

#[allow(clippy::cast_sign_loss, reason = "a cast from float saturates, which clips values")]
fn to_bytes(plane: &[f32], shape: ImageShape) -> GrayImage {
    let bytes = plane.iter().map(|&x| (x * 255.0).round() as u8).collect();
    let (width, height) = (shape.width as u32, shape.height as u32);
    ImageBuffer::from_raw(width, height, bytes).expect("as many pixels as the shape has")
}

fn from_bytes(image: &ImageBuffer<Luma<u8>, Vec<u8>>) -> Vec<f32> {
    image.as_raw().iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

fn wiener(plane: &[f32], shape: ImageShape, radius: usize, noise: f64) -> Vec<f32> {
    let ImageShape { height, width, .. } = shape;
    let mut out = Vec::with_capacity(plane.len());
    for row in 0..height {
        for column in 0..width {
            // Windows are truncated at the edges of the image.
            let rows = row.saturating_sub(radius)..(row + radius + 1).min(height);
            let columns = column.saturating_sub(radius)..(column + radius + 1).min(width);
            let n = (rows.len() * columns.len()) as f64;
            let (mut sum, mut squares) = (0.0, 0.0);
            for i in rows {
                for &x in &plane[i * width..][columns.clone()] {
                    let x = f64::from(x);
                    sum += x;
                    squares += x * x;
                }
            }
            let (mean, x) = (sum / n, f64::from(plane[row * width + column]));
            let variance = (squares / n - mean * mean).max(0.0);
            let gain = (variance - noise).max(0.0) / variance.max(noise).max(f64::MIN_POSITIVE);
            out.push((mean + gain * (x - mean)) as f32);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape::grey(8, 10);

    /// A bright rectangle with one dark and one bright pixel out of place.
    fn image() -> (Array2<f32>, Array2<f32>) {
        let clean = Array2::from_shape_fn((1, 80), |(_, i)| {
            let (row, column) = (i / 10, i % 10);
            f32::from(u8::from((2..6).contains(&row) && (2..8).contains(&column)))
        });
        let mut noisy = clean.clone();
        noisy[[0, 3 * 10 + 4]] = 0.0;
        noisy[[0, 7 * 10 + 8]] = 1.0;
        (clean, noisy)
    }

    #[test]
    fn single_pixels_are_removed_by_the_median() {
        let (clean, noisy) = image();
        let found = Filter::Median { radius: 1 }.apply(noisy.view(), SHAPE);
        assert_eq!((found[[0, 34]], found[[0, 78]]), (1.0, 0.0));
        let error = |x: &Array2<f32>| (x - &clean).mapv(|d| d * d).sum();
        // The median takes the rectangle's four corners for noise.
        assert_eq!(error(&found), 4.0);
        let [median, gaussian, wiener] = tuned(clean.view(), noisy.view(), SHAPE);
        assert_eq!(median, Filter::Median { radius: 1 });
        assert!(matches!(gaussian, Filter::Gaussian { .. }));
        assert!(error(&wiener.apply(noisy.view(), SHAPE)) < error(&noisy), "{wiener:?}");
    }

    #[test]
    fn channels_are_filtered_apart() {
        let (clean, noisy) = image();
        let inverted = noisy.mapv(|x| 1.0 - x);
        let images = [&noisy, &inverted, &clean];
        let coloured = Array2::from_shape_fn((2, 240), |(_, i)| images[i % 3][[0, i / 3]]);
        let shape = ImageShape { channels: 3, ..SHAPE };
        for filter in tuned(coloured.view(), coloured.view(), shape) {
            let found = filter.apply(coloured.view(), shape);
            for (channel, image) in images.into_iter().enumerate() {
                let alone = filter.apply(image.view(), SHAPE);
                let same = |i: usize| found[[1, 3 * i + channel]] == alone[[0, i]];
                assert!((0..80).all(same), "{filter:?}, channel {channel}");
            }
        }
    }

    #[test]
    fn without_noise_to_remove_wiener_changes_nothing() {
        let (_, noisy) = image();
        let found = Filter::Wiener { radius: 1, noise: 0.0 }.apply(noisy.view(), SHAPE);
        assert!((found - &noisy).iter().all(|d| d.abs() < 1e-6));
        // With noise larger than all variance it is the mean of the window.
        let found = Filter::Wiener { radius: 1, noise: 9.0 }.apply(noisy.view(), SHAPE);
        assert!((found[[0, 34]] - 8.0 / 9.0).abs() < 1e-6);
    }
}
