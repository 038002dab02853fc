use numerics::Patches;
use serde::{Deserialize, Serialize};

use crate::{InvalidSetting, require};

/// A convolution of images with square kernels, and the pooling of its maps (`LeCun` et al. 1989).
///
/// An image is a row of height × width × channels values, the channel running fastest, and so are the
/// maps, with one channel per map. The kernel's positions are `stride` pixels apart, on an image
/// with `padding` zeros beyond each edge. Positions beyond the last whole window of pooling are left out.
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
    /// Distance of neighbouring positions.
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
    /// As activations never decrease, the largest output is that of the largest total input.
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

    /// Largest side of a window: the place of a maximum within its window is stored in one byte.
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
        let expected = "height, width and channels, each at least 1";
        require(!self.input.contains(&0), "convolution.input", &input, expected)?;
        require(self.maps >= 1, "convolution.maps", &self.maps, "at least 1")?;
        require(self.stride >= 1, "convolution.stride", &self.stride, "at least 1")?;
        let fits = (1..=height.min(width) + 2 * self.padding).contains(&self.kernel);
        let expected = "at least 1, and at most the height and the width of the padded input";
        require(fits, "convolution.kernel", &self.kernel, expected)?;
        let fits = self.padding < self.kernel;
        require(fits, "convolution.padding", &self.padding, "less than convolution.kernel")?;
        let Pooling::Max(side) = self.pool else { return Ok(()) };
        let most = self.patches().rows().min(self.patches().columns()).min(Pooling::MAX_SIDE);
        let expected = "\"average\", or 1 to 16 and at most the height and the width of the maps";
        require((1..=most).contains(&side), "convolution.pool", &side, expected)
    }
}

/// Settings of a convolution. The input may be left open, to be that of the data or of the layer below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvolutionConfig {
    /// Height, width and channels of the images. `None` in a stack takes those of the data or of the
    /// layer below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<[usize; 3]>,
    /// Number of maps.
    pub maps: usize,
    /// Height and width of the kernels.
    pub kernel: usize,
    /// Distance of neighbouring positions.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub stride: usize,
    /// Number of zeros beyond each edge of the image.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub padding: usize,
    /// Pooling of the maps.
    #[serde(default)]
    pub pool: Pooling,
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(n: &usize) -> bool {
    *n == 1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl ConvolutionConfig {
    /// The convolution of images with `n_inputs` values.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range, or the input if it is open or has
    /// another number of values.
    pub fn of_inputs(&self, n_inputs: usize) -> Result<Convolution, InvalidSetting> {
        let convolution = self.known()?;
        let [height, width, channels] = convolution.input;
        let input = format!("[{height}, {width}, {channels}]");
        let expected = "a height, a width and channels whose product is the number of columns";
        require(convolution.n_inputs() == n_inputs, "convolution.input", &input, expected)?;
        Ok(convolution)
    }

    /// The convolution of images of the input's shape, which must be set.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range, or the input if it is open.
    pub fn known(&self) -> Result<Convolution, InvalidSetting> {
        let expected = "height, width and channels of the images";
        require(self.input.is_some(), "convolution.input", &"none", expected)?;
        let convolution = self.of_images(self.input.unwrap_or_default());
        convolution.validate()?;
        Ok(convolution)
    }

    /// Checks the bounds that hold for every input, and all bounds if the input is set.
    ///
    /// # Errors
    /// [`InvalidSetting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if self.input.is_some() {
            return self.known().map(|_| ());
        }
        // An input in which a kernel of any size and all windows fit.
        let room = |side: usize| {
            side.saturating_sub(1).saturating_mul(self.stride).saturating_add(self.kernel)
        };
        let side = match self.pool {
            Pooling::Max(side) => room(side),
            Pooling::Whole(_) => room(1),
        };
        self.of_images([side.max(1), side.max(1), 1]).validate()
    }

    fn of_images(&self, input: [usize; 3]) -> Convolution {
        let ConvolutionConfig { maps, kernel, stride, padding, pool, .. } = *self;
        Convolution { input, maps, kernel, stride, padding, pool }
    }
}

/// Connection of a layer's outputs with its inputs, which tells the meaning of its weights.
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

    const GOOD: ConvolutionConfig = ConvolutionConfig {
        input: Some([9, 7, 2]),
        maps: 3,
        kernel: 3,
        stride: 2,
        padding: 1,
        pool: Pooling::Max(2),
    };

    #[test]
    fn shapes_by_hand() {
        let convolution = GOOD.known().expect("valid");
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
    fn settings_out_of_range_are_named() {
        let message =
            |config: ConvolutionConfig| config.known().expect_err("out of range").to_string();
        for (config, expected) in [
            (
                ConvolutionConfig { input: None, ..GOOD },
                "convolution.input = none: expected height",
            ),
            (
                ConvolutionConfig { input: Some([0, 7, 2]), ..GOOD },
                "convolution.input = [0, 7, 2]: expected",
            ),
            (ConvolutionConfig { maps: 0, ..GOOD }, "convolution.maps = 0: expected at least 1"),
            (
                ConvolutionConfig { stride: 0, ..GOOD },
                "convolution.stride = 0: expected at least 1",
            ),
            (
                ConvolutionConfig { kernel: 10, ..GOOD },
                "convolution.kernel = 10: expected at least",
            ),
            (
                ConvolutionConfig { kernel: 0, padding: 0, ..GOOD },
                "convolution.kernel = 0: expected",
            ),
            (
                ConvolutionConfig { padding: 3, ..GOOD },
                "convolution.padding = 3: expected less than",
            ),
            (
                ConvolutionConfig { pool: Pooling::Max(0), ..GOOD },
                "convolution.pool = 0: expected \"average\", or 1 to 16",
            ),
            (ConvolutionConfig { pool: Pooling::Max(5), ..GOOD }, "convolution.pool = 5: expected"),
        ] {
            assert!(message(config).starts_with(expected), "{}", message(config));
        }
        let other = GOOD.of_inputs(120).expect_err("126").to_string();
        assert!(other.starts_with("convolution.input = [9, 7, 2]: expected a height"), "{other}");
        assert_eq!(ConvolutionConfig { input: None, ..GOOD }.validate(), Ok(()));
        assert!(ConvolutionConfig { input: None, maps: 0, ..GOOD }.validate().is_err());
    }

    #[test]
    fn settings_are_short_where_they_are_usual() {
        let read = |text: &str| serde_json::from_str::<ConvolutionConfig>(text);
        let text = r#"{"maps":32,"kernel":5,"pool":2}"#;
        let usual = read(text).expect("settings");
        let expected = ConvolutionConfig {
            input: None,
            maps: 32,
            kernel: 5,
            stride: 1,
            padding: 0,
            pool: Pooling::Max(2),
        };
        assert_eq!(usual, expected);
        assert_eq!(serde_json::to_string(&usual).expect("plain"), text);
        let average = read(r#"{"maps":10,"kernel":1,"pool":"average"}"#).expect("settings");
        assert_eq!(average.pool, Pooling::AVERAGE);
        let error = read(r#"{"maps":10,"kernel":1,"pool":"max"}"#).expect_err("no side");
        assert!(error.to_string().contains("the side of the windows"), "{error}");
    }
}
