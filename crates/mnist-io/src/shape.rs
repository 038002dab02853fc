//! The size of images.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The size of an image in pixels, and the number of values per pixel. A sample holds the values row by row,
/// those of a pixel next to each other.
///
/// ```
/// use mnist_io::ImageShape;
///
/// let coloured = ImageShape { channels: 3, ..ImageShape::grey(2, 5) };
/// assert_eq!((coloured.n_pixels(), coloured.n_values()), (10, 30));
/// assert_eq!(coloured.to_string(), "2x5 pixels with 3 channels");
/// assert_eq!(ImageShape::grey(2, 5).to_string(), "2x5 pixels");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageShape {
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
    /// Number of values per pixel: 1 for grey, 3 for red, green and blue. It is serialised only if it is 3.
    #[serde(default = "one", skip_serializing_if = "is_one", deserialize_with = "one_or_three")]
    pub channels: usize,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

/// Reads a number of channels.
pub(crate) fn one_or_three<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    match usize::deserialize(from)? {
        channels @ (1 | 3) => Ok(channels),
        other => Err(serde::de::Error::custom(format!("channels = {other}: expected 1 or 3"))),
    }
}

impl ImageShape {
    /// The shape of grey images.
    #[must_use]
    pub const fn grey(height: usize, width: usize) -> Self {
        ImageShape { height, width, channels: 1 }
    }

    /// The assumed shape for samples of `n_features` values: square and grey if that is plausible (8 × 8
    /// pixels or more), else a single row.
    #[must_use]
    pub fn of_features(n_features: usize) -> Self {
        let side = n_features.isqrt();
        if side >= 8 && side * side == n_features {
            ImageShape::grey(side, side)
        } else {
            ImageShape::grey(1, n_features)
        }
    }

    /// Whether height and width exceed 1, so that a sample can be drawn as an image.
    #[must_use]
    pub fn is_image(self) -> bool {
        self.height > 1 && self.width > 1
    }

    /// Number of pixels: height × width.
    #[must_use]
    pub fn n_pixels(self) -> usize {
        self.height * self.width
    }

    /// Number of values per sample: height × width × channels.
    #[must_use]
    pub fn n_values(self) -> usize {
        self.n_pixels() * self.channels
    }
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} pixels", self.height, self.width)?;
        if self.channels == 1 { Ok(()) } else { write!(f, " with {} channels", self.channels) }
    }
}
