//! Noise, image filters for comparison with models, and the quality of images.

mod filter;
mod quality;

use std::str::FromStr;

use ae_core::Corruption;
use mnist_io::{BlockKind, Dataset, ImageShape};
use ndarray::{Array2, ArrayView2};
use numerics::{Purpose, Stream};

pub use filter::{Filter, tuned};
pub use quality::{Quality, quality};

const NOISE: Purpose = Purpose::new("test noise");

/// Noise in its text form: `gaussian:0.5` (clipped to [0, 1]), `masking:0.25` or
/// `salt-and-pepper:0.25`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise(pub Corruption);

impl FromStr for Noise {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || "expected gaussian:STD, masking:FRACTION or salt-and-pepper:FRACTION".to_owned();
        let (kind, amount) = text.split_once(':').ok_or_else(expected)?;
        let amount: f64 = amount.parse().map_err(|_| format!("`{amount}` is not a number"))?;
        let corruption = match kind {
            "gaussian" => Corruption::Gaussian { std: amount, clip: true },
            "masking" => Corruption::Masking { fraction: amount },
            "salt-and-pepper" => Corruption::SaltAndPepper { fraction: amount },
            _ => return Err(expected()),
        };
        corruption.validate().map_err(|error| error.to_string())?;
        Ok(Noise(corruption))
    }
}

/// The samples with noise from the stream of `seed`. The noise of a sample does not depend on the number
/// of samples after it.
pub fn noisy(corruption: Corruption, images: &Dataset, seed: u64) -> Array2<f32> {
    let mut noisy = images.images.view().to_owned();
    corruption.apply(Stream::new(seed, NOISE), noisy.view_mut());
    noisy
}

/// Whether the values of a set are known to be in [0, 1], the range that PSNR and SSIM are for.
pub(crate) fn is_in_unit_interval(set: &Dataset) -> bool {
    set.layout.iter().all(|block| block.kind != BlockKind::Real)
}

/// Iterates over the rows.
fn planes(x: ArrayView2<'_, f32>) -> impl Iterator<Item = &[f32]> {
    x.to_slice().expect("rows follow one another").chunks_exact(x.ncols())
}

/// The channels of images, each as a separate image.
/// Shapes: n × (pixels · channels) → (n · channels) × pixels.
fn by_channel(x: ArrayView2<f32>, shape: ImageShape) -> Array2<f32> {
    assert_eq!(x.ncols(), shape.n_values(), "images of another shape");
    let (n, pixels, channels) = (x.nrows(), shape.n_pixels(), shape.channels);
    swapped(x, (n, pixels, channels), (n * channels, pixels))
}

/// The images with these channels: the inverse of [`by_channel`].
fn of_channels(x: ArrayView2<f32>, shape: ImageShape) -> Array2<f32> {
    let (n, channels) = (x.nrows() / shape.channels, shape.channels);
    swapped(x, (n, channels, x.ncols()), (n, shape.n_values()))
}

/// The values of `x` as an array of the shape `cube`, with its last two axes swapped, as rows of the
/// shape `out`.
fn swapped(x: ArrayView2<f32>, cube: (usize, usize, usize), out: (usize, usize)) -> Array2<f32> {
    let cube = x.to_shape(cube).expect("as many values").permuted_axes([0, 2, 1]);
    let swapped = cube.as_standard_layout().into_owned();
    swapped.into_shape_with_order(out).expect("as many values")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_read_as_it_is_typed() {
        let read = |text: &str| text.parse::<Noise>().map(|noise| noise.0);
        assert_eq!(read("gaussian:0.5"), Ok(Corruption::Gaussian { std: 0.5, clip: true }));
        assert_eq!(read("masking:0.25"), Ok(Corruption::Masking { fraction: 0.25 }));
        assert_eq!(read("salt-and-pepper:1"), Ok(Corruption::SaltAndPepper { fraction: 1.0 }));
        for (text, says) in [
            ("gaussian", "expected gaussian:STD"),
            ("rain:0.5", "expected gaussian:STD"),
            ("masking:much", "`much` is not a number"),
            ("masking:2", "expected a number in [0, 1]"),
        ] {
            assert!(read(text).expect_err("a mistake").contains(says), "{text}");
        }
    }
}
