//! Noise, image filters that models are compared with, and the quality of images.

mod filter;
mod quality;

use std::str::FromStr;

use ae_core::Corruption;
use mnist_io::{Dataset, ImageShape};
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

/// The images of these rows.
fn planes(x: ArrayView2<'_, f32>) -> impl Iterator<Item = &[f32]> {
    x.to_slice().expect("rows follow one another").chunks_exact(x.ncols())
}

/// Asserts that rows are images of this shape.
fn assert_shape(x: ArrayView2<f32>, shape: ImageShape) {
    assert_eq!(x.ncols(), shape.height * shape.width, "images of another shape");
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
