use std::ops::Range;

use nn_core::{InvalidSetting, require};
use serde::{Deserialize, Serialize};

/// Size of an image whose values are flattened as height × width × channels, channels last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageShape {
    /// Number of rows of pixels.
    pub height: usize,
    /// Number of columns of pixels.
    pub width: usize,
    /// Number of values per pixel.
    pub channels: usize,
}

impl ImageShape {
    /// Number of pixels.
    #[must_use]
    pub fn n_pixels(self) -> usize {
        self.height * self.width
    }

    /// Number of values: the width of the matrix that has one such image per row.
    #[must_use]
    pub fn n_values(self) -> usize {
        self.n_pixels() * self.channels
    }
}

/// The sizes of a convolutional RBM: of the image, the kernel, the detection maps and the pooling blocks.
///
/// The kernel stays inside the image (a *valid* convolution), so detection maps have
/// height − kernel + 1 rows and width − kernel + 1 columns. Blocks of pool × pool detection units do not
/// overlap and cover the maps: a pool that does not divide both sides is rejected.
///
/// ```
/// use rbm_core::convolutional::{Geometry, ImageShape};
/// let image = ImageShape { height: 28, width: 28, channels: 1 };
/// let geometry = Geometry::new(image, 32, 5, 2)?;
/// assert_eq!(geometry.detection(), ImageShape { height: 24, width: 24, channels: 32 });
/// assert_eq!(geometry.pooled(), ImageShape { height: 12, width: 12, channels: 32 });
/// assert_eq!(geometry.patch_len(), 25);
/// # Ok::<(), nn_core::InvalidSetting>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    image: ImageShape,
    maps: usize,
    kernel: usize,
    pool: usize,
}

impl Geometry {
    /// The sizes for images of this shape, `maps` detection maps, a `kernel` × `kernel` kernel and blocks
    /// of `pool` × `pool` detection units.
    ///
    /// # Errors
    /// [`InvalidSetting`] if a number is 0, the kernel is larger than the image, or the pool does not
    /// divide the sides of the detection maps; the message names the sizes that fit.
    pub fn new(
        image: ImageShape,
        maps: usize,
        kernel: usize,
        pool: usize,
    ) -> Result<Self, InvalidSetting> {
        let ImageShape { height, width, channels } = image;
        for (field, value) in [
            ("model.image.height", height),
            ("model.image.width", width),
            ("model.image.channels", channels),
            ("model.maps", maps),
            ("model.kernel", kernel),
            ("model.pool", pool),
        ] {
            require(value >= 1, field, &value, "at least 1")?;
        }
        let shorter = height.min(width);
        let given = format!("{kernel}, for images of {height} × {width} pixels");
        require(kernel <= shorter, "model.kernel", &given, "at most the shorter side")?;
        let fits = |kernel: usize, pool: usize| {
            (height + 1 - kernel).is_multiple_of(pool) && (width + 1 - kernel).is_multiple_of(pool)
        };
        if !fits(kernel, pool) {
            let pools = (1..=shorter + 1 - kernel).filter(|&pool| fits(kernel, pool));
            let kernels = (1..=shorter).filter(|&kernel| fits(kernel, pool));
            let given = format!(
                "{pool}, for detection maps of {} × {} units (a kernel of {kernel} has the pools {}; a \
                 pool of {pool} has the kernels {})",
                height + 1 - kernel,
                width + 1 - kernel,
                list(pools),
                list(kernels),
            );
            require(false, "model.pool", &given, "a divisor of both sides of the detection maps")?;
        }
        Ok(Geometry { image, maps, kernel, pool })
    }

    /// Shape of the visible image.
    #[must_use]
    pub fn image(&self) -> ImageShape {
        self.image
    }

    /// Number of detection maps.
    #[must_use]
    pub fn maps(&self) -> usize {
        self.maps
    }

    /// Side of the kernel, in pixels.
    #[must_use]
    pub fn kernel(&self) -> usize {
        self.kernel
    }

    /// Side of a pooling block, in detection units.
    #[must_use]
    pub fn pool(&self) -> usize {
        self.pool
    }

    /// Shape of the detection layer: one channel per map.
    #[must_use]
    pub fn detection(&self) -> ImageShape {
        ImageShape {
            height: self.image.height + 1 - self.kernel,
            width: self.image.width + 1 - self.kernel,
            channels: self.maps,
        }
    }

    /// Shape of the pooled layer: one channel per map. It is the image of the next layer of a stack.
    #[must_use]
    pub fn pooled(&self) -> ImageShape {
        let ImageShape { height, width, channels } = self.detection();
        ImageShape { height: height / self.pool, width: width / self.pool, channels }
    }

    /// Number of values in a patch: kernel² × channels, the rows of the weights.
    #[must_use]
    pub fn patch_len(&self) -> usize {
        self.kernel * self.kernel * self.image.channels
    }

    /// Number of positions of the kernel: detection units per map.
    #[must_use]
    pub fn n_positions(&self) -> usize {
        self.detection().n_pixels()
    }

    /// Number of blocks per map.
    pub(crate) fn n_blocks(&self) -> usize {
        self.pooled().n_pixels()
    }

    /// Number of detection units in a block.
    pub(crate) fn block_len(&self) -> usize {
        self.pool * self.pool
    }

    /// Calls `each` with every block's number and its detection units in a flattened detection layer.
    #[inline(always)]
    pub(crate) fn for_each_block(self, mut each: impl FnMut(usize, Block)) {
        let ImageShape { height, width, .. } = self.pooled();
        let row = self.detection().width * self.maps;
        for y in 0..height {
            for x in 0..width {
                let first = (y * row + x * self.maps) * self.pool;
                each(y * width + x, Block { first, row, maps: self.maps, pool: self.pool });
            }
        }
    }
}

/// The detection units of one block.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    /// Index of the first map's unit at the block's first position; those of the other maps follow.
    first: usize,
    /// Number of units in a row of the detection layer.
    row: usize,
    maps: usize,
    pool: usize,
}

impl Block {
    /// Calls `each` with the range of the units of all maps at each position of the block.
    #[inline(always)]
    pub(crate) fn for_each_position(self, mut each: impl FnMut(Range<usize>)) {
        for y in 0..self.pool {
            for x in 0..self.pool {
                let start = self.first + y * self.row + x * self.maps;
                each(start..start + self.maps);
            }
        }
    }

    /// The index of the first map's unit at a position, counted row by row.
    pub(crate) fn at(self, position: usize) -> usize {
        self.first + position / self.pool * self.row + position % self.pool * self.maps
    }
}

fn list(sizes: impl Iterator<Item = usize>) -> String {
    let sizes: Vec<String> = sizes.map(|size| size.to_string()).collect();
    if sizes.is_empty() { "none".to_owned() } else { sizes.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_do_not_fit_are_refused_with_those_that_do() {
        let image = ImageShape { height: 12, width: 10, channels: 3 };
        let refusal = |maps, kernel, pool| {
            Geometry::new(image, maps, kernel, pool).expect_err("it does not fit").to_string()
        };
        assert_eq!(refusal(0, 3, 2), "model.maps = 0: expected at least 1");
        assert_eq!(
            refusal(4, 11, 1),
            "model.kernel = 11, for images of 12 × 10 pixels: expected at most the shorter side"
        );
        assert_eq!(
            refusal(4, 3, 3),
            "model.pool = 3, for detection maps of 10 × 8 units (a kernel of 3 has the pools 1, 2; a \
             pool of 3 has the kernels none): expected a divisor of both sides of the detection maps"
        );
        assert!(Geometry::new(image, 4, 3, 2).is_ok());
    }

    #[test]
    fn blocks_cover_the_detection_layer_once() {
        let image = ImageShape { height: 8, width: 6, channels: 2 };
        let geometry = Geometry::new(image, 5, 3, 2).expect("6 × 4 units");
        let mut seen = vec![0; geometry.detection().n_values()];
        geometry.for_each_block(|block, members| {
            let mut position = 0;
            members.for_each_position(|range| {
                assert_eq!(range.start, members.at(position));
                let (place, pooled) = (range.start / 5, geometry.pooled().width);
                let (y, x) = (place / 4, place % 4);
                assert_eq!((y / 2) * pooled + x / 2, block);
                range.for_each(|unit| seen[unit] += 1);
                position += 1;
            });
            assert_eq!(position, 4);
        });
        assert!(seen.iter().all(|&times| times == 1));
    }
}
