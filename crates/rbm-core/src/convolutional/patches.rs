//! Patches of an image as rows of a matrix, which turn a convolution into a product:
//! detection inputs = patches · weights, shapes (positions × patch) · (patch × maps).

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};
use numerics::Real;

use super::Geometry;

/// Copies the patch under each position of the kernel into a row of `out`. Shapes: h·w·c →
/// (positions × k·k·c).
pub(crate) fn copy_patches<F: Real>(geometry: Geometry, image: &[F], mut out: ArrayViewMut2<F>) {
    let out = out.as_slice_mut().expect("patches are contiguous");
    for_each_run(geometry, |position, line| out[position].copy_from_slice(&image[line]));
}

/// Adds each row of `patches` to the values under its position of the kernel: the transpose of
/// [`copy_patches`]. Shapes: (positions × k·k·c) → h·w·c.
pub(crate) fn add_patches<F: Real>(geometry: Geometry, patches: ArrayView2<F>, image: &mut [F]) {
    let patches = patches.to_slice().expect("patches are contiguous");
    for_each_run(geometry, |position, line| {
        for (value, &patch) in image[line].iter_mut().zip(&patches[position]) {
            *value += patch;
        }
    });
}

/// Calls `each` with every run of values that is contiguous in both a patch and the image, which is a line of
/// the patch: its range in the flattened patches, and in the image.
#[inline(always)]
fn for_each_run(geometry: Geometry, mut each: impl FnMut(Range<usize>, Range<usize>)) {
    let (detection, image) = (geometry.detection(), geometry.image());
    let (run, mut start) = (geometry.kernel() * image.channels, 0);
    for y in 0..detection.height {
        for x in 0..detection.width {
            for dy in 0..geometry.kernel() {
                let line = ((y + dy) * image.width + x) * image.channels;
                each(start..start + run, line..line + run);
                start += run;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convolutional::ImageShape;
    use ndarray::Array2;

    #[test]
    fn patches_are_those_of_a_literal_loop_and_their_sum_is_the_transpose() {
        let (height, width, channels, k) = (5, 4, 3, 2);
        let image = ImageShape { height, width, channels };
        let geometry = Geometry::new(image, 1, k, 1).expect("it fits");
        let values: Vec<f64> = (0..image.n_values()).map(|i| (i as f64).sin()).collect();
        let mut patches = Array2::zeros((geometry.n_positions(), geometry.patch_len()));
        copy_patches(geometry, &values, patches.view_mut());
        for y in 0..=height - k {
            for x in 0..=width - k {
                for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    for c in 0..channels {
                        let found =
                            patches[[y * (width + 1 - k) + x, (dy * k + dx) * channels + c]];
                        let pixel = ((y + dy) * width + x + dx) * channels + c;
                        assert_eq!(found, values[pixel]);
                    }
                }
            }
        }
        // ⟨patches(v), m⟩ = ⟨v, patchesᵀ(m)⟩.
        let other = Array2::from_shape_fn(patches.dim(), |(i, j)| ((i * 7 + j * 3) as f64).cos());
        let mut sum = vec![0.0; values.len()];
        add_patches(geometry, other.view(), &mut sum);
        let left = (&patches * &other).sum();
        let right: f64 = values.iter().zip(&sum).map(|(a, b)| a * b).sum();
        assert!((left - right).abs() < 1e-12);
    }
}
