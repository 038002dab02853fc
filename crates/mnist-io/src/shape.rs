//! The size of images.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The size of an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageShape {
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
}

impl ImageShape {
    /// The shape to assume for samples of `n_features` values: square if that is plausible (8 × 8
    /// pixels or more), else a single row.
    #[must_use]
    pub fn of_features(n_features: usize) -> Self {
        let side = n_features.isqrt();
        if side >= 8 && side * side == n_features {
            ImageShape { height: side, width: side }
        } else {
            ImageShape { height: 1, width: n_features }
        }
    }

    /// Whether both dimensions exceed 1, so that a sample can be drawn as an image.
    #[must_use]
    pub fn is_image(self) -> bool {
        self.height > 1 && self.width > 1
    }

    /// Number of pixels: height × width.
    #[must_use]
    pub fn n_pixels(self) -> usize {
        self.height * self.width
    }
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{} pixels", self.height, self.width)
    }
}
