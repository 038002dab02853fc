use numerics::Patches;
use serde::{Deserialize, Serialize};

use crate::{InvalidSetting, require};

/// A convolution of images with square kernels, and the pooling of its maps (`LeCun` et al. 1989).
///
/// An image is a row of height × width × channels values, channels varying fastest; so are the maps, with one
/// channel per map. The kernel's positions are `stride` pixels apart, on an image with `padding` zeros beyond
/// each edge. Positions beyond the last whole window of pooling are left out.
///
/// ```
/// use nn_core::{Convolution, Pooling};
/// let convolution = Convolution {
///     input: [28, 28, 1],
///     maps: 32,
///     kernel: 5,
///     stride: 1,
///     padding: 0,
///     pool: Pooling::Max(2),
/// };
/// assert_eq!(convolution.output(), [12, 12, 32]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convolution {
    /// Height, width and channels of the images.
    pub input: [usize; 3],
    /// Number of maps.
    pub maps: usize,
    /// Height and width of the kernels.
    pub kernel: usize,
    /// Distance between neighbouring positions.
    pub stride: usize,
    /// Number of zeros beyond each edge of the image.
    pub padding: usize,
    /// Pooling of the maps.
    pub pool: Pooling,
}

/// Pooling of maps. In settings it is the side of the windows, or `"average"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "the side of the windows of max-pooling, or \"average\"")]
pub enum Pooling {
    /// The largest total input in each square window of this side, in pixels; windows do not overlap. A
    /// side of 1 leaves the maps as they are.
    ///
    /// Since activations are non-decreasing, the largest output is that of the largest total input.
    Max(usize),
    /// The mean output of each map (global average pooling, Lin, Chen & Yan 2014).
    Whole(Whole),
}

/// Pooling over whole maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whole {
    /// The mean.
    Average,
}

impl Pooling {
    /// Global average pooling.
    pub const AVERAGE: Pooling = Pooling::Whole(Whole::Average);

    /// Largest side of a window: the position of a maximum within its window is stored in one byte.
    const MAX_SIDE: usize = 16;
}

impl Default for Pooling {
    /// No pooling.
    fn default() -> Self {
        Pooling::Max(1)
    }
}

impl Convolution {
    /// Geometry of the patches that the kernels see.
    #[must_use]
    pub fn patches(&self) -> Patches {
        let [height, width, channels] = self.input;
        let Convolution { kernel, stride, padding, .. } = *self;
        Patches { height, width, channels, kernel, stride, padding }
    }

    /// Height, width and number of the maps after pooling.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        match self.pool {
            Pooling::Max(side) => {
                [self.patches().rows() / side, self.patches().columns() / side, self.maps]
            }
            Pooling::Whole(Whole::Average) => [1, 1, self.maps],
        }
    }

    /// Number of values in an image.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.input.iter().product()
    }

    /// Number of values in the maps after pooling.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.output().iter().product()
    }

    /// The convolution whose transpose leads from the maps after max-pooling back to images: its kernel is
    /// as large as the part of the image that one pooled value depends on. `None` for global pooling.
    ///
    /// ```
    /// # use nn_core::{Convolution, Pooling};
    /// # let of = |kernel, stride, padding, pool| {
    /// #     Convolution { input: [28, 28, 1], maps: 32, kernel, stride, padding, pool: Pooling::Max(pool) }
    /// # };
    /// let back = of(5, 1, 2, 2).unpooled().expect("max-pooling");
    /// assert_eq!(back, of(6, 2, 2, 1));
    /// assert_eq!(back.output(), of(5, 1, 2, 2).output());
    /// ```
    #[must_use]
    pub fn unpooled(&self) -> Option<Convolution> {
        let Pooling::Max(side) = self.pool else { return None };
        let kernel = self.kernel + (side - 1) * self.stride;
        Some(Convolution { kernel, stride: self.stride * side, pool: Pooling::default(), ..*self })
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let [height, width, channels] = self.input;
        let input = format!("[{height}, {width}, {channels}]");
        // The bound keeps all products of sizes within range, whatever a damaged file declares.
        let bounds = 1..=65_536;
        let in_bounds = |sizes: &[usize]| sizes.iter().all(|size| bounds.contains(size));
        let expected = "height, width and channels, each 1 to 65536";
        require(in_bounds(&self.input), "convolution.input", &input, expected)?;
        for (field, size) in [
            ("convolution.maps", self.maps),
            ("convolution.kernel", self.kernel),
            ("convolution.stride", self.stride),
        ] {
            require(in_bounds(&[size]), field, &size, "1 to 65536")?;
        }
        let fits = self.padding < self.kernel;
        require(fits, "convolution.padding", &self.padding, "less than convolution.kernel")?;
        let fits = (1..=height.min(width) + 2 * self.padding).contains(&self.kernel);
        let expected = "at least 1, and at most the height and the width of the padded input";
        require(fits, "convolution.kernel", &self.kernel, expected)?;
        let Pooling::Max(side) = self.pool else { return Ok(()) };
        let most = self.patches().rows().min(self.patches().columns()).min(Pooling::MAX_SIDE);
        let expected = "\"average\", or 1 to 16 and at most the height and the width of the maps";
        require((1..=most).contains(&side), "convolution.pool", &side, expected)
    }
}

/// Connection of a layer's outputs to its inputs, which defines the meaning of its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Connection {
    /// Every output depends on every input. Weights: inputs × outputs; a bias for each output.
    #[default]
    Full,
    /// A convolution, then pooling. Weights: kernel² · channels × maps; a bias for each map.
    Convolution(Convolution),
    /// The transpose of a convolution without pooling: it leads from maps to images. Each value of a map
    /// paints its kernel into the image. Weights: maps × kernel² · channels; a bias for each channel.
    Transposed(Convolution),
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Convolution = Convolution {
        input: [9, 7, 2],
        maps: 3,
        kernel: 3,
        stride: 2,
        padding: 1,
        pool: Pooling::Max(2),
    };

    #[test]
    fn shapes_by_hand() {
        let convolution = GOOD;
        // Positions −1, 1, 3, 5, 7 and −1, 1, 3, 5; the fifth row has no window.
        assert_eq!((convolution.patches().rows(), convolution.patches().columns()), (5, 4));
        assert_eq!(convolution.output(), [2, 2, 3]);
        assert_eq!((convolution.n_inputs(), convolution.n_outputs()), (126, 12));
        let average = Convolution { pool: Pooling::AVERAGE, ..convolution };
        assert_eq!(average.output(), [1, 1, 3]);
        assert!(average.unpooled().is_none());
    }

    #[test]
    fn the_way_back_has_the_shapes_of_the_way_up() {
        for (height, width) in [(28, 28), (9, 12)] {
            for (kernel, stride, padding, pool) in
                [(5, 1, 0, 2), (5, 1, 2, 2), (3, 2, 1, 2), (4, 3, 0, 1), (2, 1, 0, 3)]
            {
                let pool = Pooling::Max(pool);
                let input = [height, width, 2];
                let up = Convolution { input, maps: 4, kernel, stride, padding, pool };
                up.validate().expect("valid");
                let back = up.unpooled().expect("max-pooling");
                assert_eq!(back.output(), up.output(), "{up:?}");
                assert_eq!(back.validate(), Ok(()), "{up:?}");
            }
        }
    }

    #[test]
    fn connections_are_read_as_they_are_written() {
        let up = GOOD;
        let down = up.unpooled().expect("max-pooling");
        for (connection, start) in [
            (Connection::Full, r#"{"kind":"full""#),
            (Connection::Convolution(up), r#"{"kind":"convolution","input":[9,7,2],"maps":3"#),
            (Connection::Transposed(down), r#"{"kind":"transposed","input":[9,7,2]"#),
        ] {
            let text = serde_json::to_string(&connection).expect("plain");
            assert!(text.starts_with(start), "{text}");
            let read = serde_json::from_str::<Connection>(&text).expect("as written");
            assert_eq!(read, connection);
        }
    }
}
