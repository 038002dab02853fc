//! Data augmentation by random shifts: each image is moved by a few pixels, with a new draw each time
//! it is used (LeCun, Bottou, Bengio & Haffner 1998).

use ndarray::{ArrayView2, ArrayViewMut2};
use nn_core::{InvalidSetting, require};
use numerics::{Real, Stream, by_rows};
use serde::{Deserialize, Serialize};

/// Random shifts of images. Pixels that become uncovered repeat the nearest edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Largest distance, in pixels, vertically and horizontally. All distances up to it are equally
    /// likely.
    pub pixels: usize,
    /// Number of pixels in a row of an image. `None` means square images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// Number of values per pixel, which move together.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub channels: usize,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

impl Shift {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the parameter out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        require(self.pixels >= 1, "shift.pixels", &self.pixels, "at least 1")?;
        require(self.channels >= 1, "shift.channels", &self.channels, "at least 1")?;
        let width = self.width.unwrap_or(1);
        require(width >= 1, "shift.width", &width, "at least 1")
    }

    /// This shift for images of the given height, width and channels: sets the width of non-square images and
    /// the number of channels, unless they are already set.
    #[must_use]
    pub fn of_images(mut self, [height, width, channels]: [usize; 3]) -> Self {
        if height != width {
            self.width.get_or_insert(width);
        }
        if self.channels == 1 {
            self.channels = channels;
        }
        self
    }

    /// Height, width and channels of an image of `n_values` values.
    ///
    /// # Errors
    /// [`InvalidSetting`] if the pixels do not form a rectangle, or the shift exceeds its sides.
    pub fn shape(&self, n_values: usize) -> Result<[usize; 3], InvalidSetting> {
        let channels = self.channels;
        let expected = "the number of values per pixel";
        require(n_values.is_multiple_of(channels), "shift.channels", &channels, expected)?;
        let n_pixels = n_values / channels;
        let width = self.width.unwrap_or_else(|| n_pixels.isqrt());
        let whole =
            n_pixels.is_multiple_of(width) && (self.width.is_some() || width * width == n_pixels);
        let expected = "the number of pixels in a row of an image";
        require(whole, "shift.width", &width, expected)?;
        let height = n_pixels / width;
        let smaller = self.pixels < height.min(width);
        require(
            smaller,
            "shift.pixels",
            &self.pixels,
            "less than the height and width of the images",
        )?;
        Ok([height, width, channels])
    }

    /// Writes the shifted images `x` into `out`; both are n × values. The shift of an image depends only
    /// on the stream and on its row. Allocates nothing.
    ///
    /// # Panics
    /// If the shapes differ, rows are not contiguous, or `shape` is not the shape of the images.
    pub fn apply<F: Real>(
        &self,
        stream: Stream,
        shape: [usize; 3],
        x: ArrayView2<F>,
        out: ArrayViewMut2<F>,
    ) {
        assert_eq!(x.dim(), out.dim(), "the shapes of input and output");
        assert_eq!(x.ncols(), shape.iter().product::<usize>(), "the size of an image");
        let most = self.pixels.cast_signed();
        let distances = 2.0 * self.pixels as f64 + 1.0;
        by_rows(out.nrows(), out, |rows, mut out| {
            for (image, mut out) in rows.zip(out.rows_mut()) {
                let mut drawn = [F::zero(); 2];
                stream.fill_uniform(2 * image, &mut drawn);
                let [down, right] = drawn.map(|u| (u.as_f64() * distances) as isize - most);
                let row = x.row(image);
                let row = row.as_slice().expect("rows are contiguous");
                moved(row, (down, right), shape, out.as_slice_mut().expect("rows are contiguous"));
            }
        });
    }
}

/// Writes one shifted image into `out`.
fn moved<F: Real>(x: &[F], (down, right): (isize, isize), shape: [usize; 3], out: &mut [F]) {
    let [height, width, channels] = shape;
    let keep = (width - right.unsigned_abs()) * channels;
    let width = width * channels;
    for (y, out) in out.chunks_exact_mut(width).enumerate() {
        let from = y.saturating_add_signed(-down).min(height - 1);
        let row = &x[from * width..][..width];
        if right >= 0 {
            let (edge, rest) = out.split_at_mut(width - keep);
            rest.copy_from_slice(&row[..keep]);
            edge.chunks_exact_mut(channels).for_each(|edge| edge.copy_from_slice(&row[..channels]));
        } else {
            let (rest, edge) = out.split_at_mut(keep);
            rest.copy_from_slice(&row[width - keep..]);
            let last = &row[width - channels..];
            edge.chunks_exact_mut(channels).for_each(|edge| edge.copy_from_slice(last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};
    use numerics::{Purpose, with_team};

    const SHIFT: Shift = Shift { pixels: 1, width: Some(4), channels: 1 };
    const SHAPE: [usize; 3] = [3, 4, 1];

    fn stream() -> Stream {
        Stream::new(3, Purpose::new("test"))
    }

    fn images(n: usize) -> Array2<f32> {
        Array2::from_shape_fn((n, 12), |(_, pixel)| pixel as f32)
    }

    fn shifted(n: usize) -> Array2<f32> {
        let mut out = Array2::zeros((n, 12));
        SHIFT.apply(stream(), SHAPE, images(n).view(), out.view_mut());
        out
    }

    #[test]
    fn edges_are_repeated() {
        let x: Vec<f32> = images(1).into_raw_vec_and_offset().0;
        let mut out = vec![0.0; 12];
        moved(&x, (1, -1), SHAPE, &mut out);
        assert_eq!(out, [1., 2., 3., 3., 1., 2., 3., 3., 5., 6., 7., 7.]);
        moved(&x, (-1, 2), SHAPE, &mut out);
        assert_eq!(out, [4., 4., 4., 5., 8., 8., 8., 9., 8., 8., 8., 9.]);
        // Two channels: pixels (0, 1), (2, 3) / (4, 5), (6, 7) / (8, 9), (10, 11).
        moved(&x, (0, 1), [3, 2, 2], &mut out);
        assert_eq!(out, [0., 1., 0., 1., 4., 5., 4., 5., 8., 9., 8., 9.]);
        moved(&x, (-1, -1), [3, 2, 2], &mut out);
        assert_eq!(out, [6., 7., 6., 7., 10., 11., 10., 11., 10., 11., 10., 11.]);
    }

    /// A ninth of 9,000 images moves in each direction, within five standard errors (150).
    #[test]
    fn all_distances_are_equally_likely() {
        let mut seen = std::collections::BTreeMap::new();
        for image in shifted(9_000).rows() {
            *seen.entry(image.map(|x| x.to_bits()).to_vec()).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 9);
        assert!(seen.values().all(|&n: &i32| (n - 1_000).abs() < 150), "{seen:?}");
    }

    #[test]
    fn a_shift_depends_only_on_the_images_row() {
        let all = shifted(100);
        assert_eq!(with_team(3, || shifted(100)), all);
        assert_eq!(shifted(10), all.slice(s![..10, ..]));
    }

    #[test]
    fn shapes_are_checked() {
        assert_eq!(SHIFT.shape(12), Ok([3, 4, 1]));
        let square = Shift { pixels: 2, width: None, channels: 1 };
        assert_eq!(square.shape(784), Ok([28, 28, 1]));
        assert_eq!(Shift { channels: 3, ..square }.shape(3072), Ok([32, 32, 3]));
        let wide = Shift { pixels: 3, ..SHIFT };
        let coloured = Shift { channels: 3, ..square };
        for (shift, n_values) in [(square, 12), (SHIFT, 13), (wide, 12), (coloured, 784)] {
            assert!(shift.shape(n_values).is_err(), "{shift:?} of {n_values} values");
        }
        assert_eq!(square.of_images([28, 28, 1]), square);
        assert_eq!(square.of_images([4, 6, 3]).shape(72), Ok([4, 6, 3]));
        assert_eq!(SHIFT.of_images([3, 5, 1]), SHIFT);
        let error = Shift { pixels: 0, ..SHIFT }.validate().expect_err("none").to_string();
        assert_eq!(error, "shift.pixels = 0: expected at least 1");
        assert!(Shift { width: Some(0), ..SHIFT }.validate().is_err());
    }
}
